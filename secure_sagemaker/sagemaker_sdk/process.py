"""What the SDK keeps once a process, whatever session it is given, and which is set there too.

- Calls that name no session: telemetry falls back to a session made from ambient credentials, and
  in v3 the opt-out of that session can only be written in a file. That fallback is taken away, so
  such calls send nothing. (Pointing ``SAGEMAKER_USER_CONFIG_OVERRIDE`` at a file of ours would do
  it as well, at the price of the user's own file for every other session and child process.)
- A ``NetworkConfig`` that is not told about network isolation says False in the request, which nobody can
  tell from a wish. It leaves the member out instead, which means the same to AWS.
- The SDK makes clients of its own where a call names no session, v3 in nearly every module; ``fallback`` has
  them come from the latest secure session. ``version_2`` and ``version_3`` tell what else they do.
- v3 reads job logs through one client of the process, and keeps a default client for calls without
  ``session=``. Both become those of the latest secure session, except a default for which a program has
  named another session.
- Local mode, and Spark's history server, hand the session's credentials to a container on this machine,
  which no network isolation and no VPC surrounds. For a secure session they are refused.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from types import ModuleType
from typing import Any, Protocol

import boto3
from botocore.config import Config

from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.sagemaker_sdk.fallback import (
    LatestClient,
    adopt_fallback,
    is_secured,
    is_wide,
    mark_secured,
    release_fallback,
)
from secure_sagemaker.sagemaker_sdk.imports import each_module
from secure_sagemaker.sagemaker_sdk.installed import SdkVersion
from secure_sagemaker.sagemaker_sdk.version_2 import put_right
from secure_sagemaker.sagemaker_sdk.version_3 import (
    adopt_own_imports,
    give_defaults,
    leave_roles_unchecked,
    take_defaults_as_valid,
)

__all__ = ["adopt_process", "leave_fallback"]

logger = logging.getLogger(__name__)

_TELEMETRY_MODULES: Mapping[int, str] = {
    2: "sagemaker.telemetry.telemetry_logging",
    3: "sagemaker.core.telemetry.telemetry_logging",
}
_TELEMETRY_FALLBACK = "_get_default_sagemaker_session"
_NETWORK_MODULES: Mapping[int, str] = {2: "sagemaker.network", 3: "sagemaker.core.network"}
_NETWORK_REQUEST = "_to_request_dict"
_ISOLATION = "EnableNetworkIsolation"
_LOCAL_MODULES: Mapping[int, str] = {2: "sagemaker.local.image", 3: "sagemaker.core.local.image"}
_LOCAL_CREDENTIALS = "_aws_credentials"
_SPARK_PROCESSOR = "_SparkProcessorBase"
_SPARK_CREDENTIALS = "_config_aws_credentials"
_LOGS = "sagemaker.core.utils.logs"
_CLIENTS = "sagemaker.core.utils.utils"
_KEPT_CLIENTS = (_CLIENTS,)
_SESSIONS = "sagemaker.core.helper.session_helper"
_SESSION_MODULES: Mapping[int, str] = {2: "sagemaker.session", 3: _SESSIONS}
# What a module must have for the fallback to reach it.
_FALLBACKS: Mapping[str, str] = {_LOGS: "Session", _CLIENTS: "Session", _SESSIONS: "boto3"}


def adopt_process(
    sdk: SdkVersion,
    boto_session: boto3.Session,
    defaults: Mapping[str, object],
    issued: Callable[[str], bool],
) -> None:
    """Set what the SDK keeps for the whole process to the secure session, or to nothing."""
    _forget_ambient_telemetry(sdk)
    _leave_isolation_unsaid(sdk)
    mark_secured(boto_session, defaults, issued)
    _refuse_local_mode(sdk)
    if not give_defaults(importlib.import_module(_SESSION_MODULES[sdk.major]).Session):
        _moved(sdk, "its Session", "a Session over the secure one reads configuration files")
    if sdk.major == 2:
        adopt_fallback(boto_session)
        for what, so in put_right().items():
            _moved(sdk, what, so)
    else:
        if not leave_roles_unchecked():
            _moved(sdk, "its check of the role", "trainers may refuse a least-privilege role")
        _fall_back_to(sdk, boto_session)
        _adopt_process_clients(sdk, boto_session)


def leave_fallback(before: boto3.Session | None) -> None:
    """Have the SDK fall back to this session again, or to none, with no client kept for the process."""
    if before is None:
        release_fallback()
    else:
        adopt_fallback(before)
    for name in _KEPT_CLIENTS:
        if (module := sys.modules.get(name)) is not None:
            module.SageMakerClient.reset()


def _forget_ambient_telemetry(sdk: SdkVersion) -> None:
    telemetry = importlib.import_module(_TELEMETRY_MODULES[sdk.major])
    if not hasattr(telemetry, _TELEMETRY_FALLBACK):
        _moved(
            sdk,
            "its telemetry",
            "calls that name no session may send it. Opt out in the SDK's configuration file",
        )
        return
    setattr(telemetry, _TELEMETRY_FALLBACK, _no_session)


def _leave_isolation_unsaid(sdk: SdkVersion) -> None:
    network = importlib.import_module(_NETWORK_MODULES[sdk.major]).NetworkConfig
    says: Callable[[_NetworkConfig], dict[str, object]] | None = getattr(network, _NETWORK_REQUEST, None)
    if says is None:
        _moved(sdk, "NetworkConfig's request", "one without enable_network_isolation may be refused")
        return
    if hasattr(says, "__wrapped__"):
        return

    @wraps(says)
    def request(config: _NetworkConfig) -> dict[str, object]:
        said = says(config)
        if config.enable_network_isolation is None:
            said.pop(_ISOLATION, None)
        return said

    setattr(network, _NETWORK_REQUEST, request)


class _NetworkConfig(Protocol):
    enable_network_isolation: object


def _no_session() -> None:
    """Answer as the SDK's own look-up never does; it then calls the function and sends nothing."""


def _fall_back_to(sdk: SdkVersion, boto_session: boto3.Session) -> None:
    for module, name in _FALLBACKS.items():
        if not hasattr(importlib.import_module(module), name):
            _moved(sdk, f"what {module} makes sessions with", f"calls that name no session may be {_AMBIENT}")
    adopt_fallback(boto_session)
    adopt_own_imports()
    if not take_defaults_as_valid():
        _moved(sdk, "the validation of its defaults", "trainers take seconds to make")


def _refuse_local_mode(sdk: SdkVersion) -> None:
    if not hasattr(importlib.import_module(_LOCAL_MODULES[sdk.major]), _LOCAL_CREDENTIALS):
        _moved(sdk, "local mode's credentials", "a local container may be handed those of the role")
    each_module(_keep_credentials_from_containers)


def _keep_credentials_from_containers(module: ModuleType) -> None:
    if callable(asked := vars(module).get(_LOCAL_CREDENTIALS)):
        setattr(module, _LOCAL_CREDENTIALS, _unless_secured(asked, lambda session: session))
    spark = vars(module).get(_SPARK_PROCESSOR)
    if isinstance(spark, type) and callable(asked := vars(spark).get(_SPARK_CREDENTIALS)):
        held = _unless_secured(asked, lambda processor: processor.sagemaker_session.boto_session)
        setattr(spark, _SPARK_CREDENTIALS, held)


def _unless_secured(
    asked: Callable[[Any], object], session_of: Callable[[Any], object]
) -> Callable[[Any], object]:
    if hasattr(asked, "__wrapped__"):
        return asked

    @wraps(asked)
    def credentials(holder: Any) -> object:
        if is_wide() or is_secured(session_of(holder)):
            raise SessionError(
                "local mode would hand the role's credentials to a container on this machine, which has"
                " neither the baseline's VPC nor network isolation around it",
                remedy="run the job on SageMaker, or give local mode a plain boto3 session of your own",
            )
        return asked(holder)

    return credentials


def _adopt_process_clients(sdk: SdkVersion, boto_session: boto3.Session) -> None:
    logs = importlib.import_module(_LOGS).CloudWatchLogsClient
    if not isinstance(logs.client, LatestClient):
        logs.client = LatestClient("logs", config=Config(retries={"max_attempts": 10, "mode": "standard"}))
    logs().client = logs.client  # an instance made earlier holds a client of its own
    clients = importlib.import_module(_CLIENTS)
    if not _is_default(sdk, clients, boto_session):
        clients.SageMakerClient.reset()
    # Made at once, or the first session that a program names for a call would be the default from then on. And
    # made as the SDK's resources make it, so that both share one cache entry.
    clients.SageMakerClient(session=boto_session, region_name=None)


def _is_default(sdk: SdkVersion, clients: ModuleType, boto_session: boto3.Session) -> bool:
    """Whether the default client may stay: it is the session's, or a program named another session for it."""
    try:
        cached = clients.SageMakerClient._instances.get(clients.SageMakerClient, {})  # noqa: SLF001  # no public way
        default = cached.get("default")
        named = any(one is default and key[0] is not None for key, one in cached.items() if key != "default")
    except (AttributeError, IndexError, TypeError):
        _moved(sdk, "its default client", f"calls without session= may be {_AMBIENT}")
        return True
    if default is None:
        return not cached
    return default.session is boto_session or (named and not is_secured(default.session))


_AMBIENT = "signed with the ambient credentials"


def _moved(sdk: SdkVersion, what: str, so: str) -> None:
    logger.warning(
        "sagemaker %s keeps %s elsewhere than the releases this library knows: %s.", sdk.sagemaker, what, so
    )
