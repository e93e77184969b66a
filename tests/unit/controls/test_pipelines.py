"""Pipeline definitions: every step is held to the controls of the call that it makes, variables included."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from secure_sagemaker.controls import KINDS, DescribedKind, Enforcement
from secure_sagemaker.controls.pipelines import with_parameters
from secure_sagemaker.controls.pipelines.steps import BRANCHES, OPERATIONS, STEPS, operation_of
from tests.controls_support import (
    DEFAULT_ROLE,
    EBS,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    GROUPS,
    LOCAL,
    NETWORK,
    OUTPUT_KEY,
    SUBNETS,
    VOLUME_KEY,
    decided,
    enforced,
    enforcer,
    needed,
    refused,
    service_model,
    verified,
)
from tests.sdk_steps import types_of_steps

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
NOTIFY = "arn:aws:lambda:eu-west-1:111122223333:function:notify"
AT_RUN_TIME = {"Get": "Steps.Ask.OutputParameters['answer']"}
ASK = {"Name": "Ask", "Type": "Lambda", "FunctionArn": NOTIFY, "Arguments": {}, "OutputParameters": []}
LAX: dict[str, Any] = {
    "hardening__vpc_image_repositories_only": False,
    "pipelines__targets": [NOTIFY, "j-1", "app-1", "profile"],
    "pipelines__emr_security_configurations": ["encrypted"],
}

TEAM = [{"Key": "team", "Value": "churn"}]

Step = dict[str, Any]


def training(**members: Any) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": DEFAULT_ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/out"},
        "ResourceConfig": {"InstanceType": EBS, "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **members,
    }


def step(kind: str, arguments: Any, name: str = "Step", **members: Any) -> Step:
    return {"Name": name, "Type": kind, "Arguments": arguments, **members}


def definition(*steps: Step, parameters: dict[str, Any] | None = None, **members: Any) -> str:
    """A definition whose parameters have the defaults given; None is none."""
    return json.dumps(
        {
            "Version": "2020-12-01",
            "Metadata": {},
            "Parameters": [
                {"Name": name, "Type": "String", **({} if value is None else {"DefaultValue": value})}
                for name, value in (parameters or {}).items()
            ],
            "PipelineExperimentConfig": {"ExperimentName": "churn"},
            "Steps": list(steps),
            **members,
        }
    )


def hold(*steps: Step, **more: Any) -> Enforcement:
    return enforced(
        "CreatePipeline", {"PipelineName": "churn", "PipelineDefinition": definition(*steps, **more)}, **LAX
    )


def started(found: Enforcement, **parameters: object) -> Enforcement:
    """What is found in a secured pipeline when it is started with parameters."""
    text = with_parameters(str(found.parameters["PipelineDefinition"]), parameters)
    return verified("CreatePipeline", {**found.parameters, "PipelineDefinition": text}, **LAX)


def steps_of(found: Enforcement) -> list[Step]:
    text = found.parameters["PipelineDefinition"]
    assert isinstance(text, str)
    steps: list[Step] = json.loads(text)["Steps"]
    return steps


def at(found: Enforcement, *path: str | int) -> Any:
    """What the first step's arguments hold there."""
    content: Any = steps_of(found)[0]["Arguments"]
    for name in path:
        content = content[name]
    return content


PLACE = "PipelineDefinition.Steps['Step'].Arguments"


# --- steps whose arguments are an operation's input -----------------------------------------------


@pytest.mark.parametrize("operation", ["CreatePipeline", "UpdatePipeline"])
def test_a_step_gets_what_the_call_itself_would_get(operation: str) -> None:
    """Of the same plan, the same decisions at the same members, and the same arguments."""
    arguments = training()
    text = definition(step("Training", arguments))
    found = enforced(operation, {"PipelineName": "churn", "PipelineDefinition": text}, **LAX)
    called = enforced("CreateTrainingJob", arguments, **LAX)
    assert called.parameters == at(found)
    inside = [one for one in found.decisions if one.path.startswith(f"{PLACE}.")]
    assert [(one.control_id, one.path, one.action, one.references) for one in inside] == [
        (one.control_id, f"{PLACE}.{one.path}", one.action, one.references) for one in called.decisions
    ]


def test_the_definition_is_untouched_where_nothing_is_changed() -> None:
    """What was secured once is the very same text the second time, and verifies."""
    found = hold(step("Training", training()))
    again = enforced("CreatePipeline", found.parameters, **LAX)
    assert found.parameters["PipelineDefinition"] is again.parameters["PipelineDefinition"]
    assert () == verified("CreatePipeline", found.parameters, **LAX).refusals


STEPS_OF_OPERATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "Training": (training(), "VpcConfig.Subnets"),
    "Processing": (
        {
            "AppSpecification": {"ImageUri": IMAGE},
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": EBS, "InstanceCount": 1, "VolumeSizeInGB": 10}
            },
        },
        "NetworkConfig.VpcConfig.Subnets",
    ),
    "QualityCheck": (
        {
            "AppSpecification": {"ImageUri": IMAGE},
            "ProcessingResources": {"ClusterConfig": {"InstanceType": EBS}},
        },
        "ProcessingResources.ClusterConfig.VolumeKmsKeyId",
    ),
    "ClarifyCheck": (
        {
            "AppSpecification": {"ImageUri": IMAGE},
            "ProcessingResources": {"ClusterConfig": {"InstanceType": EBS}},
        },
        "RoleArn",
    ),
    "Tuning": (
        {
            "TrainingJobDefinition": {
                "RoleArn": DEFAULT_ROLE,
                "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/o"},
            }
        },
        "TrainingJobDefinition.OutputDataConfig.KmsKeyId",
    ),
    "Transform": (
        {
            "ModelName": "churn",
            "TransformOutput": {"S3OutputPath": "s3://ml-artifacts/o"},
            "TransformResources": {"InstanceType": EBS, "InstanceCount": 1},
        },
        "TransformResources.VolumeKmsKeyId",
    ),
    "Model": ({"PrimaryContainer": {"Image": IMAGE}}, "ExecutionRoleArn"),
    "RegisterModel": ({"ModelPackageDescription": "churn"}, "SecurityConfig.KmsKeyId"),
    "AutoML": ({"OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/o"}}, "OutputDataConfig.KmsKeyId"),
    "EndpointConfig": (
        {
            "EndpointConfigName": "c",
            "ProductionVariants": [{"VariantName": "a", "ModelName": "m", "InstanceType": EBS}],
        },
        "KmsKeyId",
    ),
    "Endpoint": ({"EndpointName": "e", "EndpointConfigName": "c"}, "Tags"),
    "InferenceComponent": ({"InferenceComponentName": "i", "EndpointName": "e"}, "Tags"),
    "Compilation": ({"OutputConfig": {"S3OutputLocation": "s3://ml-artifacts/o"}}, "VpcConfig.Subnets"),
    "Job": ({"JobName": "tune", "JobConfigDocument": "{}"}, "JobConfigDocument.VpcConfig.Subnets"),
}


@pytest.mark.parametrize("kind", STEPS_OF_OPERATIONS)
def test_every_type_of_step_is_secured(kind: str) -> None:
    """Each type whose arguments are an operation's input has what the operation must have, put in."""
    arguments, member = STEPS_OF_OPERATIONS[kind]
    operation = operation_of(kind, arguments)
    assert operation is not None
    if not needed(operation):
        pytest.skip(f"this botocore has no {operation}")
    found = hold(step(kind, arguments))
    assert [] == refused(found)
    assert "injected" == decided(found, f"{PLACE}.{member}")


def test_no_type_of_step_of_the_sdk_is_unexamined() -> None:
    """The installed SDK's list is within what is known, and all of what is known is tested."""
    known = {*STEPS, *STEPS_OF_OPERATIONS}
    assert set() == types_of_steps() - known
    assert {"Training", "Condition", "Lambda"} <= types_of_steps()
    assert {*OPERATIONS, "AutoML"} == {*STEPS_OF_OPERATIONS}
    assert {*BRANCHES} <= known


def test_automl_of_the_second_version_is_its_own_operation() -> None:
    """The two have different inputs; which it is, its arguments tell."""
    text = {"AutoMLProblemTypeConfig": {"TextClassificationJobConfig": {}}}
    found = hold(step("AutoML", {**text, "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/o"}}))
    assert [] == list(found.unknown_members)
    assert SUBNETS == at(found, "SecurityConfig", "VpcConfig", "Subnets")


@pytest.mark.parametrize("branch", ["IfSteps", "ElseSteps", "ForEachBody"])
def test_steps_inside_steps_are_held_too(branch: str) -> None:
    """In both branches of a condition, in a loop, and in a condition within a condition."""
    kind = "ForEach" if branch == "ForEachBody" else "Condition"
    inner = step("Training", training(RoleArn=FOREIGN_ROLE), name="Inner")
    found = hold(step(kind, {branch: [inner]}))
    assert [("execution-role", f"{PLACE}.{branch}['Inner'].Arguments.RoleArn")] == refused(found)
    fine = hold(step(kind, {branch: [step("Training", training(), name="Inner")]}))
    assert VOLUME_KEY == at(fine, branch, 0, "Arguments", "ResourceConfig", "VolumeKmsKeyId")
    nested = step("Condition", {"IfSteps": [inner]}, name="Middle")
    assert [
        ("execution-role", f"{PLACE}.{branch}['Middle'].Arguments.IfSteps['Inner'].Arguments.RoleArn")
    ] == refused(hold(step(kind, {branch: [nested]})))


def test_code_of_an_isolated_step_comes_by_a_channel() -> None:
    """What a call is given so that it works in isolation, a step is given too."""
    found = hold(
        step(
            "Training",
            training(HyperParameters={"sagemaker_submit_directory": '"s3://ml-artifacts/code/s.tar.gz"'}),
        )
    )
    assert "s3://ml-artifacts/code/s.tar.gz" == at(
        found, "InputDataConfig", 0, "DataSource", "S3DataSource", "S3Uri"
    )
    assert '"/opt/ml/input/data/code/s.tar.gz"' == at(found, "HyperParameters", "sagemaker_submit_directory")


# --- variables ------------------------------------------------------------------------------------


def test_a_variable_stays_where_nothing_is_governed() -> None:
    """Hyperparameters, counts and names are put in when the pipeline runs, as its author wrote them."""
    arguments = training(
        HyperParameters={"depth": {"Get": "Parameters.Depth"}, "at": {"Get": "Execution.StartDateTime"}}
    )
    arguments["ResourceConfig"]["InstanceCount"] = {"Get": "Parameters.Count"}
    found = hold(step("Training", arguments), parameters={"Depth": "5", "Count": 2})
    assert [] == refused(found)
    assert arguments["HyperParameters"] == at(found, "HyperParameters")
    assert {"Get": "Parameters.Count"} == at(found, "ResourceConfig", "InstanceCount")


@pytest.mark.parametrize(
    ("variable", "default"),
    [
        pytest.param({"Get": "Parameters.Key"}, None, id="parameter without default"),
        pytest.param({"Get": "Parameters.Key"}, OUTPUT_KEY, id="parameter whose default is the baseline's"),
        pytest.param({"Get": "Execution.PipelineExecutionId"}, None, id="execution variable"),
        pytest.param(AT_RUN_TIME, None, id="output of a step"),
        pytest.param({"Std:Join": {"On": "", "Values": [{"Get": "Parameters.Key"}]}}, OUTPUT_KEY, id="join"),
        pytest.param({"Std:JsonGet": {"PropertyFile": {}, "Path": "key"}}, None, id="property file"),
    ],
)
def test_where_the_baseline_has_the_value_it_replaces_the_variable(
    variable: Any, default: str | None
) -> None:
    """Whoever starts the pipeline cannot give another; the decision tells of it."""
    arguments = training(OutputDataConfig={"S3OutputPath": "s3://ml-artifacts/out", "KmsKeyId": variable})
    found = hold(step("Training", arguments), ASK, parameters={"Key": default})
    assert OUTPUT_KEY == at(found, "OutputDataConfig", "KmsKeyId")
    assert "corrected" == decided(found, f"{PLACE}.OutputDataConfig.KmsKeyId")
    assert [] == refused(found)


def test_a_default_that_conflicts_is_refused() -> None:
    """A parameter's default is a wish like any other: a foreign key is not replaced."""
    arguments = training(
        OutputDataConfig={"S3OutputPath": "s3://ml-artifacts/out", "KmsKeyId": {"Get": "Parameters.Key"}}
    )
    found = hold(step("Training", arguments), parameters={"Key": FOREIGN_KEY})
    assert [("kms-output-key", f"{PLACE}.OutputDataConfig.KmsKeyId")] == refused(found)


def test_a_choice_that_the_baseline_leaves_stays_a_variable() -> None:
    """A subset of the subnets, as parameters, is as strict as all of them: it is checked again at each start."""
    arguments = training(VpcConfig={"Subnets": [{"Get": "Parameters.Net"}], "SecurityGroupIds": GROUPS})
    found = hold(step("Training", arguments), parameters={"Net": SUBNETS[0]})
    assert [{"Get": "Parameters.Net"}] == at(found, "VpcConfig", "Subnets")
    assert "kept" == decided(found, f"{PLACE}.VpcConfig.Subnets")
    assert ("vpc-config", f"{PLACE}.VpcConfig.Subnets") in refused(started(found, Net="subnet-0f0f0f0f"))
    assert [] == refused(started(found, Net=SUBNETS[1]))


def test_the_instance_type_may_be_a_parameter() -> None:
    """Its default decides whether a volume key is given; started on another kind of storage it is a conflict."""
    arguments = training(ResourceConfig={"InstanceType": {"Get": "Parameters.Type"}, "InstanceCount": 1})
    found = hold(step("Training", arguments), parameters={"Type": EBS})
    assert {"Get": "Parameters.Type"} == at(found, "ResourceConfig", "InstanceType")
    assert VOLUME_KEY == at(found, "ResourceConfig", "VolumeKmsKeyId")
    assert ("kms-volume-key", f"{PLACE}.ResourceConfig.VolumeKmsKeyId") in refused(started(found, Type=LOCAL))
    unknown = hold(step("Training", arguments), parameters={"Type": None})
    assert [("kms-volume-key", f"{PLACE}.ResourceConfig.VolumeKmsKeyId")] == refused(unknown)


@pytest.mark.parametrize(
    ("location", "fine"),
    [
        (
            {
                "Std:Join": {
                    "On": "/",
                    "Values": ["s3:/", "ml-artifacts", {"Get": "Execution.PipelineExecutionId"}],
                }
            },
            True,
        ),
        ({"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Parameters.Bucket"}, "x"]}}, True),
        ({"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Execution.PipelineName"}, "x"]}}, False),
        ({"Std:Join": {"On": "", "Values": ["s3://ml-artifacts", AT_RUN_TIME]}}, False),
        ({"Std:Join": {"On": "/", "Values": ["s3:/", "somebody-elses", "x"]}}, False),
        (AT_RUN_TIME, False),
        ({"Get": "Parameters.Missing"}, False),
        ({"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}, True),
        ({"Get": "Steps.Train.OutputDataConfig.S3OutputPath"}, True),
        ({"Get": "Steps.Clean.ProcessingOutputConfig.Outputs['test'].S3Output.S3Uri"}, True),
        ({"Get": "Steps.Clean.ProcessingOutputConfig.Outputs['missing'].S3Output.S3Uri"}, False),
        ({"Get": "Steps.Clean.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri"}, True),
        ({"Get": "Steps.Check.CalculatedBaselineStatistics"}, True),
        ({"Get": "Steps.Check.BaselineUsedForDriftCheckConstraints"}, True),
        ({"Get": "Steps.Check.BaselineUsedForDriftCheck"}, False),
        ({"Get": "Steps.Train.BaselineUsedForDriftCheckConstraints"}, False),
        ({"Get": "Steps.Nobody.ModelArtifacts.S3ModelArtifacts"}, False),
        ({"Get": "Steps.Loop.ModelArtifacts.S3ModelArtifacts"}, False),
    ],
)
def test_a_location_is_known_as_far_as_the_definition_tells(location: Any, fine: bool) -> None:
    """The bucket decides: of a join, of a parameter, of what another step writes. What nobody knows is refused."""
    output = {
        "OutputName": "test",
        "S3Output": {"S3Uri": "s3://ml-artifacts/test", "LocalPath": "/x", "S3UploadMode": "EndOfJob"},
    }
    clean = {
        **STEPS_OF_OPERATIONS["Processing"][0],
        "ProcessingOutputConfig": {"Outputs": [output]},
    }
    loop = training(OutputDataConfig={"S3OutputPath": {"Get": "Steps.Loop.OutputDataConfig.S3OutputPath"}})
    model = {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": location}}
    found = hold(
        step("Model", model),
        step("Training", training(), name="Train"),
        step("Processing", clean, name="Clean"),
        step("QualityCheck", clean, name="Check"),
        ASK,
        *([step("Training", loop, name="Loop")] if "Loop" in str(location) else []),
        parameters={"Bucket": "ml-artifacts"},
    )
    path = f"{PLACE}.PrimaryContainer.ModelDataUrl"
    assert fine is (("data-perimeter", path) not in refused(found))
    if fine:
        assert location == at(found, "PrimaryContainer", "ModelDataUrl")


def test_what_exists_only_at_run_time_is_refused_by_its_path() -> None:
    """The error names the variable, and what can be done about it."""
    found = hold(step("Model", {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": AT_RUN_TIME}}), ASK)
    (refusal,) = found.refusals
    assert "{Steps.Ask.OutputParameters['answer']}" == refusal.got
    assert "known only when the pipeline runs" in refusal.why
    assert "default" in refusal.remedy


def test_a_variable_in_the_place_of_a_structure_is_refused() -> None:
    """What should be a structure is one that anybody can read."""
    found = hold(step("Training", training(VpcConfig={"Get": "Parameters.Net"})), parameters={"Net": "x"})
    assert [("pipeline-definition", f"{PLACE}.VpcConfig")] == refused(found)


def test_tags_keep_their_variables() -> None:
    """A required tag is added beside a tag whose value is a parameter, which stays one."""
    owner = {"Key": "owner", "Value": {"Get": "Parameters.Owner"}}
    found = hold(step("Training", training(Tags=[owner])), parameters={"Owner": "ada"})
    assert [owner, {"Key": "team", "Value": "churn"}] == at(found, "Tags")


def test_a_document_that_holds_variables_is_judged_but_not_written_anew() -> None:
    """A job's document that is joined of text and variables must say itself what is asked of it."""
    if not needed("CreateJob"):
        pytest.skip("this botocore has no CreateJob")

    def joined(text: str) -> Any:
        before, _, after = text.partition("TYPE")
        return {"Std:Join": {"On": "", "Values": [before, {"Get": "Parameters.Type"}, after]}}

    complete = json.dumps({"Kind": "TYPE", "VpcConfig": NETWORK})
    job = {"JobName": "tune", "JobConfigDocument": joined(complete)}
    found = hold(step("Job", job), parameters={"Type": "SFT"})
    assert [] == refused(found)
    assert joined(complete) == at(found, "JobConfigDocument")
    job["JobConfigDocument"] = joined('{"Kind": "TYPE"}')
    found = hold(step("Job", job), parameters={"Type": "SFT"})
    assert ("vpc-config", f"{PLACE}.JobConfigDocument.VpcConfig.Subnets") in refused(found)


# --- steps that call something else ---------------------------------------------------------------

CLUSTER = {"Instances": {"InstanceGroups": []}, "SecurityConfiguration": "encrypted"}
SERVERLESS = {"executionRoleArn": DEFAULT_ROLE, "jobDriver": {}}
ELSEWHERE: list[tuple[str, Step, str]] = [
    ("Lambda", {**ASK, "Name": "Step", "FunctionArn": f"{NOTIFY}-2"}, "pipeline-definition FunctionArn"),
    (
        "Lambda",
        {**ASK, "Name": "Step", "Arguments": {"password": "hunter2-hunter2"}},
        "plaintext-secret Arguments",
    ),
    (
        "Callback",
        step("Callback", {}, SqsQueueUrl="https://sqs.eu-west-1.amazonaws.com/1/q"),
        "pipeline-definition SqsQueueUrl",
    ),
    ("EMR", step("EMR", {"ClusterId": "j-2"}), "pipeline-definition Arguments.ClusterId"),
    (
        "EMR",
        step("EMR", {"ClusterId": "j-1", "ExecutionRoleArn": FOREIGN_ROLE}),
        "execution-role Arguments.ExecutionRoleArn",
    ),
    (
        "EMR",
        step("EMR", {"ClusterConfig": {**CLUSTER, "SecurityConfiguration": "open"}}),
        "pipeline-definition Arguments.ClusterConfig.SecurityConfiguration",
    ),
    (
        "EMR",
        step("EMR", {"ClusterConfig": {"Instances": {}}}),
        "pipeline-definition Arguments.ClusterConfig.SecurityConfiguration",
    ),
    (
        "EMR",
        step("EMR", {"ClusterConfig": {**CLUSTER, "LogUri": "s3://somebody-elses/x"}}),
        "data-perimeter Arguments.ClusterConfig.LogUri",
    ),
    (
        "EMR",
        step("EMR", {"ClusterConfig": {**CLUSTER, "Instances": {"Ec2SubnetId": "subnet-0f0f0f0f"}}}),
        "vpc-config Arguments.ClusterConfig.Instances.Ec2SubnetId",
    ),
    (
        "EMR",
        step(
            "EMR", {"ClusterId": "j-1", "StepConfig": {"HadoopJarStep": {"Jar": "s3://somebody-elses/x.jar"}}}
        ),
        "data-perimeter Arguments.StepConfig.HadoopJarStep.Jar",
    ),
    (
        "EMR",
        step("EMR", {"ClusterConfig": {"Get": "Parameters.X"}}),
        "pipeline-definition Arguments.ClusterConfig",
    ),
    (
        "EMRServerless",
        step("EMRServerless", {"ApplicationId": "app-2", "JobConfig": SERVERLESS}),
        "pipeline-definition Arguments.ApplicationId",
    ),
    (
        "EMRServerless",
        step(
            "EMRServerless",
            {"ApplicationId": "app-1", "JobConfig": {**SERVERLESS, "executionRoleArn": FOREIGN_ROLE}},
        ),
        "execution-role Arguments.JobConfig.executionRoleArn",
    ),
    (
        "Cleanup",
        step("Cleanup", {"Resources": {"S3": [{"StepName": "x", "S3Uris": ["s3://somebody-elses/x"]}]}}),
        "data-perimeter Arguments.Resources.S3[0].S3Uris",
    ),
    (
        "Lineage",
        step("Lineage", {"Actions": [{"Properties": {"api_key": "hunter2-hunter2"}}]}),
        "plaintext-secret Arguments",
    ),
    (
        "QualityCheck",
        step(
            "QualityCheck",
            STEPS_OF_OPERATIONS["QualityCheck"][0],
            SuppliedBaselineStatistics="s3://somebody-elses/x",
        ),
        "data-perimeter SuppliedBaselineStatistics",
    ),
    (
        "ClarifyCheck",
        step(
            "ClarifyCheck",
            STEPS_OF_OPERATIONS["ClarifyCheck"][0],
            ModelPackageGroupName="arn:aws:sagemaker:eu-west-1:999988887777:model-package-group/theirs",
        ),
        "data-perimeter ModelPackageGroupName",
    ),
    (
        "ClarifyCheck",
        step("ClarifyCheck", STEPS_OF_OPERATIONS["ClarifyCheck"][0], ModelPackageGroupName=AT_RUN_TIME),
        "data-perimeter ModelPackageGroupName",
    ),
]


@pytest.mark.parametrize(
    ("kind", "stated", "refusal"),
    ELSEWHERE,
    ids=[f"{n} {kind} {what}" for n, (kind, _, what) in enumerate(ELSEWHERE)],
)
def test_a_step_calls_elsewhere_only_what_is_listed(kind: str, stated: Step, refusal: str) -> None:
    """Functions, queues, clusters and applications by their exact name; roles, subnets and buckets as ever."""
    control, _, member = refusal.partition(" ")
    found = hold(stated, parameters={"X": "x"})
    assert [(control, f"PipelineDefinition.Steps['Step'].{member}")] == refused(found)
    assert kind == stated["Type"]


def test_what_is_listed_goes_through_and_is_secured() -> None:
    """A cluster gets a subnet of the baseline, an application its network and key."""
    application = {"releaseLabel": "emr-7", "type": "SPARK"}
    found = hold(
        step("EMR", {"ClusterConfig": CLUSTER}),
        step("EMRServerless", {"ApplicationConfig": application, "JobConfig": SERVERLESS}, name="Serverless"),
        {**ASK},
        step("Fail", {"ErrorMessage": "x"}, name="Fail"),
    )
    assert [] == refused(found)
    assert SUBNETS[0] == at(found, "ClusterConfig", "Instances", "Ec2SubnetId")
    made = steps_of(found)[1]["Arguments"]["ApplicationConfig"]
    assert {"subnetIds": SUBNETS, "securityGroupIds": GROUPS} == made["networkConfiguration"]
    assert VOLUME_KEY == made["diskEncryptionConfiguration"]["encryptionKeyArn"]


# --- what is no definition ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("no JSON", ""),
        ("[]", ""),
        ('{"Version": "2020-12-01"}', ""),
        ('{"Version": "2020-12-01", "Steps": [], "Steps": []}', ""),
        ('{"Version": "2020-12-01", "Steps": [{"Name": "a"}]}', ""),
        ('{"Version": "2020-12-01", "Steps": [{"Name": "a", "Type": "Training", "Arguments": []}]}', ""),
        ('{"Version": "2030-12-01", "Steps": []}', ".Version"),
        ('{"Steps": []}', ".Version"),
        (definition(step("HumanReview", {})), ".Steps['Step'].Type"),
        (definition(step("Fail", {}), step("Fail", {})), ".Steps"),
        (
            definition(step("Condition", {"IfSteps": {"Get": "Parameters.X"}})),
            ".Steps['Step'].Arguments.IfSteps",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, place: str) -> None:
    """Fail closed: other schemas, unknown types of step, what readers would understand differently."""
    found = enforced("UpdatePipeline", {"PipelineName": "churn", "PipelineDefinition": text}, **LAX)
    assert [("pipeline-definition", f"PipelineDefinition{place}")] == refused(found)


def test_a_type_of_step_may_be_listed() -> None:
    """Somebody has looked at what it does, and says so in the baseline."""
    text = definition(step("HumanReview", {"RoleArn": FOREIGN_ROLE}))
    request = {"PipelineName": "churn", "PipelineDefinition": text}
    assert [] == refused(enforced("CreatePipeline", request, **LAX, pipelines__step_types=["HumanReview"]))


def test_members_that_nobody_has_reviewed_are_told() -> None:
    """In the arguments, in a step, around the steps; refused where the baseline says so."""
    stated = step("Training", training(Newest={"A": 1}), Newer=1)
    stated["Arguments"]["ResourceConfig"]["New"] = 1
    text = definition(stated, New=1)
    request = {"PipelineName": "churn", "PipelineDefinition": text}
    step_path = "PipelineDefinition.Steps['Step']"
    unknown = [
        "PipelineDefinition.New",
        f"{step_path}.Newer",
        f"{step_path}.Arguments.ResourceConfig.New",
        f"{step_path}.Arguments.Newest",
    ]
    assert sorted(unknown) == sorted(enforced("CreatePipeline", request, **LAX).unknown_members)
    strict = enforced("CreatePipeline", request, **LAX, unknown_members="refuse")
    assert {("unknown-member", path) for path in unknown} == set(refused(strict))


def test_a_secret_among_the_parameters_is_found() -> None:
    """A default is stored in clear like the rest of the definition."""
    found = hold(step("Fail", {}), parameters={"DbPassword": "hunter2-hunter2"})
    assert [("plaintext-secret", "PipelineDefinition.Parameters")] == refused(found)
    assert "hunter2" not in str(found.decisions)


def test_metrics_go_to_an_mlflow_of_a_trusted_account() -> None:
    """A definition may name a tracking server or app; one of a stranger is refused."""

    def logged(account: str) -> Enforcement:
        arn = f"arn:aws:sagemaker:eu-west-1:{account}:mlflow-app/app-1"
        return hold(
            step("Fail", {}), MlflowConfig={"MlflowResourceArn": arn, "MlflowExperimentName": "churn"}
        )

    assert [] == refused(logged("111122223333"))
    assert [("data-perimeter", "PipelineDefinition.MlflowConfig.MlflowResourceArn")] == refused(
        logged("999988887777")
    )


# --- modes and waivers ----------------------------------------------------------------------------


def waiver(**members: object) -> dict[str, object]:
    return {
        "control": "execution-role",
        "operations": ["CreateTrainingJob"],
        "resources": ["*"],
        "reason": "moves to the new role next month",
        "ticket": "SEC-1",
        "approver": "jane.doe",
        "expires": "2099-12-31",
        **members,
    }


@pytest.mark.parametrize(
    "excuse",
    [
        waiver(),
        waiver(operations=["CreatePipeline"]),
        waiver(operations=["CreatePipeline"], resources=["churn*"]),
    ],
)
def test_a_waiver_of_the_call_or_of_the_pipeline_excuses_a_step(excuse: dict[str, object]) -> None:
    """By the operation that the step calls, and its name; or by the pipeline that it stands in."""
    text = definition(step("Training", training(RoleArn=FOREIGN_ROLE)))
    request = {"PipelineName": "churn", "PipelineDefinition": text}
    found = enforced("CreatePipeline", request, **LAX, waivers=[excuse])
    assert [] == refused(found)
    assert "waived" == decided(found, f"{PLACE}.RoleArn")
    for operation in ("CreatePipeline", "CreateTrainingJob"):
        other = waiver(operations=[operation], resources=["other"])
        assert [] != refused(enforced("CreatePipeline", request, **LAX, waivers=[other]))


def test_an_observing_control_changes_nothing_in_a_step() -> None:
    """It records what it would have done; a variable stays a variable."""
    arguments = training(
        OutputDataConfig={"S3OutputPath": "s3://ml-artifacts/out", "KmsKeyId": {"Get": "Parameters.Key"}}
    )
    text = definition(step("Training", arguments), parameters={"Key": OUTPUT_KEY})
    request = {"PipelineName": "churn", "PipelineDefinition": text}
    found = enforced("CreatePipeline", request, **LAX, modes={"kms-output-key": "observe"})
    assert {"Get": "Parameters.Key"} == at(found, "OutputDataConfig", "KmsKeyId")
    assert "observed" == decided(found, f"{PLACE}.OutputDataConfig.KmsKeyId")


def test_the_callers_text_is_not_read_twice_in_different_ways() -> None:
    """The parameters given at a start replace the defaults of the same names, and nothing else."""
    text = definition(step("Fail", {}), parameters={"A": "1", "B": None})
    changed = json.loads(with_parameters(text, {"B": "2"}))
    before = json.loads(text)
    expected = copy.deepcopy(before)
    expected["Parameters"][1]["DefaultValue"] = "2"
    assert expected == changed
    with pytest.raises(ValueError, match="definition"):
        with_parameters("[]", {})


def test_a_variable_in_a_definition_that_is_looked_at_is_not_taken_for_the_baselines() -> None:
    """Where nothing can be put in its place, what is known only when the pipeline runs is refused."""
    arguments = training(
        OutputDataConfig={"S3OutputPath": "s3://ml-artifacts/out", "KmsKeyId": {"Get": "Parameters.Key"}}
    )
    secured = steps_of(hold(step("Training", arguments), parameters={"Key": None}))[0]["Arguments"]
    secured["OutputDataConfig"]["KmsKeyId"] = {"Get": "Parameters.Key"}
    path = f"{PLACE}.OutputDataConfig.KmsKeyId"
    for default, expected in ((None, [("kms-output-key", path)]), (OUTPUT_KEY, [])):
        text = definition(step("Training", secured), parameters={"Key": default})
        request = {"PipelineName": "churn", "PipelineDefinition": text, "RoleArn": DEFAULT_ROLE, "Tags": TEAM}
        assert expected == refused(verified("CreatePipeline", request, **LAX))
        judged = enforcer(**LAX).judge(DescribedKind.of(KINDS["pipeline"], service_model()), request, {})
        assert expected == refused(judged)
