"""What v3 of the SDK does otherwise than it is told, put right: names of its own, replaced once a process.

1. It validates a session's defaults whenever it looks one up: a fifth of a second, ten times for one trainer.
   Those of a secure session are made valid, and taken so.
2. A plain ``Session`` or ``PipelineSession`` reads its defaults from files, and sends telemetry unless they say
   otherwise. Over a secure session, and over none, it is given the secure one's; so is v2's.
3. Its check of the role asks IAM to simulate a fixed list of actions, which a scoped role may not ask and a
   least-privilege execution role does not pass. While there is a secure session it passes unasked, unless the
   user wants it: by the SDK's own switch, the environment variable ``SAGEMAKER_VALIDATE_ROLE``.
4. Functions that import ``boto3`` for themselves are out of the fallback's reach. A recipe in S3 is read with
   the latest secure session. A link to MLflow, only shown while one waits, is not asked for. An evaluation
   that is started with ambient credentials is refused.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.sagemaker_sdk.fallback import defaults_of, is_secured, is_wide, latest_session
from secure_sagemaker.sagemaker_sdk.imports import each_module
from secure_sagemaker.sagemaker_sdk.version_2 import ValidDefaults

__all__ = [
    "adopt_own_imports",
    "give_defaults",
    "leave_roles_unchecked",
    "take_defaults_as_valid",
]

logger = logging.getLogger(__name__)
_Function = Callable[..., Any]
_ROLE_SWITCH = "SAGEMAKER_VALIDATE_ROLE"
_ROLE_CHECKS: Mapping[str, object] = {"_evaluate_permissions": (True, []), "_role_trusts_service": True}
"""What each check of the role answers where all is well."""
_VALIDATE = "validate_sagemaker_config"
_VALIDATIONS = (
    ("sagemaker.core.helper.session_helper", ""),
    ("sagemaker.core.config.config_manager", "SageMakerConfig"),
)


def take_defaults_as_valid() -> bool:
    """Have a secure session's defaults validated no more; whether the SDK does so where it did."""
    found = True
    for module, owner in _VALIDATIONS:
        holder = importlib.import_module(module)
        holder = getattr(holder, owner) if owner else holder
        validate: _Function | None = getattr(holder, _VALIDATE, None)
        if validate is None:
            found = False
        elif not hasattr(validate, "__wrapped__"):
            setattr(
                holder, _VALIDATE, staticmethod(_validating(validate)) if owner else _validating(validate)
            )
    return found


def give_defaults(holder: Any) -> bool:
    """Have every session of the SDK's class over a secure one given its defaults; whether it is made as it was."""
    initialise: _Function = holder.__init__
    if hasattr(initialise, "__wrapped__"):
        return True
    signature = inspect.signature(initialise)
    if not {"boto_session", "sagemaker_config"} <= set(signature.parameters):
        return False

    @wraps(initialise)
    def initialised(*arguments: object, **named: object) -> None:
        given = signature.bind(*arguments, **named).arguments
        if not given.get("sagemaker_config"):
            defaults = defaults_of(given.get("boto_session"))
            if defaults is not None:
                given["sagemaker_config"] = defaults
        initialise(**given)

    holder.__init__ = initialised
    return True


def _validating(validate: _Function) -> _Function:
    @wraps(validate)
    def validated(sagemaker_config: object = None) -> None:
        if not isinstance(sagemaker_config, ValidDefaults):
            validate(sagemaker_config)

    return validated


def leave_roles_unchecked() -> bool:
    """Have roles unchecked while there is a secure session, unless the user asks; whether they are checked as known."""
    resolver = importlib.import_module("sagemaker.core.helper.iam_role_resolver")
    found = True
    for name, passed in _ROLE_CHECKS.items():
        check: _Function | None = getattr(resolver, name, None)
        if check is None:
            found = False
        elif not hasattr(check, "__wrapped__"):
            setattr(resolver, name, _unless_asked(check, passed))
    return found


def _unless_asked(check: _Function, passed: object) -> _Function:
    @wraps(check)
    def checked(*arguments: object, **named: object) -> object:
        asked = os.environ.get(_ROLE_SWITCH, "false").lower() not in {"0", "false", "no"}
        return passed if latest_session() is not None and not asked else check(*arguments, **named)

    return checked


def adopt_own_imports() -> None:
    """Have functions that import ``boto3`` for themselves use a secure session, do without, or refuse."""
    each_module(_adopt)


def _recipe(load: _Function) -> _Function:
    @wraps(load)
    def loaded(recipe_path: str) -> object:
        session = latest_session()
        if session is None or not recipe_path.startswith("s3://"):
            return load(recipe_path)
        location = urlsplit(recipe_path)
        with TemporaryDirectory() as directory:
            file = Path(directory, "recipe.yaml")
            session.client("s3").download_file(location.netloc, location.path.lstrip("/"), str(file))
            return load(str(file))

    return loaded


def _mlflow_of_job(set_up: _Function) -> _Function:
    @wraps(set_up)
    def nothing(training_job: Any) -> object:
        """A link to MLflow is only shown while waiting; the SDK answers so where it gets none."""
        return (None, None, None) if latest_session() is not None else set_up(training_job)

    return nothing


def _mlflow_link(ask: _Function) -> _Function:
    @wraps(ask)
    def nothing(*arguments: object, **named: object) -> object:
        """As above."""
        return None if latest_session() is not None else ask(*arguments, **named)

    return nothing


def _evaluation(start: _Function) -> _Function:
    @wraps(start)
    def refused(evaluator: Any, *arguments: object, **named: object) -> object:
        if not is_wide() and is_secured(getattr(evaluator.sagemaker_session, "boto_session", None)):
            raise SessionError(
                "the SDK starts this evaluation with ambient credentials, whatever session it is given",
                remedy="use another evaluator, or start the evaluation's pipeline with the session's own client",
            )
        return start(evaluator, *arguments, **named)

    return refused


_PUT_RIGHT: Mapping[str, Mapping[str, Callable[[_Function], _Function]]] = {
    "sagemaker.train.recipe_resolver": {"_load_user_recipe": _recipe},
    "sagemaker.train.common_utils.trainer_wait": {"_setup_mlflow_integration": _mlflow_of_job},
    "sagemaker.train.common_utils.job_wait": {"_get_mlflow_presigned_url": _mlflow_link},
    "sagemaker.train.evaluate.multi_turn_rl_evaluator": {
        "MultiTurnRLEvaluator._start_mtrl_execution": _evaluation
    },
}


def _adopt(module: ModuleType) -> None:
    for path, put_right in _PUT_RIGHT.get(module.__name__, {}).items():
        owner, _, name = path.rpartition(".")
        holder = getattr(module, owner, None) if owner else module
        function = getattr(holder, name, None)
        if function is None:
            logger.warning(
                "%s of the SageMaker Python SDK has no %s, as the releases that this library knows have:"
                " it may sign with the ambient credentials.",
                module.__name__,
                path,
            )
        elif not hasattr(function, "__secured__"):
            secured = put_right(function)
            secured.__secured__ = True  # type: ignore[attr-defined]  # told by the next session
            setattr(holder, name, secured)
