"""Managed transfers stay on the session's client, whether the AWS Common Runtime is there or not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import boto3.s3.transfer as boto3_transfer
import pytest
from boto3.s3.transfer import S3Transfer, TransferConfig

from secure_sagemaker import SessionError
from tests.unit.baseline.stated import KEY
from tests.unit.secured import secured
from tests.wire import Answer, Wire

CRT = TransferConfig(preferred_transfer_client="crt")


class Runtime:
    """Stands in for awscrt on a machine for which boto3 prefers it: a transfer that gets here has left."""

    def __init__(self) -> None:
        self.asked_by: list[object] = []

    def manager(self, client: Any, config: object) -> None:
        """What boto3 does first: take the client's credentials."""
        client._get_credentials()
        self.asked_by.append(client)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    standing = Runtime()

    def preferred(config: Any) -> bool:
        return str(config.preferred_transfer_client).lower() in ("auto", "crt")

    monkeypatch.setattr(boto3_transfer, "_should_use_crt", preferred)
    monkeypatch.setattr(boto3_transfer, "create_crt_transfer_manager", standing.manager, raising=False)
    return standing


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n")
    return str(path)


def test_the_runtime_takes_the_transfers_of_a_plain_client(runtime: Runtime, file: str, wire: Wire) -> None:
    """So that the tests below mean something."""
    plain = boto3.Session(aws_access_key_id="AKIA", aws_secret_access_key="s", region_name="eu-west-1")
    plain.client("s3").upload_file(file, "ml-artifacts", "k")
    assert 1 == len(runtime.asked_by)


UPLOADS: dict[str, Callable[[boto3.Session, str], object]] = {
    "client": lambda session, file: session.client("s3").upload_file(file, "ml-artifacts", "k"),
    "positional": lambda session, file: session.client("s3").upload_file(
        file, "ml-artifacts", "k", None, None, TransferConfig()
    ),
    "auto": lambda session, file: session.client("s3").upload_file(
        file, "ml-artifacts", "k", Config=TransferConfig(preferred_transfer_client="Auto")
    ),
    "classic": lambda session, file: session.client("s3").upload_file(
        file, "ml-artifacts", "k", Config=TransferConfig(preferred_transfer_client="classic")
    ),
    "object": lambda session, file: session.resource("s3").Object("ml-artifacts", "k").upload_file(file),
    "bucket": lambda session, file: session.resource("s3").Bucket("ml-artifacts").upload_file(file, "k"),
    "fileobj": lambda session, file: session.client("s3").upload_fileobj(
        io.BytesIO(Path(file).read_bytes()), "ml-artifacts", "k"
    ),
}


@pytest.mark.parametrize("upload", UPLOADS.values(), ids=UPLOADS.keys())
def test_an_upload_stays_on_the_client(
    upload: Callable[[boto3.Session, str], object], runtime: Runtime, file: str, wire: Wire
) -> None:
    """Every way to upload goes out by the session's own client, encrypted."""
    upload(secured(wire), file)
    sent = wire.one("PUT")
    assert KEY == sent.headers["x-amz-server-side-encryption-aws-kms-key-id"]
    assert [] == runtime.asked_by


def test_a_download_stays_on_the_client(runtime: Runtime, tmp_path: Path, wire: Wire) -> None:
    """And states the bucket's owner."""
    wire.answers["HEAD"] = lambda _: Answer(headers={"content-length": "0"})
    secured(wire).client("s3").download_file("ml-artifacts", "k", str(tmp_path / "k"))
    assert "111122223333" == wire.one("GET").headers["x-amz-expected-bucket-owner"]
    assert [] == runtime.asked_by


REFUSED: dict[str, Callable[[boto3.Session, str], object]] = {
    "client": lambda session, file: session.client("s3").upload_file(file, "ml-artifacts", "k", Config=CRT),
    "download": lambda session, file: session.client("s3").download_file(
        "ml-artifacts", "k", file, Config=CRT
    ),
    "bucket": lambda session, file: (
        session.resource("s3").Bucket("ml-artifacts").upload_file(file, "k", Config=CRT)
    ),
    "transfer": lambda session, file: S3Transfer(session.client("s3")).upload_file(file, "ml-artifacts", "k"),
    "transfer-by-name": lambda session, file: S3Transfer(session.client("s3"), CRT).upload_file(
        file, "ml-artifacts", "k"
    ),
}


@pytest.mark.parametrize("transfer", REFUSED.values(), ids=REFUSED.keys())
def test_the_runtime_is_refused(
    transfer: Callable[[boto3.Session, str], object], runtime: Runtime, file: str, wire: Wire
) -> None:
    """Asked for by name, or found by a transfer manager of the caller's own: refused, and nothing leaves."""
    with pytest.raises(SessionError, match="CRT") as caught:
        transfer(secured(wire), file)
    assert "classic" in caught.value.remedy
    assert ([], []) == (wire.of("PUT"), runtime.asked_by)


def test_the_callers_config_is_not_changed(runtime: Runtime, file: str, wire: Wire) -> None:
    """It is copied; what it says besides holds."""
    config = TransferConfig(multipart_threshold=1024, use_threads=False)
    secured(wire).client("s3").upload_file(file, "ml-artifacts", "k", Config=config)
    assert ("auto", 1024) == (config.preferred_transfer_client, config.multipart_threshold)
