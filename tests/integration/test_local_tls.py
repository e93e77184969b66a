"""The embedded AWS on loopback with TLS: who is let in, what comes through, and the command that serves it."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import SSLError

from secure_sagemaker import SecureSession
from secure_sagemaker.local import EmbeddedAWS, LoopbackServer
from tests.integration.embedded import IMAGE, client, cluster, run, serving, training_job


@pytest.fixture(scope="module")
def standing(account: EmbeddedAWS) -> Iterator[LoopbackServer]:
    """One server for the module."""
    with account.serve(tls=True) as server:
        yield server


@pytest.fixture
def server(aws: EmbeddedAWS, standing: LoopbackServer) -> LoopbackServer:
    """The server, with nothing recorded yet."""
    return standing


def here(server: LoopbackServer, service: str, **options: object) -> Any:
    """Make a client that comes by loopback and trusts the server's own authority."""
    return client(server.aws, service, endpoint_url=server.url, verify=str(server.ca_bundle), **options)


def test_the_connection_is_tls(server: LoopbackServer) -> None:
    """The certificate is for this machine's names, by an authority of the server's own, in a current version."""
    place = urlsplit(server.url)
    assert ("https", "127.0.0.1") == (place.scheme, place.hostname)
    context = ssl.create_default_context(cafile=server.ca_bundle)
    for name in ("127.0.0.1", "localhost"):
        with (
            socket.create_connection((place.hostname, place.port or 0)) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            assert secured.version() in ("TLSv1.2", "TLSv1.3")


def test_who_does_not_trust_it_sends_nothing(
    server: LoopbackServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without the bundle the client refuses the certificate; the server goes on, and says nothing of it."""
    once = Config(retries={"total_max_attempts": 1})
    stranger = client(server.aws, "sagemaker", endpoint_url=server.url, config=once)
    with pytest.raises(SSLError, match="certificate verify failed"):
        stranger.list_models()
    assert not server.aws.requests
    here(server, "sagemaker").list_models()
    assert ["ListModels"] == [request.operation for request in server.aws.requests]
    assert ("", "") == capfd.readouterr()


def test_a_client_that_stalls_holds_up_nobody(server: LoopbackServer) -> None:
    """A connection without a handshake is its own thread's to wait for."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port or 0)):
        assert "Models" in here(server, "sagemaker").list_models()


def test_bodies_come_through_whole(server: LoopbackServer) -> None:
    """Plain, chunked with a trailing checksum, streamed, and none at all."""
    s3, bucket = here(server, "s3"), server.aws.default_bucket
    content = bytes(range(256)) * 4096
    s3.put_object(Bucket=bucket, Key="bytes", Body=content)
    s3.put_object(Bucket=bucket, Key="stream", Body=io.BytesIO(content), ChecksumAlgorithm="SHA256")
    put = server.aws.requests[-1]
    assert "aws-chunked" in put.headers["content-encoding"]
    for key in ("bytes", "stream"):
        assert content == s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert len(content) == s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    assert 204 == s3.delete_object(Bucket=bucket, Key="bytes")["ResponseMetadata"]["HTTPStatusCode"]


def test_a_chunked_request_is_read(server: LoopbackServer) -> None:
    """A body whose length nobody knew beforehand is read chunk by chunk, and the connection goes on."""
    url = client(server.aws, "s3", endpoint_url=server.url, config=Config(signature_version="s3v4"))
    presigned = url.generate_presigned_url(
        "put_object", Params={"Bucket": server.aws.default_bucket, "Key": "chunks"}
    )
    place = urlsplit(presigned)
    head = f"PUT {place.path}?{place.query} HTTP/1.1\r\nHost: {place.netloc}\r\nTransfer-Encoding: chunked\r\n\r\n"
    context = ssl.create_default_context(cafile=server.ca_bundle)
    with (
        socket.create_connection((place.hostname, place.port or 0)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(head.encode() + b"3\r\nabc\r\n2;note=x\r\nde\r\n0\r\nTrailer: 1\r\n\r\n")
        assert secured.recv(64).startswith(b"HTTP/1.1 200")
    stored = client(server.aws, "s3").get_object(Bucket=server.aws.default_bucket, Key="chunks")
    assert b"abcde" == stored["Body"].read()


def test_an_event_stream_comes_through(server: LoopbackServer) -> None:
    """A response stream's events arrive one by one."""
    aws, sagemaker = server.aws, here(server, "sagemaker")
    sagemaker.create_model(
        ModelName="streams", ExecutionRoleArn=aws.execution_role_arn, PrimaryContainer={"Image": IMAGE}
    )
    variant: dict[str, object] = {
        "VariantName": "all",
        "ModelName": "streams",
        "InstanceType": "ml.m5.xlarge",
    }
    variant["InitialInstanceCount"] = 1
    sagemaker.create_endpoint_config(EndpointConfigName="streams", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="streams", EndpointConfigName="streams")
    aws.endpoint("streams").answer(lambda body: [body, b"done"])
    answer = here(server, "sagemaker-runtime").invoke_endpoint_with_response_stream(
        EndpointName="streams", Body=b"\x00\xff"
    )
    assert [b"\x00\xff", b"done"] == [event["PayloadPart"]["Bytes"] for event in answer["Body"]]


def test_a_secured_session_comes_by_it(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the server's environment and its baseline, every request of a secured session goes there, by TLS."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    session = SecureSession(server.aws.baseline)
    job = training_job(server.aws, "by-tls")
    sagemaker: Any = session.client("sagemaker")
    sagemaker.create_training_job(**job)
    session.client("s3").put_object(Bucket=server.aws.default_bucket, Key="by-tls", Body=b"1")
    assert {server.url} == {request.url[: len(server.url)] for request in server.aws.requests}
    sent = server.aws.calls.last("CreateTrainingJob")
    assert cluster("ml.m5.xlarge", server.aws.key_arn) == sent.parameters["ResourceConfig"]
    assert server.aws.key_arn == sent.injected["ResourceConfig.VolumeKmsKeyId"]


def test_the_bundle_ends_with_its_server(aws: EmbeddedAWS) -> None:
    """Each server has an authority of its own, whose bundle is a file while it serves; without TLS there is none."""
    with aws.serve(tls=True) as first, aws.serve(tls=True) as second:
        bundles = [server.ca_bundle for server in (first, second)]
        assert 2 == len({bundle.read_text() for bundle in bundles if bundle is not None})
        assert {"AWS_CA_BUNDLE": str(bundles[0]), "AWS_ENDPOINT_URL": first.url}.items() <= (
            first.environment().items()
        )
        assert (first.url,) == first.aws.baseline.privatelink.allowed_endpoint_urls
    assert [False, False] == [bundle.exists() for bundle in bundles if bundle is not None]
    with aws.serve() as plain:
        assert plain.ca_bundle is None
        assert "AWS_CA_BUNDLE" not in plain.environment()


def test_the_command_serves_by_tls() -> None:
    """What `--tls` prints is all that another process needs."""
    with serving("--tls") as environment:
        assert environment["AWS_ENDPOINT_URL"].startswith("https://127.0.0.1:")
        code = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
        done = run(code, **environment)
    assert ("arn:aws:iam::111122223333:user/launcher\n", "") == (done.stdout, done.stderr)
