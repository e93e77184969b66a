"""Functions and notebooks that run as jobs, with the SageMaker Python SDK v2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from secure_sagemaker.local import Job
from tests.integration.flows.flow import Flow, Outcome, Stage

__all__ = ["FLOWS"]

_CPU = "ml.m5.xlarge"
_WAIVER = """
[[waivers]]
control = "network-isolation"
operations = ["CreateTrainingJob"]
resources = ["double-*"]
reason = "functions of a notebook, on data that may leave"
ticket = "SEC-1"
approver = "security"
expires = 2099-01-01
"""
_REFUSED = (
    "Its container reads the function and writes the result through S3 by itself, which isolation forbids: "
    'a waiver of `network-isolation` for these jobs, or `training = "off"`, lets it run in the VPC, encrypted.'
)
_WITHOUT_SECRET = "2.256"
_UPGRADE = "Releases before 2.256 put a secret into the job's environment, and are refused: upgrade."


def _settings(stage: Stage) -> dict[str, Any]:
    return {
        "sagemaker_session": stage.sdk,
        "image_uri": stage.image,
        "instance_type": _CPU,
        "s3_root_uri": stage.uri("functions"),
    }


@contextmanager
def _containers(stage: Stage) -> Iterator[None]:
    """Jobs do what the container of a remote function does: read it, call it, write what it returned."""
    from sagemaker import Session
    from sagemaker.remote_function.core.stored_function import StoredFunction

    def run(job: Job) -> Iterable[str]:
        with stage.apart() as elsewhere:
            StoredFunction(
                sagemaker_session=Session(boto_session=elsewhere, default_bucket=stage.aws.default_bucket),
                s3_base_uri=stage.uri(f"functions/{job.name}"),
                s3_kms_key=stage.aws.key_arn,
            ).load_and_invoke()
        return ("called",)

    stage.aws.jobs.answer(run)
    try:
        yield
    finally:
        stage.aws.jobs.answer(lambda _: ())


def _double(number: int) -> int:
    return 2 * number


def _remote(stage: Stage) -> None:
    from sagemaker.remote_function import remote

    double = remote(job_name_prefix="double", **_settings(stage))(_double)
    with _containers(stage):
        assert double(21) == 42


def _executor(stage: Stage) -> None:
    from sagemaker.remote_function import RemoteExecutor
    from sagemaker.remote_function.client import list_futures

    with (
        _containers(stage),
        RemoteExecutor(max_parallel_jobs=2, job_name_prefix="double", **_settings(stage)) as executor,
    ):
        futures = [executor.submit(_double, number) for number in (1, 2)]
        assert [future.result() for future in futures] == [2, 4]
    assert len(list(list_futures("double", sagemaker_session=stage.sdk))) >= 2


def _executor_refused(stage: Stage) -> None:
    from sagemaker.remote_function import RemoteExecutor

    with RemoteExecutor(max_parallel_jobs=1, job_name_prefix="double", **_settings(stage)) as executor:
        executor.submit(_double, 1).result()


def _notebook(stage: Stage) -> None:
    import json

    from sagemaker.workflow.notebook_job_step import NotebookJobStep
    from sagemaker.workflow.pipeline import Pipeline

    notebook = stage.directory / "work.ipynb"
    notebook.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    step = NotebookJobStep(
        name="notebook",
        input_notebook=str(notebook),
        image_uri=stage.image,
        kernel_name="python3",
        instance_type=_CPU,
        role=stage.role,
        s3_root_uri=stage.uri("notebooks"),
    )
    pipeline = Pipeline(name=stage.name("pipeline"), steps=[step], sagemaker_session=stage.sdk)
    pipeline.upsert(role_arn=stage.role)


def _flow(name: str, title: str, run: Callable[[Stage], None], **more: Any) -> Flow:
    sends = ("CreateTrainingJob", "s3.PutObject")
    return Flow(sdk=2, name=name, title=title, run=run, **{"sends": sends, **more})


def _refused(name: str, title: str, run: Callable[[Stage], None], **more: Any) -> Flow:
    return _flow(
        name,
        title,
        run,
        sends=("s3.PutObject",),
        outcome=Outcome.REFUSED,
        refused_by="network-isolation",
        note=_REFUSED,
        **more,
    )


FLOWS: tuple[Flow, ...] = (
    _refused("remote-function", "`@remote`, isolation required", _remote),
    _flow(
        "remote-function-not-isolated",
        "`@remote`, isolation off",
        _remote,
        isolation="off",
        since=_WITHOUT_SECRET,
        note=_UPGRADE,
    ),
    _flow(
        "remote-function-waived",
        "`@remote`, isolation waived",
        _remote,
        extra_toml=_WAIVER,
        since=_WITHOUT_SECRET,
        note=_UPGRADE,
    ),
    _refused("remote-executor", "`RemoteExecutor`, isolation required", _executor_refused),
    _flow(
        "remote-executor-not-isolated",
        "`RemoteExecutor`, isolation off",
        _executor,
        isolation="off",
        since=_WITHOUT_SECRET,
        note=_UPGRADE,
    ),
    _flow(
        "notebook-job",
        "`NotebookJobStep` in a pipeline",
        _notebook,
        sends=("CreatePipeline",),
        isolation="off",
    ),
)
