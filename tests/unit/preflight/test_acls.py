"""Network ACLs: what the rules stop, by number."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.preflight.acls import barred, barred_between
from secure_sagemaker.preflight.facts import AclEntry, NetworkAcl, Subnet

pytestmark = pytest.mark.once

NETWORKS = tuple(
    map(
        ip_network,
        ("0.0.0.0/0", "10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/32", "10.0.0.3/32", "::/0", "fd00::/126"),
    )
)
ENTRIES = st.lists(
    st.builds(
        AclEntry,
        number=st.integers(1, 200),
        egress=st.booleans(),
        allow=st.booleans(),
        protocol=st.sampled_from(["-1", "6", "17"]),
        network=st.sampled_from(NETWORKS),
        ports=st.none() | st.sampled_from([(440, 444), (443, 443), (445, 446), (0, 65535), (446, 500)]),
    ),
    unique_by=lambda entry: (entry.number, entry.egress),
    max_size=8,
)


def naive(entries: list[AclEntry], address: str, port: int) -> bool:
    """Whether one packet out passes: the first rule that matches says so."""
    for entry in sorted(entries, key=lambda one: one.number):
        ports = None if entry.protocol == "-1" else entry.ports
        if (
            entry.egress
            and entry.protocol in ("6", "-1")
            and ip_address(address) in entry.network
            and (ports is None or ports[0] <= port <= ports[1])
        ):
            return entry.allow
    return False


@given(entries=ENTRIES)
def test_every_packet_passes_where_nothing_is_barred(entries: list[AclEntry]) -> None:
    """Over all addresses of a network and all ports of a range it says what one packet after another would find."""
    acl = NetworkAcl(id="acl-a", subnets=("subnet-a",), entries=tuple(entries))
    passed = all(naive(entries, f"10.0.0.{last}", port) for last in range(4) for port in range(441, 448))
    assert passed is (barred(acl, ip_network("10.0.0.0/30"), (441, 447), egress=True) is None)


def subnet(id_: str, cidr: str) -> Subnet:
    return Subnet(id=id_, vpc="vpc-a", zone="eu-west-1a", networks=(ip_network(cidr),), free=99)


def entry(number: int, ports: tuple[int, int] | None, *, egress: bool, allow: bool = True) -> AclEntry:
    return AclEntry(
        number=number,
        egress=egress,
        allow=allow,
        protocol="6",
        network=ip_network("10.0.0.0/16"),
        ports=ports,
    )


OURS, THEIRS = subnet("subnet-a", "10.0.0.0/24"), subnet("subnet-b", "10.0.1.0/24")
NEAR = (entry(100, (443, 443), egress=True), entry(100, (1024, 65535), egress=False))
FAR = (entry(100, (443, 443), egress=False), entry(100, (1024, 65535), egress=True))


def between(near: tuple[AclEntry, ...], far: tuple[AclEntry, ...]) -> str | None:
    acls = [
        NetworkAcl(id="acl-near", subnets=("subnet-a",), entries=near),
        NetworkAcl(id="acl-far", subnets=("subnet-b",), entries=far),
    ]
    return barred_between(OURS, THEIRS, acls, version=4)


def test_https_and_its_answers_pass_both_ways() -> None:
    """Each of the four directions needs its own rule, and a lack is named with the ACL."""
    assert between(NEAR, FAR) is None
    assert between(NEAR[1:], FAR) == "rule * of acl-near stops 443 out to 10.0.1.0/24"
    assert between(NEAR, FAR[1:]) == "rule * of acl-far stops 443 in from 10.0.0.0/24"
    assert between(NEAR, FAR[:1]) == "rule * of acl-far stops answers out to 10.0.0.0/24"
    assert between(NEAR[:1], FAR) == "rule * of acl-near stops answers in from 10.0.1.0/24"


def test_the_lower_number_goes_first() -> None:
    """A deny before the allow stops; behind it, it does not; and a part of the ports is enough to stop."""
    deny = entry(90, (40000, 40000), egress=False, allow=False)
    assert between((*NEAR, deny), FAR) == "rule 90 of acl-near stops answers in from 10.0.1.0/24"
    assert between((*NEAR, entry(110, None, egress=False, allow=False)), FAR) is None


def test_within_one_subnet_no_acl_is_asked() -> None:
    """ACLs stand between subnets; one whose ACL is not told is no pass."""
    assert barred_between(OURS, OURS, [], version=4) is None
    with pytest.raises(LookupError, match="subnet-a"):
        barred_between(OURS, THEIRS, [], version=4)
