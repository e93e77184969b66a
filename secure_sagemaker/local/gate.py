"""Whether IAM lets a caller do what a call asks: the embedded AWS's own lock, behind whatever a client has decided.

A role session is held to the policies of its role as they stand now, to the role's permissions boundary, to what it
was given by AssumeRole, and to the policies of buckets, keys and roles that it names. A user is held to the user's own
and those of its groups. The account belongs to no organisation, so there are no service control policies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.authorization import Policies, authorize
from secure_sagemaker.local.conditions import UnreadablePolicyError
from secure_sagemaker.local.permissions import Permission, permissions
from secure_sagemaker.local.policies import PolicyRequest
from secure_sagemaker.local.sagemaker import SageMaker
from secure_sagemaker.local.wire import Call, Caller, Refusal

__all__ = ["Gate"]


def _now() -> datetime:
    return datetime.now(UTC)


@lru_cache(maxsize=1024)
def _read(document: str) -> Mapping[str, object]:
    try:
        policy = json.loads(document)
    except ValueError as unreadable:
        raise UnreadablePolicyError(f"policy: no JSON: {document!r}") from unreadable
    if not isinstance(policy, dict):
        raise UnreadablePolicyError(f"policy: no object: {document!r}")
    return policy


def _managed(arn: str) -> Mapping[str, object]:
    document = moto_state.managed_policy(arn)
    if document is None:
        raise UnreadablePolicyError(
            f"policy: {arn} decides about this caller, and is not in the account any more"
        )
    return _read(document)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Authorizes calls."""

    sagemaker: SageMaker
    clock: Callable[[], datetime] = field(default=_now)
    """What time it is, in UTC: for ``aws:CurrentTime``."""

    def refusal(self, call: Call) -> Refusal | None:
        """What AWS says against a call that its caller is not allowed, or None.

        Raises:
            UnreadablePolicyError: A policy decides about it that the embedded AWS cannot evaluate.
        """
        caller = call.caller
        if caller is None or not call.operation:
            return None
        asked = tuple(permissions(call, caller, self.sagemaker))
        if not asked:
            return None
        policies, known = _policies(caller), self._context(call, caller)
        for one in asked:
            decided = authorize(
                PolicyRequest(
                    action=one.action,
                    resource=one.resource,
                    caller_arn=caller.arn,
                    caller_account=caller.account,
                    context={**known, **one.context},
                ),
                Policies(
                    role=policies.role,
                    session=policies.session,
                    boundary=policies.boundary,
                    resource=one.policy,
                    of_another_account=one.of_another_account,
                ),
            )
            if not decided.allowed:
                return _refusal(call, caller, one, decided.reason)
        return None

    def _context(self, call: Call, caller: Caller) -> dict[str, str | tuple[str, ...]]:
        """The keys that every request has."""
        now = self.clock()
        role = moto_state.role_of_session(caller.arn)
        context = {
            "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:epochtime": str(int(now.timestamp())),
            "aws:principalaccount": caller.account,
            "aws:principalarn": role or caller.arn,
            "aws:principaltype": "User" if role is None else "AssumedRole",
            "aws:requestedregion": call.region,
            "aws:resourceaccount": caller.account,
            # Loopback stands for AWS's own address, which is always reached by TLS here.
            "aws:securetransport": "true",
            "aws:userid": moto_state.principal_id(caller.arn),
            "aws:viaawsservice": "false",
            **{f"aws:principaltag/{key.lower()}": value for key, value in caller.tags.items()},
        }
        if role is None:
            context["aws:username"] = caller.name.rsplit("/", 1)[-1]
        if caller.temporary:  # long-term keys have no such condition key at all
            context["aws:multifactorauthpresent"] = str(caller.mfa).lower()
        if caller.source_identity:
            context["aws:sourceidentity"] = caller.source_identity
        return dict(context)


def _policies(caller: Caller) -> Policies:
    identity = moto_state.identity_policies(caller.arn)
    given = [*filter(None, [caller.policy])]
    session = [*map(_read, given), *map(_managed, caller.policy_arns)]
    return Policies(
        role=tuple(map(_read, identity.own)),
        boundary=None if identity.boundary is None else _managed(identity.boundary),
        session=session if given or caller.policy_arns else None,
    )


def _refusal(call: Call, caller: Caller, asked: Permission, reason: str) -> Refusal:
    """AWS's words, in the code and the form that the service has for them."""
    protocol = str(call.model.service_model.protocol) if call.model is not None else "json"
    who = f"User: {caller.arn} is not authorized to perform: {asked.action}"
    match protocol:
        case "ec2":
            said = f"You are not authorized to perform this operation. {who} {reason}"
            return Refusal(code="UnauthorizedOperation", message=said, status=403)
        case "rest-xml":
            return Refusal(
                code="AccessDenied", message=f'{who} on resource: "{asked.resource}" {reason}', status=403
            )
        case "query":
            return Refusal(
                code="AccessDenied", message=f"{who} on resource: {asked.resource} {reason}", status=403
            )
        case _:
            return Refusal(
                code="AccessDeniedException",
                message=f"{who} on resource: {asked.resource} {reason}",
                status=403 if protocol == "rest-json" else 400,
            )
