"""The network, decided from plain facts: what layouts on moto cannot show, and what is not told."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from secure_sagemaker.network.routing import Route, RouteTable
from secure_sagemaker.preflight import Status
from secure_sagemaker.preflight.facts import (
    AclEntry,
    Endpoint,
    FlowLog,
    GroupRule,
    NetworkAcl,
    NetworkFacts,
    SecurityGroup,
    Subnet,
    VpcDns,
    WantedNetwork,
)
from secure_sagemaker.preflight.network import DECISIONS, decide_network
from secure_sagemaker.preflight.services import INTERFACES

pytestmark = pytest.mark.once

PROBLEM, UNKNOWN = Status.PROBLEM, Status.UNKNOWN
ACCOUNT = "111122223333"
WANTED = WantedNetwork(
    region="eu-west-1",
    partition="aws",
    account=ACCOUNT,
    role=f"arn:aws:iam::{ACCOUNT}:role/ml-launcher",
    subnets=("subnet-a", "subnet-b"),
    groups=("sg-jobs",),
)
LIST = ip_network("52.218.0.0/17")
CLOSED = json.dumps(
    {
        "Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}},
        }
    }
)
OPEN = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}})


def subnet(letter: str, *cidrs: str, vpc: str = "vpc-a") -> Subnet:
    return Subnet(
        id=f"subnet-{letter}",
        vpc=vpc,
        zone=f"eu-west-1{letter}",
        networks=tuple(map(ip_network, cidrs)),
        free=200,
    )


SUBNETS = (subnet("a", "10.0.0.0/24"), subnet("b", "10.0.1.0/24"))


def rule(egress: bool, peer: Any, *ports: int) -> GroupRule:
    return GroupRule(
        egress=egress,
        protocol="tcp" if ports else "-1",
        peer=peer,
        ports=(ports[0], ports[-1]) if ports else None,
    )


OUT, IN = True, False
JOBS = SecurityGroup(
    id="sg-jobs",
    vpc="vpc-a",
    rules=(
        rule(IN, "sg-jobs"),
        rule(OUT, "sg-jobs"),
        rule(OUT, "sg-endpoints", 443),
        rule(OUT, "pl-s3", 443),
    ),
)
ENDPOINTS = SecurityGroup(id="sg-endpoints", vpc="vpc-a", rules=(rule(IN, "sg-jobs", 443),))
EVERYTHING = tuple(
    AclEntry(number=100, egress=egress, allow=True, protocol="-1", network=ip_network(whole))
    for egress in (True, False)
    for whole in ("0.0.0.0/0", "::/0")
)


def interface(name: str, /, **changes: Any) -> Endpoint:
    stated: dict[str, Any] = {
        "vpc": "vpc-a",
        "service": f"com.amazonaws.eu-west-1.{name}",
        "kind": "Interface",
        "state": "available",
        "private_dns": True,
        "subnets": WANTED.subnets,
        "groups": ("sg-endpoints",),
        "policy": CLOSED,
        **changes,
    }
    return Endpoint(id=f"vpce-{name}", **stated)


GATEWAY = Endpoint(
    id="vpce-gateway",
    vpc="vpc-a",
    service="com.amazonaws.eu-west-1.s3",
    kind="Gateway",
    state="available",
    policy=CLOSED,
)
GOOD = NetworkFacts(
    subnets=SUBNETS,
    route_tables=(
        RouteTable(
            id="rtb-a",
            vpc="vpc-a",
            main=True,
            routes=(
                Route(destination=ip_network("10.0.0.0/16"), target="local"),
                Route(destination="pl-s3", target="vpce-gateway"),
            ),
        ),
    ),
    acls=(NetworkAcl(id="acl-a", subnets=WANTED.subnets, entries=EVERYTHING),),
    groups=(JOBS, ENDPOINTS),
    endpoints=(*map(interface, INTERFACES), GATEWAY),
    dns={"vpc-a": VpcDns(support=True, hostnames=True)},
    flow_logs=(FlowLog(resource="vpc-a", traffic="ALL", delivers=True),),
    prefix_lists={"pl-s3": (LIST,)},
    s3_list="pl-s3",
)


def troubles(facts: NetworkFacts, wanted: WantedNetwork = WANTED) -> dict[str, Status]:
    return {one.id: one.status for one in decide_network(facts, wanted) if one.status is not Status.OK}


def with_endpoint(**changes: Any) -> NetworkFacts:
    return replace(GOOD, endpoints=(interface("sts", **changes), *GOOD.endpoints[:2], *GOOD.endpoints[3:]))


def test_a_good_network_is_let_alone() -> None:
    """Every check says ok of it."""
    assert {} == troubles(GOOD)
    assert {id_ for one in DECISIONS for id_ in one.checks} == {
        one.id for one in decide_network(GOOD, WANTED)
    }


def test_every_service_that_is_wanted_has_an_endpoint() -> None:
    """What the baseline reaches by an endpoint is asked for, too, and its policy is looked at."""
    wanted = replace(WANTED, services=(*INTERFACES, "macie2"))
    assert {"endpoint-present": PROBLEM} == troubles(GOOD, wanted)
    there = replace(GOOD, endpoints=(*GOOD.endpoints, interface("macie2")))
    assert {} == troubles(there, wanted)
    open_to_all = replace(GOOD, endpoints=(*GOOD.endpoints, interface("macie2", policy=OPEN)))
    assert {"endpoint-policy": PROBLEM} == troubles(open_to_all, wanted)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        pytest.param({"state": "pending"}, {"endpoint-present": PROBLEM}, id="pending"),
        pytest.param({"vpc": "vpc-b"}, {"endpoint-present": PROBLEM}, id="of-another-vpc"),
        pytest.param({"kind": "GatewayLoadBalancer"}, {"endpoint-present": PROBLEM}, id="of-another-kind"),
        pytest.param(
            {"service": "com.amazonaws.us-east-1.sts"}, {"endpoint-present": PROBLEM}, id="of-another-region"
        ),
        pytest.param({"service": "com.amazonaws.eu-west-1.sts-fips"}, {}, id="fips"),
        pytest.param({"service": "cn.com.amazonaws.eu-west-1.sts"}, {}, id="of-another-partition"),
        pytest.param({"policy": ""}, {"endpoint-policy": UNKNOWN}, id="no-policy-is-told"),
        pytest.param({"policy": "x"}, {"endpoint-policy": UNKNOWN}, id="no-policy"),
        pytest.param(
            {"policy": CLOSED.replace("aws:PrincipalAccount", "aws:PrincipalTag/team")},
            {"endpoint-policy": UNKNOWN},
            id="by-a-tag",
        ),
        pytest.param(
            {"groups": ("sg-endpoints", "sg-other")}, {"endpoint-groups": UNKNOWN}, id="a-group-is-not-told"
        ),
        pytest.param(
            {"subnets": ("subnet-a", "subnet-b", "subnet-z")},
            {"endpoint-groups": UNKNOWN, "endpoint-acls": UNKNOWN},
            id="a-subnet-is-not-told",
        ),
        pytest.param({"ipv6": True}, {}, id="by-ipv6-where-subnets-have-none"),
    ],
)
def test_an_endpoint_is_as_it_is_told(changes: dict[str, Any], wanted: dict[str, Status]) -> None:
    """State, kind, service, policy; and what is not told of it is unknown."""
    assert wanted == troubles(with_endpoint(**changes))


def test_s3_is_reached_by_either_kind_of_endpoint() -> None:
    """An interface endpoint does for the gateway, and then its own path counts; with none it is a problem."""
    endpoints = tuple(one for one in GOOD.endpoints if one is not GATEWAY)
    tables = (replace(GOOD.route_tables[0], routes=GOOD.route_tables[0].routes[:1]),)
    without = replace(GOOD, endpoints=endpoints, route_tables=tables)
    assert {"s3-endpoint": PROBLEM} == troubles(without)
    assert {} == troubles(replace(without, endpoints=(*endpoints, interface("s3"))))
    shut = replace(ENDPOINTS, id="sg-shut", rules=())
    by_shut = (*endpoints, interface("s3", groups=("sg-shut",)))
    assert {"endpoint-groups": PROBLEM} == troubles(
        replace(without, endpoints=by_shut, groups=(JOBS, ENDPOINTS, shut))
    )


def test_where_no_route_table_is_told_nothing_is_said_of_its_routes() -> None:
    """Neither that it is private, nor that S3 is reached."""
    said = troubles(replace(GOOD, route_tables=()))
    assert {
        "route-internet-gateway": UNKNOWN,
        "route-nat": UNKNOWN,
        "route-egress-only": UNKNOWN,
        "route-elsewhere": UNKNOWN,
        "s3-endpoint": UNKNOWN,
    } == said


def test_where_no_acl_is_told_nothing_is_said_to_pass() -> None:
    """Neither to endpoints, nor to S3."""
    assert {"endpoint-acls": UNKNOWN, "s3-path": UNKNOWN} == troubles(replace(GOOD, acls=()))


def test_an_acl_must_let_each_version_pass_that_the_endpoint_answers_by() -> None:
    """IPv6 counts where both ends have it; where they share no version, nothing passes."""
    six = (subnet("a", "10.0.0.0/24", "2600:1f18::/64"), subnet("b", "10.0.1.0/24", "2600:1f18:0:1::/64"))
    four_alone = replace(GOOD.acls[0], entries=tuple(one for one in EVERYTHING if one.network.version == 4))
    dual = replace(with_endpoint(ipv6=True), subnets=six, acls=(four_alone,))
    # By its group, and so whatever its addresses.
    assert {"endpoint-acls": PROBLEM} == troubles(dual)
    assert {} == troubles(replace(dual, acls=GOOD.acls))
    only_six = (subnet("a", "2600:1f18::/64"), subnet("b", "2600:1f18:0:1::/64"))
    assert {"endpoint-acls": PROBLEM} == troubles(replace(GOOD, subnets=only_six))


def test_rules_by_prefix_lists_count_as_their_entries() -> None:
    """A list that holds the other end's addresses is as good as they are; one that could not be read is unknown."""
    jobs = replace(JOBS, rules=(*JOBS.rules[:2], rule(OUT, "pl-own", 443), rule(OUT, "pl-s3", 443)))
    endpoints = replace(ENDPOINTS, rules=(rule(IN, "pl-own", 443),))
    listed = replace(GOOD, groups=(jobs, endpoints))
    own = (ip_network("10.0.0.0/23"),)
    assert {} == troubles(replace(listed, prefix_lists={"pl-s3": (LIST,), "pl-own": own}))
    assert {"endpoint-groups": PROBLEM} == troubles(
        replace(listed, prefix_lists={"pl-s3": (LIST,), "pl-own": own[:0]})
    )
    assert {"endpoint-groups": UNKNOWN, "group-egress": UNKNOWN} == troubles(listed)


def test_the_path_to_s3_is_by_its_list_or_its_addresses() -> None:
    """A rule for all of them does; one for a part does not; a list that could not be read leaves it open."""
    for peers, wanted in (
        ((ip_network("52.218.0.0/16"),), {}),
        ((ip_network("52.218.0.0/18"), ip_network("52.218.64.0/18")), {}),
        ((ip_network("52.218.0.0/18"),), {"s3-path": PROBLEM}),
        (("pl-other",), {"s3-path": UNKNOWN, "group-egress": UNKNOWN}),
    ):
        rules = (*JOBS.rules[:3], *(rule(OUT, peer, 443) for peer in peers))
        facts = replace(GOOD, groups=(replace(JOBS, rules=rules), ENDPOINTS))
        assert wanted == troubles(facts), peers
    assert {"s3-path": UNKNOWN} == troubles(replace(GOOD, s3_list=""))


@pytest.mark.parametrize(
    ("wanted_changes", "said"),
    [
        ({"vpc": "vpc-a"}, {}),
        ({"vpc": "vpc-b"}, {"subnet-vpc": PROBLEM, "group-vpc": PROBLEM}),
        ({"groups": ("sg-jobs", "sg-gone")}, {"group-vpc": PROBLEM}),
        ({"subnets": ("subnet-a", "subnet-b", "subnet-gone")}, {"subnet-exists": PROBLEM}),
        ({"subnets": ("subnet-a",)}, {"subnet-zones": PROBLEM}),
    ],
)
def test_what_the_baseline_names_must_be_there(
    wanted_changes: dict[str, Any], said: dict[str, Status]
) -> None:
    """The VPC that it states, every group, every subnet, two zones."""
    assert said == troubles(GOOD, replace(WANTED, **wanted_changes))


def test_settings_of_a_vpc_that_are_not_told_are_unknown() -> None:
    """No word of DNS is no word that it is on."""
    assert {"vpc-dns": UNKNOWN} == troubles(replace(GOOD, dns={}))
    off = {"vpc-a": VpcDns(support=False, hostnames=True)}
    assert {"vpc-dns": PROBLEM} == troubles(replace(GOOD, dns=off))


@pytest.mark.parametrize(
    ("logs", "well"),
    [
        ([("vpc-a", "ACCEPT", True)], True),
        ([("subnet-a", "ALL", True), ("subnet-b", "ALL", True)], True),
        ([("subnet-a", "ALL", True)], False),
        ([("vpc-a", "REJECT", True)], False),
        ([("vpc-a", "ALL", False)], False),
        ([], False),
    ],
)
def test_flow_logs_record_what_is_accepted(logs: list[tuple[str, str, bool]], well: bool) -> None:
    """Of the VPC or of each subnet, delivered."""
    made = tuple(FlowLog(resource=of, traffic=traffic, delivers=works) for of, traffic, works in logs)
    assert ({} if well else {"vpc-flow-logs": PROBLEM}) == troubles(replace(GOOD, flow_logs=made))


@pytest.mark.parametrize("name", sorted({name for decision in DECISIONS for name in decision.needs}))
def test_what_was_not_read_is_no_fact(name: str) -> None:
    """Whatever stands in a field that was not read, each check that needs it is unknown, with the reason."""
    facts = replace(GOOD, unread={name: "it was denied"})
    needing = {id_ for one in DECISIONS if name in one.needs for id_ in one.checks}
    assert dict.fromkeys(needing, UNKNOWN) == troubles(facts)
    assert {"it was denied"} == {one.why for one in decide_network(facts, WANTED) if one.id in needing}
