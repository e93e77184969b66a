"""Security groups: what they let in and out, taken together. Rules only allow, and answers pass by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from secure_sagemaker.network.peers import Network
from secure_sagemaker.preflight.addresses import covers, is_open
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.facts import GroupRule, NetworkFacts, SecurityGroup, WantedNetwork
from secure_sagemaker.preflight.findings import Finding

__all__ = ["decide_groups", "lets", "networks_of"]


def networks_of(rules: Iterable[GroupRule], facts: NetworkFacts) -> tuple[Network, ...]:
    """The addresses that rules name, by themselves or by a prefix list that could be read."""
    found: list[Network] = []
    for rule in rules:
        found += facts.prefix_lists.get(rule.peer, ()) if isinstance(rule.peer, str) else (rule.peer,)
    return tuple(found)


def unread_lists(rules: Iterable[GroupRule], facts: NetworkFacts) -> tuple[str, ...]:
    """The prefix lists that rules name, and whose entries could not be read."""
    named = (rule.peer for rule in rules if isinstance(rule.peer, str) and rule.peer.startswith("pl-"))
    return tuple(dict.fromkeys(one for one in named if one not in facts.prefix_lists))


def lets(
    groups: Iterable[SecurityGroup],
    facts: NetworkFacts,
    *,
    egress: bool,
    peers: Iterable[str],
    networks: Iterable[Network],
    port: int = 443,
) -> bool | None:
    """Whether groups let TCP at a port through, to or from peers; None where only an unread prefix list could tell.

    Args:
        groups: Those of one interface: what one of them allows is allowed.
        facts: Holds the prefix lists.
        egress: Out, or else in.
        peers: The groups of the other end.
        networks: The addresses of the other end, all of which must be let through where no group is named.
        port: The port.
    """
    rules = [rule for group in groups for rule in group.rules if rule.egress is egress and rule.takes(port)]
    if {rule.peer for rule in rules if isinstance(rule.peer, str)} & set(peers):
        return True
    allowed, wanted = networks_of(rules, facts), tuple(networks)
    if wanted and all(covers(allowed, network) for network in wanted):
        return True
    return None if unread_lists(rules, facts) else False


def decide_groups(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """What the baseline's groups let in and out."""
    homes = {wanted.vpc} if wanted.vpc else {subnet.vpc for subnet in facts.known(wanted)}
    ours: list[SecurityGroup] = []
    for id_ in wanted.groups:
        group = facts.group(id_)
        if group is None:
            yield CHECKS["group-vpc"].problem(id_, "there is no such group in this account and region")
            continue
        ours.append(group)
        if {group.vpc} == homes:
            yield CHECKS["group-vpc"].ok(id_, f"it is of {group.vpc}, like the subnets")
        else:
            told = ", ".join(sorted(homes)) or "no VPC that could be found"
            yield CHECKS["group-vpc"].problem(id_, f"it is of {group.vpc}, and the subnets are of {told}")
        yield _open(group, facts, egress=True)
        yield _open(group, facts, egress=False)
    if ours:
        yield _together(ours, facts, wanted)


def _open(group: SecurityGroup, facts: NetworkFacts, *, egress: bool) -> Finding:
    check = CHECKS["group-egress" if egress else "group-ingress"]
    rules = [rule for rule in group.rules if rule.egress is egress]
    whole = is_open(networks_of(rules, facts))
    way = "out to" if egress else "in from"
    if whole is not None:
        named = any(rule.peer == whole for rule in rules)
        how = (
            f"a rule lets {way} {whole}" if named else f"its rules, taken together, let {way} all of {whole}"
        )
        verb = "revoke-security-group-egress" if egress else "revoke-security-group-ingress"
        fix = "\n".join(_revocation(verb, group, rule) for rule in rules if rule.peer == whole)
        return check.problem(group.id, how, fix=fix)
    if unread := unread_lists(rules, facts):
        return check.unknown(
            group.id,
            f"a rule lets {way} {unread[0]}, and its entries could not be read",
            remedy="let the role do ec2:GetManagedPrefixListEntries",
        )
    return check.ok(group.id, f"no rule of it lets {way} the whole internet")


def _revocation(verb: str, group: SecurityGroup, rule: GroupRule) -> str:
    ports = "" if rule.ports is None else f",FromPort={rule.ports[0]},ToPort={rule.ports[1]}"
    six = isinstance(rule.peer, str) or rule.peer.version == 6
    ranges = f"Ipv6Ranges=[{{CidrIpv6={rule.peer}}}]" if six else f"IpRanges=[{{CidrIp={rule.peer}}}]"
    return (
        f"aws ec2 {verb} --group-id {group.id} --ip-permissions 'IpProtocol={rule.protocol}{ports},{ranges}'"
    )


def _together(ours: list[SecurityGroup], facts: NetworkFacts, wanted: WantedNetwork) -> Finding:
    check, names = CHECKS["group-self"], {group.id for group in ours}
    subject = ", ".join(group.id for group in ours)
    nets = [network for subnet in facts.known(wanted) for network in subnet.networks]
    missing = []
    for egress in (False, True):
        rules = [rule for group in ours for rule in group.rules if rule.egress is egress and rule.all_tcp]
        by_name = bool({rule.peer for rule in rules if isinstance(rule.peer, str)} & names)
        allowed = networks_of(rules, facts)
        if not by_name and not (nets and all(covers(allowed, network) for network in nets)):
            missing.append("egress" if egress else "ingress")
    if not missing:
        return check.ok(subject, "instances of one job reach one another")
    fix = "\n".join(
        f"aws ec2 authorize-security-group-{way} --group-id {ours[0].id} "
        f"--ip-permissions 'IpProtocol=-1,UserIdGroupPairs=[{{GroupId={ours[0].id}}}]'"
        for way in missing
    )
    return check.problem(
        subject, f"no {' and no '.join(missing)} rule names one of the groups for all of TCP", fix=fix
    )
