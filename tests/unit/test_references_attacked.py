"""Chains with one bad link at each place where there can be one, and names that mean something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_sagemaker import ControlError, SecureSession
from tests.unit.baseline.stated import COMPLETE, KEY
from tests.unit.described import IMAGE, PACKAGE, ROLE, Account, arn, config, model, package, variant
from tests.unit.secured import secured
from tests.wire import ACCOUNT, REGION, Wire, refuses

ELSEWHERE = "s3://somebody-elses/model.tar.gz"
VARIANT = "EndpointConfigName -> endpoint-config/churn: ProductionVariants[0]"
MODEL = f"{VARIANT}.ModelName -> model/churn"


@pytest.fixture
def account(wire: Wire) -> Account:
    return Account(wire)


def create(session: SecureSession) -> None:
    session.client("sagemaker").create_endpoint(EndpointName="churn", EndpointConfigName="churn")


def bad(name: str) -> dict[str, Any]:
    return model(name, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": ELSEWHERE})


def container(**members: Any) -> dict[str, Any]:
    return {"Image": IMAGE, **members}


LINKS: dict[str, tuple[list[tuple[str, str, dict[str, Any]]], str, str]] = {
    "a shadow variant": (
        [
            ("DescribeEndpointConfig", "churn", config(ShadowProductionVariants=[variant("shadow")])),
            ("DescribeModel", "shadow", bad("shadow")),
        ],
        "data-perimeter",
        "EndpointConfigName -> endpoint-config/churn: ShadowProductionVariants[0].ModelName -> model/shadow: "
        "PrimaryContainer.ModelDataUrl",
    ),
    "a second variant": (
        [
            ("DescribeEndpointConfig", "churn", config(ProductionVariants=[variant(), variant("other")])),
            ("DescribeModel", "other", bad("other")),
        ],
        "data-perimeter",
        "EndpointConfigName -> endpoint-config/churn: ProductionVariants[1].ModelName -> model/other: "
        "PrimaryContainer.ModelDataUrl",
    ),
    "a pipeline model's last container": (
        [
            (
                "DescribeModel",
                "churn",
                model(
                    PrimaryContainer=None,
                    Containers=[
                        container(),
                        {"ModelPackageName": PACKAGE},
                        container(ModelDataUrl=ELSEWHERE),
                    ],
                ),
            )
        ],
        "data-perimeter",
        f"{MODEL}: Containers[2].ModelDataUrl",
    ),
    "the package of a pipeline model's container": (
        [
            (
                "DescribeModel",
                "churn",
                model(PrimaryContainer=None, Containers=[container(), {"ModelPackageName": PACKAGE}]),
            ),
            (
                "DescribeModelPackage",
                PACKAGE,
                package(SecurityConfig={"KmsKeyId": KEY.replace("1234", "ffff")}),
            ),
        ],
        "kms-resource-key",
        f"{MODEL}: Containers[1].ModelPackageName -> model-package/churn/1: SecurityConfig.KmsKeyId",
    ),
    "a package's source": (
        [
            (
                "DescribeModelPackage",
                PACKAGE,
                package(SourceUri=arn("model", "old")),
            ),
            ("DescribeModel", "old", bad("old")),
        ],
        "data-perimeter",
        f"{MODEL}: PrimaryContainer.ModelPackageName -> model-package/churn/1: SourceUri -> model/old: "
        "PrimaryContainer.ModelDataUrl",
    ),
    "more models' data in one container": (
        [
            (
                "DescribeModel",
                "churn",
                model(
                    PrimaryContainer=container(
                        AdditionalModelDataSources=[
                            {
                                "ChannelName": "adapter",
                                "S3DataSource": {"S3Uri": ELSEWHERE, "S3DataType": "S3Prefix"},
                            }
                        ]
                    )
                ),
            )
        ],
        "data-perimeter",
        f"{MODEL}: PrimaryContainer.AdditionalModelDataSources[0].S3DataSource.S3Uri",
    ),
    "the environment of a container": (
        [
            (
                "DescribeModel",
                "churn",
                model(PrimaryContainer=container(Environment={"DB_PASSWORD": "hunter2-hunter2"})),
            )
        ],
        "plaintext-secret",
        f"{MODEL}: PrimaryContainer.Environment",
    ),
    "the topic of an asynchronous endpoint": (
        [
            (
                "DescribeEndpointConfig",
                "churn",
                config(
                    AsyncInferenceConfig={
                        "OutputConfig": {
                            "KmsKeyId": KEY,
                            "S3OutputPath": "s3://ml-artifacts/out",
                            "NotificationConfig": {
                                "SuccessTopic": "arn:aws:sns:eu-west-1:444455556666:theirs"
                            },
                        }
                    }
                ),
            )
        ],
        "data-perimeter",
        "EndpointConfigName -> endpoint-config/churn: "
        "AsyncInferenceConfig.OutputConfig.NotificationConfig.SuccessTopic",
    ),
    "where data is captured": (
        [
            (
                "DescribeEndpointConfig",
                "churn",
                config(DataCaptureConfig={"KmsKeyId": KEY, "DestinationS3Uri": "s3://somebody-elses/c"}),
            )
        ],
        "data-perimeter",
        "EndpointConfigName -> endpoint-config/churn: DataCaptureConfig.DestinationS3Uri",
    ),
}


@pytest.mark.parametrize("link", LINKS)
def test_one_bad_link_is_refused_wherever_it_is(link: str, account: Account) -> None:
    """The path is the whole way to it, the control that of the link, and nothing is sent."""
    things, control, path = LINKS[link]
    for describe, name, thing in things:
        account.put(describe, name, {key: value for key, value in thing.items() if value is not None})
    with pytest.raises(ControlError) as caught:
        create(secured(account.wire))
    assert (control, path) in {(one.control_id, one.path) for one in (caught.value, *caught.value.others)}
    assert [] == account.wire.of("CreateEndpoint")


@pytest.mark.parametrize("link", ["its model", "its base", "its endpoint's config"])
def test_a_component_is_followed_to_each_side(link: str, account: Account) -> None:
    """An inference component names a model, a component that it is based on, and the endpoint that it runs on."""
    component = {
        "InferenceComponentName": "base",
        "InferenceComponentArn": arn("inference-component", "base"),
        "EndpointName": "churn",
        "CreationTime": 1,
        "Specification": {
            "Container": {
                "ArtifactUrl": ELSEWHERE if link == "its base" else "s3://ml-artifacts/a",
                "DeployedImage": {"SpecifiedImage": IMAGE},
            }
        },
    }
    account.put("DescribeInferenceComponent", "base", component)
    account.put("DescribeEndpoint", "churn", {"EndpointName": "churn", "EndpointConfigName": "churn"})
    account.put("DescribeModel", "adapted", bad("adapted") if link == "its model" else model("adapted"))
    if link == "its endpoint's config":
        account.put("DescribeEndpointConfig", "churn", config(KmsKeyId=KEY.replace("1234", "ffff")))
    paths = {
        "its model": "Specification.ModelName -> model/adapted: PrimaryContainer.ModelDataUrl",
        "its base": "Specification.BaseInferenceComponentName -> inference-component/base: "
        "Specification.Container.ArtifactUrl",
        "its endpoint's config": "EndpointName -> endpoint/churn: EndpointConfigName -> "
        "endpoint-config/churn: KmsKeyId",
    }
    with pytest.raises(ControlError) as caught:
        secured(account.wire).client("sagemaker").create_inference_component(
            InferenceComponentName="new",
            EndpointName="churn",
            Specification={"ModelName": "adapted", "BaseInferenceComponentName": "base"},
        )
    assert paths[link] == caught.value.path


# --- names that mean something else


def test_a_name_of_another_region_is_not_looked_for_here(account: Account) -> None:
    """A Describe that takes names would show what stands under it in this region."""
    account.put("DescribeFlowDefinition", "review", {"FlowDefinitionName": "review", "RoleArn": ROLE})
    there = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:flow-definition/review"
    client = secured(account.wire).client("sagemaker-a2i-runtime")
    with pytest.raises(ControlError) as caught:
        client.start_human_loop(
            HumanLoopName="one", FlowDefinitionArn=there, HumanLoopInput={"InputContent": "{}"}
        )
    assert ("referenced-resource", there) == (caught.value.control_id, caught.value.got)
    assert "region" in caught.value.remedy
    assert [] == account.described


def test_an_image_of_another_region_is_not_left_to_its_account(account: Account) -> None:
    """Whose it is, `container-image` judges; where nobody can look, it is refused."""
    there = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:image/lab"
    with pytest.raises(ControlError) as caught:
        secured(account.wire).client("sagemaker").create_user_profile(
            DomainId="d-1",
            UserProfileName="ana",
            UserSettings={"KernelGatewayAppSettings": {"DefaultResourceSpec": {"SageMakerImageArn": there}}},
        )
    found = {
        one.got for one in (caught.value, *caught.value.others) if one.control_id == "referenced-resource"
    }
    assert there in found


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_no_telling_is_not_taken_for_nothing_there(code: str, account: Account) -> None:
    """Who is throttled is told to come back, and not that the name is wrong."""
    account.put("DescribeEndpointConfig", "churn", refuses(code))
    with pytest.raises(ControlError) as caught:
        create(secured(account.wire))
    assert ("referenced-resource", "EndpointConfigName") == (caught.value.control_id, caught.value.path)
    assert code in caught.value.got
    assert "again later" in caught.value.remedy


# --- one thing that is two


def pipeline(*steps: dict[str, Any], **parameters: str) -> str:
    return json.dumps(
        {
            "Version": "2020-12-01",
            "Parameters": [
                {"Name": name, "Type": "String", "DefaultValue": value} for name, value in parameters.items()
            ],
            "Steps": list(steps),
        }
    )


def artefact(location: Any) -> dict[str, Any]:
    arguments = {
        "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": location},
        "ExecutionRoleArn": ROLE,
        "EnableNetworkIsolation": True,
        "VpcConfig": {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]},
    }
    return {"Name": "Make", "Type": "Model", "Arguments": arguments}


def test_each_start_of_one_pipeline_is_looked_at(account: Account) -> None:
    """A rule may start it twice, and the second time with other parameters."""
    named = arn("pipeline", "nightly")
    text = pipeline(artefact({"Get": "Parameters.Model"}), Model="s3://ml-artifacts/a")
    account.put(
        "DescribePipeline",
        named,
        {"PipelineName": "nightly", "PipelineArn": named, "PipelineDefinition": text, "RoleArn": ROLE},
    )

    def target(identity: str, location: str) -> dict[str, Any]:
        given = [{"Name": "Model", "Value": location}]
        return {
            "Id": identity,
            "Arn": named,
            "RoleArn": ROLE,
            "SageMakerPipelineParameters": {"PipelineParameterList": given},
        }

    events = secured(account.wire).client("events")
    with pytest.raises(ControlError) as caught:
        events.put_targets(
            Rule="nightly", Targets=[target("1", "s3://ml-artifacts/b"), target("2", ELSEWHERE)]
        )
    assert ("data-perimeter", ELSEWHERE) == (caught.value.control_id, caught.value.got)
    assert caught.value.path.startswith("Targets[1].Arn -> pipeline/nightly: ")


def test_a_model_that_only_the_run_tells_is_refused(account: Account) -> None:
    """A function's answer names what nobody has looked at; the error tells the variable."""
    ask = {"Name": "Ask", "Type": "Lambda", "FunctionArn": "f", "Arguments": {}}
    name = {"Get": "Steps.Ask.OutputParameters['model']"}
    score = {
        "Name": "Score",
        "Type": "Transform",
        "Arguments": {
            "ModelName": name,
            "TransformOutput": {"S3OutputPath": "s3://ml-artifacts/o"},
            "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        },
    }
    session = secured(account.wire, f'{COMPLETE}\n[pipelines]\ntargets = ["f"]\n')
    with pytest.raises(ControlError) as caught:
        session.client("sagemaker").create_pipeline(
            PipelineName="score",
            RoleArn=ROLE,
            ClientRequestToken="t" * 32,
            PipelineDefinition=pipeline(ask, score),
        )
    told = caught.value
    assert ("referenced-resource", "{Steps.Ask.OutputParameters['model']}") == (told.control_id, told.got)
    assert "PipelineDefinition.Steps['Score'].Arguments.ModelName" == told.path
    assert "only when the pipeline runs" in told.remedy
    assert REGION == session.region_name
