"""Endpoint configs: for models, for inference components, serverless, and on local storage."""

import pytest

from tests.controls_support import (
    ACCOUNT,
    DEFAULT_ROLE,
    EBS,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    LOCAL,
    NETWORK,
    OUTPUT_KEY,
    VOLUME_KEY,
    Request,
    at,
    decided,
    decisions_at,
    enforced,
    needed,
    refused,
)

FOR_MODELS: Request = {"ProductionVariants": [{"VariantName": "v", "ModelName": "m", "InstanceType": EBS}]}
FOR_COMPONENTS: Request = {"ProductionVariants": [{"VariantName": "v", "InstanceType": EBS}]}
SERVERLESS: Request = {
    "ProductionVariants": [
        {"VariantName": "v", "ModelName": "m", "ServerlessConfig": {"MemorySizeInMB": 1, "MaxConcurrency": 1}}
    ]
}


def test_an_endpoint_for_models_gets_no_network_of_its_own() -> None:
    """Beside ModelName AWS takes no VpcConfig, isolation or role: all three are exempt, the key is not."""
    found = enforced("CreateEndpointConfig", FOR_MODELS)
    assert {"VpcConfig": "exempt", "EnableNetworkIsolation": "exempt", "ExecutionRoleArn": "exempt"} == {
        path: decided(found, path) for path in ("VpcConfig", "EnableNetworkIsolation", "ExecutionRoleArn")
    }
    assert {"ProductionVariants", "KmsKeyId", "Tags"} == found.parameters.keys()
    assert VOLUME_KEY == found.parameters["KmsKeyId"]


def test_an_endpoint_for_components_gets_all() -> None:
    """Without ModelName the endpoint config is where network, isolation and role are said."""
    found = enforced("CreateEndpointConfig", FOR_COMPONENTS)
    assert NETWORK == found.parameters["VpcConfig"]
    assert found.parameters["EnableNetworkIsolation"] is True
    assert DEFAULT_ROLE == found.parameters["ExecutionRoleArn"]
    assert VOLUME_KEY == found.parameters["KmsKeyId"]


def test_a_shadow_variant_with_a_model_counts() -> None:
    """One variant that names a model makes it an endpoint for models."""
    variants = {**FOR_COMPONENTS, "ShadowProductionVariants": FOR_MODELS["ProductionVariants"]}
    assert "exempt" == decided(enforced("CreateEndpointConfig", variants), "VpcConfig")


def test_a_false_that_nobody_wrote_breaks_no_model_endpoint() -> None:
    """The SDK sends EnableNetworkIsolation=False; beside ModelName it is exempt, for AWS takes no True."""
    found = enforced("CreateEndpointConfig", {**FOR_MODELS, "EnableNetworkIsolation": False})
    assert "exempt" == decided(found, "EnableNetworkIsolation")
    assert found.parameters["EnableNetworkIsolation"] is False


def test_what_a_model_endpoint_names_all_the_same_is_judged() -> None:
    """The exemption is of absence: a foreign network or role is refused wherever it stands."""
    foreign = {"Subnets": ["subnet-0f0f0f0f"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    found = enforced(
        "CreateEndpointConfig", {**FOR_MODELS, "VpcConfig": foreign, "ExecutionRoleArn": FOREIGN_ROLE}
    )
    assert [("execution-role", "ExecutionRoleArn"), ("vpc-config", "VpcConfig.Subnets")] == refused(found)


def test_a_component_endpoint_that_says_no_isolation_is_refused() -> None:
    """Where the endpoint config decides, an explicit False is weaker than `require`."""
    found = enforced("CreateEndpointConfig", {**FOR_COMPONENTS, "EnableNetworkIsolation": False})
    assert [("network-isolation", "EnableNetworkIsolation")] == refused(found)


@pytest.mark.parametrize("member", ["ProductionVariants", "ShadowProductionVariants"])
def test_serverless_variants_are_refused(member: str) -> None:
    """Serverless inference has neither VPC nor isolation, and nothing can be put in its place."""
    request = {**FOR_MODELS, member: SERVERLESS["ProductionVariants"]}
    found = enforced("CreateEndpointConfig", request)
    assert [("serverless-inference", f"{member}[0].ServerlessConfig")] == refused(found)


def test_a_serverless_recommendation_is_refused() -> None:
    """A recommendation job that tries serverless configurations is refused alike."""
    tried = {"EndpointConfigurations": [{"ServerlessConfig": {"MemorySizeInMB": 1, "MaxConcurrency": 1}}]}
    found = enforced("CreateInferenceRecommendationsJob", {"InputConfig": tried})
    path = "InputConfig.EndpointConfigurations[0].ServerlessConfig"
    assert [("serverless-inference", path)] == refused(found)


def test_a_waived_serverless_endpoint_keeps_its_key() -> None:
    """A waiver of the one control leaves the others standing."""
    waiver = {
        "control": "serverless-inference",
        "operations": ["CreateEndpointConfig"],
        "resources": ["demo-*"],
        "reason": "a demonstration",
        "ticket": "SEC-7",
        "approver": "jane.doe",
        "expires": "2026-12-31",
    }
    found = enforced("CreateEndpointConfig", {**SERVERLESS, "EndpointConfigName": "demo-1"}, waivers=[waiver])
    assert "waived" == decided(found, "ProductionVariants[0].ServerlessConfig")
    assert VOLUME_KEY == found.parameters["KmsKeyId"]


LOCAL_MODELS: Request = {
    "ProductionVariants": [{"VariantName": "v", "ModelName": "m", "InstanceType": LOCAL}]
}
MIXED: Request = {
    "ProductionVariants": [
        {"VariantName": "v", "ModelName": "m", "InstanceType": LOCAL},
        {"VariantName": "w", "ModelName": "m", "InstanceType": EBS},
    ]
}


@pytest.mark.parametrize("request_", [LOCAL_MODELS, MIXED])
@pytest.mark.parametrize(
    ("setting", "action"), [("inject", "injected"), ("omit", "exempt"), ("refuse", "refused")]
)
def test_local_storage_at_endpoints_is_a_setting(request_: Request, setting: str, action: str) -> None:
    """AWS's pages disagree about a key beside local storage, so the baseline decides."""
    found = enforced("CreateEndpointConfig", request_, kms__endpoint_local_storage=setting)
    assert action == decided(found, "KmsKeyId")


def test_an_endpoint_key_is_taken_out_where_it_is_to_be_omitted() -> None:
    """With `omit` a key that the caller named beside local storage goes, on record."""
    found = enforced(
        "CreateEndpointConfig", {**LOCAL_MODELS, "KmsKeyId": VOLUME_KEY}, kms__endpoint_local_storage="omit"
    )
    assert "corrected" == decided(found, "KmsKeyId")
    assert "KmsKeyId" not in found.parameters


@pytest.mark.parametrize("instance_type", ["ml.zz9.xlarge", "ml.m3.xlarge"])
@pytest.mark.parametrize("setting", ["inject", "omit", "refuse"])
def test_unknown_and_unencrypted_storage_is_refused_at_endpoints(instance_type: str, setting: str) -> None:
    """No setting makes a guess about a family, or a bare disk acceptable."""
    variants = [{"VariantName": "v", "ModelName": "m", "InstanceType": instance_type}]
    found = enforced(
        "CreateEndpointConfig", {"ProductionVariants": variants}, kms__endpoint_local_storage=setting
    )
    assert [("kms-volume-key", "KmsKeyId")] == refused(found)


@pytest.mark.skipif(not needed("CreateInferenceRouter"), reason="instance pools came after this botocore")
def test_instance_pools_are_looked_at() -> None:
    """A variant that names its instance types in pools is judged by them."""
    pools = [{"VariantName": "v", "ModelName": "m", "InstancePools": [{"InstanceType": LOCAL}]}]
    found = enforced(
        "CreateEndpointConfig", {"ProductionVariants": pools}, kms__endpoint_local_storage="refuse"
    )
    assert [("kms-volume-key", "KmsKeyId")] == refused(found)


@pytest.mark.parametrize(
    ("operation", "instances", "path"),
    [
        (
            "CreateInferenceExperiment",
            {
                "ModelVariants": [
                    {"InfrastructureConfig": {"RealTimeInferenceConfig": {"InstanceType": LOCAL}}}
                ]
            },
            "KmsKey",
        ),
        (
            "CreateInferenceRecommendationsJob",
            {"InputConfig": {"EndpointConfigurations": [{"InstanceType": LOCAL}]}},
            "InputConfig.VolumeKmsKeyId",
        ),
    ],
)
def test_experiments_and_recommendations_follow_the_setting(
    operation: str, instances: Request, path: str
) -> None:
    """What makes endpoints of its own is judged like an endpoint config."""
    assert "injected" == decided(enforced(operation, instances), path)
    omitted = enforced(operation, instances, kms__endpoint_local_storage="omit")
    assert "exempt" == decided(omitted, path)


@pytest.mark.parametrize("member", ["ProductionVariants", "ShadowProductionVariants"])
def test_a_shell_into_endpoint_instances_is_closed(member: str) -> None:
    """EnableSSMAccess goes to False unless the baseline permits it; silence is safe already."""
    variants = [{"VariantName": "v", "ModelName": "m", "InstanceType": EBS, "EnableSSMAccess": True}]
    request = {**FOR_MODELS, member: variants}
    path = f"{member}[0].EnableSSMAccess"
    found = enforced("CreateEndpointConfig", request)
    assert "corrected" == decided(found, path)
    assert at(found, f"{member}.0.EnableSSMAccess") is False
    permitted = enforced("CreateEndpointConfig", request, hardening__allow_ssm_access=True)
    assert decided(permitted, path) is None
    assert at(permitted, f"{member}.0.EnableSSMAccess") is True
    assert decided(enforced("CreateEndpointConfig", FOR_MODELS), path) is None


def test_captures_and_async_outputs_are_encrypted_where_they_are_asked_for() -> None:
    """The output key goes into every structure that writes to S3, and into none that is absent."""
    request = {
        **FOR_MODELS,
        "DataCaptureConfig": {"DestinationS3Uri": "s3://ml-artifacts/capture"},
        "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://ml-artifacts/async"}},
    }
    found = enforced("CreateEndpointConfig", request)
    assert OUTPUT_KEY == at(found, "DataCaptureConfig.KmsKeyId")
    assert OUTPUT_KEY == at(found, "AsyncInferenceConfig.OutputConfig.KmsKeyId")
    assert [] == refused(found)


def test_a_foreign_capture_is_refused_twice() -> None:
    """A capture into somebody else's bucket with somebody else's key: both are refused, and both are told."""
    capture = {"DestinationS3Uri": "s3://elsewhere/capture", "KmsKeyId": FOREIGN_KEY}
    found = enforced("CreateEndpointConfig", {**FOR_MODELS, "DataCaptureConfig": capture})
    assert {
        ("data-perimeter", "DataCaptureConfig.DestinationS3Uri"),
        ("kms-output-key", "DataCaptureConfig.KmsKeyId"),
    } == set(refused(found))


def test_a_read_only_bucket_takes_no_output() -> None:
    """A bucket that may be read gives a model's artifact, and takes no capture."""
    model = {"PrimaryContainer": {"ModelDataUrl": "s3://ml-datasets/model.tar.gz"}}
    assert "kept" == decided(
        enforced("CreateModel", model, hardening__vpc_image_repositories_only=False),
        "PrimaryContainer.ModelDataUrl",
    )
    capture = {"DestinationS3Uri": "s3://ml-datasets/capture"}
    found = enforced("CreateEndpointConfig", {**FOR_MODELS, "DataCaptureConfig": capture})
    (decision,) = decisions_at(found, "DataCaptureConfig.DestinationS3Uri")
    assert "refused" == decision.action
    assert "written" in decision.why


@pytest.mark.parametrize("member", ["SuccessTopic", "ErrorTopic"])
def test_answers_are_told_to_trusted_accounts_only(member: str) -> None:
    """A topic can be sent the endpoint's answers: another account's is outside the perimeter."""

    def told(account: str) -> Request:
        topic = f"arn:aws:sns:eu-west-1:{account}:done"
        output = {"S3OutputPath": "s3://ml-artifacts/out", "NotificationConfig": {member: topic}}
        return {"AsyncInferenceConfig": {"OutputConfig": output}}

    path = f"AsyncInferenceConfig.OutputConfig.NotificationConfig.{member}"
    assert ("data-perimeter", path) in refused(enforced("CreateEndpointConfig", told("999988887777")))
    assert "kept" == decided(enforced("CreateEndpointConfig", told(ACCOUNT)), path)


def test_a_team_is_told_by_no_topic_or_by_a_trusted_one() -> None:
    """An empty topic takes the notification away, and is let through."""
    for topic, outcome in (("", None), ("arn:aws:sns:eu-west-1:999988887777:x", "refused")):
        request = {"WorkteamName": "w", "NotificationConfiguration": {"NotificationTopicArn": topic}}
        path = "NotificationConfiguration.NotificationTopicArn"
        assert outcome == decided(enforced("UpdateWorkteam", request), path)
