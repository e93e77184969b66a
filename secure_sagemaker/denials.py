"""What AWS's access-denied message says, turned into what to change. Pure.

AWS names the action, sometimes the resource, and which of all policies decided. Nothing else of its message is taken
over: it may repeat what the request said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from secure_sagemaker.baseline import SecurityBaseline

__all__ = ["denial"]

_KINDS = "service control|resource control|identity-based|resource-based|session|VPC endpoint"
_DENIED = re.compile(
    r"is not authorized to perform: (?P<action>[a-z0-9-]+:\w+)"
    r'(?: on resource: "?(?P<resource>[^\s"]+)"?)?'
    rf"(?: (?P<how>with an explicit deny in an?|because no) (?P<policy>permissions boundary|(?:{_KINDS}) policy))?"
)
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+")
_PASSED_TO: Mapping[str, str] = {"sagemaker": "sagemaker.amazonaws.com"}
"""The name that iam:PassedToService has for a service; others have several."""
_WHOSE: Mapping[str, str] = {
    "service control policy": "a service control policy is the organisation's: its administrators change it",
    "resource control policy": "a resource control policy is the organisation's: its administrators change it",
    "identity-based policy": "that is a policy of {role} itself",
    "resource-based policy": "that is the policy of the bucket, key or other resource that is used",
    "permissions boundary": "that is the boundary of {role}: whoever made the role changes it",
    "VPC endpoint policy": "that is the policy of the VPC endpoint which the call went through",
}


_GUARDRAIL = "the guardrail denies it ({narrowed}): deploy it anew if the baseline has changed since"
_OTHER_TASK = "the session is for {narrowed}, which this call is no part of"


def denial(message: str, *, service: str, baseline: SecurityBaseline) -> str | None:
    """What AWS's message means under this baseline, and what to change; None where it is no such message.

    Args:
        message: What AWS said.
        service: The botocore name of the service that was called.
        baseline: What the call was held to.
    """
    found = _DENIED.search(message)
    if found is None:
        return None
    action, resource, policy = found["action"], found["resource"] or "", found["policy"]
    why = _why(policy, explicit=found["how"] != "because no", baseline=baseline) if policy else None
    if action == "iam:PassRole" and _ROLE.fullmatch(resource):
        lacking = policy is None or (policy, found["how"]) == ("identity-based policy", "because no")
        return _not_passed(resource, None if lacking else why, service=service, baseline=baseline)
    return None if why is None else f"AWS denies {action} {why}"


def _why(policy: str, *, explicit: bool, baseline: SecurityBaseline) -> str:
    """What decided, and whose it is to change."""
    decided = (
        f"with an explicit deny in {'an' if policy[0] in 'aei' else 'a'} {policy}"
        if explicit
        else f"because no {policy} allows it"
    )
    stated = baseline.session_policy
    managed = (*stated.guardrail_arns, *stated.policy_arns)
    of_session = _GUARDRAIL if explicit else _OTHER_TASK
    narrowed = ", ".join(managed if explicit else [*map(str, stated.tasks), *stated.policy_arns])
    whose = _WHOSE.get(policy, of_session).format(
        role=baseline.role.arn, narrowed=narrowed or "session_policy"
    )
    return f"{decided}: {whose}"


def _not_passed(passed: str, why: str | None, *, service: str, baseline: SecurityBaseline) -> str:
    """What it means that a role was not passed; without a reason, that nothing allows it."""
    launcher, roles = baseline.role.arn, baseline.execution_roles
    to = _PASSED_TO.get(service)
    told = f"{launcher} may not pass the role {passed} to {to or f'what {service} starts'}"
    if passed == launcher:
        return f"{told}: it is the role that makes the calls, which no job may have; pass {roles.default}"
    if passed not in (roles.default, *roles.allowed):
        return f"{told}: it is not one of the baseline's execution_roles; pass {roles.default}"
    if why is not None:
        return f"{told}, {why}"
    statement: dict[str, object] = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": passed}
    if to is not None:
        statement["Condition"] = {"StringEquals": {"iam:PassedToService": to}}
    return f"{told}: add to the policies of {launcher}: {json.dumps(statement)}"
