"""Whether S3's traffic goes to its gateway endpoint. The addresses are S3's public ones: only routes tell.

What is decided, for each subnet, by its own route table or else the VPC's main one:

- an active route sends S3's managed prefix list to a gateway endpoint for S3;
- no nearer route takes some of its addresses elsewhere, nor one as near, but for a propagated one: a written route goes
  before a list's, and of two lists nobody knows which goes first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from secure_sagemaker.network.peers import Network
from secure_sagemaker.network.routing import RouteTable, TargetKind, paths, table_of

__all__ = ["problem_with"]


def problem_with(
    *,
    vpc: str,
    tables: Sequence[RouteTable],
    subnets: Sequence[str],
    lists: Mapping[str, tuple[Network, ...]],
    s3_list: str,
    gateways: Collection[str],
) -> str | None:
    """Why S3's traffic may go elsewhere from one of the subnets; None where it cannot.

    Args:
        vpc: The subnets'.
        tables: All of the VPC.
        subnets: The subnets' ids.
        lists: The entries of the prefix lists that the tables' routes are for, by the lists' ids.
        s3_list: The id of that which is AWS's own, of S3's addresses in the region; empty where none is.
        gateways: The ids of the gateway endpoints for S3.
    """
    if not lists.get(s3_list):
        return "no route of its VPC is for S3's managed prefix list"
    for subnet in subnets:
        table = table_of(subnet, tables, vpc=vpc)
        if table is None:
            return f"no route table of {subnet} was found"
        if (problem := _problem_of(table, lists, s3_list, gateways)) is not None:
            return f"{table.id}, of {subnet}, {problem}"
    return None


def _problem_of(
    table: RouteTable, lists: Mapping[str, tuple[Network, ...]], s3_list: str, gateways: Collection[str]
) -> str | None:
    seen = [route for route in table.routes if route.destination == s3_list]
    if not any(route.active and route.target in gateways for route in seen):
        return f"has no route for S3's managed prefix list {s3_list} to a gateway endpoint"
    for route in table.routes:
        if isinstance(route.destination, str) and route.destination not in lists:
            return f"has a route for {route.destination}, whose entries are not known"
    among = paths(table, lists)
    ours = [path for path in among if path.route.destination == s3_list]
    for other in among:
        if other.route.destination == s3_list or other.route.kind is TargetKind.LOCAL:
            continue
        if any(path.meets(other) and not path.goes_before(other) for path in ours):
            return f"sends {other.route.destination} to {other.route.target}, which is nearer"
    return None
