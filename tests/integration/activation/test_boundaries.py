"""Where an activation begins and ends: other threads, sessions and sources from before, forks, credentials by hand."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.client import BaseClient
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    RefreshableCredentials,
)

import secure_sagemaker
from secure_sagemaker import Activation, SecureSession, SessionError
from secure_sagemaker.local import EmbeddedAWS

ROLE = {"assumed-role/ml-launcher"}


def launcher(aws: EmbeddedAWS) -> Credentials:
    """The launcher's credentials."""
    held = aws.environment
    return Credentials(held["AWS_ACCESS_KEY_ID"], held["AWS_SECRET_ACCESS_KEY"], held["AWS_SESSION_TOKEN"])


def signers(aws: EmbeddedAWS) -> set[str]:
    """Who signed what is no call for credentials."""
    own = ("AssumeRole", "GetSessionToken")
    sent = [request for request in aws.requests if request.operation not in own]
    return {(request.principal or "nobody").rpartition("/")[0] for request in sent}


def assuming(aws: EmbeddedAWS) -> set[str]:
    """Who signed the calls for credentials."""
    return {str(request.principal) for request in aws.requests if request.operation == "AssumeRole"}


# --- other threads


class _Told(type):
    """Tells when a method of its class is replaced."""

    replaced: Callable[[], object]

    def __setattr__(cls, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "create_client":
            cls.replaced()


def test_a_client_in_the_making_is_caught(aws: EmbeddedAWS) -> None:
    """What another thread is making while the process is activated was begun before: it is waited for, and refused."""
    begun, replaced = threading.Event(), threading.Event()

    class Making(botocore.session.Session, metaclass=_Told):
        def create_client(self, *args: Any, **kwargs: Any) -> Any:
            return super().create_client(*args, **kwargs)

    type.__setattr__(Making, "replaced", replaced.set)

    def wait(**_: object) -> None:
        begun.set()
        replaced.wait()

    made: list[Any] = []
    session = Making()
    session.register("creating-client-class", wait)
    thread = threading.Thread(target=lambda: made.append(session.create_client("s3")))
    thread.start()
    begun.wait()

    with aws.session().activate():
        thread.join()
        with pytest.raises(SessionError, match="from before the activation"):
            made[0].list_buckets()
        session.unregister("creating-client-class", wait)
        session.create_client("s3").list_buckets()
    assert signers(aws) == ROLE


def test_a_process_is_not_activated_while_it_makes_a_client(aws: EmbeddedAWS) -> None:
    """From within the making of a client, that client could not be caught any more: it is an error."""
    raised: list[BaseException] = []

    def activate(**_: object) -> None:
        with pytest.raises(SessionError, match="while a client is being made") as refused:
            aws.session().activate()
        raised.append(refused.value)

    session = botocore.session.Session()
    session.register("creating-client-class", activate)
    session.create_client("s3")
    assert len(raised) == 1
    session.unregister("creating-client-class", activate)
    boto3.client("s3").list_buckets()
    assert aws.requests[-1].principal == aws.launcher  # nothing of it was left


def test_a_method_that_was_taken_before_makes_no_client(aws: EmbeddedAWS) -> None:
    """Who keeps a session's own ``create_client`` goes past its replacement: what that would make is refused."""
    session = botocore.session.Session()
    make: Callable[..., Any] = session.create_client
    with aws.session().activate():
        with pytest.raises(SessionError, match=f"{Path(__file__).name}:.* before the process was activated"):
            make("s3")
        boto3.Session(botocore_session=session).client("s3").list_buckets()
    assert signers(aws) == ROLE
    make("s3").list_buckets()
    assert aws.requests[-1].principal == aws.launcher


def test_a_source_that_the_program_uses_too_goes_on(aws: EmbeddedAWS) -> None:
    """A session that assumes the role, and makes clients of the program's own, does both at any time."""
    source = boto3.Session()
    session = SecureSession(aws.baseline, source=source)
    with session.activate():
        source.client("s3").list_buckets()
        SecureSession.client(session, "s3").list_buckets()
        session.resolve_keys(aws.key_arn)
    assert signers(aws) <= {*ROLE}
    assert assuming(aws) == {aws.launcher}


def test_keys_that_are_let_through_go_on(aws: EmbeddedAWS) -> None:
    """A session makes secured clients, and ones with other keys where those may be, in any order."""
    held = launcher(aws)
    session: Any = botocore.session.Session()
    with aws.session().activate(other_keys="allow"):
        for _ in range(2):
            session.create_client("s3").list_buckets()
            session.create_client(
                "s3", aws_access_key_id=held.access_key, aws_secret_access_key=held.secret_key
            ).list_buckets()
    sent = [str(request.principal) for request in aws.requests if request.operation == "ListBuckets"]
    assert [one.partition("/")[0] for one in sent] == ["assumed-role", "user"] * 2


def test_a_client_that_is_being_made_meanwhile_is_no_earlier_one(aws: EmbeddedAWS) -> None:
    """A thread in the midst of making a secured client, or one that is not whole, is let finish."""
    session = aws.session()
    made: list[Any] = []

    def activate(**_: object) -> None:
        with aws.session().activate(children="leave"):
            made.append(True)

    half = object.__new__(BaseClient)  # as another thread may have it
    session.events.register("before-call.s3", activate)
    client = session.client("s3")
    client.list_buckets()
    assert made == [True]
    assert vars(half) == {}
    assert signers(aws) == ROLE


def test_clients_that_were_frozen_are_found(aws: EmbeddedAWS) -> None:
    """A server that freezes what it has before it forks hides it from Python's own list, and not from here."""
    client = boto3.client("s3")
    gc.freeze()
    try:
        with aws.session().activate(), pytest.raises(SessionError, match="from before"):
            client.list_buckets()
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()


def _resource() -> Callable[[], object]:
    bucket = boto3.resource("s3").Bucket("b")
    return lambda: list(bucket.objects.all())


def _paginator() -> Callable[[], object]:
    paginator = boto3.client("s3").get_paginator("list_objects_v2")
    return lambda: list(paginator.paginate(Bucket="b"))


def _waiter() -> Callable[[], object]:
    waiter = boto3.client("sagemaker").get_waiter("training_job_completed_or_stopped")
    return lambda: waiter.wait(TrainingJobName="x")


def _method() -> Callable[[], object]:
    return boto3.client("s3").list_buckets


def _pickled_resource() -> Callable[[], object]:
    held = {"deep": [boto3.client("s3")]}
    return lambda: held["deep"][0].list_buckets()


@pytest.mark.parametrize("before", [_resource, _paginator, _waiter, _method, _pickled_resource])
def test_whatever_holds_an_earlier_client_is_refused(
    aws: EmbeddedAWS, before: Callable[[], Callable[[], object]]
) -> None:
    """A resource, a paginator, a waiter, a bound method: the client under it is found."""
    use = before()
    with aws.session().activate(), pytest.raises(SessionError, match="from before the activation"):
        use()
    assert not aws.requests


# --- credentials by hand


def _by_attribute(session: Any, held: Credentials) -> None:
    expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    stated = {
        "access_key": held.access_key,
        "secret_key": held.secret_key,
        "token": None,
        "expiry_time": expires,
    }
    session._credentials = RefreshableCredentials.create_from_metadata(
        stated, refresh_using=lambda: stated, method="sts-assume-role"
    )


def _by_component(session: Any, held: Credentials) -> None:
    class Own(CredentialProvider):
        METHOD = "own"

        def load(self) -> Credentials:
            return held

    session.register_component("credential_provider", CredentialResolver([Own()]))


@pytest.mark.parametrize("put", [_by_attribute, _by_component])
def test_credentials_that_are_put_into_a_session_sign_nothing(
    aws: EmbeddedAWS, active: Activation, put: Callable[[Any, Credentials], None]
) -> None:
    """Refreshable ones, as many a recipe makes them, and a provider of one's own: the session signs as the role."""
    session = botocore.session.get_session()
    put(session, launcher(aws))
    boto3.Session(botocore_session=session).client("s3").list_buckets()
    assert signers(aws) == ROLE


def test_a_method_of_one_sessions_own_is_held_back(
    aws: EmbeddedAWS, active: Activation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is replaced on one session alone is not reached, and its signature is refused before it is sent."""
    session = botocore.session.get_session()
    monkeypatch.setattr(session, "get_credentials", lambda: launcher(aws))
    client: Any = session.create_client("s3")
    with pytest.raises(SessionError, match="another key than the role's"):
        client.list_buckets()
    assert not aws.requests


def test_keys_that_the_program_puts_into_the_environment_sign_nothing(
    aws: EmbeddedAWS, active: Activation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that sets AWS_ACCESS_KEY_ID and makes sessions signs as the role."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, aws.environment[name])
    boto3.Session().client("s3").list_buckets()
    assert signers(aws) == ROLE


def test_a_role_that_the_program_assumes_is_another_identity(aws: EmbeddedAWS) -> None:
    """AssumeRole is a call like any other, signed by the role; what it gives are other keys, and refused."""
    trusting = {"Effect": "Allow", "Principal": {"AWS": aws.role_arn}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusting]})
    role = aws.source.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=trust)["Role"]
    aws.forget_requests()
    with aws.session().activate():
        sts = boto3.client("sts")
        given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="own")["Credentials"]
        with pytest.raises(SessionError, match="other_keys='allow'"):
            boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert {one.rpartition("/")[0] for one in assuming(aws)} == {"user", *ROLE}


# --- sessions and sources from before


@pytest.mark.parametrize("stricter", [False, True], ids=["same", "stricter"])
def test_a_secure_session_from_before_keeps_its_source(aws: EmbeddedAWS, stricter: bool) -> None:
    """It assumes its role with the credentials that were there when it was made, of whichever baseline it is."""
    baseline = aws.baseline.tightened({"unknown_members": "refuse"}) if stricter else aws.baseline
    session = SecureSession(baseline)
    with secure_sagemaker.activate(aws.baseline):
        session.client("s3").list_buckets()
        boto3.client("s3").list_buckets()
    assert signers(aws) == ROLE
    assert assuming(aws) == {aws.launcher}


def test_mfa_is_asked_of_the_user_from_before(aws: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's keys, with which MFA is asked for later, are found before they leave the environment."""
    device = {"role": {"mfa_serial": aws.account.mfa_serial}}
    own = aws.user.get_credentials()
    assert own is not None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", own.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", own.secret_key)
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    session = SecureSession(aws.baseline.tightened(device), mfa_token=lambda: "112358")
    with session.activate():
        boto3.client("s3").list_buckets()
    assert signers(aws) == ROLE


def test_a_program_that_is_asked_for_a_profiles_source_needs_a_process_of_its_own(
    aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential_process is refused as a source behind a role of a profile, too."""
    held = launcher(aws)
    answer = tmp_path / "answer.json"
    answer.write_text(
        json.dumps({"Version": 1, "AccessKeyId": held.access_key, "SecretAccessKey": held.secret_key})
    )
    config = tmp_path / "config"
    config.write_text(
        f"[profile asking]\ncredential_process = cat {answer}\n"
        f"[profile role]\nrole_arn = {aws.execution_role_arn}\nsource_profile = asking\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    session = SecureSession(aws.baseline, source="role")
    with pytest.raises(SessionError, match="credential_process"):
        session.activate()


def test_an_inner_block_may_not_ask_for_more(aws: EmbeddedAWS) -> None:
    """Where the outer one leaves child processes alone, one that wants them activated is an error."""
    with aws.session().activate(children="leave"):
        with pytest.raises(SessionError, match="children='leave'"):
            SecureSession(aws.baseline).activate()
        SecureSession(aws.baseline).activate(children="leave").deactivate()
    with aws.session().activate():
        SecureSession(aws.baseline).activate(children="leave").deactivate()


# --- what is told, and what is left


def _list_buckets(_: int) -> int:
    return len(boto3.client("s3").list_buckets()["Buckets"])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_summary_tells_of_this_activation_and_of_forked_processes(aws: EmbeddedAWS) -> None:
    """Calls from before are not counted; those of forked processes are, and their refusals."""
    session = aws.session()
    session.client("s3").list_buckets()
    with session.activate() as activation:
        assert activation.summary().calls == 0
        boto3.client("s3").list_buckets()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(_list_buckets, range(3), chunksize=1)
        assert activation.summary().calls == 4
    assert activation.summary().calls == 4


def test_a_temporary_folder_that_cannot_be_used_is_told(
    aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that is too long for a socket is an error that says what to do, and leaves nothing behind."""
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(SessionError, match="handed to child processes") as refused:
        aws.session().activate()
    assert "TMPDIR" in refused.value.remedy
    assert list(folder.iterdir()) == []
    assert "AWS_ACCESS_KEY_ID" in os.environ


def test_settings_of_a_profile_are_those_of_both_files(
    aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile's region may stand beside its keys; it is kept, and they are not."""
    credentials = tmp_path / "credentials"
    credentials.write_text(
        "[team]\nregion = eu-central-1\naws_access_key_id = AKIA\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    with aws.session().activate():
        stated: Any = botocore.session.Session(profile="team").get_scoped_config()
        assert stated["region"] == "eu-central-1"
        assert "aws_access_key_id" not in stated
