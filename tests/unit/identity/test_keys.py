"""KMS references: looked up once, by the support session, and refused when they cannot be used."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import EndpointConnectionError

from secure_sagemaker import KeyResolutionError
from tests.unit.baseline.stated import KEY, changed
from tests.unit.identity.test_credentials import in_threads
from tests.unit.secured import (
    ALIAS,
    BY_ALIAS,
    LAUNCHER,
    SUPPORT,
    Records,
    assert_secured,
    secured,
    training_job,
)
from tests.wire import Answer, Sent, Wire, refuses, says

ENABLED = {"Arn": KEY, "KeyId": KEY[-36:], "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT"}


def unreachable(sent: Sent) -> Answer:
    raise EndpointConnectionError(endpoint_url=sent.url)


@pytest.fixture(autouse=True)
def described(wire: Wire) -> None:
    """KMS knows the alias."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": ENABLED})


def test_an_alias_is_looked_up_once(wire: Wire) -> None:
    """Many calls and clients make one DescribeKey, and what is sent is the key's ARN."""
    session = secured(wire, BY_ALIAS)
    for _ in range(3):
        session.client("sagemaker").create_training_job(**training_job())
    assert {"KeyId": ALIAS} == wire.one("DescribeKey").json
    for sent in wire.of("CreateTrainingJob"):
        assert_secured(sent)


def test_threads_look_it_up_once(wire: Wire) -> None:
    """Also when many threads need it at one moment."""
    client = secured(wire, BY_ALIAS).client("sagemaker")
    assert [] == in_threads(lambda: client.create_training_job(**training_job()))
    assert 1 == len(wire.of("DescribeKey"))


def test_the_support_session_asks(wire: Wire) -> None:
    """DescribeKey is signed by the support session, the user's call by the role's own."""
    secured(wire, BY_ALIAS).client("sagemaker").create_training_job(**training_job())
    signers = {sent.operation: wire.signer(sent) for sent in wire.requests[1:]}
    assert SUPPORT == signers["DescribeKey"]
    assert LAUNCHER == signers["CreateTrainingJob"]


def test_a_look_up_is_on_record(wire: Wire) -> None:
    """What the library reads for itself is audited like every call, under its own principal."""
    records = Records()
    secured(wire, BY_ALIAS, audit=records).client("sagemaker").create_training_job(**training_job())
    told = [(record.operation, record.principal) for record in records]
    assert [("DescribeKey", SUPPORT), ("CreateTrainingJob", LAUNCHER)] == told


def test_a_key_arn_is_not_looked_up(wire: Wire) -> None:
    """A baseline that names its keys by ARN needs no KMS at all."""
    secured(wire).client("sagemaker").create_training_job(**training_job())
    assert "DescribeKey" not in wire.operations


def test_a_callers_alias_is_looked_up_too(wire: Wire) -> None:
    """An alias in the request that stands for the baseline's key goes out as that key."""
    session = secured(wire)
    output = {"S3OutputPath": "s3://ml-artifacts/out", "KmsKeyId": "alias/mine"}
    session.client("sagemaker").create_training_job(**training_job(OutputDataConfig=output))
    assert {"KeyId": "alias/mine"} == wire.one("DescribeKey").json
    assert_secured(wire.one("CreateTrainingJob"))


@pytest.mark.parametrize(
    ("answer", "told", "remedy"),
    [
        pytest.param(refuses("NotFoundException"), "NotFoundException", "no such key", id="not-found"),
        pytest.param(refuses("AccessDeniedException"), "AccessDenied", "allow kms:DescribeKey", id="denied"),
        pytest.param(
            says({"KeyMetadata": {**ENABLED, "KeyState": "Disabled"}}),
            "'Disabled'",
            "enable it",
            id="disabled",
        ),
        pytest.param(
            says({"KeyMetadata": {**ENABLED, "KeyState": "PendingDeletion"}}),
            "Pending",
            "another",
            id="dying",
        ),
        pytest.param(
            says({"KeyMetadata": {**ENABLED, "KeyUsage": "SIGN_VERIFY"}}),
            "SIGN_VERIFY",
            "symmetric",
            id="signing",
        ),
        pytest.param(
            says({"KeyMetadata": {**ENABLED, "KeySpec": "RSA_2048"}}),
            "RSA_2048",
            "symmetric",
            id="asymmetric",
        ),
        pytest.param(unreachable, "Could not connect", "network path", id="unreachable"),
    ],
)
def test_a_key_that_cannot_be_used_sends_nothing(
    answer: Callable[[Sent], Answer], told: str, remedy: str, wire: Wire
) -> None:
    """Unknown, denied, disabled, of another kind, or unasked: an error that names the key, and no call."""
    wire.answers["DescribeKey"] = answer
    records = Records()
    session = secured(wire, BY_ALIAS, audit=records)
    session._session.set_config_variable("max_attempts", 1)
    with pytest.raises(KeyResolutionError, match=told) as caught:
        session.client("sagemaker").create_training_job(**training_job())
    assert ALIAS == caught.value.key
    assert remedy in caught.value.remedy
    assert [] == wire.of("CreateTrainingJob")
    assert ("CreateTrainingJob", "refused", "KeyResolutionError") == records.outcomes[-1]


def test_a_failed_look_up_is_not_kept(wire: Wire) -> None:
    """Once the key can be described, the next call goes through."""
    client = secured(wire, BY_ALIAS).client("sagemaker")
    wire.answers["DescribeKey"] = refuses("AccessDeniedException")
    with pytest.raises(KeyResolutionError):
        client.create_training_job(**training_job())
    wire.answers["DescribeKey"] = says({"KeyMetadata": ENABLED})
    client.create_training_job(**training_job())
    assert_secured(wire.one("CreateTrainingJob"))


def test_verify_tells_what_references_stand_for(wire: Wire) -> None:
    """verify() names each key of the baseline with its ARN."""
    text = changed("[vpc]", 'volume = "alias/other"\n\n[vpc]', BY_ALIAS)
    assert ((ALIAS, KEY), ("alias/other", KEY)) == secured(wire, text).verify().keys
