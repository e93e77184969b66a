"""SageMaker's store: pipelines with their versions and executions, experiments, and lineage."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import botocore.session
import pytest

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import arn_of, client, refused


@pytest.fixture(scope="module")
def sagemaker(account: EmbeddedAWS) -> Any:
    """A plain client."""
    return client(account, "sagemaker")


# --- pipelines


_DESCRIBE = botocore.session.Session().get_service_model("sagemaker").operation_model("DescribePipeline")
MEMBERS = frozenset(_DESCRIBE.input_shape.members if _DESCRIBE.input_shape is not None else ())


def definition(*names: str, **parameters: str) -> str:
    steps = [{"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": "x"}} for name in names]
    stated = [{"Name": name, "Type": "String", "DefaultValue": value} for name, value in parameters.items()]
    return json.dumps({"Version": "2020-12-01", "Parameters": stated, "Steps": steps})


def test_a_pipeline_has_versions_and_executions(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """An execution runs the version it names, with its parameters; its steps are that definition's."""
    pipeline = {"PipelineName": "pipeline", "RoleArn": aws.execution_role_arn}
    token = {"ClientRequestToken": "t" * 32}
    first = definition("one", depth="3")
    sagemaker.create_pipeline(**pipeline, **token, PipelineDefinition=first)
    client(aws, "s3").put_object(
        Bucket=aws.default_bucket, Key="pipeline.json", Body=definition("one", "two")
    )
    location = {"Bucket": aws.default_bucket, "ObjectKey": "pipeline.json"}
    sagemaker.update_pipeline(**pipeline, PipelineDefinitionS3Location=location)
    assert json.loads(sagemaker.describe_pipeline(PipelineName="pipeline")["PipelineDefinition"])["Steps"][1:]
    versions = sagemaker.list_pipeline_versions(PipelineName="pipeline")["PipelineVersionSummaries"]
    assert [row["PipelineVersionId"] for row in versions] == [2, 1]
    assert (
        sagemaker.describe_pipeline(PipelineName="pipeline", PipelineVersionId=1)["PipelineDefinition"]
        == first
    )

    started = sagemaker.start_pipeline_execution(
        PipelineName="pipeline",
        PipelineVersionId=1,
        PipelineParameters=[{"Name": "depth", "Value": "7"}],
        **token,
    )
    told = arn_of(started)
    assert sagemaker.describe_pipeline_definition_for_execution(**told)["PipelineDefinition"] == first
    parameters = sagemaker.list_pipeline_parameters_for_execution(**told)["PipelineParameters"]
    assert parameters == [{"Name": "depth", "Value": "7"}]
    (row,) = sagemaker.list_pipeline_executions(PipelineName="pipeline")["PipelineExecutionSummaries"]
    assert row["PipelineExecutionStatus"] == "Executing"
    execution = sagemaker.describe_pipeline_execution(**told)
    assert (execution["PipelineExecutionStatus"], execution["PipelineVersionId"]) == ("Succeeded", 1)
    (step,) = sagemaker.list_pipeline_execution_steps(**told)["PipelineExecutionSteps"]
    assert (step["StepName"], step["StepStatus"]) == ("one", "Succeeded")
    sagemaker.retry_pipeline_execution(**told, **token)
    sagemaker.stop_pipeline_execution(**told, **token)
    assert sagemaker.describe_pipeline_execution(**told)["PipelineExecutionStatus"] == "Stopped"


@pytest.mark.parametrize("stated", ["no JSON", json.dumps({"Steps": {}})], ids=["no-json", "no-steps"])
def test_a_pipeline_that_cannot_be_read_is_not_made(aws: EmbeddedAWS, sagemaker: Any, stated: str) -> None:
    """A definition must be one, when a pipeline is made and when it is changed."""
    pipeline = {"PipelineName": "unreadable", "RoleArn": aws.execution_role_arn}
    create = partial(sagemaker.create_pipeline, **pipeline, ClientRequestToken="t" * 32)
    assert refused(lambda: create(PipelineDefinition=stated)) == ("ValidationException", 400)
    assert refused(lambda: sagemaker.describe_pipeline(PipelineName="unreadable"))[0] == "ResourceNotFound"
    nowhere = {"Bucket": aws.default_bucket, "ObjectKey": "nobody.json"}
    assert refused(lambda: create(PipelineDefinitionS3Location=nowhere)) == ("ValidationException", 400)
    create(PipelineDefinition=definition("one"))
    update = partial(sagemaker.update_pipeline, **pipeline, PipelineDefinition=stated)
    assert refused(update) == ("ValidationException", 400)
    told = sagemaker.describe_pipeline(PipelineName="unreadable")
    assert told["PipelineDefinition"] == definition("one")
    sagemaker.delete_pipeline(PipelineName="unreadable", ClientRequestToken="t" * 32)


def test_a_version_has_a_name_and_an_alias(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """An alias means one version at a time, and is described and started by."""
    pipeline = {"PipelineName": "aliased", "RoleArn": aws.execution_role_arn}
    token = {"ClientRequestToken": "t" * 32}
    arn = sagemaker.create_pipeline(**pipeline, **token, PipelineDefinition=definition("one"))["PipelineArn"]
    sagemaker.update_pipeline(**pipeline, PipelineDefinition=definition("two"))
    sagemaker.update_pipeline_version(
        PipelineArn=arn, PipelineVersionId=1, PipelineVersionDisplayName="first"
    )
    newest, oldest = sagemaker.list_pipeline_versions(PipelineName="aliased")["PipelineVersionSummaries"]
    assert (oldest["PipelineVersionDisplayName"], "PipelineVersionDisplayName" in newest) == ("first", False)
    if "PipelineVersionAlias" not in MEMBERS:
        return  # this botocore has no aliases
    for version, moved in ((1, {"Add": ["live"]}), (1, {"Remove": ["live"]}), (2, {"Add": ["live"]})):
        sagemaker.update_pipeline_version(
            PipelineArn=arn, PipelineVersionId=version, PipelineVersionAliasOperations=moved
        )
    told = sagemaker.describe_pipeline(PipelineName="aliased", PipelineVersionAlias="live")
    assert (told["PipelineDefinition"], told["PipelineVersionAliases"]) == (definition("two"), ["live"])
    taken = partial(sagemaker.update_pipeline_version, PipelineArn=arn, PipelineVersionId=1)
    assert refused(lambda: taken(PipelineVersionAliasOperations={"Add": ["live"]})) == (
        "ConflictException",
        400,
    )
    sagemaker.update_pipeline(**pipeline, PipelineDefinition=definition("three"))
    assert "PipelineVersionAliases" not in sagemaker.describe_pipeline(PipelineName="aliased")
    nobody = partial(sagemaker.describe_pipeline, PipelineName="aliased", PipelineVersionAlias="nobody")
    assert refused(nobody) == ("ResourceNotFound", 400)


def test_a_pipeline_knows_its_parameters(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """A parameter that the definition does not have is refused."""
    sagemaker.create_pipeline(
        PipelineName="parameters",
        RoleArn=aws.execution_role_arn,
        ClientRequestToken="t" * 32,
        PipelineDefinition=definition("one"),
    )
    call = partial(
        sagemaker.start_pipeline_execution,
        PipelineName="parameters",
        PipelineParameters=[{"Name": "depth", "Value": "7"}],
        ClientRequestToken="t" * 32,
    )
    assert refused(call) == ("ValidationException", 400)


# --- experiments and lineage


def test_components_belong_to_trials(sagemaker: Any) -> None:
    """What is associated is listed by experiment and by trial, until it is taken away."""
    sagemaker.create_experiment(ExperimentName="experiment")
    sagemaker.create_trial(TrialName="trial", ExperimentName="experiment")
    for name in ("component", "stranger"):
        sagemaker.create_trial_component(TrialComponentName=name, Parameters={"depth": {"NumberValue": 3}})
    pair = {"TrialComponentName": "component", "TrialName": "trial"}
    sagemaker.associate_trial_component(**pair)
    for asked in ({"ExperimentName": "experiment"}, {"TrialName": "trial"}):
        (row,) = sagemaker.list_trial_components(**asked)["TrialComponentSummaries"]
        assert row["TrialComponentName"] == "component"
    (row,) = sagemaker.list_trials(TrialComponentName="component")["TrialSummaries"]
    assert row["TrialName"] == "trial"
    sagemaker.update_trial_component(
        TrialComponentName="component",
        Parameters={"eta": {"NumberValue": 0.1}},
        ParametersToRemove=["depth"],
    )
    told = sagemaker.describe_trial_component(TrialComponentName="component")
    assert told["Parameters"] == {"eta": {"NumberValue": 0.1}}
    delete = partial(sagemaker.delete_experiment, ExperimentName="experiment")
    assert refused(delete) == ("ValidationException", 400)
    sagemaker.disassociate_trial_component(**pair)
    assert sagemaker.list_trial_components(TrialName="trial")["TrialComponentSummaries"] == []
    sagemaker.delete_trial(TrialName="trial")
    delete()


def test_lineage_is_followed(aws: EmbeddedAWS, sagemaker: Any) -> None:
    """What came of what is found from either end, as far as asked for."""
    arns = [
        sagemaker.create_artifact(
            ArtifactName=name, ArtifactType=kind, Source={"SourceUri": f"s3://{aws.default_bucket}/{name}"}
        )["ArtifactArn"]
        for name, kind in (("data", "DataSet"), ("model", "Model"))
    ]
    action = sagemaker.create_action(
        ActionName="train", ActionType="Training", Source={"SourceUri": "s3://b/x"}, Status="Completed"
    )["ActionArn"]
    sagemaker.add_association(SourceArn=arns[0], DestinationArn=action, AssociationType="ContributedTo")
    sagemaker.add_association(SourceArn=action, DestinationArn=arns[1], AssociationType="Produced")
    again = partial(sagemaker.add_association, SourceArn=action, DestinationArn=arns[1])
    assert refused(again) == ("ValidationException", 400)
    nobody = partial(sagemaker.add_association, SourceArn=action, DestinationArn=f"{arns[1]}0")
    assert refused(nobody) == ("ResourceNotFound", 400)
    (link,) = sagemaker.list_associations(SourceArn=arns[0])["AssociationSummaries"]
    assert (link["SourceType"], link["DestinationType"], link["DestinationName"]) == (
        "DataSet",
        "Training",
        "train",
    )
    told = sagemaker.query_lineage(StartArns=[arns[0]], Direction="Descendants", IncludeEdges=True)
    assert {row["Arn"] for row in told["Vertices"]} == {arns[0], action, arns[1]}
    assert [edge["AssociationType"] for edge in told["Edges"]] == ["ContributedTo", "Produced"]
    near = sagemaker.query_lineage(StartArns=[arns[0]], Direction="Descendants", MaxDepth=1)
    assert {row["Arn"] for row in near["Vertices"]} == {arns[0], action}
    models = sagemaker.query_lineage(StartArns=[arns[0]], Filters={"Types": ["Model"]})
    assert [row["Arn"] for row in models["Vertices"]] == [arns[1]]
    assert sagemaker.query_lineage(StartArns=[arns[0]], Direction="Ascendants")["Vertices"][1:] == []
    sagemaker.delete_association(SourceArn=action, DestinationArn=arns[1])
    gone = partial(sagemaker.delete_association, SourceArn=action, DestinationArn=arns[1])
    assert refused(gone) == ("ResourceNotFound", 400)
    sagemaker.delete_artifact(Source={"SourceUri": f"s3://{aws.default_bucket}/model"})
    assert [row["ArtifactName"] for row in sagemaker.list_artifacts()["ArtifactSummaries"]] == ["data"]
