"""The SageMaker Python SDK under an activation: its own sessions are the secure one's, as soon as it is imported.

Its clients are under the guard in any case. What ``sagemaker_session()`` does beyond that (the baseline's defaults,
no telemetry, logs read as the role) holds here for a program that never calls it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

from secure_sagemaker.exceptions import BaselineError, UnsupportedSdkError
from secure_sagemaker.sagemaker_sdk.fallback import latest_session
from secure_sagemaker.sagemaker_sdk.imports import each_module, no_more
from secure_sagemaker.sagemaker_sdk.sessions import answer_as_secured, leave_process

if TYPE_CHECKING:
    from secure_sagemaker.session import SecureSession

__all__ = ["follow_sdk"]

logger = logging.getLogger(__name__)

_SDK = "sagemaker"


def follow_sdk(session: SecureSession) -> Callable[[], None]:
    """Have the SDK fall back to the session, now or once it is imported.

    Returns:
        Has it fall back to what it did before.
    """
    before = latest_session()

    def act(module: ModuleType) -> None:
        if module.__name__ != _SDK:
            return
        try:
            session.sagemaker_session()
            answer_as_secured()
        except (BaselineError, UnsupportedSdkError) as cannot:
            # What it sends is held to the baseline all the same.
            logger.warning("the SageMaker Python SDK keeps its own defaults: %s", cannot)

    each_module(act)

    def undo() -> None:
        no_more(act)
        leave_process(before)

    return undo
