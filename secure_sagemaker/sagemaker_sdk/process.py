"""What the SDK keeps once a process, whatever session it is given, and which is set there too.

- Calls that name no session: telemetry falls back to a session made from ambient credentials, and
  in v3 the opt-out of that session can only be written in a file. That fallback is taken away, so
  such calls send nothing. (Pointing ``SAGEMAKER_USER_CONFIG_OVERRIDE`` at a file of ours would do
  it as well, at the price of the user's own file for every other session and child process.)
- v3's check of the role asks IAM to simulate a fixed list of actions, which a scoped role may not
  ask and a least-privilege execution role does not pass. It has one switch, the environment
  variable ``SAGEMAKER_VALIDATE_ROLE``; it is turned off unless the user has already set it.
- v3 reads job logs through one client made from ambient credentials, and calls without ``session=``
  go to the first client ever made. The logs client becomes that of the latest secure session; the
  first secure session becomes the default where the process has none yet.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Mapping

import boto3
from botocore.config import Config

from secure_sagemaker.sagemaker_sdk.installed import SdkVersion

__all__ = ["adopt_process"]

logger = logging.getLogger(__name__)

_TELEMETRY_MODULES: Mapping[int, str] = {
    2: "sagemaker.telemetry.telemetry_logging",
    3: "sagemaker.core.telemetry.telemetry_logging",
}
_TELEMETRY_FALLBACK = "_get_default_sagemaker_session"


def adopt_process(sdk: SdkVersion, boto_session: boto3.Session) -> None:
    """Set what the SDK keeps for the whole process to the secure session, or to nothing."""
    _forget_ambient_telemetry(sdk)
    if sdk.major == 3:
        os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")
        _adopt_process_clients(boto_session)


def _forget_ambient_telemetry(sdk: SdkVersion) -> None:
    telemetry = importlib.import_module(_TELEMETRY_MODULES[sdk.major])
    if not hasattr(telemetry, _TELEMETRY_FALLBACK):
        logger.warning(
            "sagemaker %s keeps its telemetry elsewhere than the releases this library knows: calls that"
            " name no session may send it. Opt out in the SDK's configuration file.",
            sdk.sagemaker,
        )
        return
    setattr(telemetry, _TELEMETRY_FALLBACK, _no_session)


def _no_session() -> None:
    """Answer as the SDK's own look-up never does; it then calls the function and sends nothing."""


def _adopt_process_clients(boto_session: boto3.Session) -> None:
    logs = importlib.import_module("sagemaker.core.utils.logs").CloudWatchLogsClient
    retries = Config(retries={"max_attempts": 10, "mode": "standard"})
    logs.client = boto_session.client("logs", config=retries)
    logs().client = logs.client  # an instance made earlier holds a client of its own
    # Called as the SDK's resources call it, so that both share one cache entry.
    importlib.import_module("sagemaker.core.utils.utils").SageMakerClient(
        session=boto_session, region_name=None
    )
