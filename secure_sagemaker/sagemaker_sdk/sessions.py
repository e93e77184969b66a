"""The SageMaker Python SDK's own ``Session``, v2 or v3, made to carry a secured boto3 session."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from weakref import WeakKeyDictionary

import boto3
from botocore.exceptions import ClientError

from secure_sagemaker.exceptions import DefaultBucketError
from secure_sagemaker.sagemaker_sdk.defaults import SdkDefaults, sagemaker_defaults
from secure_sagemaker.sagemaker_sdk.fallback import is_wide, latest_session, narrow, widen
from secure_sagemaker.sagemaker_sdk.installed import installed_sdk
from secure_sagemaker.sagemaker_sdk.process import adopt_process, leave_fallback
from secure_sagemaker.sagemaker_sdk.version_2 import ValidDefaults

if TYPE_CHECKING:
    # Only one of the two can be installed, and v3 ships without py.typed: each name is Any where
    # its SDK is absent or untyped, so the union is as exact as the installed SDK allows.
    from sagemaker.core.helper.session_helper import Session as SessionV3
    from sagemaker.session import Session as SessionV2
    from types_boto3_s3 import S3Client

    SdkSession: TypeAlias = SessionV2 | SessionV3

__all__ = ["answer_as_secured", "leave_process", "make_sagemaker_session"]

_Function = Callable[..., Any]
_ISOLATION = "enable_network_isolation"
_MAKE = "sagemaker_session"  # SecureSession's method; a plain boto3 session has none, and is never pickled
_SESSION_MODULES: Mapping[int, tuple[str, ...]] = {
    # sagemaker.modules takes no other session than sagemaker-core's own, whose methods v2's has too.
    2: ("sagemaker.session", "sagemaker_core.helper.session_helper"),
    3: ("sagemaker.core.helper.session_helper",),
}


_defaults_of: WeakKeyDictionary[boto3.Session, SdkDefaults] = WeakKeyDictionary()


def answer_as_secured() -> None:
    """Have the SDK's own sessions, whatever they are over, take the latest secure one's answers.

    For programs that make such sessions themselves, and ask them what a launcher's session would not know.
    """
    widen()
    holder = importlib.import_module(_SESSION_MODULES[installed_sdk().major][0]).Session
    _replace(holder, "get_caller_identity_arn", _identity)
    _replace(holder, "endpoint_from_production_variants", _endpoint)


def leave_process(before: boto3.Session | None) -> None:
    """Have the SDK fall back to what it did before, and its own sessions answer for themselves."""
    narrow()
    leave_fallback(before)


def _replace(holder: Any, name: str, make: Callable[[_Function], _Function]) -> None:
    own: _Function = getattr(holder, name)
    if not hasattr(own, "__wrapped__"):
        setattr(holder, name, wraps(own)(make(own)))


def _identity(own: _Function) -> _Function:
    def get_caller_identity_arn(session: object) -> object:
        latest = latest_session()
        if is_wide() and latest is not None:
            return _defaults_of[latest].execution_role
        return own(session)

    return get_caller_identity_arn


def _endpoint(own: _Function) -> _Function:
    def endpoint_from_production_variants(session: object, *arguments: object, **settings: object) -> object:
        if is_wide():
            settings[_ISOLATION] = settings.get(_ISOLATION) or None
        return own(session, *arguments, **settings)

    return endpoint_from_production_variants


def make_sagemaker_session(
    boto_session: boto3.Session, defaults: SdkDefaults, *, issued: Callable[[str], bool] = lambda _: False
) -> SdkSession:
    """Make the installed SDK's session over ``boto_session``, with the baseline's defaults.

    Args:
        boto_session: The session that it carries.
        defaults: What the SDK must know.
        issued: Tells whether an access key id is one of the session's: the SDK makes sessions of copies of its keys.

    Raises:
        UnsupportedSdkError: No SDK is installed, or one that would ignore the session.
    """
    sdk = installed_sdk()
    config = ValidDefaults(sagemaker_defaults(defaults))
    _defaults_of[boto_session] = defaults
    session = _session_class(sdk.major)(boto_session=boto_session, sagemaker_config=config)
    session.secure_defaults = defaults
    adopt_process(sdk, boto_session, config, issued)
    return cast("SdkSession", session)


class _SecureAnswers:
    """What a secure session answers instead of the SDK's ``Session``; public methods only."""

    boto_session: boto3.Session
    s3_client: S3Client
    secure_defaults: SdkDefaults
    _default_bucket: str | None

    def __reduce__(self) -> tuple[Callable[[], object], tuple[()]]:
        """Copy and pickle it as what its secured session makes, so without a client and without credentials."""
        make: Callable[[], object] = getattr(self.boto_session, _MAKE)
        return make, ()

    def default_bucket(self) -> str:
        """Return the name of the baseline's bucket, looked for once and never created."""
        if self._default_bucket is None:
            bucket = self.secure_defaults.default_bucket
            self._require(bucket)
            self._default_bucket = bucket
        return self._default_bucket

    def expand_role(self, role: str) -> str:
        """Return the ARN of ``role``; the names of the baseline's own roles need no look-up in IAM."""
        if "/" in role:
            return role
        known = (self.secure_defaults.execution_role, *self.secure_defaults.other_roles)
        named = [arn for arn in known if arn.rpartition("/")[2] == role]
        if len(named) == 1:
            return named[0]
        arn: str = self.boto_session.resource("iam").Role(role).arn
        return arn

    def get_caller_identity_arn(self) -> str:
        """Return the execution role: the SDK asks this to learn what jobs should run as."""
        return self.secure_defaults.execution_role

    def account_id(self) -> str:
        """Return the account of the role that signs, asked without the SDK's own STS endpoint."""
        account: str = self.boto_session.client("sts").get_caller_identity()["Account"]
        return account

    def endpoint_from_production_variants(
        self, *arguments: object, enable_network_isolation: object = None, **settings: object
    ) -> object:
        """Create an endpoint; the False that the SDK says for an unsaid isolation is left to the baseline."""
        return super().endpoint_from_production_variants(  # type: ignore[misc]  # the SDK's Session is beside it
            *arguments, enable_network_isolation=enable_network_isolation or None, **settings
        )

    def _require(self, bucket: str) -> None:
        try:
            self.s3_client.head_bucket(Bucket=bucket)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status == 404:
                raise DefaultBucketError(
                    f"the default bucket {bucket!r} of the baseline does not exist. The SDK would"
                    " create it without a KMS key or a public access block, so it may not",
                    remedy="Create it with encryption and a public access block, or name another"
                    " bucket in the baseline.",
                    bucket=bucket,
                ) from error
            if status == 403:
                raise DefaultBucketError(
                    f"the default bucket {bucket!r} of the baseline cannot be used: S3 answered 403. It is"
                    " another account's, or the role may not list it",
                    remedy="Grant the role s3:ListBucket on it, or name a bucket of this account in the"
                    " baseline.",
                    bucket=bucket,
                ) from error
            raise


@cache
def _session_class(major: int) -> Callable[..., _SecureAnswers]:
    bases = tuple(importlib.import_module(module).Session for module in _SESSION_MODULES[major])
    return cast("Callable[..., _SecureAnswers]", type("SecureSdkSession", (_SecureAnswers, *bases), {}))
