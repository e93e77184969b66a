"""The embedded AWS comes and goes: what it leaves of the process, and what it gives other processes."""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.local import embedded_aws
from tests.integration.embedded import run, serving

pytestmark = pytest.mark.once

AWS_VARIABLES = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL")


def test_importing_it_loads_no_moto() -> None:
    """moto is loaded when an account is made, not before."""
    done = run("import sys, secure_sagemaker.local; sys.exit('moto' in sys.modules)")
    assert (done.returncode, done.stderr) == (0, "")


def test_without_moto_the_error_names_the_extra() -> None:
    """Who lacks moto is told what to install."""
    done = run(
        "import sys; sys.modules['moto'] = None\n"
        "from secure_sagemaker.local import embedded_aws\n"
        "with embedded_aws(): pass"
    )
    assert "ModuleNotFoundError" in done.stderr
    assert "pip install 'secure-sagemaker[local]'" in done.stderr


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs it is seen inside, none of the account's is left behind."""
    for name in AWS_VARIABLES:
        monkeypatch.setenv(name, "mine")
    before = dict(os.environ)
    with embedded_aws() as aws:
        assert os.environ["AWS_ACCESS_KEY_ID"] != "mine"
        assert {"AWS_PROFILE", "AWS_ENDPOINT_URL"}.isdisjoint(os.environ)
        assert boto3.Session().client("sts").get_caller_identity()["Arn"].endswith(aws.launcher)
    assert dict(os.environ) == before


def test_an_account_ends_with_its_block() -> None:
    """What one account held, the next one does not know; the region and the number are the caller's."""
    with embedded_aws(region="us-east-1", account="444455556666") as aws:
        aws.source.client("s3").create_bucket(Bucket="left-behind")
        assert aws.role_arn == "arn:aws:iam::444455556666:role/ml-launcher"
        assert aws.source.client("sts").get_caller_identity()["Account"] == "444455556666"
        first = {aws.default_bucket, aws.data_bucket, "left-behind"}
    with embedded_aws() as aws:
        names = {bucket["Name"] for bucket in aws.source.client("s3").list_buckets()["Buckets"]}
        assert names == {aws.default_bucket, aws.data_bucket}
        assert names.isdisjoint(first)


def test_a_client_made_before_is_answered_too() -> None:
    """Every botocore client of the process is answered and recorded, whenever it was made."""
    early = boto3.Session(aws_access_key_id="AKIAEARLY", aws_secret_access_key="-", region_name="eu-west-1")
    client = early.client("sagemaker")
    with embedded_aws() as aws:
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client.list_models()
        (request,) = aws.requests
    assert (request.operation, request.access_key_id, request.principal) == ("ListModels", "AKIAEARLY", None)


def test_the_command_serves_another_process(tmp_path: Path) -> None:
    """The printed environment and the written baseline are all that another process needs."""
    path = tmp_path / "secure-sagemaker.toml"
    with serving("--baseline", str(path)) as environment:
        done = run("import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])", **environment)
    assert done.stdout == "arn:aws:iam::111122223333:user/launcher\n"
    assert SecurityBaseline.from_file(path).privatelink.allowed_endpoint_urls == (
        environment["AWS_ENDPOINT_URL"],
    )
