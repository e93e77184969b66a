"""What must never get out: payload values in what the library tells, credentials in what leaves the process."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import cloudpickle
import hypothesis
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from hypothesis import strategies as st

from secure_sagemaker import IdentityError, JsonLinesSink, LoggingSink, SecureSageMakerError, SecureSession
from tests.unit.baseline.stated import COMPLETE, changed
from tests.unit.secured import secured, training_job
from tests.wire import ISSUED_SECRET, ISSUED_TOKEN, SOURCE_SECRET, Answer, Sent, Wire, refuses, stretched

pytestmark = pytest.mark.once

MARKER = "payload-marker"
SECRETS = (SOURCE_SECRET, ISSUED_SECRET, ISSUED_TOKEN)

# Text that nothing else of a request or a message holds, and that fits in a key of 32 bytes.
markers = st.text("abcdefgh0123456789", min_size=6, max_size=17).map(lambda text: f"{MARKER}-{text}")
FOREIGN = {"Subnets": ["subnet-0f0f0f0f"], "SecurityGroupIds": ["sg-0a1b2c3d"]}


class Told(logging.Handler):
    """Everything that the library logs, as it is formatted, with tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record))


@contextmanager
def listening() -> Iterator[Told]:
    told, logger = Told(), logging.getLogger("secure_sagemaker")
    before, propagates = logger.level, logger.propagate
    logger.addHandler(told)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield told
    finally:
        logger.removeHandler(told)
        logger.setLevel(before)
        logger.propagate = propagates


def everything_told(session: SecureSession, call: Callable[[], object], told: Told) -> str:
    """All that the library says about a call: error, logs, report, and the reprs of what it keeps."""
    said: list[object] = []
    try:
        call()
    except SecureSageMakerError as error:
        said += [error, repr(error), vars(error)]
    report = session.report()
    said += [report, repr(report), repr(session), *told.lines]
    said += [json.dumps(record.as_dict(), default=str) for record in report.records]
    said += [dataclasses.asdict(record) for record in report.records]
    return "\n".join(str(part) for part in said)


def training(session: SecureSession, marker: str, **members: object) -> Callable[[], object]:
    return lambda: session.client("sagemaker").create_training_job(
        **training_job(
            HyperParameters={"note": marker, "sagemaker_program": f'"{marker}"', marker: "1"},
            Environment={"NOTE": marker, marker: "1"},
            **members,
        )
    )


def with_secrets(session: SecureSession, marker: str) -> Callable[[], object]:
    return training(
        session,
        marker,
        Tags=[{"Key": "team", "Value": "churn"}, {"Key": "password", "Value": marker}],
        AlgorithmSpecification={
            "TrainingImage": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/train:1",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["sh", "-c", f"export PASSWORD='{marker}'; train"],
            "ContainerArguments": ["--password", marker, f"--db-password={marker}"],
        },
        CheckpointConfig={"S3Uri": "s3://ml-artifacts/c"},
    )


def put(session: SecureSession, marker: str, **members: object) -> Callable[[], object]:
    request: dict[str, Any] = {"Bucket": "ml-artifacts", "Key": "k", "Metadata": {"note": marker}, **members}
    return lambda: session.client("s3").put_object(Body=marker.encode(), **request)


def invoke(session: SecureSession, marker: str) -> Callable[[], object]:
    return lambda: session.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="churn", Body=marker.encode(), CustomAttributes=marker
    )


CALLS: dict[str, Callable[[SecureSession, str], Callable[[], object]]] = {
    "training job": training,
    "training job with secrets": with_secrets,
    "refused training job": lambda session, marker: training(session, marker, VpcConfig=FOREIGN),
    "object": put,
    "object with a key of the customer": lambda session, marker: put(
        session, marker, SSECustomerKey=marker.ljust(32)[:32], SSECustomerAlgorithm="AES256"
    ),
    "object in a foreign bucket": lambda session, marker: put(session, marker, Bucket="elsewhere"),
    "prediction": invoke,
}


@pytest.mark.parametrize("name", CALLS)
@hypothesis.settings(max_examples=3, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(marker=markers)
def test_no_payload_is_told(name: str, marker: str, tmp_path: Path) -> None:
    """Hyperparameters, environment, bodies, metadata and customer keys: in no record, log, repr, report or error."""
    with pytest.MonkeyPatch.context() as patched, listening() as told:
        wire = stretched(patched)
        path = tmp_path / "audit.jsonl"
        for sink in (LoggingSink(), JsonLinesSink(path)):
            session = secured(wire, audit=sink)
            said = everything_told(session, CALLS[name](session, marker), told)
            assert session.report().records
            assert marker not in said
        assert marker not in path.read_text(encoding="utf-8")


def test_the_marker_would_be_found(wire: Wire) -> None:
    """The test above can fail: what the library does tell, a refused member's value, is found by it."""
    with listening() as told:
        session = secured(wire)
        call = training(session, "x", OutputDataConfig={"S3OutputPath": f"s3://{MARKER}/out"})
        assert MARKER in everything_told(session, call, told)


@pytest.mark.parametrize("name", ["training job", "object", "prediction"])
def test_no_payload_is_told_when_aws_refuses(name: str, wire: Wire) -> None:
    """Nor when AWS's own message repeats it: the record keeps the code alone."""
    session = secured(wire)
    for operation in ("CreateTrainingJob", "PUT", "POST"):
        wire.answers[operation] = refuses("ValidationException", f"bad value {MARKER}")
    with listening() as told, pytest.raises(Exception, match=MARKER) as caught:
        CALLS[name](session, MARKER)()
    assert "botocore" in type(caught.value).__module__
    (record,) = session.report().records
    assert "failed" == record.outcome
    assert MARKER not in "\n".join([*told.lines, str(record), str(session.report())])


def test_no_credential_is_told(wire: Wire) -> None:
    """Records, logs, report, verification and errors hold no secret key, no token and no MFA code."""
    device = 'arn = "arn:aws:iam::111122223333:role/ml-launcher"'
    text = changed(device, f'{device}\nmfa_serial = "arn:aws:iam::111122223333:mfa/jane"')
    with listening() as told:
        session = secured(wire, text, mfa_token=lambda: "987654")
        said = str(session.verify()) + everything_told(session, training(session, "x"), told)
        wire.answers["AssumeRole"] = refuses("AccessDenied", status=403)
        denied = secured(wire, text, mfa_token=lambda: "987654")
        said += everything_told(denied, training(denied, "x"), told)
    assert "IdentityError" in said
    for secret in (*SECRETS, "987654"):
        assert secret not in said


DEVICE = changed(
    'arn = "arn:aws:iam::111122223333:role/ml-launcher"',
    'arn = "arn:aws:iam::111122223333:role/ml-launcher"\nmfa_serial = "arn:aws:iam::111122223333:mfa/jane"',
)


def unreachable(sent: Sent) -> Answer:
    try:
        raise OSError(sent.body)
    except OSError as failed:
        raise EndpointConnectionError(endpoint_url=sent.url) from failed


@pytest.mark.parametrize("operation", ["GetSessionToken", "AssumeRole", "GetCallerIdentity"])
@pytest.mark.parametrize(
    "answer",
    [
        refuses("AccessDenied", "MultiFactorAuthentication failed", status=403),
        refuses("ValidationError", "no", status=403),
        unreachable,
    ],
    ids=["denied", "invalid", "unreachable"],
)
def test_no_traceback_tells_a_secret(operation: str, answer: Callable[[Sent], Answer], wire: Wire) -> None:
    """Whichever call of STS fails: not in the frames' variables either, as crash reporters and pytest -l show them."""
    codes = iter(["987654", "876543", "765432"])
    wire.answers[operation] = answer
    user = wire.user()
    user._session.set_default_client_config(Config(retries={"total_max_attempts": 1}))
    session = secured(wire, DEVICE, mfa_token=lambda: next(codes), source=user)
    with pytest.raises(IdentityError) as caught:
        session.client("sagemaker").create_training_job(**training_job())
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "".join(told.format())
    assert "self = " in shown
    for secret in (*SECRETS, "987654", "876543", "765432"):
        assert secret not in shown


# --- what leaves the process


COPIES: dict[str, Callable[[SecureSession], SecureSession]] = {
    "pickle": lambda session: pickle.loads(pickle.dumps(session)),  # noqa: S301  # our own bytes
    "cloudpickle": lambda session: cloudpickle.loads(cloudpickle.dumps(session)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_made_anew_from_the_baseline(
    name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its baseline and layers are the same; role, client and report are its own."""
    session = secured(wire)
    session.client("sagemaker").list_models()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIATHERE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    copied = COPIES[name](session)
    assert isinstance(copied, SecureSession)
    assert (session.baseline, session.baseline.layers) == (copied.baseline, copied.baseline.layers)
    assert () == copied.report().records
    copied.client("sagemaker").list_models()
    assert "ASIATHERE" == wire.of("AssumeRole")[-1].access_key_id
    assert 2 == len({sent.access_key_id for sent in wire.of("ListModels")})


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps], ids=["pickle", "cloudpickle"])
def test_what_is_pickled_holds_no_credentials(dumps: Callable[[object], bytes], wire: Wire) -> None:
    """After the role has been assumed, too."""
    session = secured(wire)
    session.client("sagemaker").list_models()
    held = dumps(session)
    for secret in (*SECRETS, "ASIASESSION"):
        assert secret.encode() not in held


def test_a_closure_over_a_session_holds_no_credentials(wire: Wire) -> None:
    """As a remote function's is uploaded; of a plain boto3 session it would hold the secret."""
    session = secured(wire)
    session.client("sagemaker").list_models()
    plain = wire.source()

    def closure(over: boto3.Session) -> bytes:
        held: bytes = cloudpickle.dumps(lambda: over.client("s3"))
        return held

    assert SOURCE_SECRET.encode() in closure(plain)
    for secret in SECRETS:
        assert secret.encode() not in closure(session)


def test_the_parts_of_a_session_cannot_be_pickled(wire: Wire) -> None:
    """What lies below it and holds credentials refuses instead of leaking."""
    session = secured(wire)
    client = session.client("sagemaker")
    client.list_models()
    for part in (session._session, session._role, session._guard, session.get_credentials(), client):
        for dumps in (pickle.dumps, cloudpickle.dumps):
            with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
                dumps(part)


def test_no_repr_holds_a_secret(wire: Wire) -> None:
    """repr and str of the session and of every part of it that a debugger shows."""
    session = secured(wire, COMPLETE)
    session.client("sagemaker").list_models()
    parts = [
        session,
        session._session,
        session._role,
        session._guard,
        session._trail,
        session.get_credentials(),
    ]
    shown = "\n".join([*map(repr, parts), *map(str, parts), repr(session.report()), repr(session.verify())])
    for secret in SECRETS:
        assert secret not in shown
    assert "ml-launcher" in repr(session)
