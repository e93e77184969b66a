"""SageMaker's store: what a thing becomes, how lists are cut, what is missed and refused, tags and search."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from secure_sagemaker.local import EmbeddedAWS, Job
from tests.integration.embedded import client, model, refused, training_job


@pytest.fixture(scope="module")
def sagemaker(account: EmbeddedAWS) -> Any:
    """A plain client."""
    return client(account, "sagemaker")


# --- what it becomes


def test_a_job_is_done_when_it_is_looked_at(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """It is in progress until the first Describe, which finds it completed, with what its end brings."""
    sagemaker.create_training_job(**training_job(aws, "looked-at"))
    (row,) = sagemaker.list_training_jobs(NameContains="looked-at")["TrainingJobSummaries"]
    assert (row["TrainingJobStatus"], "TrainingEndTime" in row) == ("InProgress", False)
    told = sagemaker.describe_training_job(TrainingJobName="looked-at")
    assert (told["TrainingJobStatus"], told["SecondaryStatus"]) == ("Completed", "Completed")
    assert [one["Status"] for one in told["SecondaryStatusTransitions"]] == ["Starting", "Completed"]
    assert told["CreationTime"] == told["TrainingStartTime"] <= told["TrainingEndTime"]
    artifact = f"s3://{aws.default_bucket}/out/looked-at/output/model.tar.gz"
    assert told["ModelArtifacts"] == {"S3ModelArtifacts": artifact}
    (row,) = sagemaker.list_training_jobs(NameContains="looked-at")["TrainingJobSummaries"]
    assert row["TrainingJobStatus"] == "Completed"


def test_a_job_can_be_stopped_until_it_is_done(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """What is in progress stops; what is completed can't be stopped any more."""
    sagemaker.create_training_job(**training_job(aws, "stopped"))
    sagemaker.stop_training_job(TrainingJobName="stopped")
    (row,) = sagemaker.list_training_jobs(NameContains="stopped")["TrainingJobSummaries"]
    assert row["TrainingJobStatus"] == "Stopping"
    assert sagemaker.describe_training_job(TrainingJobName="stopped")["TrainingJobStatus"] == "Stopped"
    assert refused(lambda: sagemaker.stop_training_job(TrainingJobName="stopped")) == (
        "ValidationException",
        400,
    )


def test_a_job_whose_function_raises_has_failed(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """The reason stands in the job."""

    def broken(job: Job) -> list[str]:
        raise ValueError(job.name)

    aws.jobs.answer(broken)
    sagemaker.create_training_job(**training_job(aws, "broken"))
    aws.jobs.answer(lambda _: ())
    told = sagemaker.describe_training_job(TrainingJobName="broken")
    assert (told["TrainingJobStatus"], told["SecondaryStatus"]) == ("Failed", "Failed")
    assert "ValueError: broken" in told["FailureReason"]


def test_a_notebook_runs_stops_and_goes(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Each call sets a status that the next Describe finds gone by; a notebook that runs can't be deleted."""

    def status() -> str:
        return str(sagemaker.describe_notebook_instance(**named)["NotebookInstanceStatus"])

    named = {"NotebookInstanceName": "notebook"}
    network = {"SubnetId": aws.subnets[0], "SecurityGroupIds": list(aws.security_groups)}
    sagemaker.create_notebook_instance(
        **named, InstanceType="ml.t3.medium", RoleArn=aws.execution_role_arn, **network
    )
    assert sagemaker.list_notebook_instances()["NotebookInstances"][0]["NotebookInstanceStatus"] == "Pending"
    told = sagemaker.describe_notebook_instance(**named)
    assert (told["SecurityGroups"], told["RootAccess"]) == (list(aws.security_groups), "Enabled")
    assert told["NotebookInstanceStatus"] == "InService"
    assert refused(lambda: sagemaker.delete_notebook_instance(**named)) == ("ValidationException", 400)
    sagemaker.stop_notebook_instance(**named)
    assert status() == "Stopped"
    sagemaker.update_notebook_instance(**named, InstanceType="ml.t3.large")
    assert status() == "Stopped"
    sagemaker.create_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName="hook")
    sagemaker.update_notebook_instance(**named, LifecycleConfigName="hook")
    told = sagemaker.describe_notebook_instance(**named)
    assert told["NotebookInstanceLifecycleConfigName"] == "hook"
    sagemaker.update_notebook_instance(**named, DisassociateLifecycleConfig=True)
    assert "NotebookInstanceLifecycleConfigName" not in sagemaker.describe_notebook_instance(**named)
    sagemaker.start_notebook_instance(**named)
    assert status() == "InService"
    by_status = sagemaker.list_notebook_instances(SortBy="Status", StatusEquals="InService")
    assert [row["NotebookInstanceName"] for row in by_status["NotebookInstances"]] == ["notebook"]


# --- lists


def test_a_list_is_filtered_sorted_and_cut_into_pages(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Every page is of the size asked for, all together are each once, in the order asked for."""
    names = [f"page-{number:02}" for number in range(23)]
    for name in reversed(names):
        sagemaker.create_model(**model(aws, name))
    sagemaker.create_model(**model(aws, "elsewhere"))
    pages = [
        [row["ModelName"] for row in page["Models"]]
        for page in sagemaker.get_paginator("list_models").paginate(
            NameContains="page-", SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 10}
        )
    ]
    assert [len(page) for page in pages] == [10, 10, 3]
    assert [name for page in pages for name in page] == names
    newest = [row["ModelName"] for row in sagemaker.list_models(NameContains="page-", MaxResults=2)["Models"]]
    assert newest == names[:2]  # by time of creation, newest first, where nobody says otherwise
    made = sagemaker.describe_model(ModelName="page-22")["CreationTime"]
    assert "page-22" not in str(sagemaker.list_models(CreationTimeBefore=made, MaxResults=100))
    call = partial(sagemaker.list_models, NextToken="MTIz")
    assert refused(call) == ("ValidationException", 400)


def test_a_token_is_for_its_list(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """A token of one question is none of another's."""
    for number in range(3):
        sagemaker.create_model(**model(aws, f"token-{number}"))
    token = sagemaker.list_models(NameContains="token-", MaxResults=1)["NextToken"]
    assert sagemaker.list_models(NameContains="token-", MaxResults=1, NextToken=token)["Models"]
    assert refused(lambda: sagemaker.list_models(NextToken=token)) == ("ValidationException", 400)


def test_studio_is_listed_by_its_domain(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Profiles, spaces and apps hang on a domain, which stays as long as they do."""
    settings = {"ExecutionRole": aws.execution_role_arn}
    network = {"SubnetIds": list(aws.subnets), "VpcId": aws.vpc_id}
    domains = [
        sagemaker.create_domain(DomainName=name, AuthMode="IAM", DefaultUserSettings=settings, **network)[
            "DomainId"
        ]
        for name in ("one", "two")
    ]
    for domain in domains:
        sagemaker.create_user_profile(DomainId=domain, UserProfileName="jane")
    named = {"DomainId": domains[0], "UserProfileName": "jane"}
    sagemaker.create_app(**named, AppType="JupyterServer", AppName="default")
    profiles = sagemaker.list_user_profiles(DomainIdEquals=domains[0])["UserProfiles"]
    assert [profile["UserProfileName"] for profile in profiles] == ["jane"]
    (app,) = sagemaker.list_apps(UserProfileNameEquals="jane")["Apps"]
    assert (app["DomainId"], app["Status"]) == (domains[0], "Pending")
    told = sagemaker.describe_app(**named, AppType="JupyterServer", AppName="default")
    assert told["AppArn"].endswith(f":app/{domains[0]}/jane/JupyterServer/default")
    sharing = {"SecurityGroups": list(aws.security_groups)}
    sagemaker.update_domain(DomainId=domains[0], DefaultUserSettings=sharing)
    told = sagemaker.describe_domain(DomainId=domains[0])
    assert (told["DefaultUserSettings"], told["Status"]) == ({**settings, **sharing}, "InService")
    assert refused(lambda: sagemaker.delete_domain(DomainId=domains[1])) == ("ResourceInUse", 400)
    sagemaker.delete_user_profile(DomainId=domains[1], UserProfileName="jane")
    sagemaker.delete_domain(DomainId=domains[1])
    url = sagemaker.create_presigned_domain_url(**named)["AuthorizedUrl"]
    assert url.startswith(f"https://{domains[0]}.studio.eu-west-1.sagemaker.aws/auth?token=")


def test_what_was_changed_last_comes_first(sagemaker: Any) -> None:
    """A list can be sorted by the time of the last change."""
    for name in ("first", "second"):
        sagemaker.create_code_repository(
            CodeRepositoryName=name, GitConfig={"RepositoryUrl": "https://git.example.com/x"}
        )
    sagemaker.update_code_repository(
        CodeRepositoryName="first",
        GitConfig={"SecretArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x"},
    )
    rows = sagemaker.list_code_repositories(SortBy="LastModifiedTime", SortOrder="Descending")
    assert [row["CodeRepositoryName"] for row in rows["CodeRepositorySummaryList"]] == ["first", "second"]
    assert (
        rows["CodeRepositorySummaryList"][0]["LastModifiedTime"]
        >= rows["CodeRepositorySummaryList"][0]["CreationTime"]
    )


# --- what is refused


@pytest.mark.parametrize(
    ("method", "request_", "found"),
    [
        ("create_endpoint", {"EndpointName": "e", "EndpointConfigName": "nobody"}, "endpoint configuration"),
        (
            "create_endpoint_config",
            {
                "EndpointConfigName": "c",
                "ProductionVariants": [
                    {
                        "VariantName": "v",
                        "ModelName": "nobody",
                        "InstanceType": "ml.m5.xlarge",
                        "InitialInstanceCount": 1,
                    }
                ],
            },
            "model",
        ),
        ("describe_training_job", {"TrainingJobName": "nobody"}, "training job"),
        ("delete_model", {"ModelName": "nobody"}, "model"),
        ("update_endpoint", {"EndpointName": "nobody", "EndpointConfigName": "nobody"}, "endpoint"),
    ],
    ids=["no-config", "no-model", "no-job", "delete", "update"],
)
def test_what_is_named_must_exist(
    sagemaker: Any, method: str, request_: dict[str, object], found: str
) -> None:
    """A name that nothing has is refused with AWS's words for it, whoever names it."""
    with pytest.raises(
        sagemaker.exceptions.ClientError, match=f'Could not find {found} "arn:.*/nobody"'
    ) as missed:
        getattr(sagemaker, method)(**request_)
    assert missed.value.response["Error"]["Code"] == "ValidationException"


def test_a_name_is_taken_once(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """A second one of the same name is refused with the error that the operation has for it."""
    sagemaker.create_training_job(**training_job(aws, "twice"))
    sagemaker.create_model(**model(aws, "twice"))
    assert refused(lambda: sagemaker.create_training_job(**training_job(aws, "twice"))) == (
        "ResourceInUse",
        400,
    )
    with pytest.raises(sagemaker.exceptions.ClientError, match="already existing model"):
        sagemaker.create_model(**model(aws, "twice"))
    other = client(aws, "sagemaker", region_name="eu-central-1")
    assert other.list_models()["Models"] == []


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({}, "ValidationException", "1 validation error detected: Value at 'modelName' failed to satisfy"),
        ({"ModelName": 1}, "SerializationException", "int can not be converted to a string"),
        (
            {"ModelName": "x", "Containers": [{"Image": True}]},
            "SerializationException",
            "containers.1.member",
        ),
        ({"ModelName": "x", "VpcConfig": {}}, "ValidationException", "'vpcConfig.subnets'"),
    ],
    ids=["nothing", "a-number", "deep", "two"],
)
def test_a_request_is_held_to_its_shape(
    aws: EmbeddedAWS, body: dict[str, object], code: str, message: str
) -> None:
    """What botocore would not have sent is refused in AWS's words, whoever sends it."""
    headers = {"X-Amz-Target": "SageMaker.CreateModel", "Content-Type": "application/x-amz-json-1.1"}
    url = "https://api.sagemaker.eu-west-1.amazonaws.com/"
    request = AWSRequest(method="POST", url=url, headers=headers, data=json.dumps(body))
    credentials = aws.source.get_credentials()
    assert credentials is not None
    SigV4Auth(credentials, "sagemaker", aws.region).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    told = json.loads(answer.content)
    assert (answer.status_code, told["__type"]) == (400, code)
    assert message in told["message"]


# --- tags and search


def test_tags_go_by_arn(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Tags given when a thing is made are its tags, and more can be added and taken away."""
    made = sagemaker.create_model(**model(aws, "tagged"), Tags=[{"Key": "team", "Value": "fraud"}])
    arn = made["ModelArn"]
    sagemaker.add_tags(
        ResourceArn=arn, Tags=[{"Key": "team", "Value": "churn"}, {"Key": "stage", "Value": "a"}]
    )
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "team", "Value": "churn"},
        {"Key": "stage", "Value": "a"},
    ]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "a"}]
    assert refused(lambda: sagemaker.list_tags(ResourceArn=f"{arn}-nobody")) == ("ValidationException", 400)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([{"Name": "TrainingJobName", "Operator": "Contains", "Value": "search-"}], {"search-a", "search-b"}),
        ([{"Name": "Tags.team", "Operator": "Equals", "Value": "fraud"}], {"search-a"}),
        ([{"Name": "HyperParameters.depth", "Operator": "GreaterThan", "Value": "3"}], {"search-b"}),
        ([{"Name": "HyperParameters.depth", "Operator": "Exists"}], {"search-a", "search-b"}),
        ([{"Name": "EnableNetworkIsolation", "Operator": "Equals", "Value": "true"}], {"search-a"}),
        ([{"Name": "TrainingJobName", "Operator": "In", "Value": "search-b,search-c"}], {"search-b"}),
    ],
    ids=["contains", "tag", "greater", "exists", "boolean", "in"],
)
def test_search_finds_what_its_filters_say(
    aws: EmbeddedAWS, sagemaker: Any, filters: list[dict[str, str]], found: set[str]
) -> None:
    """Whole records are found by their members, their tags and their hyperparameters."""
    for name, depth, isolated in (("search-a", "2", True), ("search-b", "5", False)):
        if not sagemaker.list_training_jobs(NameContains=name)["TrainingJobSummaries"]:
            sagemaker.create_training_job(
                **training_job(aws, name, HyperParameters={"depth": depth}, EnableNetworkIsolation=isolated),
                Tags=[{"Key": "team", "Value": "fraud" if isolated else "churn"}],
            )
    answer = sagemaker.search(Resource="TrainingJob", SearchExpression={"Filters": filters})
    assert {row["TrainingJob"]["TrainingJobName"] for row in answer["Results"]} == found
    assert answer["TotalHits"]["Value"] == len(found)
    either = {
        "Operator": "Or",
        "SubExpressions": [
            {"Filters": filters},
            {"Filters": [{"Name": "TrainingJobName", "Operator": "Equals", "Value": "search-b"}]},
        ],
    }
    answer = sagemaker.search(Resource="TrainingJob", SearchExpression=either)
    assert {row["TrainingJob"]["TrainingJobName"] for row in answer["Results"]} == found | {"search-b"}


def test_search_looks_into_lists(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """Nested filters hold together for one entry of a list; a resource that can't be searched is refused."""
    client(aws, "s3").put_object(Bucket=aws.default_bucket, Key="nested/x", Body=b"1")
    uri = f"s3://{aws.default_bucket}/nested"
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
    channels = [{"ChannelName": name, "DataSource": source} for name in ("train", "validation")]
    sagemaker.create_training_job(**training_job(aws, "nested", InputDataConfig=channels))

    def found(channel: str, where: str) -> bool:
        path = "InputDataConfig.DataSource.S3DataSource.S3Uri"
        filters = [
            {"Name": "InputDataConfig.ChannelName", "Operator": "Equals", "Value": channel},
            {"Name": path, "Operator": "Equals", "Value": where},
        ]
        nested = {"NestedPropertyName": "InputDataConfig", "Filters": filters}
        answer = sagemaker.search(Resource="TrainingJob", SearchExpression={"NestedFilters": [nested]})
        return len(answer["Results"]) == 1

    assert found("train", uri)
    assert not found("train", f"{uri}/elsewhere")
    assert not found("test", uri)
    assert refused(lambda: sagemaker.search(Resource="FeatureMetadata")) == ("ValidationException", 400)
