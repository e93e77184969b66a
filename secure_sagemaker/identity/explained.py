"""What to change when STS does not give the role. Pure: from what STS said to a remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from secure_sagemaker.baseline.sections import Role

__all__ = ["remedy"]

_ASKED = re.compile(r"(?:User: (?P<user>arn:\S+) )?is not authorized to perform: (?P<action>sts:\w+)")
_ASSUMED = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")
_SIGNATURE_LIVES = timedelta(minutes=5)
_TRUST_ACTIONS = (
    ("tags", "sts:TagSession"),
    ("digest_tag", "sts:TagSession"),
    ("source_identity", "sts:SetSourceIdentity"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refusal:
    code: str
    text: str
    role: Role
    ahead: timedelta


def remedy(error: Mapping[str, str], role: Role, ahead: timedelta) -> str:
    """What to do about an error of AssumeRole's.

    Args:
        error: The ``Error`` of STS's answer.
        role: What was asked for.
        ahead: How far STS's clock is from this machine's.
    """
    refusal = _Refusal(code=error.get("Code", ""), text=error.get("Message", ""), role=role, ahead=ahead)
    return next((found for told in _TELLERS if (found := told(refusal)) is not None), "mend what STS names")


def _clock(refusal: _Refusal) -> str | None:
    if abs(refusal.ahead) <= _SIGNATURE_LIVES:
        return None
    seconds = round(abs(refusal.ahead).total_seconds())
    which = "slow" if refusal.ahead > timedelta() else "fast"
    return f"set this machine's clock: it is {seconds} seconds {which}, and AWS takes a signature for five minutes"


def _duration(refusal: _Refusal) -> str | None:
    if refusal.code != "ValidationError" or not re.search("DurationSeconds|session limit", refusal.text):
        return None
    return (
        f"lower role.duration_seconds (now {refusal.role.duration_seconds}) to the role's maximum; "
        "a role assumed from another role may live for 3600 seconds at most"
    )


def _root(refusal: _Refusal) -> str | None:
    if "root" not in refusal.text or not _is_denied(refusal):
        return None
    return "the source is the account's root user, which may assume no role: sign in as somebody else"


def _denied(refusal: _Refusal) -> str | None:
    if not _is_denied(refusal):
        return None
    role = refusal.role
    asked = _ASKED.search(refusal.text)
    if asked is not None and asked["action"] != "sts:AssumeRole":
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": _principal(asked["user"] or "")},
            "Action": asked["action"],
        }
        return (
            f"add to the trust policy of {role.arn}: {json.dumps(statement)}; "
            f"the source's own policy must allow {asked['action']} too"
        )
    wanted = [action for field, action in _TRUST_ACTIONS if getattr(role, field)]
    needed = dict.fromkeys(["sts:AssumeRole", *wanted])
    return (
        f"the role's trust policy must allow {', '.join(needed)} to the source's principal"
        + (", with the external id" if role.external_id else "")
        + (" and MFA" if role.mfa_serial else "")
        + "; the source's own policy must allow them too"
    )


def _is_denied(refusal: _Refusal) -> bool:
    return refusal.code in ("AccessDenied", "AccessDeniedException")


def _principal(user: str) -> str:
    """Whom a trust policy names: the role, not its session. A role's path is not in a session's ARN."""
    assumed = _ASSUMED.match(user)
    if assumed is None:
        return user or "the source's ARN"
    return f"arn:{assumed['partition']}:iam::{assumed['account']}:role/{assumed['role']}"


_BY_CODE: Mapping[str, str] = {
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"),
        "the source's credentials are no longer valid: sign in again",
    ),
    "PackedPolicyTooLarge": "session tags and policies have one limit together: state fewer or shorter role.tags, or "
    "fewer session_policy.policy_arns",
    "MalformedPolicyDocument": "correct the managed policy that session_policy.policy_arns names",
    "RegionDisabledException": "have an administrator activate STS for the region, or work in one where it is active",
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "RequestLimitExceeded"),
        "STS gets too many calls from this account: keep one session for the program's life, and share it",
    ),
}


def _by_code(refusal: _Refusal) -> str | None:
    return _BY_CODE.get(refusal.code)


_TELLERS: tuple[Callable[[_Refusal], str | None], ...] = (_clock, _duration, _root, _denied, _by_code)
