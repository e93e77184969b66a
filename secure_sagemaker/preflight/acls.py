"""Network ACLs: rules by number, the first that matches decides, and each direction by itself."""

from __future__ import annotations

from collections.abc import Iterable

from secure_sagemaker.network.peers import Network
from secure_sagemaker.preflight.addresses import Span, intersection, span, without
from secure_sagemaker.preflight.facts import AclEntry, NetworkAcl, Subnet

__all__ = ["EPHEMERAL", "HTTPS", "acl_of", "barred", "barred_between"]

HTTPS: Span = (443, 443)
EPHEMERAL: Span = (32768, 60999)
"""Where answers come back to: the ports that Linux, which jobs run on, takes for a client's end."""
_TCP = ("6", "tcp", "-1")
_Box = tuple[Span, Span]


def acl_of(subnet: Subnet, acls: Iterable[NetworkAcl]) -> NetworkAcl | None:
    """The ACL of a subnet: each has one."""
    return next((one for one in acls if subnet.id in one.subnets), None)


def barred(acl: NetworkAcl, network: Network, ports: Span, *, egress: bool) -> str | None:
    """The rule that stops TCP between the ACL's subnets and some of a network, at some of the ports; None if none does.

    Exact: every address and port that an earlier rule has not decided is held to the next.
    """
    left: list[_Box] = [(span(network), ports)]
    for entry in sorted(acl.entries, key=lambda one: one.number):
        if (
            entry.egress is not egress
            or entry.protocol not in _TCP
            or entry.network.version != network.version
        ):
            continue
        rest: list[_Box] = []
        for box in left:
            shared = _shared(box, entry)
            if shared is None:
                rest.append(box)
            elif not entry.allow:
                return f"{'*' if entry.number == 32767 else entry.number}"
            else:
                rest += _without(box, shared)
        left = rest
    return "*" if left else None


def _shared(box: _Box, entry: AclEntry) -> _Box | None:
    addresses = intersection(box[0], span(entry.network))
    ports = box[1] if entry.ports is None or entry.protocol == "-1" else intersection(box[1], entry.ports)
    return None if addresses is None or ports is None else (addresses, ports)


def _without(box: _Box, gone: _Box) -> list[_Box]:
    beside: list[_Box] = [(addresses, box[1]) for addresses in without((box[0],), (gone[0],))]
    return beside + [(gone[0], ports) for ports in without((box[1],), (gone[1],))]


def barred_between(ours: Subnet, theirs: Subnet, acls: Iterable[NetworkAcl], *, version: int) -> str | None:
    """What stops HTTPS from one subnet to another, or its answers; None if nothing does. Within one nothing can.

    Raises:
        LookupError: The ACL of one of them is not known.
    """
    if ours.id == theirs.id:
        return None
    known = tuple(acls)
    near, far = acl_of(ours, known), acl_of(theirs, known)
    if near is None or far is None:
        raise LookupError(ours.id if near is None else theirs.id)
    for here in (one for one in ours.networks if one.version == version):
        for there in (one for one in theirs.networks if one.version == version):
            for acl, peer, ports, egress, what in (
                (near, there, HTTPS, True, "443 out"),
                (far, here, HTTPS, False, "443 in"),
                (far, here, EPHEMERAL, True, "answers out"),
                (near, there, EPHEMERAL, False, "answers in"),
            ):
                if (rule := barred(acl, peer, ports, egress=egress)) is not None:
                    way = "to" if egress else "from"
                    return f"rule {rule} of {acl.id} stops {what} {way} {peer}"
    return None
