"""Flows of both SDKs in sessions of the tasks they are: AWS denies nothing that a task needs, and the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path

import pytest

from secure_sagemaker import SecureSession, SecurityBaseline
from secure_sagemaker.baseline import Task
from secure_sagemaker.identity.policies import guardrail
from secure_sagemaker.local import EmbeddedAWS
from tests.integration.flows.flow import Flow, Stage
from tests.integration.flows.record import parameter, perform
from tests.integration.flows.table import FLOWS

# The SDKs leave temporary directories to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")

# Whole flows, by id; each beside the tasks that it is.
UNDER: Mapping[str, tuple[Task, ...]] = {
    "v2-estimator-source-directory": (Task.TRAIN,),
    "v2-estimator-waiting": (Task.TRAIN,),
    "v2-processor-waiting": (Task.PROCESS,),
    "v2-script-processor": (Task.PROCESS,),
    "v2-tuner-script-mode": (Task.TUNE,),
    "v2-automl": (Task.AUTOML,),
    "v2-automl-v2": (Task.AUTOML,),
    "v2-transformer": (Task.DEPLOY, Task.TRANSFORM),
    "v2-deploy-real-time": (Task.DEPLOY, Task.INVOKE),
    "v2-deploy-async": (Task.DEPLOY, Task.INVOKE),
    "v2-deploy-updated": (Task.DEPLOY,),
    "v2-deploy-inference-component": (Task.DEPLOY, Task.INVOKE),
    "v2-model-package-unversioned": (Task.REGISTER,),
    "v2-model-package": (Task.DEPLOY, Task.REGISTER),
    "v2-pipeline": (Task.PIPELINE,),
    "v2-feature-group": (Task.FEATURE_STORE,),
    "v2-monitor-data-quality": (Task.DEPLOY, Task.MONITOR, Task.PROCESS),
    "v2-monitor-network-config": (Task.DEPLOY, Task.MONITOR),
    "v3-model-trainer-source-directory": (Task.TRAIN,),
    "v3-model-trainer-waited-for": (Task.TRAIN,),
    "v3-remote": (Task.TRAIN,),
    "v3-processor-waited-for": (Task.PROCESS,),
    "v3-script-processor": (Task.PROCESS,),
    "v3-tuner-source-code": (Task.TUNE,),
    "v3-tuner-waited-for": (Task.TUNE,),
    "v3-resource-automljob": (Task.AUTOML,),
    "v3-resource-automljobv2": (Task.AUTOML,),
    "v3-transformer-waited-for": (Task.DEPLOY, Task.TRANSFORM),
    "v3-model-builder-real-time": (Task.DEPLOY, Task.INVOKE),
    "v3-model-builder-updated": (Task.DEPLOY,),
    "v3-model-builder-component": (Task.DEPLOY,),
    "v3-resource-approved": (Task.REGISTER,),
    "v3-model-builder-register": (Task.DEPLOY, Task.REGISTER),
    "v3-pipeline": (Task.PIPELINE,),
    "v3-feature-group-records": (Task.FEATURE_STORE,),
    "v3-feature-group-ingested": (Task.FEATURE_STORE,),
    "v3-monitor-model-quality": (Task.MONITOR,),
    "v3-monitor-bias": (Task.MONITOR,),
    "v3-monitor-changed": (Task.DEPLOY, Task.MONITOR),
    "v3-resource-labelingjob": (Task.LABEL,),
    "v3-resource-notebookinstance": (Task.NOTEBOOK,),
    "v3-resource-cluster": (Task.CLUSTER,),
}
UNGUARDED: Mapping[str, tuple[Task, ...]] = {
    "v2-estimator-waiting": (Task.TRAIN,),
    "v2-script-processor": (Task.PROCESS,),
    "v3-model-trainer-waited-for": (Task.TRAIN,),
    "v3-script-processor": (Task.PROCESS,),
}
OTHERWISE: Mapping[str, tuple[Task, ...]] = {
    "v2-estimator-image": (Task.PROCESS,),
    "v3-model-trainer-image-only": (Task.PROCESS,),
}
NUMBERS = count(1)


@dataclass(kw_only=True)
class Scoped(Stage):
    """A stage whose session is for some tasks alone."""

    tasks: tuple[Task, ...]
    guarded: bool = True
    """The guardrail is deployed, and the session holds it."""

    @cached_property
    def baseline(self) -> SecurityBaseline:
        """The stage's own, with the guardrail that an administrator deployed for it."""
        plain, today = super().baseline, datetime.now(UTC).date()
        if not self.guarded:
            return plain
        with self.apart() as administrator:
            iam = administrator.client("iam")
            arns = [
                iam.create_policy(
                    PolicyName=f"ml-guardrail-{next(NUMBERS)}", PolicyDocument=policy.to_json()
                )["Policy"]["Arn"]
                for policy in guardrail(plain, today=today).policies
            ]
        return plain.tightened({"session_policy": {"guardrail_arns": arns}}, today=today)

    @cached_property
    def session(self) -> SecureSession:
        """The session of the tasks, in the work's own place."""
        place = f"s3://{self.aws.default_bucket}"
        return self.aws.session(self.baseline).scoped_to(
            *self.tasks, inputs=[place], outputs=[place], instance_types=["ml.m5.xlarge"]
        )

    def denied(self) -> set[str]:
        """What AWS denied, though the SDK may have gone on."""
        return {
            f"{one.service}.{one.operation}"
            for one in self.records
            if one.error_code.startswith("AccessDenied")
        }

    def stand_domain(self) -> str:
        """A domain with one user; returns its id."""
        domain = self.stand(
            "create_domain",
            DomainName=self.name("domain"),
            AuthMode="IAM",
            DefaultUserSettings={"ExecutionRole": self.role},
        )["DomainId"]
        self.stand("create_user_profile", DomainId=domain, UserProfileName=self.name("user"))
        return str(domain)


GOES_ON_WITHOUT = frozenset(
    {
        "iam.SimulatePrincipalPolicy",  # whether the role could do what is then asked for anyway
        "logs.FilterLogEvents",  # what a new endpoint writes, shown while it is waited for
        "sagemaker.Search",  # whether a group of packages is there, before it is looked for in their list
    }
)
"""What the SDKs ask beside the work, and go on without."""


def _parameters(chosen: Mapping[str, tuple[Task, ...]]) -> list[object]:
    return [parameter(flow) for flow in FLOWS if flow.id in chosen]


@pytest.mark.parametrize("flow", _parameters(UNDER))
def test_a_flow_runs_in_a_session_of_its_tasks(launched: EmbeddedAWS, tmp_path: Path, flow: Flow) -> None:
    """Beside the guardrail AWS denies a flow nothing that it needs."""
    stage = Scoped(aws=launched, flow=flow, directory=tmp_path, tasks=UNDER[flow.id])
    perform(stage)
    assert set() == stage.denied() - GOES_ON_WITHOUT


@pytest.mark.parametrize("flow", _parameters(UNGUARDED))
def test_a_flow_needs_no_guardrail(launched: EmbeddedAWS, tmp_path: Path, flow: Flow) -> None:
    """Where the task's policy holds the conditions itself, it denies a flow nothing either."""
    stage = Scoped(aws=launched, flow=flow, directory=tmp_path, tasks=UNGUARDED[flow.id], guarded=False)
    perform(stage)
    assert set() == stage.denied() - GOES_ON_WITHOUT


# --- what no flow of the SDKs is, in boto3's own words ----------------------------------------------


def _invoke(stage: Stage) -> None:
    endpoint = stage.stand_endpoint()
    runtime = stage.session.client("sagemaker-runtime")
    stage.session.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    assert runtime.invoke_endpoint(EndpointName=endpoint, Body=b"1,2\n")["Body"].read()
    runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"1,2\n")


def _studio(stage: Stage) -> None:
    domain, user, space = stage.stand_domain(), stage.name("user"), stage.name("space")
    sagemaker = stage.session.client("sagemaker")
    sagemaker.describe_domain(DomainId=domain)
    sagemaker.list_spaces(DomainIdEquals=domain)
    sagemaker.create_space(
        DomainId=domain,
        SpaceName=space,
        SpaceSettings={"AppType": "JupyterLab"},
        OwnershipSettings={"OwnerUserProfileName": user},
        SpaceSharingSettings={"SharingType": "Private"},
    )
    sagemaker.create_app(DomainId=domain, SpaceName=space, AppName="default", AppType="JupyterLab")
    sagemaker.create_presigned_domain_url(DomainId=domain, UserProfileName=user)
    sagemaker.delete_app(DomainId=domain, SpaceName=space, AppName="default", AppType="JupyterLab")
    sagemaker.delete_space(DomainId=domain, SpaceName=space)


def _read(stage: Stage) -> None:
    endpoint, seeded = stage.stand_endpoint(), stage.seed("data/rows.csv")
    sagemaker, storage = stage.session.client("sagemaker"), stage.session.client("s3")
    sagemaker.list_training_jobs()
    sagemaker.list_endpoints()
    sagemaker.search(Resource="TrainingJob")
    arn = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
    sagemaker.list_tags(ResourceArn=arn)
    bucket, _, key = seeded.removeprefix("s3://").partition("/")
    assert storage.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 1
    assert storage.get_object(Bucket=bucket, Key=key)["Body"].read()


def _notebook(stage: Stage) -> None:
    name, sagemaker = stage.name("notebook"), stage.session.client("sagemaker")
    sagemaker.create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.m5.xlarge", RoleArn=stage.role
    )
    sagemaker.get_waiter("notebook_instance_in_service").wait(NotebookInstanceName=name)
    sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)
    sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    sagemaker.get_waiter("notebook_instance_stopped").wait(NotebookInstanceName=name)
    sagemaker.delete_notebook_instance(NotebookInstanceName=name)


PLAIN: Mapping[Task, Callable[[Scoped], None]] = {
    Task.INVOKE: _invoke,
    Task.NOTEBOOK: _notebook,
    Task.READ_ONLY: _read,
    Task.STUDIO: _studio,
}


@pytest.mark.parametrize(
    ("task", "guarded"),
    [*((task, True) for task in PLAIN), (Task.INVOKE, False), (Task.READ_ONLY, False)],
)
def test_plain_calls_run_in_a_session_of_their_task(
    launched: EmbeddedAWS, tmp_path: Path, task: Task, guarded: bool
) -> None:
    """So with calls of boto3: AWS denies none that the task is about."""
    name = f"{task}-{'guarded' if guarded else 'alone'}"
    flow = Flow(sdk=0, name=name, title=name, run=PLAIN[task])
    stage = Scoped(aws=launched, flow=flow, directory=tmp_path, tasks=(task,), guarded=guarded)
    perform(stage)
    assert set() == stage.denied()


def test_every_task_has_a_flow() -> None:
    """Each task is shown to let its work be done; each row is a flow that there is."""
    assert set(Task) == {*PLAIN, *(task for tasks in UNDER.values() for task in tasks)}
    assert {*UNDER, *UNGUARDED} <= {flow.id for flow in FLOWS}


@pytest.mark.parametrize("flow", _parameters(OTHERWISE))
def test_a_flow_is_denied_in_a_session_of_another_task(
    launched: EmbeddedAWS, tmp_path: Path, flow: Flow
) -> None:
    """A training job is no processing: AWS denies it, whatever the role and the client would let be."""
    stage = Scoped(aws=launched, flow=flow, directory=tmp_path, tasks=OTHERWISE[flow.id])
    with pytest.raises(Exception, match="because no session policy allows") as denied:
        perform(stage)
    assert "is not authorized to perform: sagemaker:CreateTrainingJob" in str(denied.value)
    assert stage.denied() - GOES_ON_WITHOUT == {"sagemaker.CreateTrainingJob"}
