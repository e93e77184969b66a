"""How the embedded AWS puts policies together: IAM's own order of evaluation."""

from __future__ import annotations

import pytest

from secure_sagemaker.local.authorization import Policies, authorize
from secure_sagemaker.local.policies import PolicyRequest

ROLE = "arn:aws:iam::111122223333:role/team"
SESSION = "arn:aws:sts::111122223333:assumed-role/team/jane"
REQUEST = PolicyRequest(
    action="s3:GetObject",
    resource="arn:aws:s3:::data/1.csv",
    caller_arn=SESSION,
    caller_account="111122223333",
)


def policy(effect: str = "Allow", **elements: object) -> dict[str, object]:
    return {"Statement": [{"Effect": effect, "Action": "s3:GetObject", "Resource": "*", **elements}]}


def to(principal: object, effect: str = "Allow") -> dict[str, object]:
    return policy(effect, Principal=principal)


ALLOW, DENY = policy(), policy("Deny")
OTHER = policy(Action="s3:PutObject")


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        pytest.param(Policies(role=[ALLOW]), "every policy allows it", id="the-role"),
        pytest.param(
            Policies(),
            "because no identity-based policy allows the s3:GetObject action",
            id="nothing",
        ),
        pytest.param(Policies(role=[OTHER, ALLOW]), "every policy allows it", id="one-of-several"),
        pytest.param(
            Policies(role=[ALLOW, DENY]), "with an explicit deny in an identity-based policy", id="deny"
        ),
        pytest.param(
            Policies(role=[ALLOW], session=[OTHER]),
            "because no session policy allows the s3:GetObject action",
            id="session",
        ),
        pytest.param(
            Policies(role=[ALLOW], session=[]),
            "because no session policy allows the s3:GetObject action",
            id="empty-session",
        ),
        pytest.param(Policies(role=[ALLOW], session=[OTHER, ALLOW]), "every policy allows it", id="union"),
        pytest.param(
            Policies(role=[ALLOW], session=[ALLOW, DENY]),
            "with an explicit deny in a session policy",
            id="session-deny",
        ),
        pytest.param(
            Policies(session=[ALLOW]),
            "because no identity-based policy allows the s3:GetObject action",
            id="session-adds-nothing",
        ),
        pytest.param(
            Policies(role=[ALLOW], boundary=OTHER),
            "because no permissions boundary allows the s3:GetObject action",
            id="boundary",
        ),
        pytest.param(
            Policies(role=[ALLOW], boundary=DENY),
            "with an explicit deny in a permissions boundary",
            id="boundary-deny",
        ),
        pytest.param(
            Policies(role=[ALLOW], organisation=[[ALLOW], [OTHER]]),
            "because no service control policy allows the s3:GetObject action",
            id="one-level-of-the-organisation",
        ),
        pytest.param(
            Policies(role=[ALLOW], organisation=[[ALLOW], [ALLOW, DENY]]),
            "with an explicit deny in a service control policy",
            id="organisation-deny",
        ),
        pytest.param(
            Policies(resource=to({"AWS": SESSION}), session=[OTHER], boundary=OTHER),
            "a resource-based policy allows it",
            id="granted-to-the-session",
        ),
        pytest.param(
            Policies(resource=to({"AWS": ROLE}), session=[OTHER]),
            "because no session policy allows the s3:GetObject action",
            id="granted-to-the-role-and-narrowed",
        ),
        pytest.param(
            Policies(resource=to({"AWS": ROLE}), session=[ALLOW]), "every policy allows it", id="role"
        ),
        pytest.param(
            Policies(resource=to({"AWS": "111122223333"})),
            "because no identity-based policy allows the s3:GetObject action",
            id="the-account-decides",
        ),
        pytest.param(
            Policies(role=[ALLOW], resource=to("*", "Deny")),
            "with an explicit deny in a resource-based policy",
            id="resource-deny",
        ),
    ],
)
def test_policies_are_put_together_as_iam_does(policies: Policies, reason: str) -> None:
    """A deny ends it; then the organisation, the resource, the role, its boundary and its session have their say."""
    decided = authorize(REQUEST, policies)
    assert (reason, reason in ("every policy allows it", "a resource-based policy allows it")) == (
        decided.reason,
        decided.allowed,
    )
