"""Every error this library raises on purpose.

    SecureSageMakerError
    ├── BaselineError              the baseline cannot be used as it is written
    │   ├── BaselineNotFoundError  no baseline was given and none was discovered
    │   └── LoosenedBaselineError  a later layer asks for less than an earlier one
    ├── ControlError               a request was refused before it was sent
    ├── SessionError               a client was asked for that would leave the secured path
    │   └── RegionError            the baseline says nothing about that region
    ├── PeerError                  a connection was answered from outside of the allowed networks
    ├── EgressError                a connection of this process was refused while an egress guard was on
    ├── IdentityError              the role could not be assumed, or is not the one expected
    ├── KeyResolutionError         a KMS alias or id could not be resolved to a usable key
    ├── PolicyError                an IAM policy cannot be generated, or does not fit
    ├── ScanError                  Macie's word on input data cannot be had
    ├── AuditError                 the audit trail could not be written, and must be
    ├── DefaultBucketError         the baseline's default bucket is missing or closed to the role
    └── UnsupportedSdkError        the installed SageMaker Python SDK would ignore the session

botocore's own ``ClientError`` is never wrapped: what AWS answers reaches the caller as it is.
Each of ours carries what a program needs as attributes and says what to do in its message. None of
them ever holds a credential, a token or a payload value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = [
    "AuditError",
    "BaselineError",
    "BaselineNotFoundError",
    "ControlError",
    "DefaultBucketError",
    "EgressError",
    "IdentityError",
    "KeyResolutionError",
    "LoosenedBaselineError",
    "PeerError",
    "PolicyError",
    "RegionError",
    "ScanError",
    "SecureSageMakerError",
    "SessionError",
    "UnsupportedSdkError",
]


class SecureSageMakerError(Exception):
    """The root of every error of this library.

    Attributes:
        remedy: What to do about it, in one or two sentences.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message}\n  remedy: {remedy}" if remedy else message)
        self.remedy = remedy

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...], dict[str, object]]:
        # Unpickling knows nothing of keywords, which our constructors take.
        return self.__class__.__new__, (self.__class__, *self.args), self.__dict__


class BaselineError(SecureSageMakerError):
    """The baseline is malformed, contradicts itself, or lacks what it must state.

    Attributes:
        source: The file, parameter or constructor it was read from.
        field: The dotted path of the field, such as ``kms.volume``; empty for the whole.
    """

    def __init__(self, message: str, *, remedy: str, source: str = "", field: str = "") -> None:
        where = ": ".join(part for part in (source, field) if part)
        super().__init__(f"{where}: {message}" if where else message, remedy=remedy)
        self.source = source
        self.field = field


class BaselineNotFoundError(BaselineError):
    """No baseline was given and none was found.

    Attributes:
        searched: The places looked at, in order.
    """

    def __init__(self, message: str, *, remedy: str, searched: Sequence[str]) -> None:
        listing = "".join(f"\n  searched: {place}" for place in searched)
        super().__init__(message + listing, remedy=remedy)
        self.searched = tuple(searched)


class LoosenedBaselineError(BaselineError):
    """A later layer asks for less than an earlier layer demands.

    Attributes:
        earlier_source: The layer that set the stricter value.
        later_source: The layer that tried to loosen it.
    """

    def __init__(
        self, message: str, *, remedy: str, field: str, earlier_source: str, later_source: str
    ) -> None:
        super().__init__(message, remedy=remedy, source=later_source, field=field)
        self.earlier_source = earlier_source
        self.later_source = later_source


class ControlError(SecureSageMakerError):
    """A call was refused before anything was sent.

    Attributes:
        operation: The API operation, such as ``CreateTrainingJob``.
        service: The botocore service name, such as ``sagemaker``.
        control_id: The control that refused, such as ``network-isolation``.
        path: The member path within the request, such as ``VpcConfig.Subnets``.
        got: What was there, as text; ``(absent)`` when nothing was. Never a secret.
        wanted: What the baseline demands, as text.
        why: Why the control exists.
        references: Ids of published controls and documentation that say the same.
        others: The further refusals of the same request, so that all can be mended at once.
    """

    service: str
    operation: str
    control_id: str
    path: str
    got: str
    wanted: str
    why: str
    references: tuple[str, ...]
    others: tuple[ControlError, ...]

    def __init__(
        self,
        *,
        service: str,
        operation: str,
        control_id: str,
        path: str,
        got: str,
        wanted: str,
        why: str,
        remedy: str,
        references: Sequence[str] = (),
        others: Sequence[ControlError] = (),
    ) -> None:
        lines = [
            f"{service}.{operation} refused by control '{control_id}'",
            f"  at:     {path}",
            f"  got:    {got}",
            f"  wanted: {wanted}",
            f"  why:    {why}",
        ]
        if references:
            lines.append(f"  see:    {', '.join(references)}")
        lines += [f"  also:   {other.path} ({other.control_id}): {other.got}" for other in others]
        super().__init__("\n".join(lines), remedy=remedy)
        self.service = service
        self.operation = operation
        self.control_id = control_id
        self.path = path
        self.got = got
        self.wanted = wanted
        self.why = why
        self.references = tuple(references)
        self.others = tuple(others)


class SessionError(SecureSageMakerError):
    """A client was asked for that would sign, verify or connect otherwise than the baseline says."""


class RegionError(SessionError):
    """The baseline has nothing to say about the region a client was asked for."""


class PeerError(SecureSageMakerError):
    """A connection was answered from outside of the allowed networks, and closed before anything was sent.

    Attributes:
        host: The host that was to be reached; the proxy, where one is used.
        address: The address that answered.
    """

    def __init__(self, message: str, *, remedy: str, host: str, address: str) -> None:
        super().__init__(message, remedy=remedy)
        self.host = host
        self.address = address


class EgressError(SecureSageMakerError):
    """A connection of this process would have left the allowed networks while an egress guard was on.

    Attributes:
        address: Where it was to go.
    """

    def __init__(self, message: str, *, remedy: str, address: str) -> None:
        super().__init__(message, remedy=remedy)
        self.address = address


class IdentityError(SecureSageMakerError):
    """The role of the baseline could not be assumed, or another principal answered."""


class KeyResolutionError(SecureSageMakerError):
    """A KMS alias or key id could not be resolved to an enabled key.

    Attributes:
        key: The reference as it was written.
    """

    def __init__(self, message: str, *, remedy: str, key: str) -> None:
        super().__init__(message, remedy=remedy)
        self.key = key


class PolicyError(SecureSageMakerError):
    """An IAM policy cannot be generated as it was asked for, or is larger than AWS takes.

    Attributes:
        characters: Its size as AWS counts it; None where size is not the matter.
        limit: The most that AWS takes.
    """

    def __init__(
        self, message: str, *, remedy: str, characters: int | None = None, limit: int | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.characters = characters
        self.limit = limit


class ScanError(SecureSageMakerError):
    """What Macie says of input data cannot be asked for, awaited, read or kept.

    Attributes:
        job_ids: The classification jobs that it is about. They go on, and the next scan finds them again.
    """

    def __init__(self, message: str, *, remedy: str, job_ids: Sequence[str] = ()) -> None:
        super().__init__(message, remedy=remedy)
        self.job_ids = tuple(job_ids)


class AuditError(SecureSageMakerError):
    """A record could not be written and the sink's setting says that the call must not go on."""


class DefaultBucketError(SecureSageMakerError):
    """The baseline's default bucket is missing or cannot be reached by the role.

    Attributes:
        bucket: The name of the bucket.
    """

    def __init__(self, message: str, *, remedy: str, bucket: str) -> None:
        super().__init__(message, remedy=remedy)
        self.bucket = bucket


class UnsupportedSdkError(SecureSageMakerError):
    """The installed SageMaker Python SDK is missing, or is a version that ignores the session given to it."""
