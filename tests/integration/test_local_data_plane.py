"""The embedded AWS's data plane: endpoints that answer, jobs that run and log, metrics."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from secure_sagemaker.local import EmbeddedAWS, Invocation, Job
from tests.integration.embedded import IMAGE, client, cluster, refused, training_job

# --- endpoints


@pytest.fixture(scope="module", autouse=True)
def models(account: EmbeddedAWS) -> None:
    """A model of one container, and one that holds many models."""
    client(account, "s3").put_object(Bucket=account.data_bucket, Key="models/a.tar.gz", Body=b"")
    place = f"s3://{account.data_bucket}/models/"
    for name, said in (("one", {}), ("many", {"Mode": "MultiModel", "ModelDataUrl": place})):
        client(account, "sagemaker").create_model(
            ModelName=name,
            ExecutionRoleArn=account.execution_role_arn,
            PrimaryContainer={"Image": IMAGE, **said},
        )


def variant(name: str = "blue", model: str | None = "one") -> dict[str, Any]:
    stated = {"VariantName": name, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    return stated if model is None else {**stated, "ModelName": model}


def deploy(aws: EmbeddedAWS, name: str, *variants: dict[str, Any], **config: object) -> None:
    sagemaker = client(aws, "sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=list(variants or [variant()]), **config
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def test_the_function_is_told_what_the_caller_said(aws: EmbeddedAWS) -> None:
    """The body is bytes, and beside it stand the types, the variant, the model and whatever else was said."""
    asked: list[Invocation] = []

    def predict(body: Invocation) -> bytes:
        asked.append(body)
        return body.upper()

    deploy(aws, "told", variant(), variant("green", "many"))
    aws.endpoint("told").answer(predict)
    runtime = client(aws, "sagemaker-runtime")
    answer = runtime.invoke_endpoint(
        EndpointName="told",
        Body=b"abc",
        ContentType="text/csv",
        Accept="application/json",
        CustomAttributes="c=1",
        TargetModel="a.tar.gz",
        TargetVariant="green",
        InferenceId="i-1",
    )
    assert (b"ABC", "application/json", "green") == (
        answer["Body"].read(),
        answer["ContentType"],
        answer["InvokedProductionVariant"],
    )
    runtime.invoke_endpoint(EndpointName="told", Body=b"")
    first, second = asked
    assert b"abc" == first
    assert ("text/csv", "application/json", "c=1") == (
        first.content_type,
        first.accept,
        first.custom_attributes,
    )
    assert ("told", "a.tar.gz", "green", "i-1") == (
        first.endpoint,
        first.target_model,
        first.target_variant,
        first.inference_id,
    )
    assert (b"", "blue", "") == (second, second.target_variant, second.target_model)


def test_what_an_endpoint_has_not_is_refused(aws: EmbeddedAWS) -> None:
    """A variant or an inference component that is not there, and a model of an endpoint that has but one."""
    deploy(aws, "single")
    runtime = client(aws, "sagemaker-runtime")
    for said in ({"TargetVariant": "green"}, {"TargetModel": "a"}, {"InferenceComponentName": "c"}):
        asked = partial(runtime.invoke_endpoint, EndpointName="single", Body=b"", **said)
        assert ("ValidationError", 400) == refused(asked)
    assert runtime.invoke_endpoint(EndpointName="single", Body=b"x")["Body"].read() == b"x"


def test_inference_components_are_named(aws: EmbeddedAWS) -> None:
    """An endpoint without models of its own answers for its components, each by name."""
    deploy(aws, "components", variant(model=None), ExecutionRoleArn=aws.execution_role_arn)
    client(aws, "sagemaker").create_inference_component(
        InferenceComponentName="part",
        EndpointName="components",
        VariantName="blue",
        Specification={
            "ModelName": "one",
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 128, "NumberOfCpuCoresRequired": 1},
        },
        RuntimeConfig={"CopyCount": 1},
    )
    aws.endpoint("components").answer(lambda body: body.inference_component.encode())
    runtime = client(aws, "sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName="components", InferenceComponentName="part", Body=b"")
    assert b"part" == answer["Body"].read()
    with pytest.raises(ClientError, match="Inference Component Name header is required"):
        runtime.invoke_endpoint(EndpointName="components", Body=b"")


def test_an_answer_comes_in_parts(aws: EmbeddedAWS) -> None:
    """Each part that the function yields is an event of the stream; without a stream they are one body."""
    deploy(aws, "parts")
    aws.endpoint("parts").answer(lambda body: [bytes([byte]) for byte in body], content_type="text/plain")
    runtime = client(aws, "sagemaker-runtime")
    answer = runtime.invoke_endpoint_with_response_stream(EndpointName="parts", Body=b"abc")
    assert ("text/plain", "blue") == (answer["ContentType"], answer["InvokedProductionVariant"])
    assert [b"a", b"b", b"c"] == [event["PayloadPart"]["Bytes"] for event in answer["Body"]]
    assert b"abc" == runtime.invoke_endpoint(EndpointName="parts", Body=b"abc")["Body"].read()


def test_a_stream_breaks_where_the_model_does(aws: EmbeddedAWS) -> None:
    """Parts before a failure arrive, then the stream's own error; a failure before any is the call's error."""

    def predict(body: Invocation) -> Iterator[bytes]:
        yield from [b"first"] if body else []
        raise RuntimeError("out of memory")

    deploy(aws, "breaks")
    aws.endpoint("breaks").answer(predict)
    runtime = client(aws, "sagemaker-runtime")
    stream = runtime.invoke_endpoint_with_response_stream(EndpointName="breaks", Body=b"x")["Body"]
    arrived: list[bytes] = []
    with pytest.raises(EventStreamError, match=r"ModelStreamError.*out of memory"):
        arrived += (event["PayloadPart"]["Bytes"] for event in stream)
    assert [b"first"] == arrived
    assert ("ModelError", 424) == refused(
        lambda: runtime.invoke_endpoint_with_response_stream(EndpointName="breaks", Body=b"")
    )


def asynchronous(aws: EmbeddedAWS, **output: str) -> dict[str, Any]:
    place = {"S3OutputPath": f"s3://{aws.default_bucket}/async/out", **output}
    return {"AsyncInferenceConfig": {"OutputConfig": place}}


def located(aws: EmbeddedAWS, location: str) -> Any:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return client(aws, "s3").get_object(Bucket=bucket, Key=key)


def test_an_asynchronous_answer_is_in_s3(aws: EmbeddedAWS) -> None:
    """The input is read from where it lies; the result lies where the answer says, under the endpoint's key."""
    deploy(aws, "async", **asynchronous(aws, KmsKeyId=aws.other_key_arn))
    aws.endpoint("async").answer(lambda body: body.upper(), content_type="text/csv")
    client(aws, "s3").put_object(Bucket=aws.data_bucket, Key="async/in", Body=b"1,a")
    answer = client(aws, "sagemaker-runtime").invoke_endpoint_async(
        EndpointName="async", InputLocation=f"s3://{aws.data_bucket}/async/in", InferenceId="mine"
    )
    assert (202, "mine") == (answer["ResponseMetadata"]["HTTPStatusCode"], answer["InferenceId"])
    assert answer["OutputLocation"].startswith(f"s3://{aws.default_bucket}/async/out/")
    assert "FailureLocation" not in answer
    result = located(aws, answer["OutputLocation"])
    assert (b"1,A", "text/csv", aws.other_key_arn) == (
        result["Body"].read(),
        result["ContentType"],
        result["SSEKMSKeyId"],
    )


def test_the_services_own_work_is_not_recorded(aws: EmbeddedAWS) -> None:
    """What SageMaker reads and writes in an account is no request of a client."""
    deploy(aws, "quiet", **asynchronous(aws))
    client(aws, "s3").put_object(Bucket=aws.data_bucket, Key="async/quiet", Body=b"1")
    aws.forget_requests()
    client(aws, "sagemaker-runtime").invoke_endpoint_async(
        EndpointName="quiet", InputLocation=f"s3://{aws.data_bucket}/async/quiet"
    )
    assert ["InvokeEndpointAsync"] == [request.operation for request in aws.requests]


@pytest.mark.parametrize("why", ["model", "input"])
def test_an_asynchronous_failure_is_in_s3(aws: EmbeddedAWS, why: str) -> None:
    """A model that raises, or an input that is not there, is told where failures go; there is no result."""

    def predict(body: Invocation) -> bytes:
        raise ValueError("no such column")

    name = f"async-{why}"
    deploy(aws, name, **asynchronous(aws, S3FailurePath=f"s3://{aws.default_bucket}/async/failed"))
    aws.endpoint(name).answer(predict)
    client(aws, "s3").put_object(Bucket=aws.data_bucket, Key="async/model", Body=b"1")
    answer = client(aws, "sagemaker-runtime").invoke_endpoint_async(
        EndpointName=name, InputLocation=f"s3://{aws.data_bucket}/async/{why}"
    )
    said = located(aws, answer["FailureLocation"])["Body"].read().decode()
    assert {"model": "no such column", "input": "async/input"}[why] in said
    assert ("NoSuchKey", 404) == refused(lambda: located(aws, answer["OutputLocation"]))


def test_only_an_asynchronous_endpoint_takes_its_input_from_s3(aws: EmbeddedAWS) -> None:
    """An endpoint without an asynchronous configuration refuses."""
    deploy(aws, "synchronous")
    place = {"EndpointName": "synchronous", "InputLocation": f"s3://{aws.data_bucket}/async/in"}
    runtime = client(aws, "sagemaker-runtime")
    assert ("ValidationError", 400) == refused(lambda: runtime.invoke_endpoint_async(**place))


@pytest.mark.sdk(3)  # the environment of a botocore that takes a body here
def test_an_asynchronous_request_may_carry_its_input(aws: EmbeddedAWS) -> None:
    """The input comes in the request or from S3, not from both; the result is named as the caller says."""
    deploy(aws, "inline", **asynchronous(aws))
    runtime = client(aws, "sagemaker-runtime")
    asked = partial(runtime.invoke_endpoint_async, EndpointName="inline", Body=b"1")
    answer = asked(Filename="mine.csv", S3OutputPathExtension="today")
    assert f"s3://{aws.default_bucket}/async/out/today/mine.csv" == answer["OutputLocation"]
    assert b"1" == located(aws, answer["OutputLocation"])["Body"].read()
    assert ("ValidationError", 400) == refused(
        lambda: asked(InputLocation=f"s3://{aws.data_bucket}/async/in")
    )


def test_a_deleted_endpoint_answers_no_more(aws: EmbeddedAWS) -> None:
    """An endpoint must be there and in service."""
    deploy(aws, "deleted")
    runtime = client(aws, "sagemaker-runtime")
    runtime.invoke_endpoint(EndpointName="deleted", Body=b"")
    client(aws, "sagemaker").delete_endpoint(EndpointName="deleted")
    assert ("ValidationError", 400) == refused(
        lambda: runtime.invoke_endpoint(EndpointName="deleted", Body=b"")
    )


# --- jobs


def processing_job(aws: EmbeddedAWS, name: str, *, instances: int = 1) -> dict[str, Any]:
    return {
        "ProcessingJobName": name,
        "ProcessingResources": {
            "ClusterConfig": {**cluster("ml.m5.xlarge", None), "InstanceCount": instances}
        },
        "AppSpecification": {"ImageUri": IMAGE},
        "RoleArn": aws.execution_role_arn,
    }


def transform_job(aws: EmbeddedAWS, name: str) -> dict[str, Any]:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{aws.data_bucket}/models/"}}
    return {
        "TransformJobName": name,
        "ModelName": "one",
        "TransformInput": {"DataSource": source},
        "TransformOutput": {"S3OutputPath": f"s3://{aws.default_bucket}/out"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    }


def logged(aws: EmbeddedAWS, group: str, job: str) -> list[list[str]]:
    """The lines of each of a job's streams."""
    logs, group = client(aws, "logs"), f"/aws/sagemaker/{group}"
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job}/")["logStreams"]
    return [
        [
            event["message"]
            for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])[
                "events"
            ]
        ]
        for stream in streams
    ]


def test_each_kind_of_job_has_a_log(aws: EmbeddedAWS) -> None:
    """A stream for each instance, in the group of the job's kind, named as SageMaker names them."""
    sagemaker = client(aws, "sagemaker")
    sagemaker.create_training_job(**training_job(aws, "logs"))
    sagemaker.create_processing_job(**processing_job(aws, "logs", instances=2))
    sagemaker.create_transform_job(**transform_job(aws, "logs"))
    (line,) = logged(aws, "TrainingJobs", "logs")[0]
    assert "no container ran" in line
    assert 2 == len(logged(aws, "ProcessingJobs", "logs"))
    assert 1 == len(logged(aws, "TransformJobs", "logs"))
    streams = client(aws, "logs").describe_log_streams(logGroupName="/aws/sagemaker/ProcessingJobs")
    assert {"logs/algo-1", "logs/algo-2"} == {
        stream["logStreamName"].rpartition("-")[0] for stream in streams["logStreams"]
    }


@pytest.fixture
def ran(aws: EmbeddedAWS) -> Iterator[list[Job]]:
    """Jobs in whose place a function ran that logs two lines and fails where its name says so."""
    jobs: list[Job] = []

    def run(job: Job) -> Iterator[str]:
        jobs.append(job)
        yield "epoch 1"
        if "fails" in job.name:
            raise ValueError("loss is nan")
        yield "epoch 2"

    aws.jobs.answer(run)
    yield jobs
    aws.jobs.answer(lambda _: ())


def test_a_function_runs_in_the_jobs_place(aws: EmbeddedAWS, ran: list[Job]) -> None:
    """It sees the request, its lines are the log, and the job completes."""
    sagemaker = client(aws, "sagemaker")
    job = training_job(aws, "runs", HyperParameters={"epochs": "2"})
    sagemaker.create_training_job(**job)
    (seen,) = ran
    assert ("Training", "runs", job) == (seen.kind, seen.name, seen.parameters)
    assert [["epoch 1", "epoch 2"]] == logged(aws, "TrainingJobs", "runs")
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="runs")


@pytest.mark.parametrize("kind", ["Training", "Processing", "Transform"])
def test_a_function_that_raises_fails_its_job(aws: EmbeddedAWS, ran: list[Job], kind: str) -> None:
    """The job is described as failed, with the reason; the log has what came before."""
    sagemaker = client(aws, "sagemaker")
    request = {"Training": training_job, "Processing": processing_job, "Transform": transform_job}[kind]
    lower = kind.lower()
    getattr(sagemaker, f"create_{lower}_job")(**request(aws, f"fails-{lower}"))
    told = getattr(sagemaker, f"describe_{lower}_job")(**{f"{kind}JobName": f"fails-{lower}"})
    reason = "AlgorithmError: ValueError: loss is nan, exit code: 1"
    assert ("Failed", reason) == (told[f"{kind}JobStatus"], told["FailureReason"])
    assert [["epoch 1", reason]] == logged(aws, f"{kind}Jobs", f"fails-{lower}")
    listed = getattr(sagemaker, f"list_{lower}_jobs")(NameContains=f"fails-{lower}")
    assert ["Failed"] == [job[f"{kind}JobStatus"] for job in listed[f"{kind}JobSummaries"]]


def test_a_refused_job_does_not_run(aws: EmbeddedAWS, ran: list[Job]) -> None:
    """Only a job that was created runs."""
    sagemaker = client(aws, "sagemaker")
    key = cluster("ml.g5.xlarge", aws.key_arn)  # a volume key where the instance has storage of its own
    assert ("ValidationException", 400) == refused(
        lambda: sagemaker.create_training_job(**training_job(aws, "refused", ResourceConfig=key))
    )
    assert [] == ran


# --- metrics


def test_metrics_are_told_by_step(aws: EmbeddedAWS) -> None:
    """What a trial component was given is told by statistic; one that does not exist is an error for each."""
    name = "component"
    arn = client(aws, "sagemaker").create_trial_component(TrialComponentName=name)["TrialComponentArn"]
    metrics = client(aws, "sagemaker-metrics")
    data = [
        {"MetricName": "loss", "Timestamp": 1_000 + number, "Step": step, "Value": value}
        for number, (step, value) in enumerate([(0, 3.0), (0, 1.0), (1, 0.5)])
    ]
    assert [] == metrics.batch_put_metrics(TrialComponentName=name, MetricData=data).get("Errors", [])
    query = {
        "MetricName": "loss",
        "ResourceArn": arn,
        "MetricStat": "Avg",
        "Period": "IterationNumber",
        "XAxisType": "IterationNumber",
    }
    (result,) = metrics.batch_get_metrics(MetricQueries=[query])["MetricQueryResults"]
    assert ([0, 1], [2.0, 0.5]) == (result["XAxisValues"], result["MetricValues"])
    by_time = {**query, "MetricStat": "Count", "Period": "OneMinute", "XAxisType": "Timestamp", "End": 1_100}
    (result,) = metrics.batch_get_metrics(MetricQueries=[by_time])["MetricQueryResults"]
    assert ([960], [3.0]) == (result["XAxisValues"], result["MetricValues"])
    errors = metrics.batch_put_metrics(TrialComponentName="nobody", MetricData=data)["Errors"]
    assert [("VALIDATION_ERROR", index) for index in range(3)] == [
        (error["Code"], error["MetricIndex"]) for error in errors
    ]


def test_a_secured_session_is_answered(aws: EmbeddedAWS) -> None:
    """Invocations go through a secured session as the role, like everything else."""
    deploy(aws, "secured")
    aws.endpoint("secured").answer(lambda body: b"%d" % len(body))
    runtime = aws.session().client("sagemaker-runtime")
    assert b"4" == runtime.invoke_endpoint(EndpointName="secured", Body=b"1234")["Body"].read()
    request = aws.calls.last("InvokeEndpoint").request
    assert request is not None
    assert "assumed-role/ml-launcher/embedded-aws" == request.principal
