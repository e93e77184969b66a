"""What v2 of the SDK does otherwise than it is told, put right: names of its own, replaced once a process.

1. It ingests features with workers in child processes, with sessions of their own. For a secure session the
   workers are threads, and put records with the client of the session that the feature group was given.
2. It validates a session's defaults whenever it looks one up: a fifth of a second, twenty times for one
   estimator. Those of a secure session are validated once.
3. sagemaker-core 1, on which ``sagemaker.modules`` stands, keeps the first client of the process whatever session
   is named. A secure session gets its own; who names no session gets the latest one's.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from multiprocessing.pool import ThreadPool
from types import MappingProxyType
from typing import Any

from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.sagemaker_sdk.fallback import is_secured

__all__ = ["ValidDefaults", "put_right"]

_Function = Callable[..., Any]


class _Threads(ThreadPool):
    """A pool as the SDK's is, whose workers are threads."""

    def clear(self) -> None:
        """Forget the pool, where the SDK's would keep it for another."""


class ValidDefaults(dict[str, object]):
    """Defaults of the SDK's that are known to be valid."""


def put_right() -> Mapping[str, str]:
    """Replace the names, as often as it is called.

    Returns:
        What this release of the SDK keeps elsewhere, and what comes of it.
    """
    moved = {}
    for act, what, so in (
        (
            _ingest_by_threads,
            "feature ingestion's workers",
            "they may be signed with the ambient credentials",
        ),
        (_validate_once, "the validation of its defaults", "estimators take seconds to make"),
        (
            _keep_clients_apart,
            "the clients of sagemaker.modules",
            "its calls may be signed by the first session of the process",
        ),
    ):
        try:
            act()
        except (AttributeError, ImportError):
            moved[what] = so
    return MappingProxyType(moved)


def _replace(owner: Any, name: str, make: Callable[[_Function], _Function]) -> None:
    original: _Function = getattr(owner, name)
    if not hasattr(original, "__wrapped__"):
        setattr(owner, name, wraps(original)(make(original)))


def _ingest_by_threads() -> None:
    manager = importlib.import_module("sagemaker.feature_store.feature_group").IngestionManagerPandas
    put_row: _Function = manager._ingest_row  # noqa: SLF001  # its step for one row has no public name

    def make(by_processes: _Function) -> _Function:
        def run(
            self: Any,
            data_frame: Any,
            target_stores: Sequence[object] | None = None,
            wait: bool = True,  # noqa: FBT001, FBT002  # as the SDK's own
            timeout: float | None = None,
        ) -> None:
            session = self.sagemaker_session
            if not is_secured(session.boto_session):
                by_processes(self, data_frame, target_stores, wait, timeout)
                return
            if self.profile_name is not None:
                raise SessionError(
                    f"feature ingestion was to sign with the profile {self.profile_name!r} in the role's place",
                    remedy="leave profile_name out: the session's role puts the records",
                )

            def put(rows: Any) -> list[int]:
                failed: list[int] = []
                for row in rows.itertuples():
                    put_row(
                        data_frame=rows,
                        row=row,
                        feature_group_name=self.feature_group_name,
                        feature_definitions=self.feature_definitions,
                        sagemaker_fs_runtime_client=session.sagemaker_featurestore_runtime_client,
                        failed_rows=failed,
                        target_stores=target_stores,
                    )
                return failed

            workers = self.max_workers * self.max_processes
            bounds = (len(data_frame) * part // workers for part in range(workers + 1))
            batches = [data_frame[first:last] for first, last in itertools.pairwise(bounds)]
            self._processing_pool = _Threads(workers)
            self._async_result = self._processing_pool.map_async(put, batches)
            if wait:
                self.wait(timeout=timeout)

        return run

    _replace(manager, "_run_multi_process", make)


def _validate_once() -> None:
    def make(validate: _Function) -> _Function:
        def validated(sagemaker_config: object = None) -> None:
            if not isinstance(sagemaker_config, ValidDefaults):
                validate(sagemaker_config)

        return validated

    _replace(importlib.import_module("sagemaker.utils"), "validate_sagemaker_config", make)


def _keep_clients_apart() -> None:
    core = importlib.import_module("sagemaker_core.main.utils")
    logs = importlib.import_module("sagemaker_core.main.logs").CloudWatchLogsClient
    instances: dict[type, object] = core.SingletonMeta._instances  # noqa: SLF001  # no public way

    def make(kept: _Function) -> _Function:
        def call(cls: type, *arguments: Any, **named: Any) -> Any:
            if cls is core.SageMakerClient and is_secured(named.get("session")):
                return type.__call__(cls, *arguments, **named)
            return kept(cls, *arguments, **named)

        return call

    _replace(core.SingletonMeta, "__call__", make)
    for kept_for_the_process in (core.SageMakerClient, logs):
        instances.pop(kept_for_the_process, None)  # the next is made of what the fallback names
