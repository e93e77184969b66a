"""Clients that were made before the process was activated."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from secure_sagemaker import (
    SessionError,
)
from secure_sagemaker.local import EmbeddedAWS
from tests.integration.activation.test_activation import ROLE, keys, signers
from tests.integration.embedded import training_job

HELD: list[object] = []
"""Where a test keeps an earlier client, for the refusal to find."""


def test_an_earlier_client_is_refused_when_it_is_used(aws: EmbeddedAWS) -> None:
    """Every use of it raises and says who holds it; nothing is sent, and afterwards it works as before."""
    client = boto3.client("s3")
    HELD[:] = []
    with pytest.MonkeyPatch.context() as patched, aws.session().activate() as active:
        patched.setattr(f"{__name__}.STRAY", client, raising=False)
        uses: list[Callable[[], object]] = [
            client.list_buckets,
            lambda: client.generate_presigned_url("list_buckets"),
            lambda: list(client.get_paginator("list_objects_v2").paginate(Bucket="b")),
        ]
        for use in uses:
            with pytest.raises(SessionError, match=f"held by {__name__}.STRAY"):
                use()
        assert not aws.requests
        assert len(active.summary().refused) == len(uses)
    client.list_buckets()
    assert aws.requests[-1].principal == aws.launcher


def test_the_refusal_tells_the_line_where_python_traces_memory(aws: EmbeddedAWS) -> None:
    """With tracemalloc on, it says where the client was made."""
    tracemalloc.start(25)
    try:
        client = boto3.client("s3")
        with (
            aws.session().activate(),
            pytest.raises(SessionError, match=rf"made at .*{Path(__file__).name}:\d+"),
        ):
            client.list_buckets()
    finally:
        tracemalloc.stop()


def test_an_earlier_client_is_adopted_where_that_is_chosen(aws: EmbeddedAWS) -> None:
    """It signs as the role and carries what the baseline asks; afterwards it is as it was."""
    client = boto3.client("sagemaker")
    with aws.session().activate(earlier="adopt"):
        client.create_training_job(**training_job(aws, "adopted"))
        assert aws.calls.last("CreateTrainingJob").injected["ResourceConfig.VolumeKmsKeyId"] == aws.key_arn
        assert signers(aws) == ROLE
    client.list_models()
    assert aws.requests[-1].principal == aws.launcher


@pytest.mark.parametrize(
    ("options", "message"),
    [({"verify": False}, "TLS"), ({"region_name": "us-west-2"}, "us-west-2")],
    ids=["verify", "region"],
)
def test_an_earlier_client_that_cannot_be_secured_is_not_adopted(
    aws: EmbeddedAWS, options: dict[str, Any], message: str
) -> None:
    """It is refused when it is used, for the reason that a new one would be."""
    client = boto3.client("s3", **options)
    with aws.session().activate(earlier="adopt"), pytest.raises(SessionError, match=message):
        client.list_buckets()
    assert not aws.requests


def test_earlier_keys_of_its_own_follow_the_choice(aws: EmbeddedAWS) -> None:
    """A session, and a client, that were given keys before are refused, or left alone where keys may."""
    session, client = boto3.Session(**keys(aws)), boto3.client("s3", **keys(aws))  # type: ignore[call-overload]  # two keys
    for earlier in ("refuse", "adopt"):
        with aws.session().activate(earlier=earlier):  # type: ignore[arg-type]  # one of the two
            for use in (lambda: session.client("s3"), session.get_credentials, client.list_buckets):
                with pytest.raises(SessionError):
                    use()
    with aws.session().activate(other_keys="allow"):
        session.client("s3").list_buckets()
        client.list_buckets()
    assert {request.principal for request in aws.requests if request.service == "s3"} == {aws.launcher}


def test_the_sessions_own_clients_are_no_earlier_ones(aws: EmbeddedAWS) -> None:
    """What a secure session made before goes on."""
    session = aws.session()
    client = session.client("s3")
    with session.activate():
        client.list_buckets()
        session.verify()
    assert signers(aws) == ROLE
