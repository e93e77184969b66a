"""The documents and tags that narrow a session, and how much of STS's room they take."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence

from secure_sagemaker.local.refusals.requests import at
from secure_sagemaker.local.wire import Answer, Call, Caller

__all__ = [
    "PLAINTEXT_CHARACTERS",
    "amended",
    "is_policy",
    "packed_percent",
    "plaintext_characters",
    "policy_arns",
    "session_of",
    "session_tags",
    "transitive_keys",
]

PLAINTEXT_CHARACTERS = 2048
"""The most that a session policy may take as it is written."""
_PACKED_BYTES = 1024
_STATEMENT_ELEMENTS = frozenset(
    {
        *("Action", "Condition", "Effect", "NotAction", "NotResource", "Resource", "Sid"),
    }
)


def is_policy(text: str) -> bool:
    """Whether a text is an identity policy: IAM's elements, in IAM's places."""
    try:
        policy = json.loads(text)
    except ValueError:
        return False
    if not isinstance(policy, dict) or not policy.keys() <= {"Id", "Statement", "Version"}:
        return False
    if policy.get("Version", "2012-10-17") not in ("2008-10-17", "2012-10-17"):
        return False
    stated = policy.get("Statement")
    listed = stated if isinstance(stated, list) else [stated]
    return bool(listed) and all(_is_statement(statement) for statement in listed)


def _is_statement(statement: object) -> bool:
    return (
        isinstance(statement, Mapping)
        and statement.keys() <= _STATEMENT_ELEMENTS
        and statement.get("Effect") in ("Allow", "Deny")
        and len(statement.keys() & {"Action", "NotAction"}) == 1
        and len(statement.keys() & {"Resource", "NotResource"}) == 1
        and isinstance(statement.get("Condition", {}), Mapping)
    )


def plaintext_characters(call: Call) -> int:
    """What the inline policy and the ARNs of managed ones take as they are written."""
    return len(call.text("Policy")) + sum(len(arn) for arn in policy_arns(call))


def policy_arns(call: Call) -> Iterator[str]:
    """The managed policies that a call narrows its session with."""
    for one in _items(call.parameters.get("PolicyArns")):
        yield str(at(one, "arn"))


def session_tags(call: Call) -> dict[str, str]:
    """The tags that a call gives its session."""
    return {str(at(tag, "Key")): str(at(tag, "Value")) for tag in _items(call.parameters.get("Tags"))}


def transitive_keys(call: Call) -> list[str]:
    """The keys of the tags that a session is to pass on."""
    return [str(key) for key in _items(call.parameters.get("TransitiveTagKeys"))]


def packed_percent(call: Call) -> int | None:
    """How much of the packed size policies and tags take; None where a call has neither.

    AWS publishes neither its format nor its limit: what is compressed here stands for it, and comes near the
    sizes that are told of it.
    """
    tags = [f"{key}={value}" for key, value in session_tags(call).items()]
    texts = [*filter(None, [call.text("Policy")]), *policy_arns(call), *tags]
    if not texts:
        return None
    return -(-100 * len(zlib.compress("\n".join(texts).encode(), 9)) // _PACKED_BYTES)


def session_of(call: Call, arn: str) -> Caller:
    """Whom the keys that a call answers with belong to: a role's session, with what it passes on."""
    own, keys = session_tags(call), transitive_keys(call)
    inherited: Mapping[str, str] = call.caller.transitive_tags if call.caller is not None else {}
    passed_on = {**inherited, **{key: own[key] for key in keys if key in own}}
    return Caller(
        account=arn.split(":")[4],
        arn=arn,
        temporary=True,
        mfa=bool(call.text("TokenCode")),
        source_identity=call.text("SourceIdentity") or (call.caller.source_identity if call.caller else ""),
        transitive_tags=passed_on,
        tags={**passed_on, **own},
        policy=call.text("Policy"),
        policy_arns=tuple(policy_arns(call)),
    )


_PACKED_SIZE = re.compile(rb"\s*<PackedPolicySize>\d+</PackedPolicySize>")


def amended(call: Call, answer: Answer) -> Answer:
    """AssumeRole's answer with the packed size and the source identity of this very session, which moto lacks."""
    percent, identity = packed_percent(call), session_of(call, "::::::").source_identity
    said = "" if percent is None else f"<PackedPolicySize>{percent}</PackedPolicySize>"
    said += f"<SourceIdentity>{identity}</SourceIdentity>" if identity else ""
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    return Answer(status=answer.status, headers=headers, body=_PACKED_SIZE.sub(said.encode(), answer.body))


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
