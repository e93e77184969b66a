"""Modes, waivers, lookups and errors: what becomes of a request that is weaker than the baseline."""

from collections.abc import Iterator
from datetime import date

import pytest

from secure_sagemaker import ControlError, SecureSession
from secure_sagemaker.audit import AuditRecord
from secure_sagemaker.baseline import ControlId, Mode
from secure_sagemaker.controls import CONTROLS, Action, Enforcer
from tests.controls_support import (
    DEFAULT_ROLE,
    EBS,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    NETWORK,
    OUTPUT_KEY,
    RESOURCE_KEY,
    S3_KEY,
    TODAY,
    VOLUME_KEY,
    Request,
    baseline,
    decided,
    decisions_at,
    enforced,
    enforcer,
    errors_of,
    operation,
    refused,
    verified,
)

WEAK: Request = {
    "TrainingJobName": "churn-1",
    "RoleArn": FOREIGN_ROLE,
    "EnableNetworkIsolation": False,
    "EnableInterContainerTrafficEncryption": False,
    "OutputDataConfig": {"S3OutputPath": "s3://elsewhere/x", "KmsKeyId": FOREIGN_KEY},
    "ResourceConfig": {"InstanceType": EBS, "VolumeKmsKeyId": FOREIGN_KEY},
    "VpcConfig": {"Subnets": ["subnet-0f0f0f0f", "subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0f0f0f0f"]},
    "RemoteDebugConfig": {"EnableRemoteDebug": True},
    "Tags": [{"Key": "team", "Value": "nobody"}],
}
CONFLICTS = {
    "RoleArn": "execution-role",
    "EnableNetworkIsolation": "network-isolation",
    "EnableInterContainerTrafficEncryption": "inter-container-encryption",
    "OutputDataConfig.S3OutputPath": "data-perimeter",
    "OutputDataConfig.KmsKeyId": "kms-output-key",
    "ResourceConfig.VolumeKmsKeyId": "kms-volume-key",
    "VpcConfig.Subnets": "vpc-config",
    "VpcConfig.SecurityGroupIds": "vpc-config",
    "RemoteDebugConfig.EnableRemoteDebug": "remote-debug",
    "Tags": "required-tags",
}
# For these no value of the baseline can be sent instead.
UNCORRECTABLE = {"OutputDataConfig.S3OutputPath"}
BY_DEFAULT = {"EnableInterContainerTrafficEncryption", "RemoteDebugConfig.EnableRemoteDebug"}


def all_in(mode: str) -> Request:
    return {"modes": dict.fromkeys(map(str, ControlId), mode)}


def test_observe_changes_nothing() -> None:
    """Observed, every conflict and every absence is recorded, and the request is the caller's own."""
    found = enforced("CreateTrainingJob", WEAK, **all_in("observe"))
    assert WEAK == found.parameters
    assert dict.fromkeys(CONFLICTS, "observed") == {path: decided(found, path) for path in CONFLICTS}
    silent = enforced("CreateTrainingJob", {"TrainingJobName": "t"}, **all_in("observe"))
    assert {"TrainingJobName": "t"} == silent.parameters
    assert {Action.OBSERVED} == {decision.action for decision in silent.decisions}
    assert () == verified("CreateTrainingJob", WEAK, **all_in("observe")).refusals


def test_observe_tells_what_would_have_been() -> None:
    """What is observed says what was there and what would have been sent."""
    found = enforced("CreateTrainingJob", WEAK, **all_in("observe"))
    (decision,) = decisions_at(found, "RoleArn")
    assert FOREIGN_ROLE == decision.got
    assert DEFAULT_ROLE in decision.wanted


def test_correct_sends_the_baselines_values() -> None:
    """Corrected, every conflict that has a value of the baseline's gets it; the rest is refused."""
    found = enforced("CreateTrainingJob", WEAK, **all_in("correct"))
    assert {path: "refused" if path in UNCORRECTABLE else "corrected" for path in CONFLICTS} == {
        path: decided(found, path) for path in CONFLICTS
    }
    assert {
        "TrainingJobName": "churn-1",
        "RoleArn": DEFAULT_ROLE,
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "OutputDataConfig": {"S3OutputPath": "s3://elsewhere/x", "KmsKeyId": OUTPUT_KEY},
        "ResourceConfig": {"InstanceType": EBS, "VolumeKmsKeyId": VOLUME_KEY},
        "VpcConfig": {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": NETWORK["SecurityGroupIds"]},
        "RemoteDebugConfig": {"EnableRemoteDebug": False},
        "Tags": [{"Key": "team", "Value": "churn"}],
    } == found.parameters


def test_refuse_refuses_each() -> None:
    """Refused, every conflict is a refusal, and the weak values are not touched."""
    found = enforced("CreateTrainingJob", WEAK, **all_in("refuse"))
    assert dict.fromkeys(CONFLICTS, "refused") == {path: decided(found, path) for path in CONFLICTS}
    assert WEAK == {key: found.parameters[key] for key in WEAK}


def test_the_default_corrects_what_changes_no_work() -> None:
    """Without modes, flags that SDKs send unasked are corrected, and what is foreign is refused."""
    found = enforced("CreateTrainingJob", WEAK)
    assert {path: "corrected" if path in BY_DEFAULT else "refused" for path in CONFLICTS} == {
        path: decided(found, path) for path in CONFLICTS
    }


def test_the_callers_request_is_never_changed() -> None:
    """Whatever the mode, the caller's structures are as they were, down to the innermost."""
    for mode in Mode:
        inner = {"InstanceType": EBS, "VolumeKmsKeyId": FOREIGN_KEY}
        found = enforced("CreateTrainingJob", {"ResourceConfig": inner}, **all_in(mode))
        assert {"InstanceType": EBS, "VolumeKmsKeyId": FOREIGN_KEY} == inner
        assert inner is not found.parameters["ResourceConfig"]


def test_what_is_missing_at_the_end_is_refused() -> None:
    """Verified, a request that has lost what was injected is refused, with the reason that somebody changed it."""
    sent = dict(enforced("CreateTrainingJob", {"TrainingJobName": "t"}).parameters)
    assert () == verified("CreateTrainingJob", sent).refusals
    for lost in (
        "VpcConfig",
        "RoleArn",
        "EnableNetworkIsolation",
        "EnableInterContainerTrafficEncryption",
        "Tags",
    ):
        found = verified("CreateTrainingJob", {key: value for key, value in sent.items() if key != lost})
        assert [lost] == sorted({path.partition(".")[0] for _, path in refused(found)})
        assert "changed it afterwards" in found.refusals[0].why
    weak = verified("CreateTrainingJob", {**sent, "EnableInterContainerTrafficEncryption": False})
    assert [("inter-container-encryption", "EnableInterContainerTrafficEncryption")] == refused(weak)


# --- waivers ----------------------------------------------------------------------------------------


def waiver(**changes: object) -> Request:
    return {
        "control": "network-isolation",
        "operations": ["CreateTrainingJob"],
        "resources": ["churn-*"],
        "reason": "reads a feature store while it trains",
        "ticket": "SEC-101",
        "approver": "jane.doe",
        "expires": "2026-12-31",
        **changes,
    }


def isolation(request: Request, *waivers: Request, name: str = "CreateTrainingJob") -> Action | None:
    return decided(enforced(name, request, waivers=list(waivers)), "EnableNetworkIsolation")


NOT_ISOLATED: Request = {"TrainingJobName": "churn-1", "EnableNetworkIsolation": False}


def test_a_waiver_excuses_and_is_recorded() -> None:
    """What is waived is left as it is; the record holds reason, ticket, approver and the last day."""
    found = enforced("CreateTrainingJob", NOT_ISOLATED, waivers=[waiver()])
    assert found.parameters["EnableNetworkIsolation"] is False
    (decision,) = decisions_at(found, "EnableNetworkIsolation")
    assert Action.WAIVED == decision.action
    assert (
        "reads a feature store while it trains (ticket SEC-101, approved by jane.doe, until 2026-12-31)"
        == decision.why
    )
    assert "injected" == decided(found, "VpcConfig.Subnets")


def test_a_waiver_excuses_silence_too() -> None:
    """Nothing is injected under a waiver, and no structure is made for it."""
    assert Action.WAIVED == isolation({"TrainingJobName": "churn-1"}, waiver())
    found = enforced(
        "CreateTrainingJob", {"TrainingJobName": "churn-1"}, waivers=[waiver(control="vpc-config")]
    )
    assert "VpcConfig" not in found.parameters
    assert "waived" == decided(found, "VpcConfig.Subnets")


def test_a_waiver_goes_before_every_mode() -> None:
    """A waived control neither corrects nor refuses."""
    for mode in ("correct", "refuse"):
        changes = {"waivers": [waiver()], "modes": {"network-isolation": mode}}
        found = enforced("CreateTrainingJob", NOT_ISOLATED, **changes)
        assert "waived" == decided(found, "EnableNetworkIsolation")


@pytest.mark.parametrize(
    ("excused", "changes"),
    [
        (True, {}),
        (True, {"operations": ["CreateModel", "CreateTrainingJob"]}),
        (True, {"operations": ["*"]}),
        (False, {"operations": ["CreateProcessingJob"]}),
        (False, {"control": "vpc-config"}),
        (True, {"resources": ["*"]}),
        (True, {"resources": ["fraud-*", "churn-1"]}),
        (False, {"resources": ["fraud-*"]}),
        (False, {"resources": ["CHURN-*"]}),
        (True, {"resources": [], "resource_tags": {"stage": "dev"}}),
        (False, {"resources": [], "resource_tags": {"stage": "prod"}}),
        (False, {"resources": [], "resource_tags": {"stage": "dev", "owner": "jane"}}),
        (True, {"resource_tags": {"stage": "dev"}}),
        (False, {"resources": ["fraud-*"], "resource_tags": {"stage": "dev"}}),
        (True, {"expires": TODAY.isoformat()}),
    ],
)
def test_a_waiver_holds_for_what_it_says(excused: bool, changes: Request) -> None:
    """Operations, names and tags must all fit, and the last day counts."""
    request = {**NOT_ISOLATED, "Tags": [{"Key": "stage", "Value": "dev"}]}
    expected = Action.WAIVED if excused else Action.REFUSED
    assert expected == isolation(request, waiver(**changes))


def test_a_waiver_of_a_name_needs_a_name() -> None:
    """A request without a name fits no pattern but the one for all."""
    request = {"EnableNetworkIsolation": False}
    assert Action.REFUSED == isolation(request, waiver(resources=["churn-*"]))
    assert Action.WAIVED == isolation(request, waiver(resources=["*"]))


def test_an_expired_waiver_excuses_nothing() -> None:
    """On the day after its last one the same request is refused."""
    held_to = baseline(waivers=[waiver(expires=TODAY.isoformat())])
    model = operation("CreateTrainingJob")
    days = {TODAY: Action.WAIVED, date(2026, 11, 2): Action.REFUSED}
    assert days == {
        day: decided(
            Enforcer(held_to, today=lambda day=day: day).enforce(model, NOT_ISOLATED, {}),
            "EnableNetworkIsolation",
        )
        for day in days
    }


def test_one_enforcer_sees_the_days_go_by() -> None:
    """A session that outlives a waiver stops excusing: the day is asked at every call."""
    days: Iterator[date] = iter((TODAY, date(2027, 1, 1)))
    judge = Enforcer(baseline(waivers=[waiver()]), today=lambda: next(days))
    model = operation("CreateTrainingJob")
    seen = [decided(judge.enforce(model, NOT_ISOLATED, {}), "EnableNetworkIsolation") for _ in range(2)]
    assert [Action.WAIVED, Action.REFUSED] == seen


def test_a_waiver_must_fit_what_is_sent() -> None:
    """Where the tag that a waiver needs is itself corrected, the waiver does not hold."""
    by_tag = waiver(resources=[], resource_tags={"team": "nobody"})
    request = {**NOT_ISOLATED, "Tags": [{"Key": "team", "Value": "nobody"}]}
    changes = {"waivers": [by_tag], "modes": {"required-tags": "correct"}}
    found = enforced("CreateTrainingJob", request, **changes)
    assert [("network-isolation", "EnableNetworkIsolation")] == refused(found)


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("CreateAutoMLJob", "AutoMLJobName"),
        ("CreateAutoMLJobV2", "AutoMLJobName"),
        ("CreateCluster", "ClusterName"),
        ("CreateCompilationJob", "CompilationJobName"),
        ("CreateDataQualityJobDefinition", "JobDefinitionName"),
        ("CreateDomain", "DomainName"),
        ("CreateEndpointConfig", "EndpointConfigName"),
        ("CreateFeatureGroup", "FeatureGroupName"),
        ("CreateFlowDefinition", "FlowDefinitionName"),
        ("CreateHyperParameterTuningJob", "HyperParameterTuningJobName"),
        ("CreateInferenceExperiment", "Name"),
        ("CreateInferenceRecommendationsJob", "JobName"),
        ("CreateLabelingJob", "LabelingJobName"),
        ("CreateMlflowTrackingServer", "TrackingServerName"),
        ("CreateModel", "ModelName"),
        ("CreateModelCard", "ModelCardName"),
        ("CreateModelPackage", "ModelPackageName"),
        ("CreateMonitoringSchedule", "MonitoringScheduleName"),
        ("CreateNotebookInstance", "NotebookInstanceName"),
        ("CreateOptimizationJob", "OptimizationJobName"),
        ("CreatePipeline", "PipelineName"),
        ("CreateProcessingJob", "ProcessingJobName"),
        ("CreateTrainingJob", "TrainingJobName"),
        ("CreateTransformJob", "TransformJobName"),
        ("CreateUserProfile", "UserProfileName"),
        ("StartPipelineExecution", "PipelineName"),
        ("UpdateCluster", "ClusterName"),
        ("UpdateDomain", "DomainId"),
        ("UpdateMonitoringSchedule", "MonitoringScheduleName"),
        ("UpdateNotebookInstance", "NotebookInstanceName"),
        ("UpdatePipeline", "PipelineName"),
        ("UpdateTrainingJob", "TrainingJobName"),
        ("PutModelPackageGroupPolicy", "ModelPackageGroupName"),
    ],
)
def test_a_waiver_finds_the_name_of_the_resource(name: str, member: str) -> None:
    """The pattern is held against what names the resource that the call is about."""
    judge = enforcer(waivers=[waiver(control=control, operations=[name]) for control in ControlId])
    model = operation(name)
    weak = {
        "RoleArn": FOREIGN_ROLE,
        "KmsKeyId": FOREIGN_KEY,
        "DomainExecutionRoleArn": FOREIGN_ROLE,
        "VpcId": "vpc-0f0f0f0f",
        "RootAccess": "Enabled",
        "ResourcePolicy": "no JSON",
        "RemoteDebugConfig": {"EnableRemoteDebug": True},
        "Tags": [{"Key": "team", "Value": "nobody"}],
        "ClusterRole": FOREIGN_ROLE,
        "ArtifactStoreUri": "s3://elsewhere/x",
        "MonitoringScheduleConfig": {"MonitoringJobDefinition": {"RoleArn": FOREIGN_ROLE}},
    }
    request = {key: value for key, value in weak.items() if key in model.input_shape.members}
    if not request:
        pytest.skip(f"{name} took nothing that is governed in this botocore")
    fitting = judge.enforce(model, {**request, member: "churn-1"}, {})
    assert [] == refused(fitting)
    assert Action.WAIVED in {decision.action for decision in fitting.decisions}
    other = judge.enforce(model, {**request, member: "fraud-1"}, {})
    assert Action.WAIVED not in {decision.action for decision in other.decisions}
    assert other.refusals or other.changes


# --- errors -----------------------------------------------------------------------------------------


def test_a_refusal_tells_everything() -> None:
    """The error has operation, path, got, wanted, why, remedy, control and references, as data and as text."""
    (error,) = errors_of(enforced("CreateModel", {"EnableNetworkIsolation": False}))
    assert isinstance(error, ControlError)
    control = CONTROLS[ControlId.NETWORK_ISOLATION]
    assert ("sagemaker", "CreateModel", "network-isolation", "EnableNetworkIsolation", "False", "True") == (
        error.service,
        error.operation,
        error.control_id,
        error.path,
        error.got,
        error.wanted,
    )
    assert error.why.startswith(control.why)
    assert control.remedy == error.remedy
    assert {
        "Security Hub SageMaker.5",
        "AWS Config sagemaker-model-isolation-enabled",
        "Prowler sagemaker_models_network_isolation_enabled",
        "Checkov CKV_AWS_370",
    } == set(error.references)
    assert () == error.others
    for part in (
        "sagemaker.CreateModel refused by control 'network-isolation'",
        "at:     EnableNetworkIsolation",
        "got:    False",
        "wanted: True",
        f"why:    {error.why}",
        "CKV_AWS_370",
        error.remedy,
    ):
        assert part in str(error)


def test_the_first_refusal_lists_the_others() -> None:
    """Everything that is wrong is told at once, so that it can be mended at once."""
    found = enforced("CreateTrainingJob", WEAK)
    first, *others = errors_of(found)
    assert [path for _, path in refused(found)] == [error.path for error in (first, *others)]
    for error in others:
        assert f"also:   {error.path} ({error.control_id}): {error.got}" in str(first)
        assert error.wanted
        assert error.remedy


def test_a_reference_of_a_structure_is_told_for_its_members() -> None:
    """Published controls about VpcConfig are told for the subnets in it."""
    found = enforced("CreateModel", {"VpcConfig": {"Subnets": ["subnet-0f0f0f0f"]}})
    (decision,) = decisions_at(found, "VpcConfig.Subnets")
    assert "AWS Config sagemaker-model-in-vpc" in decision.references


def test_a_clean_request_raises_nothing() -> None:
    """Without refusals there is no error."""
    assert [] == list(errors_of(enforced("CreateTrainingJob", {})))


def test_a_long_value_is_cut() -> None:
    """A decision shows the beginning of what was there, and how long it was."""
    found = enforced("PutModelPackageGroupPolicy", {"ResourcePolicy": "x" * 20_000})
    (decision,) = decisions_at(found, "ResourcePolicy")
    assert len(decision.got) < 400
    assert decision.got.endswith("(20000 characters)")


# --- keys that must be looked up --------------------------------------------------------------------

ALIASES: Request = {
    "kms__default": "alias/ml",
    "kms__volume": None,
    "kms__output": "alias/ml-output",
    "kms__s3": None,
    "kms__allowed": [],
}
KEYS = {"alias/ml": RESOURCE_KEY, "alias/ml-output": OUTPUT_KEY}
JOB: Request = {
    "ResourceConfig": {"InstanceType": EBS},
    "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/x"},
}


def test_an_alias_is_a_lookup_until_it_is_resolved() -> None:
    """An unresolved alias of the baseline is named as a lookup; resolved, its key ARN is injected."""
    found = enforced("CreateTrainingJob", JOB, **ALIASES)
    assert {"alias/ml", "alias/ml-output"} == set(found.lookups)
    assert {"InstanceType": EBS} == found.parameters["ResourceConfig"]
    (decision,) = decisions_at(found, "ResourceConfig.VolumeKmsKeyId")
    assert Action.INJECTED == decision.action
    assert "alias/ml" in decision.wanted
    found = enforced("CreateTrainingJob", JOB, key_arns=KEYS, **ALIASES)
    assert () == found.lookups
    assert {"InstanceType": EBS, "VolumeKmsKeyId": RESOURCE_KEY} == found.parameters["ResourceConfig"]


def test_each_reference_is_looked_up_once() -> None:
    """A reference that several members need is one lookup."""
    request = {"TrainingJobDefinitions": [JOB, JOB]}
    found = enforced("CreateHyperParameterTuningJob", request, **ALIASES)
    assert ("alias/ml-output", "alias/ml") == found.lookups


def test_a_callers_alias_is_named_by_its_arn() -> None:
    """IAM's conditions compare ARNs, so an allowed alias or id becomes its key's ARN, on record."""
    named = {**JOB, "ResourceConfig": {"InstanceType": EBS, "VolumeKmsKeyId": "alias/ml"}}
    found = enforced("CreateTrainingJob", named, key_arns=KEYS, **ALIASES)
    assert "corrected" == decided(found, "ResourceConfig.VolumeKmsKeyId")
    assert {"InstanceType": EBS, "VolumeKmsKeyId": RESOURCE_KEY} == found.parameters["ResourceConfig"]


def test_an_alias_of_another_key_is_foreign_once_it_is_known() -> None:
    """A caller's own alias must be looked up; what it resolves to decides."""
    named = {**JOB, "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/x", "KmsKeyId": "alias/mine"}}
    found = enforced("CreateTrainingJob", named, key_arns=KEYS, **ALIASES)
    assert ("alias/mine",) == found.lookups
    foreign = {**KEYS, "alias/mine": FOREIGN_KEY}
    assert [("kms-output-key", "OutputDataConfig.KmsKeyId")] == refused(
        enforced("CreateTrainingJob", named, key_arns=foreign, **ALIASES)
    )
    same = {**KEYS, "alias/mine": OUTPUT_KEY}
    found = enforced("CreateTrainingJob", named, key_arns=same, **ALIASES)
    assert "corrected" == decided(found, "OutputDataConfig.KmsKeyId")


def test_a_known_key_needs_no_lookup_of_others() -> None:
    """A key that is the baseline's is kept without asking what its other references mean."""
    changes = {**ALIASES, "kms__volume": VOLUME_KEY}
    request = {"ResourceConfig": {"InstanceType": EBS, "VolumeKmsKeyId": VOLUME_KEY}}
    found = enforced("CreateTrainingJob", request, **changes)
    assert "kept" == decided(found, "ResourceConfig.VolumeKmsKeyId")
    assert () == found.lookups


def test_a_foreign_arn_is_looked_at_only_after_the_baselines_aliases() -> None:
    """As long as an alias of the baseline might mean it, an ARN is not called foreign."""
    request = {"ResourceConfig": {"InstanceType": EBS, "VolumeKmsKeyId": FOREIGN_KEY}}
    found = enforced("CreateTrainingJob", request, **ALIASES)
    assert ([], {"alias/ml"}) == (refused(found), set(found.lookups))
    found = enforced("CreateTrainingJob", request, key_arns=KEYS, **ALIASES)
    assert [("kms-volume-key", "ResourceConfig.VolumeKmsKeyId")] == refused(found)


def test_what_is_observed_needs_no_lookup() -> None:
    """Where nothing would be injected, AWS is not asked what would have been."""
    found = enforced("CreateTrainingJob", JOB, **{**ALIASES, **all_in("observe")})
    assert () == found.lookups
    assert "observed" == decided(found, "ResourceConfig.VolumeKmsKeyId")


@pytest.mark.parametrize(
    "named", ["no key", "arn:aws:s3:::bucket", "arn:aws:kms:eu-west-1:1:key/x", "alias/"]
)
def test_what_names_no_key_is_refused(named: str) -> None:
    """A text that can be no key is a conflict, not a lookup."""
    request = {"ResourceConfig": {"InstanceType": EBS, "VolumeKmsKeyId": named}}
    found = enforced("CreateTrainingJob", request)
    assert [("kms-volume-key", "ResourceConfig.VolumeKmsKeyId")] == refused(found)


def test_a_key_that_is_no_text_is_refused() -> None:
    """A pipeline variable or another object where a key belongs is a conflict."""
    request = {"ResourceConfig": {"InstanceType": EBS, "VolumeKmsKeyId": object()}}
    found = enforcer().enforce(operation("CreateTrainingJob"), request, {})
    assert [("kms-volume-key", "ResourceConfig.VolumeKmsKeyId")] == refused(found)


@pytest.mark.parametrize(
    ("control", "name", "request_", "path"),
    [
        ("kms-volume-key", "CreateTrainingJob", JOB, "ResourceConfig.VolumeKmsKeyId"),
        ("kms-output-key", "CreateTrainingJob", JOB, "OutputDataConfig.KmsKeyId"),
        ("kms-resource-key", "CreatePartnerApp", {}, "KmsKeyId"),
    ],
)
def test_managed_keys_are_omitted_on_purpose(control: str, name: str, request_: Request, path: str) -> None:
    """With kms.aws_managed, silence is exempt with the baseline's word for it; a foreign key is not kept."""
    purpose = {"kms-volume-key": "kms__volume", "kms-output-key": "kms__output"}.get(control)
    changes: Request = {"kms__aws_managed": [control], **({purpose: None} if purpose else {})}
    found = enforced(name, request_, **changes)
    assert "exempt" == decided(found, path)
    around, _, member = path.rpartition(".")
    content = {member: FOREIGN_KEY}
    inner = request_.get(around)
    request = (
        {**request_, around: {**(inner if isinstance(inner, dict) else {}), **content}} if around else content
    )
    assert [(control, path)] == refused(enforced(name, request, **changes))
    corrected = enforced(name, request, **changes, modes={control: "correct"})
    assert "corrected" == decided(corrected, path)


# --- through the session ----------------------------------------------------------------------------


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def prepare(self) -> None:
        """Nothing has to be made ready."""

    def write(self, record: AuditRecord) -> None:
        self.records.append(record)


def test_explain_decides_without_calling() -> None:
    """`explain` gives the decisions for a method's name, an operation's name and a bound method alike."""
    sink = Kept()
    session = SecureSession(baseline(), audit=sink)
    parameters: Request = {"TrainingJobName": "t", "EnableNetworkIsolation": False}
    client = session.client("sagemaker")
    for asked in ("create_training_job", "CreateTrainingJob", "sagemaker.create_training_job"):
        explained = session.explain(asked, **parameters)
        assert [("network-isolation", "EnableNetworkIsolation")] == refused(explained)
    assert session.explain(client.create_training_job, **parameters) == explained
    assert {"TrainingJobName": "t", "EnableNetworkIsolation": False} == parameters
    written = session.explain("s3.put_object", Bucket="ml-artifacts", Key="k")
    assert S3_KEY == written.parameters["SSEKMSKeyId"]
    assert [] == sink.records


def test_explain_says_what_would_be_looked_up() -> None:
    """Where only AWS knows a key, `explain` says which lookup is needed and asks nothing."""
    session = SecureSession(baseline(**ALIASES), audit=Kept())
    explained = session.explain("create_training_job", **JOB)
    assert {"alias/ml", "alias/ml-output"} == set(explained.lookups)
