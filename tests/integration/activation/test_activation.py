"""A process under one session: every client that is made in it, whoever makes it, and what was there before."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

import secure_sagemaker
from secure_sagemaker import (
    Activation,
    ControlError,
    IdentityError,
    RegionError,
    SecureSession,
    SessionError,
)
from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import model, training_job


def keys(aws: EmbeddedAWS) -> dict[str, str]:
    """The launcher's keys, as a program would pass them."""
    held = aws.environment
    return {
        "aws_access_key_id": held["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": held["AWS_SECRET_ACCESS_KEY"],
        "aws_session_token": held["AWS_SESSION_TOKEN"],
    }


def signers(aws: EmbeddedAWS) -> set[str]:
    """Who signed what is no AssumeRole."""
    return {
        (request.principal or "nobody").rpartition("/")[0]
        for request in aws.requests
        if request.operation != "AssumeRole"
    }


ROLE = {"assumed-role/ml-launcher"}


class Own(botocore.session.Session):
    """A subclass as other libraries have them, with methods of its own."""

    def create_client(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # it passes on whatever it gets
        return super().create_client(*args, **kwargs)


def _with_profile() -> Any:
    Path.home().joinpath(".aws").mkdir(exist_ok=True)
    return boto3.Session(profile_name="other").client("sagemaker")


def _through_default_session() -> Any:
    boto3.setup_default_session(region_name="eu-west-1")
    return boto3.client("sagemaker")


def _in_a_thread() -> Any:
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(boto3.client("sagemaker")))
    thread.start()
    thread.join()
    return made[0]


WAYS: dict[str, Callable[[], Any]] = {
    "boto3.client": lambda: boto3.client("sagemaker"),
    "boto3.Session": lambda: boto3.Session().client("sagemaker"),
    "boto3.Session-in-region": lambda: boto3.Session(region_name="eu-west-1").client("sagemaker"),
    "default-session": _through_default_session,
    "botocore": lambda: botocore.session.get_session().create_client("sagemaker"),
    "botocore-by-position": lambda: botocore.session.Session().create_client("sagemaker", "eu-west-1"),
    "subclass": lambda: Own().create_client("sagemaker"),
    "thread": _in_a_thread,
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_makes_a_client_makes_a_secured_one(aws: EmbeddedAWS, active: Activation, way: str) -> None:
    """It signs as the role, and its requests carry what the baseline asks and say so."""
    WAYS[way]().create_training_job(**training_job(aws, f"way-{way.replace('.', '-')}"))

    sent = aws.calls.last("CreateTrainingJob")
    assert sent.parameters["VpcConfig"]["Subnets"] == list(aws.subnets)  # type: ignore[index]  # plain JSON
    assert sent.injected["ResourceConfig.VolumeKmsKeyId"] == aws.key_arn
    assert signers(aws) == ROLE
    assert f"baseline/{aws.baseline.digest[:12]}" in sent.request.headers["user-agent"]


def test_a_profile_is_the_role_as_well(
    aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile's settings are its own, whichever file has it; its credentials are the role's."""
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text(
        '[profile "by config"]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/x\ns3 =\n  addressing_style = path\n'
    )
    credentials.write_text("[by-file]\naws_access_key_id = AKIA\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))

    with aws.session().activate():
        for name in ("by config", "by-file"):
            boto3.Session(profile_name=name).client("s3").list_objects_v2(Bucket=aws.default_bucket)
        assert "credential_process" in boto3.Session(profile_name="by config")._session.get_scoped_config()

    assert signers(aws) == ROLE
    assert [
        request.url.startswith("https://s3.eu-west-1") for request in aws.requests if request.service == "s3"
    ] == [True, False]


def test_transfers_and_presigned_urls_are_held_to_it(
    aws: EmbeddedAWS, active: Activation, tmp_path: Path
) -> None:
    """What boto3 adds to a client is under the guard too: uploads are encrypted, URLs good for a bounded time."""
    path = tmp_path / "data.csv"
    path.write_bytes(b"1")
    client = boto3.client("s3")
    client.upload_file(str(path), aws.default_bucket, "uploaded")
    boto3.resource("s3").Bucket(aws.default_bucket).upload_file(str(path), "by-resource")

    puts = [request for request in aws.requests if request.operation == "PutObject"]
    assert {request.headers["x-amz-server-side-encryption-aws-kms-key-id"] for request in puts} == {
        aws.key_arn
    }
    with pytest.raises(SessionError, match="seconds"):
        client.generate_presigned_url(
            "get_object", Params={"Bucket": aws.default_bucket, "Key": "x"}, ExpiresIn=10**6
        )


def test_what_cannot_be_secured_is_refused_before_it_is_sent(aws: EmbeddedAWS, active: Activation) -> None:
    """A control refuses a stray client's call as it refuses the session's own, and the summary tells."""
    foreign = {**model(aws, "evil"), "ExecutionRoleArn": "arn:aws:iam::111122223333:role/evil"}
    with pytest.raises(ControlError) as refused:
        boto3.client("sagemaker").create_model(**foreign)

    assert refused.value.control_id == "execution-role"
    assert not [request for request in aws.requests if request.operation == "CreateModel"]
    assert active.summary().refused == ("sagemaker.CreateModel (execution-role)",)
    assert "refused: sagemaker.CreateModel (execution-role)" in str(active.summary())


def test_a_signer_that_makes_no_client_signs_as_the_role(aws: EmbeddedAWS, active: Activation) -> None:
    """Whoever asks a session for credentials, to sign for itself, is given the role's."""
    credentials: Any = boto3.Session().get_credentials()
    request = AWSRequest("GET", "https://example.com/", headers={})
    SigV4Auth(credentials.get_frozen_credentials(), "sagemaker", "eu-west-1").add_auth(request)

    frozen: Any = active.session.get_credentials()
    assert f"Credential={frozen.get_frozen_credentials().access_key}/" in request.headers["Authorization"]


def test_ambient_keys_sign_only_the_assuming_of_the_role(aws: EmbeddedAWS, active: Activation) -> None:
    """An earlier session that found them, and the environment itself, are no way to them."""
    boto3.client("sts").get_caller_identity()

    by_launcher = {request.operation for request in aws.requests if request.principal == aws.launcher}
    assert by_launcher == {"AssumeRole"}
    assert "AWS_ACCESS_KEY_ID" not in os.environ


def test_an_earlier_session_makes_secured_clients(aws: EmbeddedAWS) -> None:
    """A session that had found ambient credentials before makes clients that sign as the role; then as before again."""
    earlier = boto3.Session()
    ambient: Any = earlier.get_credentials()
    with aws.session().activate():
        earlier.client("s3").list_buckets()
        assert signers(aws) == ROLE
    assert earlier.get_credentials() is ambient


OTHERS: dict[str, Callable[[dict[str, str]], Any]] = {
    "session": lambda held: boto3.Session(**held, region_name="eu-west-1").client("s3"),  # type: ignore[arg-type]  # two keys
    "client": lambda held: boto3.client("s3", **held),  # type: ignore[call-overload]  # as above
    "resource": lambda held: boto3.resource("s3", **held).meta.client,  # type: ignore[call-overload]  # as above
}


@pytest.mark.parametrize("way", OTHERS)
def test_other_keys_are_refused(aws: EmbeddedAWS, active: Activation, way: str) -> None:
    """Keys that a program names itself are refused where it names them, and the summary tells."""
    with pytest.raises(SessionError, match="other_keys='allow'"):
        OTHERS[way](keys(aws))

    assert len(active.summary().refused) == 1


@pytest.mark.parametrize("way", OTHERS)
def test_other_keys_that_are_allowed_sign(aws: EmbeddedAWS, way: str) -> None:
    """Where that was chosen they sign, are held to nothing, and the summary tells where it was."""
    with aws.session().activate(other_keys="allow") as active:
        OTHERS[way](keys(aws)).list_buckets()

    assert {request.principal for request in aws.requests if request.service == "s3"} == {aws.launcher}
    (told,) = active.summary().let_through
    assert Path(__file__).name in told


@pytest.mark.parametrize("way", OTHERS)
def test_copies_of_the_roles_keys_are_the_role(aws: EmbeddedAWS, active: Activation, way: str) -> None:
    """A tool that copies the role's own keys into a session of its own is under the guard with it."""
    held: Any = boto3.Session().get_credentials()
    frozen = held.get_frozen_credentials()
    copied = {
        "aws_access_key_id": frozen.access_key,
        "aws_secret_access_key": frozen.secret_key,
        "aws_session_token": frozen.token,
    }

    OTHERS[way](copied).put_object(Bucket=aws.default_bucket, Key="copied", Body=b"1")

    assert signers(aws) == ROLE
    assert aws.requests[-1].headers["x-amz-server-side-encryption-aws-kms-key-id"] == aws.key_arn


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"verify": False}, "TLS certificates would not be checked"),
        ({"config": Config(signature_version=UNSIGNED)}, "UNSIGNED"),
        ({"endpoint_url": "https://example.com"}, "no host of AWS"),
        ({"use_ssl": False}, "not TLS"),
        ({"region_name": "us-west-2"}, "states nothing for us-west-2"),
        ({"config": Config(region_name="us-west-2")}, "states nothing for us-west-2"),
    ],
    ids=["verify", "unsigned", "endpoint", "no-tls", "region", "region-by-config"],
)
def test_the_same_is_refused_as_a_secure_session_refuses(
    aws: EmbeddedAWS, active: Activation, options: dict[str, Any], message: str
) -> None:
    """What a client of the session may not be, no client of the process may be."""
    raised = []
    for session in (active.session, boto3):
        with pytest.raises(SessionError, match=message) as refused:
            session.client("s3", **options)
        raised.append((type(refused.value), str(refused.value)))

    assert raised[0] == raised[1]
    assert len(active.summary().refused) == 1


# --- beginning and ending


def test_the_same_baseline_may_be_activated_again(aws: EmbeddedAWS) -> None:
    """An inner block changes nothing, and the last to leave ends it."""
    with aws.session().activate() as outer:
        with SecureSession(aws.baseline).activate() as inner:
            assert inner.session is outer.session
        inner.deactivate()  # once more is no harm
        boto3.client("s3").list_buckets()
        assert signers(aws) == ROLE
    boto3.client("s3").list_buckets()
    assert aws.requests[-1].principal == aws.launcher


def test_another_baseline_is_an_error(aws: EmbeddedAWS, active: Activation) -> None:
    """Two baselines are never merged: neither by an inner block nor by a session of another one."""
    stricter = aws.baseline.tightened({"unknown_members": "refuse"})

    with pytest.raises(SessionError, match="never merged"):
        secure_sagemaker.activate(stricter)
    with pytest.raises(IdentityError, match="one only"):
        SecureSession(stricter).client("s3").list_buckets()
    boto3.client("s3").list_buckets()
    assert signers(aws) == ROLE


def test_another_choice_is_an_error(aws: EmbeddedAWS, active: Activation) -> None:
    """An inner block cannot let through what the outer one refuses."""
    with pytest.raises(SessionError, match="other_keys='refuse'"):
        SecureSession(aws.baseline).activate(other_keys="allow")


def test_a_session_of_the_same_baseline_shares_the_role(aws: EmbeddedAWS, active: Activation) -> None:
    """A program that makes secure sessions itself, while activated, does not assume the role from itself."""
    active.session.client("s3").list_buckets()

    session = SecureSession(aws.baseline)
    session.client("s3").list_buckets()
    session.verify()

    assert {one.principal for one in aws.requests if one.operation == "AssumeRole"} == {aws.launcher}
    assert signers(aws) == ROLE


METHODS = ("create_client", "get_credentials", "set_credentials")


def test_leaving_puts_everything_back(aws: EmbeddedAWS) -> None:
    """botocore's methods, the environment, the folder, earlier sessions: as they were, also when the block raises."""
    earlier = boto3.Session()
    before = [vars(botocore.session.Session)[name] for name in METHODS]
    environment = dict(os.environ)

    with contextlib.suppress(ZeroDivisionError), aws.session().activate():
        earlier.client("sagemaker")
        folder = Path(os.environ["SECURE_SAGEMAKER_HANDED"])
        assert folder.is_dir()
        raise ZeroDivisionError

    assert before == [vars(botocore.session.Session)[name] for name in METHODS]
    assert environment == dict(os.environ)
    assert not folder.exists()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("secure-sagemaker")]
    earlier.client("sagemaker").create_training_job(**training_job(aws, "afterwards"))
    assert "VpcConfig" not in aws.requests[-1].parameters
    assert "secure-sagemaker" not in aws.requests[-1].headers["user-agent"]


def test_what_was_made_meanwhile_stays_secured(aws: EmbeddedAWS) -> None:
    """A client outlives the block under its guard: nothing that was secured ceases to be."""
    with aws.session().activate():
        client = boto3.client("sagemaker")
    client.create_training_job(**training_job(aws, "outlives"))
    assert aws.calls.last("CreateTrainingJob").injected["ResourceConfig.VolumeKmsKeyId"] == aws.key_arn
    assert signers(aws) == ROLE


def test_the_folder_of_children_is_for_this_user_alone(aws: EmbeddedAWS, active: Activation) -> None:
    """Nobody else may enter it, and it holds neither the source's keys nor the role's."""
    boto3.client("s3").list_buckets()
    folder = Path(os.environ["SECURE_SAGEMAKER_HANDED"])
    held: Any = boto3.Session().get_credentials()
    secrets = {*keys(aws).values(), held.secret_key, held.token}

    assert folder.stat().st_mode & 0o777 == 0o700
    assert Path(os.environ["AWS_CONFIG_FILE"]).parent == folder
    for path in folder.iterdir():
        if path.is_file():
            assert [secret for secret in secrets if secret.encode() in path.read_bytes()] == []


def test_children_may_be_left_alone(aws: EmbeddedAWS) -> None:
    """Then the environment stays as it is, and the process is activated all the same."""
    environment = dict(os.environ)
    with aws.session().activate(children="leave"):
        assert environment == dict(os.environ)
        boto3.client("s3").list_buckets()
    assert signers(aws) == ROLE


def test_a_source_that_asks_a_program_needs_a_process_of_its_own(
    aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential_process would run in what children get, and ask itself: it is refused, with both ways out."""
    answer = tmp_path / "answer.json"
    answer.write_text(
        json.dumps(
            {
                "Version": 1,
                "AccessKeyId": keys(aws)["aws_access_key_id"],
                "SecretAccessKey": keys(aws)["aws_secret_access_key"],
            }
        )
    )
    config = tmp_path / "config"
    config.write_text(f"[profile asking]\ncredential_process = cat {answer}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    session = SecureSession(aws.baseline, source="asking")

    with pytest.raises(SessionError, match="credential_process") as refused:
        session.activate()
    assert "secure-sagemaker run" in refused.value.remedy
    with session.activate(children="leave"):
        boto3.client("s3").list_buckets()
    assert signers(aws) == ROLE


def _identity(_: int) -> str:
    return str(boto3.client("sts").get_caller_identity()["Arn"])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_is_as_its_parent_is(aws: EmbeddedAWS, active: Activation) -> None:
    """It signs as the role, and ending it takes nothing from its parent."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        (arn,) = pool.map(_identity, [0])
    assert "assumed-role/ml-launcher/" in arn
    assert Path(os.environ["SECURE_SAGEMAKER_HANDED"]).is_dir()


def test_regions_have_their_own_guards(aws: EmbeddedAWS) -> None:
    """A client of a region that the baseline states is held to what it states there; another is refused."""
    there = "arn:aws:kms:us-east-1:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab"
    text = aws.baseline_toml().replace(f'region = "{aws.region}"\n', "")
    home, other = (f"[region.{region}." for region in (aws.region, "us-east-1"))
    sections = text.replace("[kms]", f"{home}kms]").replace("[vpc]", f"{home}vpc]")
    sections += f'\n{other}kms]\ndefault = "{there}"\n{other}vpc]\nsubnets = ["subnet-0c1d2e3f"]\n'
    sections += 'security_groups = ["sg-0a1b2c3d"]\n'
    path = Path.home() / "secure-sagemaker.toml"
    path.write_text(sections)
    with secure_sagemaker.activate(path):
        guard = boto3.client("sagemaker", region_name="us-east-1")
        # The key is the one that the baseline states there, and the embedded account has none there.
        with pytest.raises(ClientError, match=f"'{there}' does not exist"):
            guard.create_training_job(**training_job(aws, "there"))
        with pytest.raises(RegionError):
            boto3.client("sagemaker", region_name="us-west-2")
    sent = [request for request in aws.requests if request.operation == "CreateTrainingJob"]
    assert [request.region for request in sent] == ["us-east-1"]
    assert sent[0].parameters["VpcConfig"]["Subnets"] == ["subnet-0c1d2e3f"]  # type: ignore[index]  # plain JSON
