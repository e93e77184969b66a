"""Every check of the network, each over the facts that it needs: what could not be read makes it unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.endpoints import (
    decide_acls,
    decide_endpoint_groups,
    decide_endpoints,
    decide_policies,
    decide_s3,
    decide_s3_path,
)
from secure_sagemaker.preflight.facts import NetworkFacts, WantedNetwork
from secure_sagemaker.preflight.findings import READ, Finding
from secure_sagemaker.preflight.groups import decide_groups
from secure_sagemaker.preflight.routes import decide_routes
from secure_sagemaker.preflight.subnets import decide_dns, decide_flow_logs, decide_subnets

__all__ = ["DECISIONS", "Decision", "decide_network"]

_Decide = Callable[[NetworkFacts, WantedNetwork], Iterable[Finding]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Checks that are decided together."""

    checks: tuple[str, ...]
    needs: tuple[str, ...]
    """The fields of ``NetworkFacts`` without which nothing can be said."""
    decide: _Decide


DECISIONS = (
    Decision(
        checks=("subnet-exists", "subnet-addresses", "subnet-vpc", "subnet-zones"),
        needs=("subnets",),
        decide=decide_subnets,
    ),
    Decision(checks=("vpc-dns",), needs=("subnets", "dns"), decide=decide_dns),
    Decision(checks=("vpc-flow-logs",), needs=("subnets", "flow_logs"), decide=decide_flow_logs),
    Decision(
        checks=("route-internet-gateway", "route-nat", "route-egress-only", "route-elsewhere"),
        needs=("subnets", "route_tables", "endpoints"),
        decide=decide_routes,
    ),
    Decision(
        checks=("group-vpc", "group-egress", "group-ingress", "group-self"),
        needs=("subnets", "groups"),
        decide=decide_groups,
    ),
    Decision(
        checks=("endpoint-present", "endpoint-zones", "endpoint-private-dns"),
        needs=("subnets", "endpoints"),
        decide=decide_endpoints,
    ),
    Decision(
        checks=("endpoint-groups",), needs=("subnets", "groups", "endpoints"), decide=decide_endpoint_groups
    ),
    Decision(checks=("endpoint-acls",), needs=("subnets", "acls", "endpoints"), decide=decide_acls),
    Decision(checks=("endpoint-policy",), needs=("subnets", "endpoints"), decide=decide_policies),
    Decision(checks=("s3-endpoint",), needs=("subnets", "route_tables", "endpoints"), decide=decide_s3),
    Decision(
        checks=("s3-path",),
        needs=("subnets", "route_tables", "acls", "groups", "endpoints"),
        decide=decide_s3_path,
    ),
)
"""In the order they are told."""


def decide_network(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """What every check says of the network."""
    for decision in DECISIONS:
        unread = [facts.unread[name] for name in decision.needs if name in facts.unread]
        if unread:
            for id_ in decision.checks:
                yield CHECKS[id_].unknown("vpc", "; ".join(dict.fromkeys(unread)), remedy=READ)
        else:
            yield from decision.decide(facts, wanted)
