"""What is signed here and sent later, by others: for how long it is good, and what a POST form must carry.

botocore makes a form with the model of ``CreateBucket``, whose input says nothing of an object. Here it is
what S3 calls it, ``PostObject``: an object that is put, its parameters being the form's fields.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.model import OperationModel

from secure_sagemaker.exceptions import SessionError

if TYPE_CHECKING:
    from botocore.model import ServiceModel

__all__ = ["PostForm", "bounded", "post_object", "without_owner_header"]

_ENCRYPTION = "x-amz-server-side-encryption"
_MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        "acl": "ACL",
        "x-amz-grant-full-control": "GrantFullControl",
        "x-amz-grant-read": "GrantRead",
        "x-amz-grant-read-acp": "GrantReadACP",
        "x-amz-grant-write-acp": "GrantWriteACP",
        _ENCRYPTION: "ServerSideEncryption",
        f"{_ENCRYPTION}-aws-kms-key-id": "SSEKMSKeyId",
        f"{_ENCRYPTION}-bucket-key-enabled": "BucketKeyEnabled",
        f"{_ENCRYPTION}-context": "SSEKMSEncryptionContext",
        f"{_ENCRYPTION}-customer-algorithm": "SSECustomerAlgorithm",
        f"{_ENCRYPTION}-customer-key": "SSECustomerKey",
        f"{_ENCRYPTION}-customer-key-md5": "SSECustomerKeyMD5",
    }
)
"""The form's fields that a control looks at, and the members of ``PutObject`` that they are."""
_HEADERS: Mapping[str, str] = MappingProxyType({"x-amz-acl": "acl"})
"""Headers of ``PutObject`` whose field has another name. S3 does not tell whether a form may carry them."""
_FLAGS: Mapping[object, object] = MappingProxyType(
    {"true": True, "false": False, True: "true", False: "false"}
)
_OWNER = "x-amz-expected-bucket-owner"


def post_object(service: ServiceModel) -> OperationModel:
    """The operation that a POST form is, which S3's service model lacks."""
    stated = {
        "name": "PostObject",
        "http": {"method": "POST", "requestUri": "/{Bucket}"},
        "input": {"shape": "PutObjectRequest"},
    }
    return OperationModel(stated, service, "PostObject")


class _Open(str):
    """A value that whoever sends the form may choose, or that may be taken for another."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class PostForm:
    """The fields and the policy of a form that is about to be signed: botocore's own, changed in place."""

    fields: dict[str, object]
    conditions: list[object]

    @classmethod
    def of(cls, context: Mapping[str, object]) -> PostForm | None:
        """The form of a request's context, or None when it is for a URL."""
        fields, policy = context.get("s3-presign-post-fields"), context.get("s3-presign-post-policy")
        conditions = policy.get("conditions") if isinstance(policy, Mapping) else None
        if not isinstance(fields, dict) or not isinstance(conditions, list):
            return None
        return cls(fields=fields, conditions=conditions)

    @property
    def parameters(self) -> Mapping[str, object]:
        """What it asks for, as the parameters of ``PutObject``."""
        found: dict[str, list[str]] = {}
        for name, value in self._stated():
            said = found.setdefault(name, [])
            if value not in said:
                said.append(value)
        parameters: dict[str, object] = {"Key": self.fields.get("key")}
        for name, values in found.items():
            member = "Bucket" if name == "bucket" else _MEMBERS.get(name)
            if member is not None:
                parameters[member] = values[0] if len(values) == 1 else _Open(" or ".join(values))
        flag = parameters.get("BucketKeyEnabled")
        return {**parameters, **({"BucketKeyEnabled": _FLAGS[flag]} if flag in _FLAGS else {})}

    def hold_to(self, parameters: Mapping[str, object]) -> None:
        """Have the form say what was decided, and its policy demand it."""
        for name, member in _MEMBERS.items():
            value = parameters.get(member)
            if isinstance(value, _Open):
                continue  # a control that only observes, or a waiver, left it so
            for written in [field for field in self.fields if _plain(field) == name]:
                del self.fields[written]
            self.conditions[:] = [one for one in self.conditions if name not in _names_of(one)]
            if value is not None:
                self.fields[name] = _FLAGS.get(value, value)
                self.conditions.append({name: self.fields[name]})

    def _stated(self) -> Iterator[tuple[str, str]]:
        yield from (_pair(name, value) for name, value in self.fields.items() if name != "bucket")
        for condition in self.conditions:
            match condition:
                case Mapping():
                    yield from (_pair(str(name), value) for name, value in condition.items())
                case [operator, str(name), value]:
                    yield _pair(name, value if str(operator).lower() == "eq" else _Open(f"{value}*"))


def _names_of(condition: object) -> tuple[str, ...]:
    match condition:
        case Mapping():
            return tuple(_plain(str(name)) for name in condition)
        case [_, str(name), _]:
            return (_plain(name),)
    return ()


def _pair(name: str, value: object) -> tuple[str, str]:
    open_ = isinstance(value, _Open) or _bare(name) in _HEADERS
    return _plain(name), _Open(value) if open_ else str(value)


def _bare(name: str) -> str:
    return name.strip().removeprefix("$").lower()


def _plain(name: str) -> str:
    """A field's name, as it stands in ``_MEMBERS``."""
    return _HEADERS.get(_bare(name), _bare(name))


def without_owner_header(headers: Any, params: Mapping[str, object]) -> Mapping[str, object]:
    """Take the expected owner out of a reading URL's headers, and give the query that says it instead.

    Whoever opens a URL sends no headers: one that is signed would make the URL useless to them. S3 takes the
    owner in the query too.
    """
    owner = headers.get(_OWNER)
    if owner is None:
        return params
    del headers[_OWNER]
    return {**params, _OWNER: owner}


_signature = functools.cache(inspect.signature)  # the functions are boto's own, one for all clients


def bounded(
    method: Callable[..., object], *, seconds: int, refused: Callable[[Any, str, SessionError], None]
) -> Callable[..., object]:
    """A client's presigning method that signs for so many seconds at most.

    Args:
        method: ``generate_presigned_url`` or ``generate_presigned_post``.
        seconds: The most it may sign for, and what it signs for when nothing is said and its own default is longer.
        refused: Is told of a call that asked for more: the client, the operation and the error.
    """
    signature = _signature(method)
    default = signature.parameters["ExpiresIn"].default

    @functools.wraps(method)
    def presign(*args: Any, **kwargs: Any) -> object:
        bound = signature.bind(*args, **kwargs)
        asked = bound.arguments.setdefault("ExpiresIn", min(default, seconds))
        if not isinstance(asked, int | float) or asked > seconds:
            client, *_ = bound.args
            name = bound.arguments.get("ClientMethod")
            operation = client.meta.method_to_api_mapping.get(name, "") if name else "PostObject"
            error = SessionError(
                f"{method.__name__} was asked for something that is good for {asked} seconds, "
                f"and the baseline permits {seconds}",
                remedy=f"pass ExpiresIn={seconds} or less, or have data_perimeter.presigned_seconds permit more",
            )
            refused(client, operation, error)
            raise error
        return method(*bound.args, **bound.kwargs)

    return presign
