"""The subnets themselves, and what their VPC does with names and logs."""

from __future__ import annotations

from collections.abc import Iterator

from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.facts import NetworkFacts, WantedNetwork
from secure_sagemaker.preflight.findings import Finding

__all__ = ["ENOUGH_ADDRESSES", "decide_dns", "decide_flow_logs", "decide_subnets"]

ENOUGH_ADDRESSES = 16
"""Eight instances, at two addresses each."""


def decide_subnets(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whether they exist, where they are, and whether they have room."""
    exists, room = CHECKS["subnet-exists"], CHECKS["subnet-addresses"]
    for id_ in wanted.subnets:
        subnet = facts.subnet(id_)
        if subnet is None:
            yield exists.problem(id_, "there is no such subnet in this account and region")
            continue
        yield exists.ok(id_, f"it is of {subnet.vpc}, in {subnet.zone}")
        enough = subnet.free >= ENOUGH_ADDRESSES
        said = f"{subnet.free} addresses are free"
        yield room.ok(id_, said) if enough else room.problem(id_, f"only {said}")
    known = facts.known(wanted)
    vpcs = sorted({subnet.vpc for subnet in known})
    yield from _one_vpc(vpcs, wanted)
    zones = sorted({subnet.zone for subnet in known})
    told, check = f"they are in {', '.join(zones) or 'no zone'}", CHECKS["subnet-zones"]
    yield check.ok("vpc.subnets", told) if len(zones) > 1 else check.problem("vpc.subnets", told)


def _one_vpc(vpcs: list[str], wanted: WantedNetwork) -> Iterator[Finding]:
    check = CHECKS["subnet-vpc"]
    told = f"they are of {', '.join(vpcs) or 'no VPC that could be found'}"
    if len(vpcs) != 1:
        yield check.problem("vpc.subnets", told)
    elif wanted.vpc not in (None, vpcs[0]):
        yield check.problem("vpc.subnets", f"{told}, and vpc.vpc_id names {wanted.vpc}")
    else:
        yield check.ok("vpc.subnets", told)


def decide_dns(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whether private names of endpoints can be resolved."""
    check = CHECKS["vpc-dns"]
    for vpc in dict.fromkeys(subnet.vpc for subnet in facts.known(wanted)):
        dns = facts.dns.get(vpc)
        if dns is None:
            yield check.unknown(vpc, "its attributes are not told")
            continue
        settings = (("support", dns.support), ("hostnames", dns.hostnames))
        off = [name for name, is_on in settings if not is_on]
        if off:
            fix = "\n".join(
                f"aws ec2 modify-vpc-attribute --vpc-id {vpc} --enable-dns-{name} Value=true" for name in off
            )
            yield check.problem(vpc, f"DNS {' and '.join(off)} off", fix=fix)
        else:
            yield check.ok(vpc, "DNS support and hostnames are on")


def decide_flow_logs(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """Whether traffic leaves a record."""
    check = CHECKS["vpc-flow-logs"]
    logged = {one.resource for one in facts.flow_logs if one.delivers and one.traffic in ("ALL", "ACCEPT")}
    for vpc in dict.fromkeys(subnet.vpc for subnet in facts.known(wanted)):
        bare = [one.id for one in facts.known(wanted) if one.vpc == vpc and one.id not in logged]
        if vpc in logged or not bare:
            yield check.ok(vpc, "flow logs record what is accepted")
        else:
            fix = (
                f"aws ec2 create-flow-logs --resource-type VPC --resource-ids {vpc} --traffic-type ALL "
                "--log-destination-type cloud-watch-logs --log-group-name LOG-GROUP --deliver-logs-permission-arn ROLE"
            )
            yield check.problem(vpc, f"no flow log of it or of {', '.join(bare)} records that", fix=fix)
