"""The way of one call: what is injected stays, what was weakened is refused, and each call is recorded once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError, ParamValidationError
from botocore.hooks import HierarchicalEmitter

from secure_sagemaker import (
    Action,
    AuditError,
    ControlError,
    IdentityError,
    KeyResolutionError,
    SecureSageMakerError,
    SecureSession,
    SessionError,
)
from secure_sagemaker.handlers import hold_back, register, release
from tests.unit.baseline.stated import KEY
from tests.unit.secured import BY_ALIAS, LAUNCHER, Records, assert_secured, secured, training_job
from tests.wire import OF_SESSIONS, Wire, refuses

FOREIGN_VPC = {"Subnets": ["subnet-0f0f0f0f"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
Change = Callable[[dict[str, Any]], object]


def removes(params: dict[str, Any]) -> None:
    del params["VpcConfig"]


def weakens(params: dict[str, Any]) -> None:
    params["EnableNetworkIsolation"] = False


def exchanges(params: dict[str, Any]) -> None:
    params["OutputDataConfig"] = {
        **params["OutputDataConfig"],
        "KmsKeyId": KEY.replace("1234abcd", "ffffffff"),
    }


def moves(params: dict[str, Any]) -> None:
    params["VpcConfig"] = FOREIGN_VPC


def handler(change: Change) -> Callable[..., None]:
    def changed(params: dict[str, Any], **_: object) -> None:
        change(params)

    return changed


# --- handlers of the user's own


@pytest.mark.parametrize("change", [removes, weakens, exchanges, moves])
@pytest.mark.parametrize(
    ("event", "how", "on"),
    [
        pytest.param("provide-client-params", "register_last", "session", id="after-ours"),
        pytest.param(
            "before-parameter-build.sagemaker.CreateTrainingJob", "register", "client", id="longest-key"
        ),
        pytest.param("before-parameter-build.sagemaker", "register_last", "session", id="longer-key"),
        pytest.param("before-parameter-build", "register_first", "client", id="before-ours"),
        pytest.param("before-parameter-build", "register", "session", id="plain"),
    ],
)
def test_what_was_secured_stays_secured(event: str, how: str, on: str, change: Change, wire: Wire) -> None:
    """A handler that removes or weakens what was injected gets the call refused at the verify step."""
    records = Records()
    session = secured(wire, audit=records)
    if on == "session":
        getattr(session.events, how)(event, handler(change))
    client = session.client("sagemaker")
    if on == "client":
        getattr(client.meta.events, how)(event, handler(change))
    with pytest.raises(ControlError) as caught:
        client.create_training_job(**training_job())
    assert [] == wire.requests
    (record,) = records
    assert ("refused", caught.value.control_id) == (record.outcome, record.error_code)
    refused = [row.path for row in record.decisions if row.action is Action.REFUSED]
    assert caught.value.path == refused[0]


@pytest.mark.parametrize(
    ("event", "how"),
    [
        pytest.param("provide-client-params.sagemaker.CreateTrainingJob", "register", id="longest-key"),
        pytest.param("provide-client-params", "register_first", id="before-ours"),
    ],
)
def test_what_a_handler_adds_first_is_held_to_the_baseline(event: str, how: str, wire: Wire) -> None:
    """A change made before ours is judged like the caller's own; a foreign subnet is refused."""
    session = secured(wire)

    def change(params: dict[str, Any], **_: object) -> None:
        params["VpcConfig"] = FOREIGN_VPC

    getattr(session.events, how)(event, change)
    with pytest.raises(ControlError) as caught:
        session.client("sagemaker").create_training_job(**training_job())
    assert "VpcConfig.Subnets" == caught.value.path
    assert [] == wire.requests


@pytest.mark.parametrize("event", ["provide-client-params", "provide-client-params.sagemaker"])
def test_what_a_handler_weakens_first_is_corrected(event: str, wire: Wire) -> None:
    """A handler of the same event runs before ours: what it sets is corrected like the caller's own."""
    session = secured(wire)

    def change(params: dict[str, Any], **_: object) -> None:
        params["EnableInterContainerTrafficEncryption"] = False

    session.events.register(event, change)
    session.client("sagemaker").create_training_job(**training_job())
    assert_secured(wire.one("CreateTrainingJob"))


@pytest.mark.parametrize("how", ["register_first", "register_last"])
def test_a_replaced_request_is_verified(how: str, wire: Wire) -> None:
    """A handler that returns another request is not past the baseline: the last look is at what is sent."""
    session = secured(wire)
    getattr(session.events, how)("provide-client-params.sagemaker", lambda **_: training_job())
    with pytest.raises(ControlError, match="something changed it afterwards"):
        session.client("sagemaker").create_training_job(**training_job())
    assert [] == wire.requests


def test_a_handler_that_weakens_nothing_is_welcome(wire: Wire) -> None:
    """Users' handlers keep working: a name that one changes is the name on the wire."""
    session = secured(wire)

    def rename(params: dict[str, Any], **_: object) -> None:
        params["TrainingJobName"] = "renamed"

    session.events.register("before-parameter-build.sagemaker", rename)
    session.client("sagemaker").create_training_job(**training_job())
    assert_secured(wire.one("CreateTrainingJob"))
    assert "renamed" == wire.one("CreateTrainingJob").json["TrainingJobName"]


# --- the caller's structures


def test_the_callers_structures_are_never_changed(wire: Wire) -> None:
    """Whatever is injected or corrected, the caller's dicts and lists are the same, deep down."""
    request = training_job(
        VpcConfig={"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]},
        EnableInterContainerTrafficEncryption=False,
        Tags=[{"Key": "team", "Value": "fraud"}],
    )
    before = copy.deepcopy(request)
    secured(wire).client("sagemaker").create_training_job(**request)
    assert before == request
    assert wire.one("CreateTrainingJob").json["EnableInterContainerTrafficEncryption"] is True


# --- presigned URLs


def test_a_presigned_put_covers_the_encryption(wire: Wire) -> None:
    """Its signature covers key, algorithm and owner; the caller's Params are as they were; it is on record."""
    records, params = Records(), {"Bucket": "ml-artifacts", "Key": "k"}
    url = secured(wire, audit=records).client("s3").generate_presigned_url("put_object", Params=params)
    assert {"Bucket": "ml-artifacts", "Key": "k"} == params
    for header in (
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-expected-bucket-owner",
    ):
        assert header in url.partition("X-Amz-SignedHeaders=")[2].partition("&")[0]
    assert "X-Amz-Credential=ASIASESSION00000" in url
    assert [("PutObject", "signed", "")] == records.outcomes
    assert LAUNCHER == records[0].principal


def test_a_presigned_get_stays_inside_the_perimeter(wire: Wire) -> None:
    """A URL for a bucket that nobody listed is refused, and no URL is made."""
    records = Records()
    s3 = secured(wire, audit=records).client("s3")
    with pytest.raises(ControlError) as caught:
        s3.generate_presigned_url("get_object", Params={"Bucket": "elsewhere", "Key": "k"})
    assert "Bucket" == caught.value.path
    assert [("GetObject", "refused", "data-perimeter")] == records.outcomes


def test_a_presigned_url_keeps_its_method(wire: Wire) -> None:
    """HttpMethod= cannot make a reading URL a writing one, which nothing would have encrypted."""
    records = Records()
    s3, params = secured(wire, audit=records).client("s3"), {"Bucket": "ml-artifacts", "Key": "k"}
    with pytest.raises(SessionError, match="signed for PUT"):
        s3.generate_presigned_url("get_object", Params=params, HttpMethod="PUT")
    assert [("GetObject", "refused", "SessionError")] == records.outcomes
    assert s3.generate_presigned_url("get_object", Params=params, HttpMethod="GET")


def test_a_presigned_url_keeps_its_host(wire: Wire) -> None:
    """A handler that sends it elsewhere gets it refused."""
    session, records = secured(wire, audit=(records := Records())), records

    def resolve(builtins: dict[str, object], **_: object) -> None:
        builtins["SDK::Endpoint"] = "https://elsewhere.example.com"

    session.events.register("before-endpoint-resolution.s3", resolve)
    with pytest.raises(SessionError, match=r"elsewhere\.example\.com"):
        session.client("s3").generate_presigned_url(
            "get_object", Params={"Bucket": "ml-artifacts", "Key": "k"}
        )
    assert [("GetObject", "refused", "SessionError")] == records.outcomes


def test_a_url_that_cannot_be_signed_is_not_on_record_as_signed(wire: Wire) -> None:
    """Without the role there is no URL, and the record says refused."""
    wire.answers["AssumeRole"] = refuses("AccessDenied", status=403)
    records = Records()
    with pytest.raises(IdentityError):
        secured(wire, audit=records).client("s3").generate_presigned_url(
            "get_object", Params={"Bucket": "ml-artifacts", "Key": "k"}
        )
    assert [("GetObject", "refused", "IdentityError")] == records.outcomes


# --- the last gate


def reroutes(session: SecureSession) -> None:
    def resolve(builtins: dict[str, object], **_: object) -> None:
        builtins["SDK::Endpoint"] = "https://elsewhere.example.com"

    session.events.register("before-endpoint-resolution.sagemaker", resolve)


def downgrades(session: SecureSession) -> None:
    def resolve(builtins: dict[str, object], **_: object) -> None:
        builtins["SDK::Endpoint"] = "http://api.sagemaker.eu-west-1.amazonaws.com"

    session.events.register("before-endpoint-resolution.sagemaker", resolve)


def unsigns(session: SecureSession) -> None:
    session.events.register("choose-signer.sagemaker", lambda **_: UNSIGNED)


def resigns(session: SecureSession) -> None:
    def resign(request: Any, **_: object) -> None:
        header = request.headers["Authorization"]
        text = header.decode() if isinstance(header, bytes) else header
        request.headers["Authorization"] = text.replace("ASIASESSION00000", "AKIASOMEBODY")

    session.events.register("before-send.sagemaker", resign)


@pytest.mark.parametrize(
    ("leaves", "told"),
    [
        pytest.param(reroutes, "no host of AWS", id="host"),
        pytest.param(downgrades, "not TLS", id="plain"),
        pytest.param(unsigns, "not signed", id="unsigned"),
        pytest.param(resigns, "another key", id="foreign-key"),
    ],
)
def test_nothing_leaves_by_another_way(
    leaves: Callable[[SecureSession], None], told: str, wire: Wire
) -> None:
    """Another host, no TLS, no signature or another key: held back once, without a retry, and recorded once."""
    records = Records()
    session = secured(wire, audit=records)
    leaves(session)
    with pytest.raises(SessionError, match=told):
        session.client("sagemaker").list_models()
    assert [] == wire.of("ListModels")
    assert [("ListModels", "refused", "SessionError")] == records.outcomes


# --- one record a call


def test_each_call_is_one_record(wire: Wire) -> None:
    """A success has AWS's request id, an error AWS's code too; each is recorded once, with its principal."""
    records = Records()
    client = secured(wire, audit=records).client("sagemaker")
    client.create_training_job(**training_job())
    wire.answers["CreateTrainingJob"] = refuses("ResourceInUse")
    with pytest.raises(ClientError):
        client.create_training_job(**training_job())
    assert [
        ("CreateTrainingJob", "succeeded", ""),
        ("CreateTrainingJob", "failed", "ResourceInUse"),
    ] == records.outcomes
    ids = [
        f"request-{number}"
        for number, sent in enumerate(wire.requests, 1)
        if sent.operation not in OF_SESSIONS
    ]
    assert ids == [record.request_id for record in records]
    assert [LAUNCHER] * 2 == [record.principal for record in records]


def test_a_retried_call_is_one_record(wire: Wire) -> None:
    """However often botocore sends it."""
    answers = iter([refuses("ThrottlingException"), refuses("ThrottlingException")])
    default = refuses("ValidationException")
    wire.answers["ListModels"] = lambda sent: next(answers, default)(sent)
    records = Records()
    session = secured(wire, audit=records)
    session.events.register(
        "needs-retry.sagemaker", lambda response, **_: 0 if _throttled(response) else None
    )
    with pytest.raises(ClientError):
        session.client("sagemaker").list_models()
    assert len(wire.of("ListModels")) > 1
    assert [("ListModels", "failed", "ValidationException")] == records.outcomes


def _throttled(response: Any) -> bool:
    return response is not None and response[1].get("Error", {}).get("Code") == "ThrottlingException"


def refused_at_enforcement(session: SecureSession) -> None:
    session.client("sagemaker").create_training_job(**training_job(VpcConfig=FOREIGN_VPC))


def refused_at_verification(session: SecureSession) -> None:
    session.events.register("before-parameter-build.sagemaker", handler(removes))
    session.client("sagemaker").create_training_job(**training_job())


def refused_at_sending(session: SecureSession) -> None:
    unsigns(session)
    session.client("sagemaker").create_training_job(**training_job())


@pytest.mark.parametrize("refused", [refused_at_enforcement, refused_at_verification, refused_at_sending])
def test_a_refusal_is_one_record(refused: Callable[[SecureSession], None], wire: Wire) -> None:
    """Whichever step refuses: one record, and the error reaches the caller."""
    records = Records()
    with pytest.raises(SecureSageMakerError):
        refused(secured(wire, audit=records))
    assert ["refused"] == [record.outcome for record in records]
    assert [] == wire.of("CreateTrainingJob")


def test_a_missing_role_is_one_record(wire: Wire) -> None:
    """A call that could not be signed was refused, by IdentityError."""
    wire.answers["AssumeRole"] = refuses("AccessDenied", status=403)
    records = Records()
    with pytest.raises(IdentityError):
        secured(wire, audit=records).client("sagemaker").list_models()
    assert [("ListModels", "refused", "IdentityError")] == records.outcomes


def test_a_missing_key_is_one_record_for_each_call(wire: Wire) -> None:
    """The look-up failed and the user's call was refused: one record each."""
    wire.answers["DescribeKey"] = refuses("AccessDeniedException")
    records = Records()
    with pytest.raises(KeyResolutionError):
        secured(wire, BY_ALIAS, audit=records).client("sagemaker").create_training_job(**training_job())
    assert [
        ("DescribeKey", "failed", "AccessDeniedException"),
        ("CreateTrainingJob", "refused", "KeyResolutionError"),
    ] == records.outcomes


def test_botos_own_refusal_is_botos(wire: Wire) -> None:
    """A request that botocore finds malformed raises botocore's error, and nothing leaves."""
    with pytest.raises(ParamValidationError):
        secured(wire).client("sagemaker").create_training_job(**training_job(StoppingCondition="soon"))
    assert [] == wire.requests


def test_a_denied_call_is_explained_in_the_record_alone(wire: Wire) -> None:
    """The record says what AccessDenied likely means here and what was injected; the error is AWS's own."""
    wire.answers["CreateTrainingJob"] = refuses("AccessDeniedException", "no")
    records = Records()
    with pytest.raises(ClientError) as caught:
        secured(wire, audit=records).client("sagemaker").create_training_job(**training_job())
    (record,) = records
    assert "service control policy" in record.explanation
    assert "VpcConfig.Subnets" in record.explanation
    assert {"Code", "Message"} == set(caught.value.response["Error"])


# --- the sink


def test_without_a_record_there_is_no_call(wire: Wire) -> None:
    """A sink that cannot keep records refuses the call before anything is sent, the role's included."""
    records = Records()
    client = secured(wire, audit=records).client("sagemaker")
    records.failing = True
    with pytest.raises(AuditError, match="the sink is gone"):
        client.create_training_job(**training_job())
    assert [] == wire.requests


def test_an_empty_sink_is_a_sink(wire: Wire) -> None:
    """A sink that counts as false, as an empty list does, is used all the same."""
    records = Records()
    assert not records
    secured(wire, audit=records).client("sagemaker").list_models()
    assert 1 == len(records)


def test_latency_and_time_are_the_clocks(wire: Wire) -> None:
    """A record's time is when the call began, in UTC, and its latency is never negative."""
    records = Records()
    secured(wire, audit=records).client("sagemaker").list_models()
    assert records[0].time.endswith("+00:00")
    assert records[0].latency_seconds >= 0


def test_handlers_are_the_sessions_own(wire: Wire) -> None:
    """A plain session of the same process is neither held to anything nor recorded."""
    records = Records()
    secured(wire, audit=records)
    plain = boto3.Session(aws_access_key_id="AKIA", aws_secret_access_key="s", region_name="eu-west-1")
    plain.client("sagemaker").create_training_job(**training_job())
    sent: Mapping[str, object] = wire.one("CreateTrainingJob").json
    assert ("VpcConfig" in sent, list(records)) == (False, [])


# --- putting the guard on, and taking it off


class Kept(HierarchicalEmitter):
    """Events that remember what is on them, by event and name."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: set[tuple[str, str]] = set()

    def register_first(self, event_name: str, handler: Any, unique_id: Any = None, *rest: Any) -> None:
        """Remember it."""
        self.kept.add((event_name, unique_id))

    def register_last(self, event_name: str, handler: Any, unique_id: Any = None, *rest: Any) -> None:
        """Remember it."""
        self.kept.add((event_name, unique_id))

    def unregister(self, event_name: str, handler: Any = None, unique_id: Any = None, *rest: Any) -> None:
        """Forget it."""
        self.kept.discard((event_name, unique_id))


def test_whatever_is_put_on_is_taken_off(wire: Wire) -> None:
    """Nothing of a guard stays on the events that it is released from: the next one would be ignored for it."""
    guard = secured(wire)._session.guard  # type: ignore[attr-defined]  # as the session wired it
    events = Kept()
    register(events, guard)
    assert len(events.kept) == 10
    release(events)
    hold_back(events, lambda **_: None)
    assert len(events.kept) == 3
    release(events)
    assert events.kept == set()
