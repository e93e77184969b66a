"""VPC endpoints: whether each service has one, and whether the subnets reach it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure_sagemaker.network.routing import RouteTable, table_of
from secure_sagemaker.preflight.acls import EPHEMERAL, HTTPS, acl_of, barred, barred_between
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.facts import (
    Endpoint,
    NetworkFacts,
    SecurityGroup,
    Subnet,
    WantedNetwork,
)
from secure_sagemaker.preflight.findings import Finding
from secure_sagemaker.preflight.foreigners import let_through
from secure_sagemaker.preflight.groups import lets
from secure_sagemaker.preflight.services import action_prefix

__all__ = [
    "decide_acls",
    "decide_endpoint_groups",
    "decide_endpoints",
    "decide_policies",
    "decide_s3",
    "decide_s3_path",
]

_READS = "ec2:DescribeManagedPrefixLists, ec2:GetManagedPrefixListEntries and ec2:DescribeNetworkAcls"


def service_of(endpoint: Endpoint, region: str) -> str:
    """The service of an endpoint without its partition's prefix, its region and FIPS, such as ``sagemaker.api``."""
    named = re.fullmatch(
        rf"(?:[\w.]+\.)?amazonaws\.{re.escape(region)}\.(?P<service>.+?)(?:-fips)?", endpoint.service
    )
    return "" if named is None else named["service"]


def _needed(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[tuple[str, str, tuple[Endpoint, ...]]]:
    """Each VPC of the subnets, with each service and its available interface endpoints there."""
    for vpc in dict.fromkeys(subnet.vpc for subnet in facts.known(wanted)):
        for service in wanted.services:
            yield vpc, service, _interfaces(facts, wanted, vpc, service)


def _interfaces(facts: NetworkFacts, wanted: WantedNetwork, vpc: str, service: str) -> tuple[Endpoint, ...]:
    return tuple(
        one
        for one in facts.endpoints
        if one.vpc == vpc
        and one.kind == "Interface"
        and one.available
        and service_of(one, wanted.region) == service
    )


def _reached(facts: NetworkFacts, wanted: WantedNetwork) -> tuple[Endpoint, ...]:
    """The interface endpoints that subnets must reach; S3's where there is one, which a gateway may stand beside."""
    needed = [one for _, _, found in _needed(facts, wanted) for one in found]
    for vpc in dict.fromkeys(subnet.vpc for subnet in facts.known(wanted)):
        needed += _interfaces(facts, wanted, vpc, "s3")
    return tuple(needed)


def _versions(endpoint: Endpoint) -> tuple[int, ...]:
    return (4, 6) if endpoint.ipv6 else (4,)


def _lost(endpoint: Endpoint, facts: NetworkFacts) -> str:
    """What is not told of an endpoint's subnets; empty where all are."""
    lost = [id_ for id_ in endpoint.subnets if facts.subnet(id_) is None]
    return (
        f"{', '.join(lost) or 'a subnet'} of {endpoint.id} is not told"
        if lost or not endpoint.subnets
        else ""
    )


def decide_endpoints(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whether they are there, in the zones, by the public names."""
    for vpc, service, found in _needed(facts, wanted):
        check, subject = CHECKS["endpoint-present"], f"{service} in {vpc}"
        if found:
            yield check.ok(subject, f"{', '.join(one.id for one in found)} is available")
            continue
        others = [
            one for one in facts.endpoints if one.vpc == vpc and service_of(one, wanted.region) == service
        ]
        ours = [one.id for one in facts.known(wanted) if one.vpc == vpc]
        fix = (
            f"aws ec2 create-vpc-endpoint --vpc-id {vpc} --vpc-endpoint-type Interface "
            f"--service-name com.amazonaws.{wanted.region}.{service} --private-dns-enabled "
            f"--subnet-ids {' '.join(ours)} --security-group-ids GROUP"
        )
        told = "; ".join(f"{one.id} is {one.state}, of type {one.kind}" for one in others)
        yield check.problem(subject, told or "it has none", fix="" if others else fix)
    for endpoint in _reached(facts, wanted):
        yield from _one_endpoint(endpoint, facts, wanted)


def _one_endpoint(endpoint: Endpoint, facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    zones, names = CHECKS["endpoint-zones"], CHECKS["endpoint-private-dns"]
    subject = f"{endpoint.id} ({service_of(endpoint, wanted.region)})"
    own = [facts.subnet(id_) for id_ in endpoint.subnets]
    has = {subnet.zone for subnet in own if subnet is not None}
    lacking = sorted({one.zone for one in facts.known(wanted) if one.vpc == endpoint.vpc} - has)
    if lacking:
        yield zones.problem(subject, f"it is not in {', '.join(lacking)}")
    else:
        yield zones.ok(subject, "it is in each zone of the subnets")
    if endpoint.private_dns:
        yield names.ok(subject, "private DNS is on")
    else:
        fix = f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint.id} --private-dns-enabled"
        yield names.problem(subject, "private DNS is off", fix=fix)


def decide_endpoint_groups(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whether HTTPS passes the security groups at both ends."""
    check = CHECKS["endpoint-groups"]
    ours = [group for id_ in wanted.groups if (group := facts.group(id_)) is not None]
    for endpoint in _reached(facts, wanted):
        theirs = [group for id_ in endpoint.groups if (group := facts.group(id_)) is not None]
        subject = f"{endpoint.id} ({service_of(endpoint, wanted.region)})"
        if len(theirs) < len(endpoint.groups) or _lost(endpoint, facts):
            yield check.unknown(subject, "a group or a subnet of it is not told")
            continue
        yield _passes(subject, endpoint, ours, theirs, facts, wanted)


def _passes(
    subject: str,
    endpoint: Endpoint,
    ours: list[SecurityGroup],
    theirs: list[SecurityGroup],
    facts: NetworkFacts,
    wanted: WantedNetwork,
) -> Finding:
    check = CHECKS["endpoint-groups"]
    versions = _versions(endpoint)
    near = [subnet for subnet in facts.known(wanted) if subnet.vpc == endpoint.vpc]
    far = [subnet for subnet in facts.subnets if subnet.id in endpoint.subnets]

    def of(subnets: list[Subnet]) -> list[str]:
        return [str(net) for subnet in subnets for net in subnet.networks if net.version in versions]

    out = lets(
        ours,
        facts,
        egress=True,
        peers=endpoint.groups,
        networks=[net for subnet in far for net in subnet.networks if net.version in versions],
    )
    into = lets(
        theirs,
        facts,
        egress=False,
        peers=[group.id for group in ours],
        networks=[net for subnet in near for net in subnet.networks if net.version in versions],
    )
    missing = []
    if out is False:
        missing.append(
            f"our groups do not let 443 out to {', '.join(endpoint.groups)} or {', '.join(of(far))}"
        )
    if into is False:
        missing.append(
            f"its groups do not let 443 in from {', '.join(wanted.groups)} or {', '.join(of(near))}"
        )
    if missing:
        lines = []
        if out is False and ours and theirs:
            lines.append(_rule("egress", ours[0].id, theirs[0].id))
        if into is False and ours and theirs:
            lines.append(_rule("ingress", theirs[0].id, ours[0].id))
        return check.problem(subject, "; ".join(missing), fix="\n".join(lines))
    if out is None or into is None:
        return check.unknown(
            subject,
            "only a prefix list could say, and its entries could not be read",
            remedy="let the role do ec2:GetManagedPrefixListEntries",
        )
    return check.ok(subject, "443 passes the groups of both ends")


def _rule(way: str, group: str, peer: str) -> str:
    return (
        f"aws ec2 authorize-security-group-{way} --group-id {group} "
        f"--ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,UserIdGroupPairs=[{{GroupId={peer}}}]'"
    )


def decide_acls(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whether network ACLs let HTTPS and its answers pass between the subnets and each endpoint's."""
    check = CHECKS["endpoint-acls"]
    reached = _reached(facts, wanted)
    for subnet in facts.known(wanted):
        beyond = [one for one in reached if one.vpc == subnet.vpc]
        stops: list[str] = []
        unknown = "" if beyond else f"{subnet.vpc} has no interface endpoint to reach"
        for endpoint in beyond:
            versions = [
                one for one in _versions(endpoint) if any(net.version == one for net in subnet.networks)
            ]
            if not versions:
                stops.append(f"{endpoint.id} has no address of a version that the subnet has")
            unknown = unknown or _lost(endpoint, facts)
            for far in (one for one in facts.subnets if one.id in endpoint.subnets):
                for version in versions:
                    try:
                        stop = barred_between(subnet, far, facts.acls, version=version)
                    except LookupError as absent:
                        unknown = f"no network ACL of {absent.args[0]} was found"
                        continue
                    if stop is not None:
                        stops.append(stop)
        if stops:
            yield check.problem(subnet.id, "; ".join(dict.fromkeys(stops)))
        elif unknown:
            yield check.unknown(subnet.id, unknown)
        else:
            yield check.ok(subnet.id, "443 and its answers pass to each endpoint's subnets")


def decide_policies(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whom the endpoints' policies let through."""
    check = CHECKS["endpoint-policy"]
    vpcs = {subnet.vpc for subnet in facts.known(wanted)}
    for endpoint in facts.endpoints:
        service = service_of(endpoint, wanted.region)
        if endpoint.vpc not in vpcs or service not in (*wanted.services, "s3"):
            continue
        subject = f"{endpoint.id} ({service})"
        if not endpoint.policy:
            yield check.unknown(subject, "AWS tells no policy of it")
            continue
        try:
            passing = let_through(endpoint.policy, action_prefix(service), wanted)
        except ValueError as malformed:
            yield check.unknown(subject, f"its policy could not be read: {malformed}")
            continue
        if passing is None:
            yield check.ok(
                subject,
                "no foreign principal passes"
                + (", and none of ours to a foreign bucket" * (service == "s3")),
            )
        else:
            fix = f"aws ec2 modify-vpc-endpoint --vpc-endpoint-id {endpoint.id} --policy-document file://policy.json"
            yield passing.finding(check, subject, fix=fix)


def _s3_gateway(
    subnet: Subnet, table: RouteTable | None, facts: NetworkFacts, wanted: WantedNetwork
) -> Endpoint | None:
    """The gateway endpoint of S3 that a subnet's table has a live route to."""
    if table is None:
        return None
    routed = {
        route.target
        for route in table.routes
        if isinstance(route.destination, str) and route.active and facts.s3_list in ("", route.destination)
    }
    return next(
        (
            one
            for one in facts.endpoints
            if one.kind == "Gateway"
            and one.vpc == subnet.vpc
            and one.available
            and one.id in routed
            and service_of(one, wanted.region) == "s3"
        ),
        None,
    )


def decide_s3(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whether each subnet reaches S3 without the internet."""
    check = CHECKS["s3-endpoint"]
    for subnet in facts.known(wanted):
        table = table_of(subnet.id, facts.route_tables, vpc=subnet.vpc)
        gateway = _s3_gateway(subnet, table, facts, wanted)
        interfaces = _interfaces(facts, wanted, subnet.vpc, "s3")
        if gateway is not None:
            yield check.ok(subnet.id, f"its table has a route to {gateway.id}")
        elif interfaces:
            yield check.ok(subnet.id, f"{interfaces[0].id} is available")
        elif table is None:
            yield check.unknown(subnet.id, f"no route table of it was found in {subnet.vpc}")
        else:
            fix = (
                f"aws ec2 create-vpc-endpoint --vpc-id {subnet.vpc} --vpc-endpoint-type Gateway "
                f"--service-name com.amazonaws.{wanted.region}.s3 --route-table-ids {table.id}"
            )
            yield check.problem(
                subnet.id, f"{table.id} has no live route to an available endpoint of S3", fix=fix
            )


def decide_s3_path(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whether HTTPS passes our groups and ACLs to S3's gateway endpoint."""
    check = CHECKS["s3-path"]
    ours = [group for id_ in wanted.groups if (group := facts.group(id_)) is not None]
    listed = tuple(one for one in facts.prefix_lists.get(facts.s3_list, ()) if one.version == 4)
    for subnet in facts.known(wanted):
        if (
            _s3_gateway(subnet, table_of(subnet.id, facts.route_tables, vpc=subnet.vpc), facts, wanted)
            is None
        ):
            continue
        acl = acl_of(subnet, facts.acls)
        if not listed or acl is None:
            lacks = "S3's prefix list could not be read" if not listed else "no network ACL of it was found"
            yield check.unknown(subnet.id, lacks, remedy=f"let the role do {_READS}")
            continue
        out = lets(ours, facts, egress=True, peers=(facts.s3_list,), networks=listed)
        stops = [] if out is not False else [f"no group lets 443 out to {facts.s3_list}"]
        for network in listed:
            for ports, egress in ((HTTPS, True), (EPHEMERAL, False)):
                if (rule := barred(acl, network, ports, egress=egress)) is not None:
                    stops.append(
                        f"rule {rule} of {acl.id} stops {'443 to' if egress else 'answers from'} {network}"
                    )
        if stops:
            opening = ours[0].id if ours else "GROUP"
            permission = (
                f"IpProtocol=tcp,FromPort=443,ToPort=443,PrefixListIds=[{{PrefixListId={facts.s3_list}}}]"
            )
            fix = f"aws ec2 authorize-security-group-egress --group-id {opening} --ip-permissions '{permission}'"
            yield check.problem(subnet.id, "; ".join(stops), fix=fix if out is False else "")
        elif out is None:
            yield check.unknown(subnet.id, "only a prefix list could say, and its entries could not be read")
        else:
            yield check.ok(subnet.id, "443 and its answers pass")
