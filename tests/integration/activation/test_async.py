"""aiobotocore, and s3fs over it, in an activated process: their clients are botocore's by another name."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from secure_sagemaker import Activation, ControlError, SessionError
from secure_sagemaker.local import EmbeddedAWS, LoopbackServer
from tests.integration.embedded import training_job

_REASON = "aiobotocore takes a few releases of botocore only, and the one here is none of them"
aiobotocore = pytest.importorskip("aiobotocore.session", reason=_REASON)

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning"
)  # aiohttp leaves its connections to the loop


@pytest.fixture
def aws(standing: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAWS:
    """The account behind it, with the launcher's credentials in the environment."""
    for name, value in standing.environment().items():
        monkeypatch.setenv(name, value)
    standing.aws.forget_requests()
    return standing.aws


def use(do: Callable[[Any], Awaitable[object]], service: str = "sagemaker", **options: Any) -> object:
    """Make a client as aiobotocore has it, and do something with it."""

    async def used() -> object:
        async with aiobotocore.get_session().create_client(service, **options) as client:
            return await do(client)

    return asyncio.run(used())


def signers(aws: EmbeddedAWS) -> set[str]:
    """Who signed what is no AssumeRole."""
    sent = [request for request in aws.requests if request.operation != "AssumeRole"]
    return {(request.principal or "nobody").rpartition("/")[0] for request in sent}


def test_its_clients_are_secured(aws: EmbeddedAWS, active: Activation) -> None:
    """They sign as the role, with credentials that are fetched in a thread, and are under the guard."""
    use(lambda client: client.create_training_job(**training_job(aws, "async")))
    assert aws.calls.last("CreateTrainingJob").injected["ResourceConfig.VolumeKmsKeyId"] == aws.key_arn
    assert signers(aws) == {"assumed-role/ml-launcher"}
    foreign = training_job(aws, "evil", RoleArn="arn:aws:iam::111122223333:role/evil")
    with pytest.raises(ControlError):
        use(lambda client: client.create_training_job(**foreign))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"verify": False}, "TLS"),
        ({"endpoint_url": "https://example.com"}, "no host of AWS"),
        ({"aws_access_key_id": "AKIA", "aws_secret_access_key": "x"}, "the baseline's role and nothing else"),
        ({"region_name": "us-west-2"}, "us-west-2"),
    ],
    ids=["verify", "endpoint", "keys", "region"],
)
def test_the_same_is_refused(active: Activation, options: dict[str, Any], message: str) -> None:
    """What a client of boto3 may not be, one of aiobotocore may not be."""
    with pytest.raises(SessionError, match=message):
        use(lambda client: client.list_models(), **options)


def test_an_earlier_one_is_refused_or_adopted(aws: EmbeddedAWS) -> None:
    """A client from before is caught when it sends, or signs as the role; afterwards it is as it was."""

    async def both() -> None:
        async with aiobotocore.get_session().create_client("sagemaker") as client:
            with aws.session().activate(), pytest.raises(SessionError, match="from before"):
                await client.list_models()
            with aws.session().activate(earlier="adopt"):
                await client.list_models()
            await client.list_models()

    asyncio.run(both())
    sent = [str(request.principal) for request in aws.requests if request.operation == "ListModels"]
    assert [one.partition("/")[0] for one in sent] == ["assumed-role", "user"]


def test_a_context_from_before_makes_no_client(aws: EmbeddedAWS) -> None:
    """A context that was asked for before, and is entered now, goes past the guard: it is refused."""

    async def entered() -> None:
        context = aiobotocore.get_session().create_client("s3")
        with aws.session().activate(), pytest.raises(SessionError, match="before the process was activated"):
            await context.__aenter__()

    asyncio.run(entered())
    assert not [request for request in aws.requests if request.service == "s3"]


def test_leaving_restores_it(aws: EmbeddedAWS) -> None:
    """Its methods are its own again."""
    kind = aiobotocore.AioSession
    before = (kind.create_client, kind.get_credentials, kind.set_credentials)
    with aws.session().activate():
        assert before[0] is not kind.create_client
    assert before == (kind.create_client, kind.get_credentials, kind.set_credentials)


def test_a_file_system_over_it_is_secured(aws: EmbeddedAWS, active: Activation) -> None:
    """What is written by s3fs is encrypted with the baseline's key and signed by the role."""
    pytest.importorskip("s3fs")
    files = importlib.import_module("s3fs").S3FileSystem(skip_instance_cache=True)
    with files.open(f"{aws.default_bucket}/by-s3fs", "wb") as file:
        file.write(b"1")
    assert files.cat(f"{aws.default_bucket}/by-s3fs") == b"1"
    put = next(request for request in aws.requests if request.operation == "PutObject")
    assert put.headers["x-amz-server-side-encryption-aws-kms-key-id"] == aws.key_arn
    assert signers(aws) == {"assumed-role/ml-launcher"}
