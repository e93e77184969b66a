"""What moto lacks or drops and the main flow needs: one place, each fix with its reason.

``ANSWERS``  operations that moto does not do, or does not do as AWS does: answered here instead.
``patched``  where moto itself would stand in the way: a method of its own is replaced for the time.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from moto.iam.access_control import PermissionResult
from moto.kms import models as kms
from moto.kms.utils import AbstractPrivateKey, generate_private_key
from moto.s3.models import FakeBucket, PublicAccessBlock
from moto.sts.utils import random_session_token

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.wire import Answer, Call, Refusal, answer_of, refusal_of

__all__ = ["ANSWERS", "patched"]

Fix = Callable[[Call], Answer]
_HALF_A_DAY = 43_200


def _simulate_principal_policy(call: Call) -> Answer:
    """Not in moto. The SDK asks it about the execution role; nothing is evaluated: all is allowed."""
    role = call.text("PolicySourceArn")
    if moto_state.find_role(role) is None:
        return refusal_of(call, Refusal(code="NoSuchEntity", message=f"{role} cannot be found.", status=404))
    actions, resources = call.parameters.get("ActionNames"), call.parameters.get("ResourceArns") or ["*"]
    results = [
        {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": "allowed"}
        for action in (actions if isinstance(actions, list) else [])
        for resource in (resources if isinstance(resources, list) else [])
    ]
    return answer_of(call, {"EvaluationResults": results, "IsTruncated": False})


def _session_token(call: Call) -> Answer:
    """Moto gives everybody one key, with the id of a long-lived one; AWS a temporary one of the caller's."""
    if call.caller is None:
        raise LookupError("GetSessionToken of nobody")
    key_id, secret = moto_state.create_temporary_key(call.caller.arn)
    seconds = int(str(call.parameters.get("DurationSeconds", _HALF_A_DAY)))
    credentials = {
        "AccessKeyId": key_id,
        "SecretAccessKey": secret,
        "SessionToken": random_session_token(),
        "Expiration": datetime.now(UTC) + timedelta(seconds=seconds),
    }
    return answer_of(call, {"Credentials": credentials})


def _caller_identity(call: Call) -> Answer:
    """Moto does not know whose the keys of GetSessionToken are."""
    if call.caller is None:
        raise LookupError("GetCallerIdentity of nobody")
    arn = call.caller.arn
    told = {"Account": call.caller.account, "Arn": arn, "UserId": moto_state.principal_id(arn)}
    return answer_of(call, told)


ANSWERS: Mapping[tuple[str, str], Fix] = {
    ("iam", "SimulatePrincipalPolicy"): _simulate_principal_policy,
    ("sts", "GetCallerIdentity"): _caller_identity,
    ("sts", "GetSessionToken"): _session_token,
}
"""Operations answered here, by service and operation."""


@functools.cache
def _unused() -> AbstractPrivateKey:
    return generate_private_key("SYMMETRIC_DEFAULT")


@contextlib.contextmanager
def patched() -> Iterator[None]:
    """Replace the methods of moto that would refuse what AWS accepts, or make what AWS makes otherwise."""
    made = FakeBucket.__init__

    def permission(*_: object) -> PermissionResult:
        """Moto takes a bucket policy's conditional Deny for an unconditional one; ``refusals`` do not."""
        return PermissionResult.NEUTRAL

    def closed(bucket: FakeBucket, *arguments: Any, **named: Any) -> None:
        """Moto's new buckets are open to public access and take access control lists; AWS's are not and do not."""
        made(bucket, *arguments, **named)
        bucket.public_access_block = PublicAccessBlock(*["true"] * 4)
        bucket.ownership_rule = "BucketOwnerEnforced"  # type: ignore[assignment]  # moto's own value is a text

    def private_key(spec: str) -> AbstractPrivateKey:
        """Moto makes an RSA key beside each symmetric one, at a third of an account's start; one will do."""
        return _unused() if spec == "SYMMETRIC_DEFAULT" else generate_private_key(spec)

    with (
        patch.object(FakeBucket, "get_permission", permission),
        patch.object(FakeBucket, "__init__", closed),
        patch.object(kms, "generate_private_key", private_key),
    ):
        yield
