"""The feature store with the SageMaker Python SDK v3."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from tests.integration.flows.flow import Flow, Stage

__all__ = ["FLOWS"]

_TIMES = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z")
_DEFINITIONS = [
    {"feature_name": "id", "feature_type": "String"},
    {"feature_name": "time", "feature_type": "String"},
    {"feature_name": "amount", "feature_type": "Fractional"},
]


def _group(stage: Stage, **more: Any) -> Any:
    from sagemaker.core.resources import FeatureGroup

    stage.sdk  # noqa: B018  # the feature store's functions take no session: it is left to be found
    arguments = {
        "feature_group_name": stage.name("group"),
        "record_identifier_feature_name": "id",
        "event_time_feature_name": "time",
        "feature_definitions": _DEFINITIONS,
        "online_store_config": {"enable_online_store": True},
        "offline_store_config": {"s3_storage_config": {"s3_uri": stage.uri("offline")}},
        "role_arn": stage.role,
        **more,
    }
    group = FeatureGroup.create(session=stage.session, **arguments)
    group.wait_for_status("Created", poll=0)
    return group


def _frame() -> Any:
    import pandas as pd

    return pd.DataFrame({"id": ["1", "2", "3"], "time": _TIMES, "amount": [1.0, 2.0, 3.0]})


def _record() -> list[dict[str, str]]:
    return [
        {"feature_name": "id", "value_as_string": "1"},
        {"feature_name": "time", "value_as_string": _TIMES[0]},
        {"feature_name": "amount", "value_as_string": "1.0"},
    ]


def _records(stage: Stage) -> None:
    group = _group(stage)
    group.put_record(record=_record())
    assert group.get_record(record_identifier_value_as_string="1").record
    group.delete_record(record_identifier_value_as_string="1", event_time=_TIMES[1])


def _managed(stage: Stage) -> None:
    from sagemaker.mlops.feature_store import FeatureGroupManager

    stage.sdk  # noqa: B018  # as above
    FeatureGroupManager.create(
        feature_group_name=stage.name("group"),
        record_identifier_feature_name="id",
        event_time_feature_name="time",
        feature_definitions=_DEFINITIONS,
        offline_store_config={"s3_storage_config": {"s3_uri": stage.uri("offline")}},
        role_arn=stage.role,
        session=stage.session,
    )


def _ingested(stage: Stage) -> None:
    from sagemaker.mlops.feature_store import ingest_dataframe

    _group(stage)
    ingest_dataframe(stage.name("group"), _frame(), region=stage.aws.region)


def _ingested_in_batches(stage: Stage) -> None:
    from sagemaker.mlops.feature_store import ingest_dataframe

    _group(stage)
    ingest_dataframe(stage.name("group"), _frame(), use_batch_write_record=True)


def _ingested_by_workers(stage: Stage) -> None:
    from sagemaker.mlops.feature_store import ingest_dataframe, ingestion_manager_pandas

    _group(stage)
    with stage.aws.serve() as server, pytest.MonkeyPatch.context() as patched:
        # The workers are other processes, whose requests are seen where they arrive.
        patched.setenv("AWS_ENDPOINT_URL_SAGEMAKER_FEATURESTORE_RUNTIME", server.url)
        # The SDK's pool can only be forked, which newer Pythons do no longer by themselves.
        patched.setattr(ingestion_manager_pandas, "Pool", multiprocessing.get_context("fork").Pool)
        server.aws.session().sagemaker_session()
        ingest_dataframe(stage.name("group"), _frame(), max_workers=2, max_processes=2)


def _listed(stage: Stage) -> None:
    from sagemaker.mlops.feature_store import list_records

    group = _group(stage, online_store_config={"enable_online_store": True, "storage_type": "InMemory"})
    group.put_record(record=_record())
    list_records(stage.name("group"))


def _updated(stage: Stage) -> None:
    from sagemaker.mlops.feature_store import update_record

    group = _group(stage, online_store_config={"enable_online_store": True, "storage_type": "InMemory"})
    group.put_record(record=_record())
    changes = [
        {"feature_name": "time", "value_as_string": _TIMES[1]},
        {"feature_name": "amount", "value_as_string": "2.0"},
    ]
    update_record(stage.name("group"), "1", changes)


def _queried(stage: Stage) -> None:
    from sagemaker.mlops.feature_store import create_athena_query

    _group(stage)
    query = create_athena_query(stage.name("group"), session=stage.sdk)
    query.run("SHOW TABLES", output_location=stage.uri("answers"))
    query.wait()
    query.get_query_execution()


def _flow(name: str, title: str, run: Any, *sends: str, **more: Any) -> Flow:
    return Flow(
        sdk=3,
        name=f"feature-group-{name}",
        title=title,
        run=run,
        sends=("CreateFeatureGroup", *sends),
        **more,
    )


_RUNTIME = "sagemaker-featurestore-runtime"
_NO_SESSION = "It takes no session; it goes to the latest secure one of the process."

FLOWS: tuple[Flow, ...] = (
    _flow(
        "records",
        "`FeatureGroup`, records put, read and deleted",
        _records,
        f"{_RUNTIME}.PutRecord",
        f"{_RUNTIME}.GetRecord",
    ),
    _flow("managed", "`FeatureGroupManager.create`", _managed),
    _flow("ingested", "`ingest_dataframe`", _ingested, f"{_RUNTIME}.PutRecord", note=_NO_SESSION),
    _flow(
        "ingested-in-batches",
        "`ingest_dataframe`, in batches",
        _ingested_in_batches,
        f"{_RUNTIME}.BatchWriteRecord",
        note=_NO_SESSION,
    ),
    _flow(
        "ingested-by-workers",
        "`ingest_dataframe`, with workers and processes",
        _ingested_by_workers,
        f"{_RUNTIME}.PutRecord",
        note=f"{_NO_SESSION} Its forked processes inherit that session; their audit records stay in them.",
        warnings=("ignore:.*fork:DeprecationWarning",),
    ),
    _flow("listed", "`list_records`", _listed, f"{_RUNTIME}.ListRecords", note=_NO_SESSION),
    _flow("updated", "`update_record`", _updated, f"{_RUNTIME}.UpdateRecord", note=_NO_SESSION),
    _flow("queried", "`create_athena_query`", _queried, "athena.StartQueryExecution"),
)
