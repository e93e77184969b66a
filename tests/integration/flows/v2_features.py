"""The feature store with the SageMaker Python SDK v2."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.flow import Flow, Stage

__all__ = ["FLOWS"]


def _frame(rows: int) -> Any:
    import pandas as pd

    return pd.DataFrame(
        {
            "customer": [f"c{row}" for row in range(rows)],
            "income": [float(row) for row in range(rows)],
            "seen": [1_700_000_000.0] * rows,
        }
    ).astype({"customer": "string"})


def _created(stage: Stage, frame: Any) -> Any:
    from sagemaker.feature_store.feature_group import FeatureGroup

    group = FeatureGroup(name=stage.name("group"), sagemaker_session=stage.sdk)
    group.load_feature_definitions(frame)
    group.create(
        s3_uri=stage.uri("offline"),
        record_identifier_name="customer",
        event_time_feature_name="seen",
        role_arn=stage.role,
        enable_online_store=True,
    )
    return group


def _stored(stage: Stage) -> None:
    frame = _frame(3)
    group = _created(stage, frame)
    group.describe()
    group.ingest(frame)
    assert group.get_record("c1")
    group.delete_record("c1", "1700000001")
    group.update_feature_metadata("income", description="a year's, in euros")
    group.delete()


def _workers(stage: Stage) -> None:
    frame = _frame(8)
    group = _created(stage, frame)
    manager = group.ingest(frame, max_workers=4)
    assert manager.failed_rows == []
    assert group.get_record("c7")


def _processes(stage: Stage) -> None:
    frame = _frame(8)
    group = _created(stage, frame)
    manager = group.ingest(frame, max_workers=2, max_processes=2, wait=False)
    manager.wait()
    assert manager.failed_rows == []
    assert group.get_record("c7")


def _queried(stage: Stage) -> None:
    group = _created(stage, _frame(1))
    query = group.athena_query()
    query.run("SELECT 1", output_location=stage.uri("queries"))
    query.wait()


def _dataset(stage: Stage) -> None:
    from sagemaker.feature_store.feature_store import FeatureStore

    group = _created(stage, _frame(1))
    store = FeatureStore(stage.sdk)
    store.list_feature_groups()
    builder = store.create_dataset(base=group, output_path=stage.uri("queries"))
    builder.to_csv_file()


def _flow(name: str, title: str, run: Any, *sends: str, **more: Any) -> Flow:
    return Flow(sdk=2, name=name, title=title, run=run, sends=("CreateFeatureGroup", *sends), **more)


FLOWS: tuple[Flow, ...] = (
    _flow(
        "feature-group",
        "`FeatureGroup`: create, `ingest`, `get_record`, `delete`",
        _stored,
        "sagemaker-featurestore-runtime.PutRecord",
        "sagemaker-featurestore-runtime.GetRecord",
        "DeleteFeatureGroup",
    ),
    _flow(
        "feature-group-workers",
        "`FeatureGroup.ingest` with `max_workers`",
        _workers,
        "sagemaker-featurestore-runtime.PutRecord",
        note="The SDK's workers are child processes with ambient credentials; here they are threads, "
        "with the session's own client.",
    ),
    _flow(
        "feature-group-processes",
        "`FeatureGroup.ingest` with `max_processes`",
        _processes,
        "sagemaker-featurestore-runtime.PutRecord",
        note="As with `max_workers`.",
    ),
    _flow(
        "feature-group-athena",
        "`FeatureGroup.athena_query`",
        _queried,
        "athena.StartQueryExecution",
        note="The result is encrypted with the baseline's key.",
    ),
    _flow("feature-store-dataset", "`FeatureStore.create_dataset`", _dataset, "athena.StartQueryExecution"),
)
