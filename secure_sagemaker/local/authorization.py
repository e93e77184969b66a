"""Whether AWS lets somebody do something: all of the policies together, in IAM's order.

1. A Deny in any of them ends it.
2. Every level of the organisation (service control policies) must allow it.
3. The resource's own policy: what it grants to the very session, or to everybody, is granted; what it grants to the
   session's role counts as the role's own; what it grants to the account only lets the account decide. The policy of
   another account's resource must grant it, and adds nothing.
4. The role's policies must allow it, then its permissions boundary, then the policies passed with AssumeRole: each
   narrows what the one before left, and none adds to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from secure_sagemaker.local.policies import PolicyRequest, denies, grants, permits, prohibits

__all__ = ["Authorization", "Policies", "authorize"]

Policy = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Policies:
    """Every policy that has a say in what a role's session, or a user, may do with a resource."""

    role: Sequence[Policy] = ()
    """The role's or the user's, inline or managed."""
    session: Sequence[Policy] | None = None
    """Passed with AssumeRole, inline and by ARN; None where none was."""
    boundary: Policy | None = None
    organisation: Sequence[Sequence[Policy]] = field(default=())
    """The service control policies of each level, from the root to the account."""
    resource: Policy | None = None
    """The policy of the resource that is asked for."""
    of_another_account: bool = False
    """The resource belongs to another account, which must allow it as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Authorization:
    """What was decided, and by which of the policies."""

    allowed: bool
    reason: str
    """As AWS's own messages put it: with an explicit deny in a session policy, because no ... allows."""


def authorize(request: PolicyRequest, policies: Policies) -> Authorization:
    """Decide one request."""
    organisation = [policy for level in policies.organisation for policy in level]
    own = (
        ("a service control policy", organisation),
        ("an identity-based policy", policies.role),
        ("a permissions boundary", (policies.boundary,) if policies.boundary is not None else ()),
        ("a session policy", policies.session or ()),
    )
    for name, several in own:
        if any(prohibits(policy, request) for policy in several):
            return _refused(f"with an explicit deny in {name}")
    if policies.resource is not None and denies(policies.resource, request):
        return _refused("with an explicit deny in a resource-based policy")
    allows = f"allows the {request.action} action"
    if not all(any(permits(policy, request) for policy in level) for level in policies.organisation):
        return _refused(f"because no service control policy {allows}")
    granted = frozenset[str]() if policies.resource is None else grants(policies.resource, request)
    if policies.of_another_account and not granted:
        return _refused(f"because no resource-based policy {allows}")
    if granted & {"*", request.caller_arn} and not policies.of_another_account:
        return Authorization(allowed=True, reason="a resource-based policy allows it")
    to_role = any(":role/" in name for name in granted) and not policies.of_another_account
    if not to_role and not any(permits(policy, request) for policy in policies.role):
        return _refused(f"because no identity-based policy {allows}")
    if policies.boundary is not None and not permits(policies.boundary, request):
        return _refused(f"because no permissions boundary {allows}")
    if policies.session is not None and not any(permits(policy, request) for policy in policies.session):
        return _refused(f"because no session policy {allows}")
    return Authorization(allowed=True, reason="every policy allows it")


def _refused(reason: str) -> Authorization:
    return Authorization(allowed=False, reason=reason)
