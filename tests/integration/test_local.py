"""The embedded AWS: what it stands for, what it records, what it answers."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from secure_sagemaker import ControlError, SecurityBaseline
from secure_sagemaker.local import EmbeddedAWS, RecordedRequest, embedded_aws
from tests.integration.embedded import (
    FOREIGN_KEY,
    IMAGE,
    assume,
    client,
    cluster,
    refused,
    session_of,
    training_job,
)

# --- the edges


def test_one_at_a_time(aws: EmbeddedAWS) -> None:
    """A second account in the process is refused, not mixed with the first."""
    with pytest.raises(RuntimeError, match="stands already"), embedded_aws():
        pass


def test_nothing_else_is_reached(aws: EmbeddedAWS) -> None:
    """A host that is neither AWS's nor loopback is refused, not connected to."""
    elsewhere = client(aws, "s3", endpoint_url="https://storage.example.com")
    with pytest.raises(RuntimeError, match=r"storage\.example\.com.*only AWS and loopback"):
        elsewhere.list_buckets()


def test_what_it_lacks_it_says(aws: EmbeddedAWS) -> None:
    """An operation that nobody here does is an error that names it, never an empty success."""
    call = client(aws, "sagemaker").get_sagemaker_servicecatalog_portfolio_status
    assert refused(call) == ("NotImplemented", 501)
    with pytest.raises(
        ClientError, match=r"does not do sagemaker\.GetSagemakerServicecatalogPortfolioStatus"
    ):
        call()


# --- the account


def test_the_baseline_is_its_file(aws: EmbeddedAWS, tmp_path: Path) -> None:
    """The text read back from a file is the very baseline, and everything in it is demanded."""
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(aws.baseline_toml(), encoding="utf-8")
    baseline = SecurityBaseline.from_file(path)
    assert baseline == aws.baseline
    assert set(tomllib.loads(aws.baseline_toml())["network_isolation"].values()) == {"require"}
    assert baseline.role.arn == aws.role_arn
    assert baseline.execution_roles.default == aws.execution_role_arn
    assert (baseline.kms.default, baseline.kms.allowed) == (aws.key_arn, (aws.other_key_arn,))
    assert set(baseline.vpc.subnets) == set(aws.subnets)
    assert baseline.data_perimeter.owner(aws.data_bucket) == "111122223333"
    assert aws.data_bucket not in baseline.data_perimeter.write


def test_the_subnets_are_private(aws: EmbeddedAWS) -> None:
    """Three subnets in three zones; no route leads out of the VPC but the gateway endpoint of S3."""
    ec2 = client(aws, "ec2")
    subnets = ec2.describe_subnets(SubnetIds=list(aws.subnets))["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3
    of_subnets = [{"Name": "association.subnet-id", "Values": list(aws.subnets)}]
    (table,) = ec2.describe_route_tables(Filters=of_subnets)["RouteTables"]
    assert {route["GatewayId"].split("-")[0] for route in table["Routes"]} <= {"local", "vpce"}
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    services = {endpoint["ServiceName"].removeprefix("com.amazonaws.eu-west-1.") for endpoint in endpoints}
    assert services == {"sagemaker.api", "sagemaker.runtime", "sts", "kms", "logs", "macie2", "s3"}


def test_the_keys_are_real(aws: EmbeddedAWS) -> None:
    """The alias names the baseline's key, a key that does not exist is not found."""
    kms = client(aws, "kms")
    assert kms.describe_key(KeyId=aws.key_alias)["KeyMetadata"]["Arn"] == aws.key_arn
    assert kms.describe_key(KeyId=aws.other_key_arn)["KeyMetadata"]["Enabled"] is True
    assert refused(lambda: kms.describe_key(KeyId=FOREIGN_KEY)) == ("NotFoundException", 400)
    assert refused(lambda: kms.describe_key(KeyId="alias/nobody")) == ("NotFoundException", 400)


@pytest.mark.parametrize("name", ["default_bucket", "data_bucket"])
def test_the_buckets_are_closed(aws: EmbeddedAWS, name: str) -> None:
    """Encrypted with the key by default, closed to the public, reached by TLS only."""
    s3, bucket = client(aws, "s3"), getattr(aws, name)
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == aws.key_arn
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    s3.put_object(Bucket=bucket, Key="closed", Body=b"1")
    assert s3.head_object(Bucket=bucket, Key="closed")["SSEKMSKeyId"] == aws.key_arn


# --- what is recorded


def test_a_request_is_recorded_as_sent(aws: EmbeddedAWS) -> None:
    """Operation, body, parameters and the signer's identity stand as they were on the wire."""
    job = training_job(aws, "recorded", EnableNetworkIsolation=True)
    assume(aws, "recorder").client("sagemaker", config=Config(user_agent_extra="me/1")).create_training_job(
        **job
    )
    request = aws.requests[-1]
    assert isinstance(request, RecordedRequest)
    assert (request.service, request.operation, request.region) == (
        "sagemaker",
        "CreateTrainingJob",
        "eu-west-1",
    )
    assert (request.method, request.url) == ("POST", "https://api.sagemaker.eu-west-1.amazonaws.com/")
    assert json.loads(request.body) == request.parameters == job
    assert request.headers["x-amz-target"] == "SageMaker.CreateTrainingJob"
    assert request.user_agent.endswith("me/1")
    assert request.principal == "assumed-role/ml-launcher/recorder"
    assert request.access_key_id is not None
    assert request.access_key_id.startswith("ASIA")


def test_principals_are_told_apart(aws: EmbeddedAWS) -> None:
    """The launcher, a role's session and a key made later are each known by the key in the signature."""
    client(aws, "sts").get_caller_identity()
    assume(aws, "one").client("sts").get_caller_identity()
    iam = client(aws, "iam")
    iam.create_user(UserName="later")
    key = iam.create_access_key(UserName="later")["AccessKey"]
    session_of(dict(key)).client("sts").get_caller_identity()
    signers = [request.principal for request in aws.requests if request.operation == "GetCallerIdentity"]
    assert signers == [aws.launcher, "assumed-role/ml-launcher/one", "user/later"]


def test_parameters_are_read_in_every_protocol(aws: EmbeddedAWS) -> None:
    """Query forms, REST paths and headers come back as the operation's parameters."""
    tags = [{"Key": "team", "Value": "fraud"}]
    client(aws, "sts").assume_role(
        RoleArn=aws.role_arn, RoleSessionName="caller", Tags=tags, DurationSeconds=900
    )
    s3 = client(aws, "s3")
    s3.put_object(Bucket=aws.default_bucket, Key="a b/ü+c", Body=b"x", ServerSideEncryption="aws:kms")
    s3.list_objects_v2(Bucket=aws.default_bucket, Prefix="a b/")
    s3.copy_object(Bucket=aws.default_bucket, Key="copy", CopySource=f"{aws.default_bucket}/a b/ü+c")
    assumed, put, listed, copied = aws.requests
    assert assumed.parameters == {
        "RoleArn": aws.role_arn,
        "RoleSessionName": "caller",
        "Tags": tags,
        "DurationSeconds": 900,
    }
    assert put.operation == "PutObject"
    stated = {"Bucket": aws.default_bucket, "Key": "a b/ü+c", "ServerSideEncryption": "aws:kms"}
    assert stated.items() <= put.parameters.items()
    assert (listed.operation, listed.parameters["Prefix"]) == ("ListObjectsV2", "a b/")
    assert (copied.operation, copied.parameters["Key"]) == ("CopyObject", "copy")


def test_a_presigned_url_has_a_signer(aws: EmbeddedAWS) -> None:
    """A signature in the query counts like one in the header, and is answered for its own account."""
    s3 = assume(aws, "presigner").client("s3", config=Config(signature_version="s3v4"))
    s3.put_object(Bucket=aws.default_bucket, Key="presigned", Body=b"here")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": aws.default_bucket, "Key": "presigned"})
    answer = URLLib3Session().send(AWSRequest(method="GET", url=url).prepare())
    assert (answer.status_code, answer.content) == (200, b"here")
    assert (aws.requests[-1].operation, aws.requests[-1].principal) == (
        "GetObject",
        "assumed-role/ml-launcher/presigner",
    )


def test_a_guard_before_the_wire_comes_first(aws: EmbeddedAWS) -> None:
    """What a handler refuses at `before-send`, however late, was not sent, and so is not recorded."""
    sagemaker = client(aws, "sagemaker")

    def refuse(**_: object) -> None:
        raise PermissionError("not sent")

    sagemaker.meta.events.register_last("before-send", refuse)
    with pytest.raises(PermissionError):
        sagemaker.list_models()
    assert aws.requests == ()


def test_a_private_endpoint_is_its_service(aws: EmbeddedAWS) -> None:
    """A VPC endpoint's host is answered as the service it stands for, and recorded as it was sent."""
    host = "https://vpce-0a1b-2c3d.runtime.sagemaker.eu-west-1.vpce.amazonaws.com"
    runtime = client(aws, "sagemaker-runtime", endpoint_url=host)
    assert refused(lambda: runtime.invoke_endpoint(EndpointName="nobody", Body=b"")) == (
        "ValidationError",
        400,
    )
    (request,) = aws.requests
    assert (request.service, request.operation) == ("sagemaker-runtime", "InvokeEndpoint")
    assert request.url == f"{host}/endpoints/nobody/invocations"


def test_a_secured_session_works_on_it(aws: EmbeddedAWS) -> None:
    """The session's calls reach it as the role with what the baseline demands; a refused one never does."""
    sagemaker: Any = aws.session().client("sagemaker")
    sagemaker.create_training_job(**training_job(aws, "secured"))
    sent = aws.requests[-1]
    assert sent.principal is not None
    assert sent.principal.startswith("assumed-role/ml-launcher/")
    assert sent.parameters["EnableNetworkIsolation"] is True
    assert sent.parameters["ResourceConfig"] == cluster("ml.m5.xlarge", aws.key_arn)
    vpc = sagemaker.describe_training_job(TrainingJobName="secured")["VpcConfig"]
    assert set(vpc["Subnets"]) == set(aws.subnets)
    before = aws.requests
    foreign = training_job(aws, "foreign", ResourceConfig=cluster("ml.m5.xlarge", FOREIGN_KEY))
    with pytest.raises(ControlError):
        sagemaker.create_training_job(**foreign)
    assert "CreateTrainingJob" not in {request.operation for request in aws.requests[len(before) :]}
    assert {request.principal for request in aws.requests if request.service != "sts"} == {sent.principal}


# --- what moto drops


def test_a_model_is_described_as_it_was_made(aws: EmbeddedAWS) -> None:
    """Isolation and VPC of a model are kept; where none was given, none is answered."""
    sagemaker = client(aws, "sagemaker")
    vpc = {"Subnets": list(aws.subnets), "SecurityGroupIds": list(aws.security_groups)}
    container = {"Image": IMAGE}
    sagemaker.create_model(
        ModelName="kept",
        ExecutionRoleArn=aws.execution_role_arn,
        PrimaryContainer=container,
        VpcConfig=vpc,
        EnableNetworkIsolation=True,
    )
    sagemaker.create_model(
        ModelName="bare", ExecutionRoleArn=aws.execution_role_arn, PrimaryContainer=container
    )
    kept, bare = (sagemaker.describe_model(ModelName=name) for name in ("kept", "bare"))
    assert (kept["VpcConfig"], kept["EnableNetworkIsolation"]) == (vpc, True)
    assert "VpcConfig" not in bare
    assert bare["EnableNetworkIsolation"] is False
    assert kept["PrimaryContainer"]["Image"] == IMAGE


def test_an_endpoint_config_is_described_as_it_was_made(aws: EmbeddedAWS) -> None:
    """The members of an inference-component endpoint are kept; a config made anew forgets the old one."""
    sagemaker = client(aws, "sagemaker")
    variant = {"VariantName": "AllTraffic", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    config: dict[str, object] = {
        "ProductionVariants": [variant],
        "ExecutionRoleArn": aws.execution_role_arn,
        "VpcConfig": {"Subnets": list(aws.subnets), "SecurityGroupIds": list(aws.security_groups)},
        "EnableNetworkIsolation": True,
        "KmsKeyId": aws.key_arn,
    }
    sagemaker.create_endpoint_config(EndpointConfigName="components", **config)
    described = sagemaker.describe_endpoint_config(EndpointConfigName="components")
    assert config.items() <= described.items()
    sagemaker.delete_endpoint_config(EndpointConfigName="components")
    sagemaker.create_endpoint_config(EndpointConfigName="components", ProductionVariants=[variant])
    assert "VpcConfig" not in sagemaker.describe_endpoint_config(EndpointConfigName="components")


def test_jobs_are_described_as_they_were_made(aws: EmbeddedAWS) -> None:
    """Every member of a training and a processing job is kept, and the jobs complete."""
    sagemaker = client(aws, "sagemaker")
    job = training_job(aws, "kept", EnableInterContainerTrafficEncryption=True)
    sagemaker.create_training_job(**job)
    described = sagemaker.describe_training_job(TrainingJobName="kept")
    assert job.items() <= described.items()
    assert described["TrainingJobStatus"] == "Completed"
    processing = {
        "ProcessingJobName": "kept",
        "ProcessingResources": {"ClusterConfig": cluster("ml.m5.xlarge", aws.key_arn)},
        "AppSpecification": {"ImageUri": IMAGE},
        "RoleArn": aws.execution_role_arn,
        "NetworkConfig": {"EnableNetworkIsolation": True},
    }
    sagemaker.create_processing_job(**processing)
    assert processing.items() <= sagemaker.describe_processing_job(ProcessingJobName="kept").items()


def test_an_update_is_described(aws: EmbeddedAWS) -> None:
    """What was kept of a Create does not outlive an Update."""
    sagemaker = client(aws, "sagemaker")
    named = {"PipelineName": "updated", "RoleArn": aws.execution_role_arn}
    first, second = (json.dumps({"Version": "2020-12-01", "Steps": [], "Metadata": {"n": n}}) for n in (1, 2))
    sagemaker.create_pipeline(**named, PipelineDefinition=first, ClientRequestToken="t" * 32)
    assert sagemaker.describe_pipeline(PipelineName="updated")["PipelineDefinition"] == first
    sagemaker.update_pipeline(**named, PipelineDefinition=second)
    assert sagemaker.describe_pipeline(PipelineName="updated")["PipelineDefinition"] == second


def test_a_role_can_be_simulated(aws: EmbeddedAWS) -> None:
    """The SDK's question about a role is answered; a role that does not exist is not found."""
    iam = client(aws, "iam")
    answer = iam.simulate_principal_policy(
        PolicySourceArn=aws.execution_role_arn, ActionNames=["s3:GetObject", "s3:PutObject"]
    )
    decisions = {result["EvalActionName"]: result["EvalDecision"] for result in answer["EvaluationResults"]}
    assert decisions == {"s3:GetObject": "allowed", "s3:PutObject": "allowed"}
    nobody = "arn:aws:iam::111122223333:role/nobody"
    call = lambda: iam.simulate_principal_policy(PolicySourceArn=nobody, ActionNames=["s3:GetObject"])  # noqa: E731  # one call
    assert refused(call) == ("NoSuchEntity", 404)


# --- endpoints


def deploy(aws: EmbeddedAWS, name: str) -> None:
    sagemaker = client(aws, "sagemaker")
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=aws.execution_role_arn, PrimaryContainer={"Image": IMAGE}
    )
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.m5.xlarge"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)


def test_an_endpoint_answers_with_a_function(aws: EmbeddedAWS) -> None:
    """The function gets the request's bytes and its bytes come back; without one the body comes back."""
    deploy(aws, "answering")
    assert "DataCaptureConfig" not in client(aws, "sagemaker").describe_endpoint(EndpointName="answering")
    runtime = client(aws, "sagemaker-runtime")
    echoed = runtime.invoke_endpoint(
        EndpointName="answering", Body=b"\x00\xff", ContentType="application/x-npy"
    )
    assert (echoed["Body"].read(), echoed["ContentType"]) == (b"\x00\xff", "application/x-npy")
    aws.endpoint("answering").answer(
        lambda body: json.dumps(sum(json.loads(body))).encode(), content_type="application/json"
    )
    answer = runtime.invoke_endpoint(EndpointName="answering", Body=b"[1, 2, 3]", ContentType="text/csv")
    assert (answer["Body"].read(), answer["ContentType"]) == (b"6", "application/json")
    assert aws.requests[-1].body == b"[1, 2, 3]"


def test_a_failing_model_is_a_model_error(aws: EmbeddedAWS) -> None:
    """What the function raises reaches the caller as AWS's ModelError, with its text."""
    deploy(aws, "failing")
    aws.endpoint("failing").answer(lambda body: json.dumps(1 / len(body)).encode())
    runtime = client(aws, "sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(runtime.exceptions.ModelError, match="ZeroDivisionError: division by zero"):
        runtime.invoke_endpoint(EndpointName="failing", Body=b"")
    deploy(aws, "deleted")
    client(aws, "sagemaker").delete_endpoint(EndpointName="deleted")
    assert refused(lambda: runtime.invoke_endpoint(EndpointName="deleted", Body=b"")) == (
        "ValidationError",
        400,
    )


# --- over loopback


def test_the_server_is_the_same_account(aws: EmbeddedAWS) -> None:
    """What is made over loopback is there in process, and each request is recorded once, as sent."""
    with aws.serve() as server:
        here = {"endpoint_url": server.url}
        client(aws, "sagemaker", **here).create_training_job(**training_job(aws, "served"))
        (request,) = aws.requests
        assert (request.operation, request.principal) == ("CreateTrainingJob", aws.launcher)
        assert request.url == f"{server.url}/"
        described = client(aws, "sagemaker").describe_training_job(TrainingJobName="served")
        assert described["TrainingJobArn"].endswith(":training-job/served")
        kms, ec2, sts = (client(aws, name, **here) for name in ("kms", "ec2", "sts"))
        assert kms.describe_key(KeyId=aws.key_alias)["KeyMetadata"]["Arn"] == aws.key_arn
        assert len(ec2.describe_subnets(SubnetIds=list(aws.subnets))["Subnets"]) == 3
        role = aws.execution_role_arn
        assert refused(lambda: sts.assume_role(RoleArn=role, RoleSessionName="me")) == ("AccessDenied", 403)


def test_objects_go_over_loopback(aws: EmbeddedAWS) -> None:
    """Streams, keys that need quoting, HEAD, and answers without a body come through whole."""
    with aws.serve() as server:
        s3 = client(aws, "s3", endpoint_url=server.url)
        content = bytes(range(256)) * 4096
        key = "a b/ü+c"
        s3.upload_fileobj(io.BytesIO(content), aws.default_bucket, key)
        assert s3.head_object(Bucket=aws.default_bucket, Key=key)["ContentLength"] == len(content)
        assert s3.get_object(Bucket=aws.default_bucket, Key=key)["Body"].read() == content
        assert (
            s3.delete_object(Bucket=aws.default_bucket, Key=key)["ResponseMetadata"]["HTTPStatusCode"] == 204
        )
        assert refused(lambda: s3.head_object(Bucket=aws.default_bucket, Key=key)) == ("404", 404)
        recorded = [request.operation for request in aws.requests]
        assert recorded == ["PutObject", "HeadObject", "GetObject", "DeleteObject", "HeadObject"]


def test_an_endpoint_answers_over_loopback(aws: EmbeddedAWS) -> None:
    """The runtime is told from the control plane without a host name of its own."""
    deploy(aws, "remote")
    aws.endpoint("remote").answer(bytes.upper)
    with aws.serve() as server:
        runtime = client(aws, "sagemaker-runtime", endpoint_url=server.url)
        assert runtime.invoke_endpoint(EndpointName="remote", Body=b"abc")["Body"].read() == b"ABC"


def test_the_baseline_allows_the_server(aws: EmbeddedAWS) -> None:
    """While it is served, the baseline lists the origin; in process there is none to allow."""
    with aws.serve() as server:
        assert server.aws.baseline.privatelink.allowed_endpoint_urls == (server.url,)
        assert server.environment()["AWS_ENDPOINT_URL"] == server.url
    assert aws.baseline.privatelink.allowed_endpoint_urls == ()
