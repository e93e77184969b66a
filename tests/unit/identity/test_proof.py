"""Whose the credentials are that a session signs with: AWS itself has said so, before anything was signed."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Callable

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from secure_sagemaker import IdentityError, SecureSession
from tests.unit.baseline.stated import KEY
from tests.unit.forked import in_child, status
from tests.unit.identity.test_credentials import in_threads
from tests.unit.identity.test_refresh import STORM, Time
from tests.unit.secured import BY_ALIAS, LAUNCHER, SUPPORT, TWO_REGIONS, secured, training_job
from tests.wire import ISSUED_TOKEN, REGION, Answer, Sent, Wire, identity, refuses, says


def proofs(wire: Wire) -> list[Sent]:
    return wire.of("GetCallerIdentity")


def test_aws_says_once_who_signs(wire: Wire) -> None:
    """Between the role and the first request that it signs: with its own key and token, at the region's STS."""
    session = secured(wire)
    for _ in range(2):
        session.client("sagemaker").list_models()
        session.client("s3").put_object(Bucket="ml-artifacts", Key="k", Body=b"")
    assert ["AssumeRole", "GetCallerIdentity", "ListModels", "PUT"] == wire.operations[:4]
    (proof,) = proofs(wire)
    assert LAUNCHER == wire.signer(proof)
    assert (f"sts.{REGION}.amazonaws.com", ISSUED_TOKEN) == (
        proof.host,
        proof.headers["x-amz-security-token"],
    )


def test_it_is_not_asked_at_each_refresh(wire: Wire) -> None:
    """Once for a session, however often it assumes the role."""
    wire.clock = time = Time()
    client = secured(wire, clock=time).client("sagemaker")
    for _ in range(3):
        client.list_models()
        time.passes(hours=2)
    assert (3, 1) == (len(wire.of("AssumeRole")), len(proofs(wire)))


def test_many_threads_ask_once(wire: Wire) -> None:
    """None of them signs anything before it is answered."""
    client = secured(wire).client("sagemaker")
    assert [] == in_threads(client.list_models, STORM)
    assert ["AssumeRole", "GetCallerIdentity"] == wire.operations[:2]
    assert (1, STORM) == (len(proofs(wire)), len(wire.of("ListModels")))


def test_each_session_of_the_role_is_asked_for_itself(wire: Wire) -> None:
    """The support session has other keys than the session whose look-ups it makes, and so has another region."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    secured(wire, BY_ALIAS).client("sagemaker").create_training_job(**training_job())
    assert [SUPPORT, LAUNCHER] == [wire.signer(sent) for sent in proofs(wire)]
    secured(wire, TWO_REGIONS).client("sagemaker", region_name="us-east-1").list_models()
    assert "sts.us-east-1.amazonaws.com" == proofs(wire)[-1].host


OTHERS = {
    "role": "arn:aws:sts::111122223333:assumed-role/other/secure-sagemaker",
    "account": "arn:aws:sts::999988887777:assumed-role/ml-launcher/secure-sagemaker",
    "user": "arn:aws:iam::111122223333:user/ml-launcher",
}


@pytest.mark.parametrize("arn", OTHERS.values(), ids=list(OTHERS))
def test_keys_of_another_sign_nothing(arn: str, wire: Wire) -> None:
    """Whatever STS's answer called them: nothing is sent, and the error says whom AWS sees."""
    wire.answers["GetCallerIdentity"] = identity(arn)
    with pytest.raises(IdentityError, match=re.escape(arn)) as caught:
        secured(wire).client("sagemaker").list_models()
    assert "in STS's place" in caught.value.remedy
    assert ["AssumeRole", "GetCallerIdentity"] == wire.operations


def test_an_account_that_is_not_the_baselines_is_found_out(wire: Wire) -> None:
    """The ARN is not all that AWS tells."""
    said = identity(LAUNCHER)

    def lies(sent: Sent) -> Answer:
        return Answer(body=said(sent).body.replace(b"<Account>111122223333", b"<Account>999988887777"))

    wire.answers["GetCallerIdentity"] = lies
    with pytest.raises(IdentityError, match="the account 999988887777"):
        secured(wire).client("sagemaker").list_models()


def unreachable(sent: Sent) -> Answer:
    raise EndpointConnectionError(endpoint_url=sent.url)


@pytest.mark.parametrize(
    "answer", [refuses("InvalidClientTokenId", status=403), unreachable], ids=["refused", "unreachable"]
)
def test_without_an_answer_nothing_is_signed(answer: Callable[[Sent], Answer], wire: Wire) -> None:
    """Nor is anything with what was assumed later, until AWS has answered."""
    answered = wire.answers["GetCallerIdentity"]
    wire.answers["GetCallerIdentity"] = answer
    source = boto3.Session("ASIASOURCE", "s", "t", region_name=REGION)
    source._session.set_default_client_config(Config(retries={"total_max_attempts": 1}))
    client = secured(wire, source=source).client("sagemaker")
    for _ in range(2):
        with pytest.raises(IdentityError, match="could not be asked who signs") as caught:
            client.list_models()
        assert "sts:GetCallerIdentity" in caught.value.remedy
    assert 2 == len(proofs(wire))  # which is tried as often as the source says: once
    assert [] == wire.of("ListModels")
    wire.answers["GetCallerIdentity"] = answered
    client.list_models()
    assert "ASIASESSION00002" == wire.one("ListModels").access_key_id


def test_it_goes_nowhere_else(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that the environment names later gets no signature of the role's."""
    answered = wire.answers["AssumeRole"]

    def redirects(sent: Sent) -> Answer:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "https://sts.example.com")
        return answered(sent)

    wire.answers["AssumeRole"] = redirects
    with pytest.raises(IdentityError, match=r"https://sts\.example\.com"):
        secured(wire).client("sagemaker").list_models()
    assert ["AssumeRole"] == wire.operations


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_process_asks_no_more(wire: Wire) -> None:
    """It signs with what its parent has had proved."""
    session = secured(wire)
    session.client("sagemaker").list_models()

    def signs() -> bool:
        session.client("sagemaker").list_models()
        return ["ListModels", "ListModels"] == wire.operations[2:]

    assert 0 == status(in_child(signs))


def test_a_copy_asks_for_itself(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is pickled takes no proof along, as it takes no credentials."""
    session = secured(wire)
    session.client("sagemaker").list_models()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIATHERE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    copied: SecureSession = pickle.loads(pickle.dumps(session))  # noqa: S301  # our own bytes
    copied.client("sagemaker").list_models()
    assert 2 == len(proofs(wire))
