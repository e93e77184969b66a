"""What every service refuses: requests that nobody signed, keys that nobody was given, keys that are not for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from secure_sagemaker.local.refusals.rule import Check, Rule
from secure_sagemaker.local.wire import Call

__all__ = ["RULES"]

_UNSIGNED_OPERATIONS = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})
_SOURCE = "AWS's pages 'Common errors' of the services' API references"


def _protocol(call: Call) -> str:
    return str(call.model.service_model.protocol) if call.model is not None else "json"


def _unsigned(fits: Callable[[Call], bool], message: str) -> Check:
    def check(call: Call) -> str | None:
        nobody = call.request.credential is None and call.operation not in _UNSIGNED_OPERATIONS
        return message if nobody and fits(call) else None

    return check


def _unknown(fits: Callable[[Call], bool], message: str) -> Check:
    def check(call: Call) -> str | None:
        nobody = call.caller is None and call.operation not in _UNSIGNED_OPERATIONS
        return message if nobody and fits(call) else None

    return check


def _unknown_keys() -> Iterator[Rule]:
    invalid = "The security token included in the request is invalid."
    for name, code, fits, message in (
        (
            "s3",
            "InvalidAccessKeyId",
            lambda call: call.service == "s3",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        ("query", "InvalidClientTokenId", lambda call: _protocol(call) == "query", invalid),
        (
            "ec2",
            "AuthFailure",
            lambda call: _protocol(call) == "ec2",
            "AWS was not able to validate the provided access credentials",
        ),
        ("json", "UnrecognizedClientException", lambda _: True, invalid),
    ):
        yield Rule(
            id=f"unknown-key-{name}",
            service="*",
            case=f"an access key that is nobody's ({'S3' if name == 's3' else f'services of the protocol {name}'})",
            check=_unknown(fits, message),
            code=code,
            status=403,
            source=_SOURCE,
        )


def _of_a_user(call: Call) -> bool:
    """Whether the keys are temporary and a user's: those of GetSessionToken."""
    caller = call.caller
    return caller is not None and caller.temporary and caller.name.startswith("user/")


def _iam_without_mfa(call: Call) -> str | None:
    if not _of_a_user(call) or (call.caller is not None and call.caller.mfa):
        return None
    return "The security token included in the request is invalid"


def _sts_with_a_token(call: Call) -> str | None:
    temporary = call.caller is not None and call.caller.temporary
    if call.operation in ("AssumeRole", "GetCallerIdentity"):
        return None
    if _of_a_user(call) or (temporary and call.operation in ("GetFederationToken", "GetSessionToken")):
        return f"Cannot call {call.operation} with session credentials"
    return None


RULES: tuple[Rule, ...] = (
    Rule(
        id="unsigned-s3",
        service="*",
        case="a request to S3 that nobody signed: no bucket is public",
        check=_unsigned(lambda call: call.service == "s3", "Access Denied"),
        code="AccessDenied",
        status=403,
        source=_SOURCE,
    ),
    Rule(
        id="unsigned",
        service="*",
        case="any other request that nobody signed, but AssumeRoleWithWebIdentity and AssumeRoleWithSAML",
        check=_unsigned(lambda call: call.service != "s3", "Missing Authentication Token"),
        code="MissingAuthenticationToken",
        status=403,
        source=_SOURCE,
    ),
    *_unknown_keys(),
    Rule(
        id="iam-without-mfa",
        service="iam",
        case="any call with the keys of GetSessionToken for which no MFA code was given",
        check=_iam_without_mfa,
        code="InvalidClientTokenId",
        status=403,
        source="botocore sts GetSessionToken, 'Permissions'; 99designs/aws-vault issue 15",
    ),
    Rule(
        id="sts-with-a-token",
        service="sts",
        case="any call but AssumeRole and GetCallerIdentity with the keys of GetSessionToken, and GetSessionToken and "
        "GetFederationToken with those of a role",
        check=_sts_with_a_token,
        code="AccessDenied",
        status=403,
        source="botocore sts GetSessionToken, 'Permissions'; aws/aws-sdk-php issue 1876",
    ),
)
