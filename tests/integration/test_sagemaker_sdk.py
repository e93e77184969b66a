"""What a session answers in the SDK's place, whichever major is installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from secure_sagemaker.exceptions import DefaultBucketError
from secure_sagemaker.sagemaker_sdk import (
    SdkDefaults,
    installed_sdk,
    make_sagemaker_session,
    sagemaker_defaults,
)
from tests.integration.wire import ACCESS_KEY, BARE, BUCKET, EXECUTION_ROLE, FULL, Wire

SESSIONS = {2: "sagemaker.session", 3: "sagemaker.core.helper.session_helper"}
CONFIGURATIONS = {2: "sagemaker.config.config", 3: "sagemaker.core.config.config"}


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize("defaults", [FULL, BARE], ids=["full", "bare"])
def test_defaults_are_valid_under_the_schema(defaults: SdkDefaults) -> None:
    """What is projected is a configuration the SDK accepts, and never one it takes for absent."""
    config = sagemaker_defaults(defaults)
    importlib.import_module(CONFIGURATIONS[installed_sdk().major]).validate_sagemaker_config(config)
    assert config


def test_session_is_the_sdks_own_and_makes_no_client_elsewhere(
    wire: Wire, boto_session: boto3.Session
) -> None:
    """The result is an SDK session whose every client comes from the boto session; nothing is sent."""
    session = make_sagemaker_session(boto_session, FULL)

    assert isinstance(session, importlib.import_module(SESSIONS[installed_sdk().major]).Session)
    assert session.boto_session is boto_session
    assert set(wire.clients) == {
        "creating-client-class.s3",
        "creating-client-class.sagemaker",
        "creating-client-class.sagemaker-featurestore-runtime",
        "creating-client-class.sagemaker-metrics",
        "creating-client-class.sagemaker-runtime",
    }
    assert wire.all_clients == wire.clients
    assert wire.requests == []


def test_missing_default_bucket_is_not_created(wire: Wire, boto_session: boto3.Session) -> None:
    """A default bucket that does not exist is an error that names it; no bucket is made."""
    defaults = SdkDefaults(execution_role=EXECUTION_ROLE, default_bucket="absent-bucket")
    session = make_sagemaker_session(boto_session, defaults)

    with pytest.raises(DefaultBucketError, match="absent-bucket") as refused:
        session.default_bucket()

    assert refused.value.bucket == "absent-bucket"
    assert "encryption" in refused.value.remedy
    assert wire.operations == ["HeadBucket"]


class EmptyBody:
    """The part of urllib3's response that botocore reads."""

    def stream(self) -> Iterator[bytes]:
        return iter(())


def answer_head_bucket(session: boto3.Session, status: int) -> None:
    """Let S3 answer every HeadBucket of the session with this status, without a body."""

    def before_send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return AWSResponse(request.url, status, HTTPHeaders(), EmptyBody())

    session.events.register_first("before-send.s3.HeadBucket", before_send)  # type: ignore[arg-type]  # the stubs forbid the answer that this event is for


def test_default_bucket_out_of_reach_is_an_error(boto_session: boto3.Session) -> None:
    """A bucket of another account, or one the role may not list, is not used."""
    answer_head_bucket(boto_session, 403)
    session = make_sagemaker_session(boto_session, FULL)

    with pytest.raises(DefaultBucketError, match="S3 answered 403"):
        session.default_bucket()


def test_other_answers_about_the_default_bucket_pass_unchanged(boto_session: boto3.Session) -> None:
    """What AWS says that we have no better words for reaches the caller as AWS said it."""
    answer_head_bucket(boto_session, 400)
    session = make_sagemaker_session(boto_session, FULL)

    with pytest.raises(ClientError, match="400"):
        session.default_bucket()


def test_default_bucket_is_looked_for_once(wire: Wire, boto_session: boto3.Session) -> None:
    """The name is the baseline's, and one look is enough."""
    session = make_sagemaker_session(boto_session, FULL)

    assert [session.default_bucket(), session.default_bucket()] == [BUCKET, BUCKET]
    assert wire.operations == ["HeadBucket"]


def test_the_role_is_the_execution_role(wire: Wire, boto_session: boto3.Session) -> None:
    """Asked for its role in any of the SDK's ways, the session names the jobs' and asks nobody."""
    major = installed_sdk().major
    sdk = importlib.import_module("sagemaker" if major == 2 else "sagemaker.core.helper.session_helper")
    session = make_sagemaker_session(boto_session, FULL)

    assert sdk.get_execution_role(session) == EXECUTION_ROLE
    assert session.get_caller_identity_arn() == EXECUTION_ROLE
    assert session.expand_role("execution") == EXECUTION_ROLE
    assert session.expand_role(f"{EXECUTION_ROLE}-other") == f"{EXECUTION_ROLE}-other"
    assert wire.requests == []


def test_names_of_allowed_roles_ask_nobody(wire: Wire, boto_session: boto3.Session) -> None:
    """A further role of the baseline is known by its name, unless two bear the same."""
    other, same = (EXECUTION_ROLE.replace("ml/execution", name) for name in ("team/other", "execution"))
    session = make_sagemaker_session(boto_session, replace(FULL, other_roles=(other, same)))

    assert session.expand_role("other") == other
    assert wire.requests == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        session.expand_role("execution")


def test_other_role_names_and_the_account_are_asked_as_the_session(
    wire: Wire, boto_session: boto3.Session
) -> None:
    """What only AWS knows is asked of AWS, by the session, at no endpoint of the SDK's choosing."""
    session = make_sagemaker_session(boto_session, FULL)

    assert session.account_id().isdigit()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        session.expand_role("unknown")
    assert wire.operations == ["GetCallerIdentity", "GetRole"]
    assert wire.signers == {ACCESS_KEY}
