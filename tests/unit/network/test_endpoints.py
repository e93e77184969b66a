"""Which origins a request may go to."""

from __future__ import annotations

import botocore.loaders
import pytest

from secure_sagemaker import SessionError
from secure_sagemaker.network import EndpointPolicy

PARTITIONS = botocore.loaders.create_loader().load_data("partitions")
LISTED = ("http://127.0.0.1:5000", "https://Proxy.example.com:443", "http://[::1]:5000")


def policy(partition: str = "aws") -> EndpointPolicy:
    return EndpointPolicy.for_partition(PARTITIONS, partition, LISTED)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.sagemaker.eu-west-1.amazonaws.com",
        "https://API.SAGEMAKER.eu-west-1.AMAZONAWS.COM/",
        "https://api.sagemaker.eu-west-1.api.aws/path?query",
        "https://runtime-fips.sagemaker.us-east-1.amazonaws.com:443/endpoints/e/invocations",
        "https://vpce-0a1b-2c3d.api.sagemaker.eu-west-1.vpce.amazonaws.com",
        "https://ml-artifacts.s3.eu-west-1.amazonaws.com/k",
        "http://127.0.0.1:5000/any/path",
        "https://proxy.example.com",
        "https://proxy.example.com:443/x",
        "http://[::1]:5000/",
    ],
)
def test_aws_and_what_is_listed_may_be_reached(url: str) -> None:
    """AWS's own hosts over TLS, and exactly the listed origins, whatever the path or the letters' case."""
    assert policy().problem(url) is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://api.sagemaker.eu-west-1.amazonaws.com", "not TLS"),
        ("https://amazonaws.com", "no host of AWS"),
        ("https://notamazonaws.com", "no host of AWS"),
        ("https://sts.amazonaws.com.example.com", "no host of AWS"),
        ("https://sts.amazonaws.com@example.com/", "no host of AWS"),
        ("https://example.com/.amazonaws.com", "no host of AWS"),
        ("https://example.com#.amazonaws.com", "no host of AWS"),
        ("https://example.com?x=.amazonaws.com", "no host of AWS"),
        ("https://sts.cn-north-1.amazonaws.com.cn", "no host of AWS"),
        ("http://127.0.0.1:5001", "no host of AWS"),
        ("https://127.0.0.1:5000", "no host of AWS"),
        ("http://proxy.example.com", "no host of AWS"),
        ("https://sub.proxy.example.com", "no host of AWS"),
        ("ftp://sts.amazonaws.com", "not TLS"),
        ("sts.amazonaws.com", "no host of AWS"),
        ("", "no host of AWS"),
    ],
)
def test_anything_else_may_not(url: str, told: str) -> None:
    """Other hosts, look-alikes, other ports and schemes, other partitions, and what is no URL."""
    assert told in (policy().problem(url) or "")


def test_what_was_fine_lets_nothing_else_through() -> None:
    """A host that was fine stays so for each of its paths, and for nothing that only begins like it."""
    known = policy()
    for _ in range(2):
        assert known.problem("https://sts.amazonaws.com/a//b") is None
        assert known.problem("https://sts.amazonaws.com") is None
        for other in (
            ".example.com/",
            "@example.com/",
            ":443@example.com/",
            "\\@example.com/",
            "%2f.example.com/",
        ):
            assert known.problem(f"https://sts.amazonaws.com{other}") is not None
        assert known.problem("http://sts.amazonaws.com/a//b") is not None


def test_each_partition_has_its_own_hosts() -> None:
    """A baseline in one partition sends nothing to another."""
    china = "https://api.sagemaker.cn-north-1.amazonaws.com.cn"
    assert policy("aws-cn").problem(china) is None
    assert policy("aws-cn").problem("https://api.sagemaker.eu-west-1.amazonaws.com") is not None
    assert policy("aws").problem(china) is not None
    assert policy("aws-us-gov").problem("https://api.sagemaker.us-gov-west-1.amazonaws.com") is None


def test_an_unknown_partition_is_an_error() -> None:
    """Where botocore has no data, nothing is guessed."""
    with pytest.raises(SessionError, match="aws-moon"):
        policy("aws-moon")
