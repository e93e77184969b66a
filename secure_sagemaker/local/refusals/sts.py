"""What STS refuses: roles that are not there or do not trust, sessions that are too long, too wide or malformed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.policies import PolicyRequest, allows
from secure_sagemaker.local.refusals.constraints import violations
from secure_sagemaker.local.refusals.history import History
from secure_sagemaker.local.refusals.requests import at
from secure_sagemaker.local.refusals.rule import Rule, Wording
from secure_sagemaker.local.refusals.session_policies import (
    PLAINTEXT_CHARACTERS,
    is_policy,
    packed_percent,
    plaintext_characters,
    policy_arns,
    session_tags,
    transitive_keys,
)
from secure_sagemaker.local.wire import Call, Caller

__all__ = ["assumption_actions", "assumption_context", "rules"]

_ONE_HOUR = 3600
_DEFAULT_SECONDS = 3600


def rules(history: History) -> tuple[Rule, ...]:
    """STS's cases, in the order they are tried."""

    def used_code(call: Call) -> str | None:
        if call.text("TokenCode") and history.is_used(call.text("SerialNumber"), call.text("TokenCode")):
            return "MultiFactorAuthentication failed with invalid MFA one time pass code. "
        return None

    return (
        Rule(
            id="sts-constraints",
            service="sts",
            case="a value that breaks a limit of its shape: a session name, source identity, external id or "
            "MFA code of other characters, fewer than 900 or more than 43,200 seconds, more than 50 tags",
            check=violations,
            code="ValidationError",
            source="botocore sts, the shapes of AssumeRoleRequest; LocalStack's recorded answers of AWS, test_sts",
        ),
        Rule(
            id="sts-policy-too-long",
            service="sts",
            operations=("AssumeRole",),
            case=f"session policies of more than {PLAINTEXT_CHARACTERS:,} characters as they are written",
            check=_too_long,
            code="ValidationError",
            source="botocore sts AssumeRoleRequest.Policy and PolicyArns; moto's own answer for GetFederationToken",
        ),
        Rule(
            id="sts-too-many-policies",
            service="sts",
            operations=("AssumeRole",),
            case="more than 10 managed session policies",
            check=_too_many_policies,
            code="ValidationError",
            wording=Wording.OURS,
            source="botocore sts AssumeRoleRequest.PolicyArns",
        ),
        Rule(
            id="sts-malformed-policy",
            service="sts",
            operations=("AssumeRole",),
            case="a session policy that is no JSON, or no identity policy (a statement without Effect, Action or "
            "Resource, one with a Principal)",
            check=_malformed,
            code="MalformedPolicyDocument",
            source="botocore sts MalformedPolicyDocumentException; Hadoop, 'S3A assumed roles', troubleshooting",
        ),
        Rule(
            id="sts-unknown-policy",
            service="sts",
            operations=("AssumeRole",),
            case="a managed session policy that the role's account does not have",
            check=_unknown_policy,
            code="ValidationError",
            wording=Wording.OURS,
            source="botocore sts AssumeRoleRequest.PolicyArns: they 'must exist in the same account as the role'",
        ),
        Rule(
            id="sts-duplicate-tags",
            service="sts",
            operations=("AssumeRole",),
            case="two session tags whose keys differ in case at most",
            check=_duplicate_tags,
            code="InvalidParameterValue",
            source="botocore sts AssumeRoleRequest.Tags; LocalStack's recorded answers of AWS, test_sts",
        ),
        Rule(
            id="sts-transitive-tag-without-tag",
            service="sts",
            operations=("AssumeRole",),
            case="a transitive tag key that is not among the tags",
            check=_transitive_without_tag,
            code="InvalidParameterValue",
            source="LocalStack's recorded answers of AWS, test_sts",
        ),
        Rule(
            id="sts-inherited-tag",
            service="sts",
            operations=("AssumeRole",),
            case="a tag that the calling session passes on already",
            check=_inherited_tag,
            code="InvalidParameterValue",
            source="botocore sts AssumeRoleRequest.Tags; LocalStack's recorded answers of AWS, test_sts",
        ),
        Rule(
            id="sts-packed-too-large",
            service="sts",
            operations=("AssumeRole",),
            case="policies and tags that are too large when packed (AWS keeps the format to itself; "
            "what is compressed here stands for it)",
            check=_packed,
            code="PackedPolicyTooLarge",
            source="botocore sts PackedPolicyTooLargeException; aws-actions/configure-aws-credentials issue 1898",
        ),
        Rule(
            id="sts-mfa-device",
            service="sts",
            operations=("AssumeRole", "GetSessionToken"),
            case="an MFA device that is not the caller's, or MFA with credentials that are no user's",
            check=_mfa_device,
            code="AccessDenied",
            status=403,
            source="IAM User Guide, 'Secure API access with MFA'",
        ),
        Rule(
            id="sts-mfa-code-without-device",
            service="sts",
            operations=("AssumeRole", "GetSessionToken"),
            case="an MFA code without a device, or a device without a code",
            check=_half_of_mfa,
            code="AccessDenied",
            status=403,
            source="botocore sts AssumeRoleRequest.TokenCode and SerialNumber",
        ),
        Rule(
            id="sts-mfa-code-used",
            service="sts",
            operations=("AssumeRole", "GetSessionToken"),
            case="an MFA code for the second time",
            check=used_code,
            code="AccessDenied",
            status=403,
            source="IAM User Guide, 'AWS multi-factor authentication in IAM': a code is taken once",
        ),
        Rule(
            id="sts-source-identity-set",
            service="sts",
            operations=("AssumeRole",),
            case="another source identity than the calling session has",
            check=_other_source_identity,
            code="ValidationError",
            source="botocore sts AssumeRoleRequest.SourceIdentity: it 'persists across chained role sessions'",
        ),
        Rule(
            id="sts-not-trusted",
            service="sts",
            operations=("AssumeRole",),
            case="a role that does not exist, or whose trust policy does not allow the caller to assume it, "
            "to tag the session or to set the source identity, as its conditions stand (`sts:ExternalId`, "
            "`sts:SourceIdentity`, `aws:MultiFactorAuthPresent`, `aws:RequestTag/...` and others)",
            check=_not_trusted,
            code="AccessDenied",
            status=403,
            source="IAM User Guide, 'Troubleshoot IAM roles'; botocore sts AssumeRole",
        ),
        Rule(
            id="sts-longer-than-the-role",
            service="sts",
            operations=("AssumeRole",),
            case="a session longer than the role's MaxSessionDuration",
            check=_longer_than_role,
            code="ValidationError",
            source="botocore sts AssumeRoleRequest.DurationSeconds",
        ),
        Rule(
            id="sts-chained-too-long",
            service="sts",
            operations=("AssumeRole",),
            case="a session of more than one hour that is asked for with temporary credentials",
            check=_chained,
            code="ValidationError",
            source="botocore sts AssumeRoleRequest.DurationSeconds; 99designs/aws-vault issue 263 tells it of "
            "GetSessionToken's credentials too",
        ),
    )


def _seconds(call: Call) -> int:
    return int(str(call.parameters.get("DurationSeconds", _DEFAULT_SECONDS)))


# --- the session's policies and tags


def _too_long(call: Call) -> str | None:
    if plaintext_characters(call) <= PLAINTEXT_CHARACTERS:
        return None
    return (
        f"1 validation error detected: Value '{call.text('Policy')}' at 'policy' failed to satisfy constraint: "
        f"Member must have length less than or equal to {PLAINTEXT_CHARACTERS}"
    )


def _too_many_policies(call: Call) -> str | None:
    if len(list(policy_arns(call))) <= 10:
        return None
    return (
        "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "
        "Member must have length less than or equal to 10"
    )


def _malformed(call: Call) -> str | None:
    if "Policy" not in call.parameters or is_policy(call.text("Policy")):
        return None
    return "Syntax errors in policy."


def _unknown_policy(call: Call) -> str | None:
    account = (call.text("RoleArn").split(":") + [""] * 5)[4]
    for arn in policy_arns(call):
        if not moto_state.has_policy(arn) or arn.split(":")[4] not in (account, "aws"):
            return f"The policy {arn} does not exist in the role's account"
    return None


def _duplicate_tags(call: Call) -> str | None:
    listed = call.parameters.get("Tags")
    keys = [str(at(tag, "Key")).lower() for tag in (listed if isinstance(listed, list) else ())]
    if len(set(keys)) == len(keys):
        return None
    return "Duplicate tag keys found. Please note that Tag keys are case insensitive."


def _transitive_without_tag(call: Call) -> str | None:
    if set(transitive_keys(call)) <= session_tags(call).keys():
        return None
    return "The specified transitive tag key must be included in the requested tags."


def _inherited_tag(call: Call) -> str | None:
    inherited = {key.lower() for key in call.caller.transitive_tags} if call.caller is not None else set()
    if not inherited & {key.lower() for key in session_tags(call)}:
        return None
    return (
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
        "from the calling session."
    )


def _packed(call: Call) -> str | None:
    percent = packed_percent(call)
    if percent is None or percent <= 100:
        return None
    kind = "session policy" if call.text("Policy") or any(policy_arns(call)) else "session tags"
    return f"Packed size of {kind} consumes {percent}% of allotted space."


# --- MFA


def _half_of_mfa(call: Call) -> str | None:
    if bool(call.text("SerialNumber")) == bool(call.text("TokenCode")):
        return None
    return "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. "


def _mfa_device(call: Call) -> str | None:
    serial = call.text("SerialNumber")
    if not serial or call.caller is None:
        return None
    if not call.caller.temporary and moto_state.has_mfa_device(call.caller.arn, serial):
        return None
    return (
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is "
        "valid and associated with this user."
    )


# --- the role


def _other_source_identity(call: Call) -> str | None:
    asked, inherited = call.text("SourceIdentity"), call.caller.source_identity if call.caller else ""
    if not asked or not inherited or asked == inherited:
        return None
    return "The source identity is already set for this assume role session"


def _not_trusted(call: Call) -> str | None:
    wanted, caller = call.text("RoleArn"), call.caller
    if caller is None:
        return None
    role = moto_state.find_role(wanted)
    context = dict(assumption_context(call, caller))
    for action in assumption_actions(call, caller):
        asked = PolicyRequest(
            action=action, caller_arn=caller.arn, caller_account=caller.account, context=context
        )
        if role is None or not allows(role.trust_policy, asked):
            return f"User: {caller.arn} is not authorized to perform: {action} on resource: {wanted}"
    return None


def assumption_actions(call: Call, caller: Caller) -> Iterator[str]:
    """What the caller must be allowed to do with the role."""
    if call.text("SourceIdentity") or caller.source_identity:
        yield "sts:SetSourceIdentity"
    if session_tags(call) or caller.transitive_tags:
        yield "sts:TagSession"
    yield "sts:AssumeRole"


def assumption_context(call: Call, caller: Caller) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """What a policy sees of a call that assumes a role."""
    yield "aws:principalaccount", caller.account
    yield "aws:principalarn", moto_state.role_of_session(caller.arn) or caller.arn
    yield "aws:securetransport", "true"
    yield "sts:rolesessionname", call.text("RoleSessionName")
    if call.text("ExternalId"):
        yield "sts:externalid", call.text("ExternalId")
    if identity := call.text("SourceIdentity") or caller.source_identity:
        yield "sts:sourceidentity", identity
    if caller.source_identity:
        yield "aws:sourceidentity", caller.source_identity
    if call.text("TokenCode"):
        yield "aws:multifactorauthpresent", "true"
    elif caller.temporary:
        # Long-term keys have no such condition key at all.
        yield "aws:multifactorauthpresent", str(caller.mfa).lower()
    tags: Mapping[str, str] = {**caller.transitive_tags, **session_tags(call)}
    yield from ((f"aws:requesttag/{key.lower()}", value) for key, value in tags.items())
    if tags:
        yield "aws:tagkeys", tuple(tags)
    if transitive := transitive_keys(call):
        yield "sts:transitivetagkeys", tuple(transitive)


def _longer_than_role(call: Call) -> str | None:
    role = moto_state.find_role(call.text("RoleArn"))
    if role is None or _seconds(call) <= role.maximum_session_seconds:
        return None
    return "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


def _chained(call: Call) -> str | None:
    if call.caller is None or not call.caller.temporary or _seconds(call) <= _ONE_HOUR:
        return None
    return (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )
