"""What IAM refuses: a trust policy that names nobody."""

from __future__ import annotations

import json

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.policies import principals, statements
from secure_sagemaker.local.refusals.rule import Rule
from secure_sagemaker.local.wire import Call

__all__ = ["RULES"]


def _invalid_principal(call: Call) -> str | None:
    text = call.text("AssumeRolePolicyDocument") or call.text("PolicyDocument")
    try:
        policy = json.loads(text)
    except ValueError:
        return None  # moto says so itself
    for statement in statements(policy):
        for kind, name in principals(statement):
            # Of other accounts nothing is known here, and so nothing is held against them.
            ours = call.caller is not None and f"::{call.caller.account}:" in name
            if kind == "AWS" and ours and not moto_state.has_principal(name):
                return f'Invalid principal in policy: "AWS":"{name}"'
    return None


RULES: tuple[Rule, ...] = (
    Rule(
        id="iam-invalid-principal",
        service="iam",
        operations=("CreateRole", "UpdateAssumeRolePolicy"),
        case="a trust policy whose principal is a user or a role of the account that does not exist",
        check=_invalid_principal,
        code="MalformedPolicyDocument",
        source="IAM User Guide, 'AWS JSON policy elements: Principal'",
    ),
)
