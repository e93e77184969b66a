"""Which services must have an interface endpoint: by what the baseline says of each."""

from __future__ import annotations

import pytest

from secure_sagemaker.preflight.services import INTERFACES, action_prefix, interfaces
from tests.controls_support import baseline

pytestmark = pytest.mark.once


def test_what_a_session_calls_has_one() -> None:
    """Where the baseline says nothing, SageMaker, STS, KMS and the logs are asked for, and no more."""
    assert (
        INTERFACES == interfaces(baseline()) == ("sagemaker.api", "sagemaker.runtime", "sts", "kms", "logs")
    )


def test_what_the_baseline_reaches_so_has_one() -> None:
    """Each service that is reached by an endpoint, by PrivateLink's own name for it; S3's have a check of their own."""
    stated = baseline(
        privatelink__services={
            "sagemaker": "endpoint",
            "sagemaker-metrics": "private-dns",
            "cloudwatch": "private-dns",
            "ecr": "endpoint",
            "ec2": "private-dns",
            "s3": "endpoint",
            "sts": "private-dns",
        },
        privatelink__endpoints={
            "sagemaker": "vpce-0a1b2c3d4e5f60718-a1b2c3d4.api.sagemaker.eu-west-1.vpce.amazonaws.com",
            "ecr": "vpce-0a1b2c3d4e5f60719",
            "s3": "vpce-0a1b2c3d4e5f60720",
        },
    )
    further = ("sagemaker.metrics", "monitoring", "ecr.api", "ec2")
    assert set(interfaces(stated)) == {*INTERFACES, *further}


def test_what_is_let_out_publicly_needs_none() -> None:
    """A waiver that lets a service out by its public name leaves its endpoint out as well."""
    stated = baseline(privatelink__services={"logs": "public"})
    assert set(interfaces(stated)) == {*INTERFACES} - {"logs"}


def test_a_scan_needs_one() -> None:
    """Where Macie is asked, it is reached privately."""
    assert "macie2" in interfaces(baseline(macie__mode="require"))


@pytest.mark.parametrize(
    ("service", "prefix"),
    [("sagemaker.api", "sagemaker"), ("ecr.api", "ecr"), ("monitoring", "cloudwatch"), ("sts", "sts")],
)
def test_its_policy_names_actions_as_iam_does(service: str, prefix: str) -> None:
    """An endpoint's policy is about the service's actions, which are not always called like the endpoint."""
    assert prefix == action_prefix(service)
