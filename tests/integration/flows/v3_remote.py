"""``@remote`` with the SageMaker Python SDK v3.

No container runs in the embedded AWS, so that a function's result never comes: the SDK says so once the job is
over, and the flows end there.
"""

from __future__ import annotations

import contextlib
from typing import Any

from tests.integration.flows.flow import Flow, Outcome, Stage

__all__ = ["FLOWS"]


def _settings(stage: Stage) -> dict[str, Any]:
    return {
        "sagemaker_session": stage.sdk,
        "image_uri": stage.image,
        "instance_type": "ml.m5.xlarge",
        "role": stage.role,
        "job_name_prefix": stage.name("job"),
    }


def _plus(first: int, second: int) -> int:
    return first + second


def _decorated(stage: Stage) -> None:
    from sagemaker.core.remote_function import remote
    from sagemaker.core.remote_function.errors import ServiceError

    with contextlib.suppress(ServiceError):
        remote(**_settings(stage))(_plus)(1, 2)


def _with_dependencies(stage: Stage) -> None:
    from sagemaker.core.remote_function import remote
    from sagemaker.core.remote_function.errors import ServiceError

    requirements = stage.directory / "requirements.txt"
    requirements.write_text("numpy\n")
    (stage.directory / "helpers.py").write_text("")
    with contextlib.suppress(ServiceError):
        remote(**_settings(stage), dependencies=str(requirements), include_local_workdir=True)(_plus)(1, 2)


def _executor(stage: Stage) -> None:
    from sagemaker.core.remote_function import RemoteExecutor
    from sagemaker.core.remote_function.errors import ServiceError

    with RemoteExecutor(**_settings(stage)) as executor:
        future = executor.submit(_plus, 1, 2)
        with contextlib.suppress(ServiceError):
            future.result()


def _of_train(stage: Stage) -> None:
    from sagemaker.train.remote_function import remote
    from sagemaker.train.remote_function.errors import ServiceError

    with contextlib.suppress(ServiceError):
        remote(**_settings(stage))(_plus)(1, 2)


def _flow(name: str, title: str, run: Any, **more: Any) -> Flow:
    settings = {"isolation": "off", "sends": ("s3.PutObject", "CreateTrainingJob"), **more}
    return Flow(sdk=3, name=f"remote{name}", title=title, run=run, **settings)


FLOWS: tuple[Flow, ...] = (
    _flow("", "`@remote`", _decorated),
    _flow("-with-dependencies", "`@remote`, with dependencies and the working directory", _with_dependencies),
    _flow("-executor", "`RemoteExecutor`", _executor),
    _flow("-of-train", "`@remote` of `sagemaker.train`", _of_train),
    _flow(
        "-isolated",
        "`@remote`, isolation required",
        _decorated,
        isolation="require",
        sends=(),
        outcome=Outcome.REFUSED,
        refused_by="network-isolation",
        note="The container fetches the function from S3 by itself, which an isolated one cannot.",
    ),
)
