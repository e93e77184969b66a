"""Plaintext secrets: what is found, where it is looked for, how it is told, and what is permitted."""

import base64
import json
import string
from collections.abc import Mapping

import botocore.session
import hypothesis
import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from hypothesis import strategies as st

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls import Action
from secure_sagemaker.controls.detection import _clean as remembered
from secure_sagemaker.controls.free_texts import text_rule
from secure_sagemaker.controls.members import is_mutating
from secure_sagemaker.controls.secret_formats import detectors
from secure_sagemaker.controls.secret_names import secret_name
from secure_sagemaker.controls.secrets import secrets_in
from tests.controls_support import Request, at, decided, decisions_at, enforced, errors_of, refused
from tests.data.labelled_secrets import FORMATS, Maker
from tools.secrets_score import ours, score

SEEDS = range(1000, 1005)
TOKEN = "gh" + "p_" + "0aB1" * 9  # in two parts, lest anybody take it for a real one


def processing(**members: object) -> Request:
    return {"ProcessingJobName": "clean", **members}


def environment(**variables: str) -> Request:
    return processing(Environment=variables)


def names(request: Request, allow: Mapping[str, str] | None = None) -> str:
    """What is told of the secrets in a processing job."""
    found = enforced("CreateProcessingJob", request, secrets__allow=allow or {})
    return " ".join(
        decision.wanted for decision in found.refusals if decision.control_id is ControlId.PLAINTEXT_SECRET
    )


# --- how well


def test_secrets_of_the_labelled_list_are_found_and_look_alikes_are_not() -> None:
    """At most one in two hundred is missed, and at most one in two hundred look-alikes is taken for one."""
    result = score(ours, SEEDS)
    assert result.found + result.missed.total() > 2500
    assert result.recall >= 0.995, result.missed.most_common()
    assert result.false_positives <= 0.005, result.mistaken.most_common()
    assert result.precision >= 0.995


def test_the_score_can_fall() -> None:
    """What finds everything, and what finds nothing, scores badly."""
    everything, nothing = score(lambda _: True, range(1)), score(lambda _: False, range(1))
    assert (1.0, 1.0) == (everything.recall, everything.false_positives)
    assert (0.0, 0.0) == (nothing.recall, nothing.false_positives)
    assert everything.precision < 0.5


@pytest.mark.parametrize("detector", detectors(), ids=lambda detector: detector.kind)
@hypothesis.settings(max_examples=20, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@hypothesis.given(data=st.data())
def test_no_shortcut_hides_what_a_detector_finds(detector: object, data: st.DataObject) -> None:
    """A text that matches a pattern of the library holds one of the markers that we look for first."""
    pattern = data.draw(st.sampled_from(list(detector.plugin.denylist)))  # type: ignore[attr-defined]  # each kind's own
    text = data.draw(st.from_regex(pattern, alphabet=st.sampled_from(string.printable[:95])))
    either_case = f"{text}\n{text.lower()}"
    assert any(marker in either_case for marker in detector.markers)  # type: ignore[attr-defined]  # as above


# --- what is refused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("API_TOKEN", TOKEN, id="form"),
        pytest.param("note", TOKEN, id="form-under-any-name"),
        pytest.param("DB_PASSWORD", "hunter2", id="name"),
        pytest.param("vendor", "q7Rz2LmX9vKc4TnB8wYh3GdJ6pFs5AeU1iQo0ZxV", id="randomness"),
    ],
)
def test_a_secret_is_refused_whatever_the_mode_would_correct(name: str, value: str) -> None:
    """By its form, its name or its randomness; never corrected, as only the caller knows where it belongs."""
    for mode in ("refuse", "correct"):
        found = enforced(
            "CreateProcessingJob", environment(**{name: value}), modes={"plaintext-secret": mode}
        )
        assert [("plaintext-secret", "Environment")] == refused(found)


def test_the_refusal_tells_the_name_and_the_kind_and_never_the_value() -> None:
    """In the decision and in the error with its attributes."""
    found = enforced("CreateProcessingJob", environment(API_TOKEN=TOKEN, HOST="db.corp.internal"))
    (error,) = errors_of(found)
    told = f"{found.decisions} {error} {error!r} {vars(error)}"
    assert "'API_TOKEN' holds a GitHub token" in error.wanted
    assert "(hidden)" == error.got
    assert "Secrets Manager" in error.remedy
    assert TOKEN not in told
    assert "HOST" not in error.wanted


@pytest.mark.parametrize("label", FORMATS)
def test_no_format_is_told_by_its_value(label: str) -> None:
    """Not when it stands as a value, as a name, in a script, in JSON, or as an argument without a name."""
    value = FORMATS[label](Maker(7))
    requests = (
        processing(Environment={"X": value, value: "1"}),
        processing(
            AppSpecification={"ImageUri": "x", "ContainerArguments": [value, f"{value}=1", "--x", value]}
        ),
        processing(
            AppSpecification={"ImageUri": "x", "ContainerEntrypoint": ["sh", "-c", f"{value}=1 {value}"]}
        ),
        processing(Environment={"X": json.dumps({value: {"a": [value]}})}),
        processing(Tags=[{"Key": "team", "Value": value}, {"Key": value, "Value": "1"}]),
    )
    for request in requests:
        found = enforced("CreateProcessingJob", request)
        packed_in_a_script = label.endswith("in base64") and request is requests[2]
        assert packed_in_a_script or ControlId.PLAINTEXT_SECRET in {one.control_id for one in found.refusals}
        told = f"{found.decisions} {[str(error) for error in errors_of(found)]}"
        assert value not in told
        assert json.dumps(value)[1:-1] not in told


def test_other_controls_do_not_show_the_member_either() -> None:
    """A tag that holds a secret is not shown by the control of tags; other tags still are."""
    with_secret = [{"Key": "team", "Value": "churn"}, {"Key": "DB_PASSWORD", "Value": "hunter2"}]
    found = enforced("CreateProcessingJob", processing(Tags=with_secret))
    assert "hunter2" not in str(found.decisions)
    shown = enforced("CreateProcessingJob", processing(Tags=[{"Key": "stage", "Value": "research"}]))
    assert any("research" in decision.wanted for decision in decisions_at(shown, "Tags"))


def test_what_is_sent_where_a_control_observes_is_what_the_caller_gave() -> None:
    """And what is told names the value, so that it can be found."""
    observing = {"plaintext-secret": "observe"}
    found = enforced("CreateProcessingJob", environment(DB_PASSWORD="hunter2"), modes=observing)
    assert Action.OBSERVED is decided(found, "Environment")
    assert "'DB_PASSWORD'" in decisions_at(found, "Environment")[0].wanted
    assert {"DB_PASSWORD": "hunter2"} == at(found, "Environment")


def test_nothing_is_said_of_clean_text() -> None:
    """Nor of a member that is not there, or empty: what most requests hold takes no place in the record."""
    assert decided(enforced("CreateProcessingJob", environment(A="1")), "Environment") is None
    assert decided(enforced("CreateProcessingJob", processing()), "Environment") is None
    assert decided(enforced("CreateProcessingJob", environment()), "Environment") is None


def test_what_is_remembered_between_looks_is_clean_text_alone() -> None:
    """The second look says what the first said, and no secret is kept for it."""
    before = remembered.cache_info().currsize
    for _ in range(2):
        assert [("A", "a GitHub token")] == list(secrets_in("Environment", {"A": TOKEN}))
        assert [] == list(secrets_in("Environment", {"A": "a text that nothing is wrong with, 0123456789"}))
    assert before + 1 == remembered.cache_info().currsize


# --- what is permitted


def test_a_key_is_permitted_by_its_exact_name() -> None:
    """The others are not, and a name that only begins like it is not."""
    allow = {"JOIN_TOKEN": "the separator of a join"}
    values = {
        "JOIN_TOKEN": "0-fields-joined-by-1",
        "JOIN_TOKEN_2": "0-fields-joined-by-1",
        "join_token": "a1b2c3d4e5f6",
    }
    told = names(environment(**values), allow)
    assert "'JOIN_TOKEN' " not in told
    assert "'JOIN_TOKEN_2'" in told
    assert "'join_token'" in told
    assert "" == names(environment(JOIN_TOKEN=TOKEN), allow)


def test_a_value_inside_a_json_text_is_permitted_by_its_path() -> None:
    """The path that the refusal tells is the name that permits."""
    request = processing(Environment={"config": json.dumps({"store": {"api_key": "0a1b2c3d4e5f"}})})
    assert "'config.store.api_key'" in names(request)
    assert "" == names(request, {"config.store.api_key": "of a public sandbox"})


@pytest.mark.parametrize(
    "value",
    [
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf",
        "/ml/prod/db-password",
        "{{resolve:secretsmanager:prod/db}}",
        "${DB_PASSWORD}",
        "<password>",
        "s3://ml-artifacts/config/password.json",
        "changeme",
    ],
)
def test_a_reference_or_a_placeholder_is_no_secret(value: str) -> None:
    """Whatever the name says."""
    assert "" == names(environment(DB_PASSWORD=value))


def test_the_public_key_of_a_remote_function_is_no_secret() -> None:
    """SDK v3 sends one in REMOTE_FUNCTION_SECRET_KEY; the key that older SDKs send there is a secret."""
    maker = Maker(1)
    assert "" == names(environment(REMOTE_FUNCTION_SECRET_KEY=maker.pem("PUBLIC KEY")))
    assert "REMOTE_FUNCTION_SECRET_KEY" in names(
        environment(REMOTE_FUNCTION_SECRET_KEY=maker.of("0123456789abcdef", 64))
    )


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens",
        "pad_token",
        "tokenizer",
        "SECRET_ARN",
        "password_column",
        "primary_key",
        "TOKEN_URL",
        "pass_rate",
        "",
    ],
)
def test_a_name_of_something_else_says_nothing(name: str) -> None:
    """What ends in another word, or belongs to a language model or a table, is no name of a secret."""
    assert secret_name(name) is None


# --- where it is looked for


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SCRIPT = "#!/bin/bash\nset -e\nexport DB_PASSWORD='hunter2'\n"
PLACES: dict[str, tuple[str, Request, str]] = {
    "training environment": ("CreateTrainingJob", {"Environment": {"A": TOKEN}}, "Environment"),
    "hyperparameters": (
        "CreateTrainingJob",
        {"HyperParameters": {"a": json.dumps(TOKEN)}},
        "HyperParameters",
    ),
    "training arguments": (
        "CreateTrainingJob",
        {"AlgorithmSpecification": {"ContainerArguments": ["--a", TOKEN], "TrainingInputMode": "File"}},
        "AlgorithmSpecification.ContainerArguments",
    ),
    "tuning": (
        "CreateHyperParameterTuningJob",
        {"TrainingJobDefinition": {"StaticHyperParameters": {"a": TOKEN}}},
        "TrainingJobDefinition.StaticHyperParameters",
    ),
    "processing entry point": (
        "CreateProcessingJob",
        {"AppSpecification": {"ImageUri": "x", "ContainerEntrypoint": ["sh", "-c", f"T={TOKEN} run"]}},
        "AppSpecification.ContainerEntrypoint",
    ),
    "model": (
        "CreateModel",
        {"ModelName": "a", "Containers": [{"Environment": {"A": "1"}}, {"Environment": {"A": TOKEN}}]},
        "Containers[1].Environment",
    ),
    "transform": ("CreateTransformJob", {"Environment": {"A": TOKEN}}, "Environment"),
    "monitoring": (
        "CreateMonitoringSchedule",
        {"MonitoringScheduleConfig": {"MonitoringJobDefinition": {"Environment": {"A": TOKEN}}}},
        "MonitoringScheduleConfig.MonitoringJobDefinition.Environment",
    ),
    "notebook script": (
        "CreateNotebookInstanceLifecycleConfig",
        {"OnCreate": [{"Content": encoded(SCRIPT)}]},
        "OnCreate[0].Content",
    ),
    "Studio script": (
        "CreateStudioLifecycleConfig",
        {"StudioLifecycleConfigContent": encoded(SCRIPT)},
        "StudioLifecycleConfigContent",
    ),
    "script that is not encoded": (
        "CreateStudioLifecycleConfig",
        {"StudioLifecycleConfigContent": SCRIPT},
        "StudioLifecycleConfigContent",
    ),
    "tags": ("AddTags", {"ResourceArn": "x", "Tags": [{"Key": "a", "Value": TOKEN}]}, "Tags"),
    "model card": (
        "CreateModelCard",
        {"ModelCardName": "a", "Content": json.dumps({"training_details": {"api_key": "0a1b2c3d4e5f6"}})},
        "Content",
    ),
    "pipeline parameters": (
        "StartPipelineExecution",
        {"PipelineName": "a", "PipelineParameters": [{"Name": "DbPassword", "Value": "hunter2"}]},
        "PipelineParameters",
    ),
    "pipeline definition": (
        "CreatePipeline",
        {
            "PipelineDefinition": json.dumps(
                {
                    "Version": "2020-12-01",
                    "Steps": [
                        {"Name": "T", "Type": "Training", "Arguments": {"Environment": {"A": TOKEN}}},
                    ],
                }
            )
        },
        "PipelineDefinition.Steps['T'].Arguments.Environment",
    ),
    "code repository": (
        "CreateNotebookInstance",
        {"DefaultCodeRepository": "https://jane:" + "s3cr3tpw1" + "@git.corp.example/ml.git"},
        "DefaultCodeRepository",
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_found_where_it_stands(place: str) -> None:
    """In every kind of free text."""
    operation, request, path = PLACES[place]
    assert ("plaintext-secret", path) in refused(enforced(operation, request))


def test_a_job_document_is_looked_through_beside_its_other_controls() -> None:
    """As text of a request of its own, in botocores that know CreateJob."""
    model = botocore.session.Session().get_service_model("sagemaker")
    if "CreateJob" not in model.operation_names:
        pytest.skip("this botocore has no CreateJob")
    document = json.dumps({"Environment": {"DB_PASSWORD": "hunter2"}})
    found = enforced("CreateJob", {"JobName": "tune", "JobConfigDocument": document})
    assert ("plaintext-secret", "JobConfigDocument") in refused(found)
    assert "hunter2" not in str(found.decisions)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("[" * 100_000, id="brackets"),
        pytest.param('{"a":' * 500 + json.dumps(TOKEN) + "}" * 500, id="deep"),
        pytest.param(json.dumps(json.dumps(json.dumps(json.dumps({"a": TOKEN})))), id="quoted"),
        pytest.param("eyJ" * 5_000, id="slow-pattern"),
        pytest.param("=" * 50_000, id="signs"),
    ],
)
def test_no_text_ends_the_search(value: str) -> None:
    """What no parser or pattern likes is text like any other; what is deep within is found."""
    found = list(secrets_in("Environment", {"A": value}))
    assert bool(found) is (TOKEN in value.replace("\\", ""))


# --- nothing is left out


def leaves(shape: Shape, within: tuple[str, ...] = ()) -> "list[tuple[str, str, Shape]]":
    found = []
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    if isinstance(shape, StructureShape) and shape.name not in within:
        for name, member in shape.members.items():
            found.append((shape.name, name, member))
            found += leaves(member, (*within, shape.name))
    return found


def is_free_text(member: str, shape: Shape) -> bool:
    """Maps of text, lists of pairs, commands, and texts that may be long or hold a document."""
    match shape:
        case MapShape():
            return isinstance(shape.value, StringShape)
        case ListShape() if isinstance(shape.member, StructureShape):
            pair = set(shape.member.members)
            return "Value" in pair and bool({"Key", "Name"} & pair)
        case ListShape():
            return member.endswith(("Arguments", "Entrypoint"))
        case StringShape() if not shape.enum:
            return int(shape.metadata.get("max", 0)) >= 4096 or member.endswith(
                ("Content", "Script", "Document")
            )
    return False


NO_TEXT = {
    "PipelineDefinition": "walked into: its parameters, and each text of its steps, are looked at one by one",
    "AggregationTransformations": "the values are names of aggregations",
    "AuthenticationRequestExtraParams": "parameters that an identity provider shows in its address bar",
    "CategoricalParameters": "looked at one by one",
    "CfnStackParameterValue": "looked at as a pair",
    "ClarifyShapBaseline": "rows of data",
    "ClientSecret": "the API's own place for a secret, which no answer repeats",
    "DataInputConfig": "the shapes of a model's inputs",
    "DirectoryPath": "a path",
    "EndpointPolicyDocument": "a policy, which is read by its own control",
    "EnvironmentParameters": "looked at one by one",
    "FillingTransformationMap": "the values are names of fillings",
    "HumanLoopActivationConditions": "conditions on numbers",
    "ModelVariantActionMap": "the values are names of actions",
    "NextToken": "a place in a listing",
    "PolicyString": "a policy, which is read by its own control",
    "ProvisioningParameterValue": "looked at as a pair",
    "SearchExpression": "a question",
    "VisibilityConditionsList": "a question",
}


def test_every_free_text_is_looked_through_or_has_its_reason() -> None:
    """Of every mutating input of the installed botocore."""
    model = botocore.session.Session().get_service_model("sagemaker")
    tops = [
        model.operation_model(name).input_shape
        for name in model.operation_names
        if is_mutating("sagemaker", name)
    ]
    texts = [
        leaf for top in tops if top is not None for leaf in leaves(top) if is_free_text(leaf[1], leaf[2])
    ]
    assert len({shape.name for _, _, shape in texts}) > 40
    missed = {
        (structure, name, shape.name)
        for structure, name, shape in texts
        if text_rule(structure, name, shape.name) is None and not {shape.name, name} & NO_TEXT.keys()
    }
    assert set() == missed
