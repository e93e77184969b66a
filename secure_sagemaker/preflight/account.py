"""Every check beside the network's: roles, keys, buckets, scans."""

from __future__ import annotations

from collections.abc import Iterator

from secure_sagemaker.preflight.account_facts import AccountFacts, WantedAccount
from secure_sagemaker.preflight.buckets import decide_buckets
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.findings import Finding
from secure_sagemaker.preflight.keys import decide_keys
from secure_sagemaker.preflight.roles import decide_roles

__all__ = ["decide_account"]


def decide_account(facts: AccountFacts, wanted: WantedAccount) -> Iterator[Finding]:
    """What every check says of roles, keys, buckets and scans."""
    yield from decide_roles(facts, wanted)
    yield from decide_keys(facts, wanted)
    yield from decide_buckets(facts, wanted)
    if wanted.macie:
        yield _macie(facts)


def _macie(facts: AccountFacts) -> Finding:
    check = CHECKS["macie-enabled"]
    if facts.macie.unread:
        return check.unknown("macie", facts.macie.unread, remedy="let the role do macie2:GetMacieSession")
    if facts.macie.value == "ENABLED":
        return check.ok("macie", "it is enabled")
    told = f"its status is {facts.macie.value}" if facts.macie.value else "it is not enabled"
    paused = facts.macie.value == "PAUSED"
    fix = "aws macie2 update-macie-session --status ENABLED" if paused else "aws macie2 enable-macie"
    return check.problem("macie", told, fix=fix)
