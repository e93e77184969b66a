"""What every service refuses: requests that nobody signed, and keys that nobody was given."""

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
)
