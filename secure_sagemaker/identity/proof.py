"""Whose the credentials of a session are: by what STS told with them, and by what it answers to who signs with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import IdentityError
from secure_sagemaker.identity.bare import bare

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

__all__ = ["Caller", "expect_role", "proven"]

_ANOTHER_ANSWERS = (
    "find out what answers in STS's place: an endpoint override, a proxy, a credential cache written by hand"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Whom AWS sees behind a signature."""

    arn: str
    account: str


def expect_role(baseline: SecurityBaseline, arn: str) -> None:
    """Take nobody for the baseline's role but a session of it.

    Raises:
        IdentityError: It is another.
    """
    role = baseline.role_arn
    sessions = (
        f"arn:{role.partition}:sts::{baseline.account}:assumed-role/{role.resource.rpartition('/')[2]}/"
    )
    if not arn.startswith(sessions):
        raise IdentityError(
            f"AWS sees {arn}, and the baseline names {baseline.role.arn}", remedy=_ANOTHER_ANSWERS
        )


def proven(baseline: SecurityBaseline, sts: Callable[[], STSClient]) -> Caller:
    """Have AWS say whose signature it is, which no policy of the role can forbid it to.

    Raises:
        IdentityError: It is another's than the role's, or AWS cannot be asked.
    """
    try:
        answer = sts().get_caller_identity()
    except (ClientError, BotoCoreError) as failed:
        raise IdentityError(
            f"AWS could not be asked who signs as {baseline.role.arn}: {failed}",
            remedy="check the network path to STS in the baseline's region, where a VPC endpoint's policy has to allow "
            "sts:GetCallerIdentity; credentials from a cache may have been revoked: empty its folder",
        ) from bare(failed)
    caller = Caller(arn=answer["Arn"], account=answer["Account"])
    expect_role(baseline, caller.arn)
    if caller.account != baseline.account:
        raise IdentityError(
            f"AWS sees the account {caller.account}, and the baseline's is {baseline.account}",
            remedy=_ANOTHER_ANSWERS,
        )
    return caller
