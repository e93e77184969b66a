"""A hundred generated networks on moto's EC2: each seeded fault is named, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from secure_sagemaker.preflight import Status
from secure_sagemaker.preflight.facts import NetworkFacts, WantedNetwork
from secure_sagemaker.preflight.network import DECISIONS, decide_network
from secure_sagemaker.preflight.reading import Reader, read_network
from tests.integration.preflight.layouts import CLASHES, FAULTS, REGION, good

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def account() -> Iterator[boto3.Session]:
    """Moto's account; each layout is a VPC of its own there."""
    with mock_aws():
        session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)
        where: Any = {"LocationConstraint": REGION}
        session.client("s3").create_bucket(Bucket="flow-logs", CreateBucketConfiguration=where)
        yield session


@pytest.fixture(scope="module")
def ec2(account: boto3.Session) -> Any:
    """A plain client."""
    return account.client("ec2")  # type: ignore[call-overload]  # its stubs are no dependency


@pytest.fixture(scope="module")
def reader(account: boto3.Session) -> Iterator[Reader]:
    """Reads them, with one client."""
    with Reader(account) as reader:
        yield reader


def named(facts: NetworkFacts, wanted: WantedNetwork) -> dict[str, set[Status]]:
    found: dict[str, set[Status]] = {}
    for one in decide_network(facts, wanted):
        if one.status is not Status.OK:
            found.setdefault(one.id, set()).add(one.status)
    return found


def seeded(number: int) -> tuple[random.Random, tuple[str, ...]]:
    """The faults of a layout: none, each of them alone, and then several at once."""
    seed = random.Random(number)  # noqa: S311  # a layout is no secret
    if number < 15:
        return seed, ()
    if number - 15 < len(FAULTS):
        return seed, (list(FAULTS)[number - 15],)
    chosen: list[str] = []
    for name in seed.sample(sorted(FAULTS), len(FAULTS)):
        if not any(name in clash and clash & set(chosen) for clash in CLASHES):
            chosen.append(name)
        if len(chosen) == 3:
            break
    return seed, tuple(chosen)


@pytest.mark.parametrize("number", range(100))
def test_each_seeded_fault_is_named_and_nothing_else(reader: Reader, ec2: Any, number: int) -> None:
    """The verdicts on a layout are those of its faults; on a good one there is none."""
    seed, faults = seeded(number)
    left_out = frozenset(part for name in faults for part in FAULTS[name].leave_out)
    layout = good(ec2, seed, leave_out=left_out)
    for name in faults:
        FAULTS[name].make(layout)
    wanted: dict[str, set[Status]] = {}
    for name in faults:
        for check, status in FAULTS[name].named.items():
            wanted.setdefault(check, set()).add(status)
    assert wanted == named(read_network(reader, layout.wanted()), layout.wanted()), faults


def test_the_faults_are_of_every_check_of_the_network() -> None:
    """No check is left without a layout that breaks it, but those of two VPCs, which have tests of their own."""
    broken = {check for fault in FAULTS.values() for check in fault.named}
    assert {"subnet-vpc", "group-vpc"} == {check for one in DECISIONS for check in one.checks} - broken


def test_subnets_and_groups_of_another_vpc_are_named(reader: Reader, ec2: Any) -> None:
    """A subnet of another VPC makes the network two; a group of another one is not of the subnets'."""
    here, there = good(ec2, random.Random(1)), good(ec2, random.Random(2))  # noqa: S311  # no secrets
    here.subnets[1] = there.subnets[1]
    assert {Status.PROBLEM} == named(read_network(reader, here.wanted()), here.wanted())["subnet-vpc"]
    there.group = here.group
    assert {Status.PROBLEM} == named(read_network(reader, there.wanted()), there.wanted())["group-vpc"]


OF_THE_NETWORK = tuple(check for decision in DECISIONS for check in decision.checks)


@pytest.mark.parametrize(
    ("operation", "checks"),
    [
        pytest.param("DescribeSubnets", OF_THE_NETWORK, id="subnets"),
        pytest.param("DescribeRouteTables", ("route-internet-gateway", "s3-endpoint"), id="routes"),
        pytest.param("DescribeNetworkAcls", ("endpoint-acls", "s3-path"), id="acls"),
        pytest.param("DescribeSecurityGroups", ("group-egress", "endpoint-groups"), id="groups"),
        pytest.param("DescribeVpcEndpoints", ("endpoint-present", "endpoint-policy"), id="endpoints"),
        pytest.param("DescribeVpcAttribute", ("vpc-dns",), id="dns"),
        pytest.param("DescribeFlowLogs", ("vpc-flow-logs",), id="flow-logs"),
        pytest.param("GetManagedPrefixListEntries", ("group-egress", "s3-path"), id="prefix-lists"),
        pytest.param("DescribeManagedPrefixLists", ("s3-path",), id="s3-list"),
    ],
)
def test_what_is_denied_is_unknown(ec2: Any, operation: str, checks: tuple[str, ...]) -> None:
    """Access denied on a read makes what it decides unknown, never well, and nothing a problem."""

    def denied(**_: object) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, operation)

    layout = good(ec2, random.Random(3))  # noqa: S311  # no secret
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)
    session.events.register(f"before-call.ec2.{operation}", denied)
    with Reader(session) as reader:
        found = named(read_network(reader, layout.wanted()), layout.wanted())
    assert {Status.UNKNOWN} == set().union(*found.values())
    assert set(checks) <= set(found)
