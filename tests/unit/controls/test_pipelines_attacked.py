"""Definitions that say one thing to a reader and do another when they run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_sagemaker.controls import Enforcement, mentions_of
from secure_sagemaker.controls.pipelines import with_parameters
from tests.controls_support import DEFAULT_ROLE, EBS, FOREIGN_KEY, enforced, operation, refused, verified
from tests.unit.controls.test_pipelines import (
    ASK,
    AT_RUN_TIME,
    CLUSTER,
    IMAGE,
    LAX,
    NOTIFY,
    PLACE,
    STEPS_OF_OPERATIONS,
    Step,
    at,
    definition,
    hold,
    started,
    step,
    training,
)

DATA = f"{PLACE}.PrimaryContainer.ModelDataUrl"
TARGET = "ml-artifacts"


def model(location: Any, **members: Any) -> Step:
    """A model of an artefact, as a step."""
    return step("Model", {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": location}}, **members)


def raw(text: str) -> Enforcement:
    return enforced("CreatePipeline", {"PipelineName": "churn", "PipelineDefinition": text}, **LAX)


def join(*values: Any, on: Any = "") -> dict[str, Any]:
    return {"Std:Join": {"On": on, "Values": list(values)}}


# --- what stands for something else


@pytest.mark.parametrize(
    ("location", "beside"),
    [
        pytest.param(
            {"Get": "Steps.Ask.OutputParameters['x']"},
            {**ASK, "Arguments": {"OutputParameters": {"x": "s3://ml-artifacts/good"}}},
            id="a function's payload is not its output",
        ),
        pytest.param(
            {"Get": "Steps.Train.Fine.Uri"},
            step("Training", training(Fine={"Uri": "s3://ml-artifacts/good"}), name="Train"),
            id="an argument that the operation does not know",
        ),
        pytest.param(join("s3:", AT_RUN_TIME), ASK, id="a scheme that is not whole"),
        pytest.param(join("", AT_RUN_TIME), ASK, id="an empty text before it"),
        pytest.param(join("s3://ml-artifacts", AT_RUN_TIME, "/x"), ASK, id="a bucket's name that goes on"),
        pytest.param(join("s3://ml-artifacts", "x", on=AT_RUN_TIME), ASK, id="between the parts"),
        pytest.param(
            join("s3://", {"Std:Unheard": "of"}, "ml-artifacts/x"), ASK, id="a function nobody knows"
        ),
        pytest.param({"Get": "Steps.Step.PrimaryContainer.ModelDataUrl"}, ASK, id="itself"),
    ],
)
def test_what_is_not_known_is_not_taken_for_known(location: Any, beside: Step) -> None:
    """Only the properties of SageMaker's own things repeat what was asked for, and only in members they have."""
    assert ("data-perimeter", DATA) in refused(hold(model(location), beside))


@pytest.mark.parametrize(
    "value",
    [["s3://somebody-elses/x"], {"std:join": {"On": "", "Values": []}}, {"Get": "Parameters.X", "x": 1}],
)
def test_a_single_value_is_no_structure(value: Any) -> None:
    """What is neither a value nor a variable that is known is refused wherever the operation takes one value."""
    assert ("pipeline-definition", DATA) in refused(hold(model(value)))
    arguments = training(HyperParameters={"depth": value})
    path = f"{PLACE}.HyperParameters['depth']"
    assert [("pipeline-definition", path)] == refused(hold(step("Training", arguments)))


def test_variables_that_grow_without_end_are_unknown() -> None:
    """A small definition whose text would fill the memory is refused at once."""
    steps = [model("s3://ml-artifacts/x", name="m0")]
    for number in range(1, 12):
        grown = join(*[{"Get": f"Steps.m{number - 1}.PrimaryContainer.ModelDataUrl"}] * 40)
        steps.append(model(grown, name=f"m{number}"))
    assert "data-perimeter" in {control for control, _ in refused(hold(*steps))}


# --- loops

BODY = {"Get": "ForEach.CurrentItem"}
FIELD = {"Get": "ForEach.CurrentItem.data['uri']"}


def loop(items: Any, location: Any, **parameters: str) -> list[tuple[str, str]]:
    stated = step("ForEach", {"IterableItems": items, "ForEachBody": [model(location, name="Inner")]})
    return refused(hold(stated, parameters=parameters))


def field(uri: str) -> str:
    return json.dumps({"data": {"uri": uri}})


@pytest.mark.parametrize(
    ("items", "location"),
    [
        (["s3://ml-artifacts/a", "s3://ml-artifacts/b"], BODY),
        (["s3://ml-artifacts/a"], BODY),
        (["a", "b"], join("s3://ml-artifacts", BODY, on="/")),
        ([field("s3://ml-artifacts/a"), field("s3://ml-artifacts/b")], FIELD),
        ([{"Get": "Parameters.One"}, "s3://ml-artifacts/b"], BODY),
        ({"Get": "Parameters.All"}, BODY),
    ],
)
def test_what_all_items_of_a_loop_have_in_common_is_known(items: Any, location: Any) -> None:
    """So a list of locations in one bucket may be gone through; the variable stays."""
    listed = json.dumps(["s3://ml-artifacts/a", "s3://ml-artifacts/b"])
    assert [] == loop(items, location, One="s3://ml-artifacts/a", All=listed)


@pytest.mark.parametrize(
    ("items", "location"),
    [
        (["s3://ml-artifacts/a", "s3://somebody-elses/b"], BODY),
        (["s3://ml-artifacts", "s3://ml-artifacts-of-others/b"], BODY),
        ([field("s3://ml-artifacts/a"), field("s3://somebody-elses/a")], FIELD),
        ([field("s3://ml-artifacts/a"), "no structure"], FIELD),
        (["s3://ml-artifacts/a", 7], BODY),
        ([{"Get": "Parameters.One"}], BODY),
        ({"Get": "Parameters.All"}, BODY),
        (AT_RUN_TIME, BODY),
        ([], BODY),
    ],
)
def test_one_item_that_does_not_fit_is_enough(items: Any, location: Any) -> None:
    """Each of them is put in the place of the variable once."""
    path = f"{PLACE}.ForEachBody['Inner'].Arguments.PrimaryContainer.ModelDataUrl"
    assert ("data-perimeter", path) in loop(items, location, One="s3://somebody-elses/a", All="no list")


def test_an_item_is_of_its_own_loop() -> None:
    """What a step of one loop states is not read with the items of another."""
    theirs = step(
        "ForEach",
        {"IterableItems": ["s3://somebody-elses/a"], "ForEachBody": [model(BODY, name="Theirs")]},
        name="B",
    )
    stolen = {"Get": "Steps.Theirs.PrimaryContainer.ModelDataUrl"}
    found = hold(
        step(
            "ForEach",
            {"IterableItems": ["s3://ml-artifacts/a"], "ForEachBody": [model(stolen, name="Inner")]},
        ),
        theirs,
    )
    path = f"{PLACE}.ForEachBody['Inner'].Arguments.PrimaryContainer.ModelDataUrl"
    assert ("data-perimeter", path) in refused(found)


# --- parameters


def test_a_parameter_is_stated_once() -> None:
    """Of two of one name a reader takes the first or the last."""
    twice = [
        {"Name": "A", "Type": "String", "DefaultValue": value}
        for value in ("s3://evil/x", "s3://ml-artifacts/x")
    ]
    text = definition(model({"Get": "Parameters.A"}), Parameters=twice)
    assert [("pipeline-definition", "PipelineDefinition.Parameters")] == refused(raw(text))


@pytest.mark.parametrize(
    "parameters",
    [{"A": "x"}, [7], [{"Type": "String"}], None, [{"Name": "A", "DefaultValue": [{"ModelName": "x"}]}]],
)
def test_parameters_that_cannot_be_read_are_refused(parameters: Any) -> None:
    """Neither when the definition is sent nor when it is started."""
    text = definition(step("Fail", {}), Parameters=parameters)
    assert [("pipeline-definition", "PipelineDefinition.Parameters")] == refused(raw(text))
    with pytest.raises(ValueError, match="definition"):
        with_parameters(text, {"A": "1"})


def test_a_switch_is_started_with_text() -> None:
    """Whoever starts a pipeline gives text; it is read as the definition's own kind of value."""
    switch = {"Name": "Debug", "Type": "Boolean", "DefaultValue": False}
    arguments = training(RemoteDebugConfig={"EnableRemoteDebug": {"Get": "Parameters.Debug"}})
    found = raw(definition(step("Training", arguments), Parameters=[switch]))
    assert {"Get": "Parameters.Debug"} == at(found, "RemoteDebugConfig", "EnableRemoteDebug")
    path = f"{PLACE}.RemoteDebugConfig.EnableRemoteDebug"
    assert [] == refused(started(found, Debug="False"))
    assert [("remote-debug", path)] == refused(started(found, Debug="true"))


@pytest.mark.parametrize(
    "members",
    [
        {"Metadata": {"DbPassword": "hunter2-hunter2"}},
        {"Parameters": [{"Name": "DbPassword", "Type": "String", "EnumValues": ["hunter2-hunter2"]}]},
    ],
)
def test_a_secret_around_the_steps_is_found(members: dict[str, Any]) -> None:
    """All free text of a definition is stored in clear."""
    (path,) = members
    found = raw(definition(step("Fail", {}), **members))
    assert [("plaintext-secret", f"PipelineDefinition.{path}")] == refused(found)


# --- what is too deep, or no structure


def nested(depth: int) -> str:
    inner = json.dumps(step("Training", training()))
    opened = "".join(
        f'{{"Name":"c{number}","Type":"Condition","Arguments":{{"IfSteps":[' for number in range(depth)
    )
    return f'{{"Version":"2020-12-01","Steps":[{opened}{inner}{"]}}" * depth}]}}'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(nested(5000), id="conditions"),
        pytest.param(
            definition(step("Training", training())).replace('"File"', "[" * 900 + "]" * 900),
            id="arguments that can be parsed",
        ),
        pytest.param("[" * 100_000, id="no end"),
        pytest.param(
            definition({**step("Training", {}), "Arguments": {"Get": "Parameters.A"}}), id="variable"
        ),
        pytest.param(definition({**step("Condition", {}), "Arguments": {"Std:JsonGet": {}}}), id="function"),
    ],
)
def test_what_nobody_can_read_is_refused_and_names_nothing(text: str) -> None:
    """A refusal like any other, whatever the text does to its reader."""
    found = raw(text)
    assert "pipeline-definition" in {control for control, _ in refused(found)}
    namings = mentions_of(operation("CreatePipeline"))
    assert namings is not None
    assert [] == list(namings.of({"PipelineDefinition": text}))


def test_deep_conditions_are_held_like_others() -> None:
    """As deep as a reader comes."""
    found = raw(nested(40))
    assert [] == refused(found)
    assert "EnableNetworkIsolation" in str(found.parameters["PipelineDefinition"])


def test_nothing_is_let_through_by_observing_what_cannot_be_read() -> None:
    """It is recorded, like every finding of an observing control."""
    request = {"PipelineName": "churn", "PipelineDefinition": "no JSON"}
    found = enforced("CreatePipeline", request, **LAX, modes={"pipeline-definition": "observe"})
    assert [("pipeline-definition", "observed")] == [
        (one.control_id, one.action) for one in found.decisions if one.path == "PipelineDefinition"
    ]


# --- clusters

EMR = f"{PLACE}.ClusterConfig"


@pytest.mark.parametrize(
    ("members", "control", "path"),
    [
        ({"LogEncryptionKmsKeyId": FOREIGN_KEY}, "kms-output-key", "LogEncryptionKmsKeyId"),
        (
            {"Steps": [{"HadoopJarStep": {"Jar": "s3://somebody-elses/x.jar"}}]},
            "data-perimeter",
            "Steps[0].HadoopJarStep.Jar",
        ),
        (
            {"Instances": {"InstanceGroups": [{"CustomAmiId": "ami-1"}]}},
            "pipeline-definition",
            "Instances.InstanceGroups[0].CustomAmiId",
        ),
        (
            {"Instances": {"InstanceFleets": [{"InstanceTypeConfigs": [{"CustomAmiId": "ami-1"}]}]}},
            "pipeline-definition",
            "Instances.InstanceFleets[0].InstanceTypeConfigs[0].CustomAmiId",
        ),
    ],
)
def test_every_part_of_a_cluster_is_held(members: dict[str, Any], control: str, path: str) -> None:
    """Its logs' key, the steps that it begins with, the images of its machines."""
    found = hold(step("EMR", {"ClusterConfig": {**CLUSTER, **members}}))
    assert [(control, f"{EMR}.{path}")] == refused(found)


# --- what steps name


def named(*steps: Step, **parameters: Any) -> list[tuple[str, str]]:
    """Path inside the definition and thing of all that the steps name and do not make."""
    namings = mentions_of(operation("CreatePipeline"))
    assert namings is not None
    text = definition(*steps, parameters=parameters)
    return [
        (one.path.removeprefix("PipelineDefinition.Steps"), one.label)
        for one in namings.of({"PipelineDefinition": text})
    ]


def transform(name: Any) -> Step:
    return step("Transform", {"ModelName": name})


PLACE_OF_MODEL = "['Step'].Arguments.ModelName"


def test_what_a_step_makes_is_not_looked_for() -> None:
    """By the name that it states, or by its property."""
    made = model("s3://ml-artifacts/x", name="Make")
    for name in ("ModelName", "ModelArn"):
        assert [] == named(made, transform({"Get": f"Steps.Make.{name}"}))
    made["Arguments"]["ModelName"] = "churn"
    assert [] == named(made, transform("churn"))
    assert [] == named(made, transform({"Get": "Steps.Make.ModelName"}))


def test_another_kind_of_thing_of_that_name_is_looked_for() -> None:
    """A job that is called like a model makes no model."""
    job = step("Training", training(TrainingJobName="churn"), name="Train")
    assert [(PLACE_OF_MODEL, "model/churn")] == named(job, transform("churn"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (AT_RUN_TIME, "{Steps.Ask.OutputParameters['answer']}"),
        (join("churn-", AT_RUN_TIME), "churn-{Steps.Ask.OutputParameters['answer']}"),
        ({"Get": "Parameters.Name"}, "{Parameters.Name}"),
        ({"Get": "Steps.Train.TrainingJobName"}, "{Steps.Train.TrainingJobName}"),
    ],
)
def test_a_name_that_only_the_run_tells_is_named_as_such(name: Any, told: str) -> None:
    """Nobody can look at it, so it is not left out."""
    steps = (ASK, step("Training", training(), name="Train"), transform(name))
    assert [(PLACE_OF_MODEL, told)] == named(*steps, Name=None)


def test_a_parameter_names_its_default() -> None:
    """Which is what runs, unless whoever starts it says otherwise, and then that is looked at."""
    assert [(PLACE_OF_MODEL, "model/churn")] == named(transform({"Get": "Parameters.Name"}), Name="churn")


def test_the_model_of_a_check_is_named_beside_its_arguments() -> None:
    """A check of bias asks that model for predictions."""
    check = step("ClarifyCheck", STEPS_OF_OPERATIONS["ClarifyCheck"][0], ModelName="theirs")
    assert [("['Step'].ModelName", "model/theirs")] == named(check)


def test_the_walk_of_a_secured_definition_is_repeatable() -> None:
    """Variables at every governed place: secured once, it verifies, and enforcing it again changes nothing."""
    arguments = {
        "AppSpecification": {"ImageUri": {"Get": "Parameters.Image"}},
        "NetworkConfig": {"VpcConfig": {"Subnets": [{"Get": "Parameters.Net"}]}},
        "ProcessingOutputConfig": {
            "KmsKeyId": {"Get": "Parameters.Key"},
            "Outputs": [{"OutputName": "o", "S3Output": {"S3Uri": join("s3://", TARGET, "/", AT_RUN_TIME)}}],
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": {"Get": "Parameters.Type"}, "VolumeKmsKeyId": None}
        },
        "RoleArn": {"Get": "Parameters.Role"},
    }
    found = hold(
        step("Processing", arguments),
        ASK,
        parameters={
            "Image": IMAGE,
            "Net": "subnet-0a1b2c3d",
            "Key": None,
            "Type": EBS,
            "Role": DEFAULT_ROLE,
        },
    )
    assert [] == refused(found)
    assert [] == refused(verified("CreatePipeline", found.parameters, **LAX))
    again = enforced("CreatePipeline", found.parameters, **LAX)
    assert found.parameters["PipelineDefinition"] == again.parameters["PipelineDefinition"]
    assert NOTIFY in str(found.parameters["PipelineDefinition"])
