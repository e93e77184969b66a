"""AssumeRole: the only credentials of a secure session, refreshed by botocore when they age.

The source's credentials (a laptop's profile, a CI runner's web identity, a SageMaker job's execution
role) sign nothing but the AssumeRole call, and GetSessionToken where MFA is asked for. When there is no
source, or the role cannot be assumed, that is an error: nothing falls back to what happens to lie around.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypedDict

import boto3
from botocore.credentials import CredentialProvider
from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.controls import Enforcement, judge_source
from secure_sagemaker.exceptions import IdentityError
from secure_sagemaker.identity.bare import bare
from secure_sagemaker.identity.cache import CredentialCache
from secure_sagemaker.identity.explained import remedy
from secure_sagemaker.identity.handed import HandedError
from secure_sagemaker.identity.passed import PassedPolicies
from secure_sagemaker.identity.proof import expect_role, proven
from secure_sagemaker.identity.refresh import LastingCredentials, Skew
from secure_sagemaker.identity.sources import Hold, Keys, held_to_nothing, holding, sts_client, while_assuming
from secure_sagemaker.identity.who import who

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

__all__ = ["AssumeRoleProvider", "AssumedRole", "Principal"]

DEFAULT_SESSION_NAME = "secure-sagemaker"
METHOD = "secure-sagemaker-assume-role"
_EARLY = 900
_CHAINED = 3600
_OF_ROLES = frozenset({"assume-role", "assume-role-with-web-identity", "container-role", "iam-role", "sso"})
"""Methods of botocore's providers whose credentials are a role's session in any case."""


Answered = Callable[[str], None]
"""Is told the id of the request that STS answered."""


class _Metadata(TypedDict):
    access_key: str
    secret_key: str
    token: str
    expiry_time: str
    account_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Whom AWS sees: the assumed role's session."""

    arn: str
    """Such as ``arn:aws:sts::111122223333:assumed-role/ml-launcher/secure-sagemaker``."""
    access_key_id: str
    """The id (not the secret) of the session's current access key."""
    expires: str
    """When the current credentials end, in ISO 8601."""
    packed_policy_size: int | None
    """How much of STS's own limit policies and tags take, in percent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Session:
    principal: Principal
    keys: Keys


def _session(told: Mapping[str, object]) -> _Session:
    size = told.get("packed_policy_size")
    return _Session(
        principal=Principal(
            arn=str(told.get("arn")),
            access_key_id=str(told["access_key"]),
            expires=str(told["expiry_time"]),
            packed_policy_size=size if isinstance(size, int) else None,
        ),
        keys=Keys(
            access_key_id=str(told["access_key"]),
            secret_key=str(told["secret_key"]),
            token=str(told["token"]),
        ),
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _unrecorded(_: Enforcement) -> AbstractContextManager[Answered]:
    return nullcontext(_no_answer)


def _no_answer(_: str) -> None:
    return None


class AssumedRole:
    """Assumes the baseline's role, again whenever botocore asks for fresh credentials.

    Args:
        baseline: Whose role, and with which session name, tags, source identity and policies.
        source: The session whose credentials sign the AssumeRole call.
        region: Where STS is called: the baseline's region, never the global endpoint.
        policies: The session policies that narrow it, asked for each time that the role is assumed.
        session_suffix: What the role session name ends with, to tell sessions apart in CloudTrail.
        hold: Holds each client for STS to what is said of the way to AWS, or raises; and each that gets the
            source's credentials.
        handed: Asks the process that assumed the role already, where this one was started by it.
        clock: Tells the time, in UTC.
        cache: Where credentials are kept for other processes.
        recorded: Records the block in which the role is assumed or refused, with what was decided about the source.
    """

    def __init__(
        self,
        baseline: SecurityBaseline,
        *,
        source: boto3.Session,
        region: str,
        policies: Callable[[], PassedPolicies] = PassedPolicies,
        session_suffix: str = "",
        hold: Hold = held_to_nothing,
        handed: Callable[[], Mapping[str, object]] | None = None,
        clock: Callable[[], datetime] = _utc_now,
        cache: CredentialCache | None = None,
        recorded: Callable[[Enforcement], AbstractContextManager[Answered]] = _unrecorded,
    ) -> None:
        self._cache = cache
        self._recorded = recorded
        self._who = who(os.environ)
        self._baseline = baseline
        self._handed = handed
        self._source = source
        self._region = region
        self._policies = policies
        self._suffix = session_suffix
        self._hold = hold
        self._principal: Principal | None = None
        self._issued: set[str] = set()
        self._is_proven = False
        self._skew = Skew(clock)
        # botocore's own 15 minutes are the whole life of the shortest credentials: each signature would refresh.
        self._early = min(_EARLY, baseline.role.duration_seconds // 2)
        # One object for the session: its lock is what lets threads assume the role once.
        self._credentials = LastingCredentials(
            self.fetch,
            method=METHOD,
            early=self._early,
            now=self._skew.now,
        )

    def __repr__(self) -> str:
        return f"AssumedRole({self._baseline.role.arn!r})"

    @property
    def credentials(self) -> LastingCredentials:
        """Credentials that assume the role when they are first needed, and again before they expire."""
        return self._credentials

    @property
    def principal(self) -> Principal | None:
        """Whom AWS sees, once the role has been assumed."""
        return self._principal

    @property
    def source_identity(self) -> str | None:
        """The source identity that is asked for."""
        stated = self._baseline.role.source_identity
        return None if stated is None else self._who.fill(stated)

    @property
    def tags(self) -> Mapping[str, str]:
        """The session tags that are asked for."""
        role = self._baseline.role
        tags = {key: self._who.fill(value) for key, value in role.tags.items()}
        return tags if role.digest_tag is None else {**tags, role.digest_tag: self._baseline.stated_digest}

    @property
    def mfa_age_seconds(self) -> int | None:
        """How long ago the MFA code was given; None where the baseline names no device, or none was given here."""
        if self._handed is not None or self._baseline.role.mfa_serial is None:
            return None
        with while_assuming(self._hold):
            held = self._source.get_credentials()
        if not isinstance(held, LastingCredentials) or held.ends is None:
            return None
        given = held.ends - timedelta(seconds=self._baseline.role.mfa_max_age_seconds)
        return max(0, round((self._skew.now() - given).total_seconds()))

    def issued(self, access_key_id: str) -> bool:
        """Whether an access key id is one that this role's sessions were given."""
        return access_key_id in self._issued

    def admit(self, access_key_id: str) -> None:
        """Count a key as the role's that AWS gave out in answer to a call which the role signed."""
        self._issued.add(access_key_id)

    def fetch(self) -> _Metadata:
        """Assume the role, for botocore's refreshable credentials.

        Raises:
            IdentityError: There is no source, or STS says no, or gives another role, or another's keys; the message
                says what to change.
            ControlError: The source's keys are not such as may assume the role.
        """
        if self._handed is None:
            request = self._request()
            with while_assuming(self._hold):
                session = _session(self._kept(request))
                expect_role(self._baseline, session.principal.arn)
                self._prove(session)
        else:
            session = _session(self._take(self._handed))
            expect_role(self._baseline, session.principal.arn)
        self._principal = session.principal
        self._issued.add(session.principal.access_key_id)
        return {
            "access_key": session.principal.access_key_id,
            "secret_key": session.keys.secret_key,
            "token": session.keys.token,
            "expiry_time": session.principal.expires,
            "account_id": self._baseline.account,
        }

    def _prove(self, session: _Session) -> None:
        """Have AWS say, once and before anything else is signed, that the keys are whose they were said to be."""
        if not self._is_proven:
            proven(self._baseline, lambda: self._sts(holding(session.keys, like=self._source)))
            self._is_proven = True

    def _sts(self, source: boto3.Session) -> STSClient:
        return sts_client(
            source,
            region=self._region,
            hold=self._hold,
            wanted_for=self._baseline.role.arn,
        )

    def hand_out(self) -> Mapping[str, object]:
        """The current credentials and whose they are, for a process that was started by this one."""
        while True:
            frozen = self._credentials.get_frozen_credentials()
            principal = self._principal
            if principal is not None and principal.access_key_id == frozen.access_key:
                break  # else another thread has assumed the role between the two lines
        return {
            "access_key": frozen.access_key,
            "secret_key": frozen.secret_key,
            "token": frozen.token,
            "expiry_time": principal.expires,
            "arn": principal.arn,
            "packed_policy_size": principal.packed_policy_size,
        }

    def _take(self, handed: Callable[[], Mapping[str, object]]) -> Mapping[str, object]:
        try:
            return handed()
        except HandedError as failed:
            raise IdentityError(
                f"this process is to be handed the credentials of {self._baseline.role.arn}, and was not: {failed}",
                remedy="keep the program that started it running, and use its baseline; one of another baseline "
                "has a process of its own",
            ) from failed

    def _kept(self, request: Mapping[str, object]) -> Mapping[str, object]:
        """What another process has kept, or the role assumed."""
        judged = self._judged(request)
        if judged.refusals:
            with self._recorded(judged):
                judged.raise_for_refusals()
        if self._cache is None:
            return self._assume(judged)
        return self._cache.kept(
            {"region": self._region, "request": request},
            source=self._source,
            good_until=lambda: self._skew.now() + timedelta(seconds=self._early),
            fetch=partial(self._assume, judged),
        )

    def _judged(self, request: Mapping[str, object]) -> Enforcement:
        """What is decided about the source's keys, before anything is asked with them but for MFA."""
        held = self._source.get_credentials()
        try:
            key = None if held is None else held.get_frozen_credentials().access_key
        except BotoCoreError as failed:
            raise self._unreachable(failed) from bare(failed)
        return judge_source(
            self._baseline,
            access_key_id=key or "",
            request=request,
            today=self._skew.now().date(),
        )

    def _assume(self, judged: Enforcement) -> Mapping[str, object]:
        with self._recorded(judged) as answered:
            return self._asked(judged.parameters, answered)

    def _asked(self, request: Mapping[str, object], answered: Answered) -> Mapping[str, object]:
        self._refuse_long_chain()
        sts = self._sts(self._source)
        try:
            answer = sts.assume_role(**request)  # type: ignore[arg-type]  # built field by field
        except ClientError as refused:
            metadata = refused.response.get("ResponseMetadata", {})
            answered(metadata.get("RequestId", ""))
            self._skew.told(metadata.get("HTTPHeaders", {}))
            raise self._explained(refused) from refused
        except BotoCoreError as failed:
            raise self._unreachable(failed) from bare(failed)
        answered(answer["ResponseMetadata"].get("RequestId", ""))
        self._skew.told(answer["ResponseMetadata"].get("HTTPHeaders", {}))
        credentials = answer["Credentials"]
        expires: datetime = credentials["Expiration"]
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": expires.isoformat(),
            "arn": answer["AssumedRoleUser"]["Arn"],
            "packed_policy_size": answer.get("PackedPolicySize"),
        }

    def _refuse_long_chain(self) -> None:
        held = self._source.get_credentials()
        duration = self._baseline.role.duration_seconds
        if held is not None and held.method in _OF_ROLES and duration > _CHAINED:
            raise IdentityError(
                f"{self._baseline.role.arn} cannot be assumed for {duration} seconds: the source's credentials "
                f"({held.method}) are those of a role, and a role assumed from a role lives for {_CHAINED} at most",
                remedy=f"state role.duration_seconds as {_CHAINED} or less; the session refreshes by itself",
            )

    def _request(self) -> dict[str, object]:
        role = self._baseline.role
        name = role.session_name or DEFAULT_SESSION_NAME
        request: dict[str, object] = {
            "RoleArn": role.arn,
            "RoleSessionName": self._who.fill(name)[: 64 - len(self._suffix)] + self._suffix,
            "DurationSeconds": role.duration_seconds,
        }
        if (identity := self.source_identity) is not None:
            request["SourceIdentity"] = identity
        if role.external_id is not None:
            request["ExternalId"] = role.external_id
        if tags := self.tags:
            request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        if role.transitive_tags:
            request["TransitiveTagKeys"] = list(role.transitive_tags)
        # Not while assuming: the support session may have to tell the keys that the policy names.
        passed = self._policies()
        if passed.arns:
            request["PolicyArns"] = [{"arn": arn} for arn in passed.arns]
        if passed.document is not None:
            request["Policy"] = passed.document.to_json()
        return request

    def _unreachable(self, failed: BotoCoreError) -> IdentityError:
        return IdentityError(
            f"the role {self._baseline.role.arn} could not be assumed: {failed}",
            remedy="check the network path to STS and the source's credentials; nothing was sent unsigned or "
            "with other credentials",
        )

    def _explained(self, refused: ClientError) -> IdentityError:
        error: dict[str, str] = dict(refused.response.get("Error", {}))  # type: ignore[arg-type]  # texts, where told
        return IdentityError(
            f"{self._baseline.role.arn} could not be assumed: {error.get('Code', '')}: {error.get('Message', '')}",
            remedy=remedy(error, self._baseline.role, self._skew.ahead),
        )


class AssumeRoleProvider(CredentialProvider):
    """The one credential provider of a secure session."""

    METHOD = METHOD
    CANONICAL_NAME = None

    def __init__(self, role: AssumedRole) -> None:
        super().__init__()
        self._role = role

    def load(self) -> LastingCredentials:
        """The role's credentials, the same for every client."""
        return self._role.credentials
