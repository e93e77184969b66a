"""One walk over one request: what it has SageMaker read, by the tables of ``input_shapes``.

Nothing is left out because it is not understood: what nobody has examined is told as unreadable, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from secure_sagemaker.controls.documents import read_json
from secure_sagemaker.controls.locations import first_name, is_directory_bucket, other_than_bucket
from secure_sagemaker.controls.members import document_rule, rule_for
from secure_sagemaker.controls.parameters import innermost
from secure_sagemaker.controls.perimeter import S3Location
from secure_sagemaker.controls.unknown import holds_unknown, told
from secure_sagemaker.macie.input_shapes import (
    CHANNELS,
    ELSEWHERE,
    LATER,
    NO_DATA,
    OWN_FOLDERS,
    SOURCES,
    WHERE,
    InputKind,
    Where,
)

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

__all__ = ["UNTOLD", "DataInput", "Gathered", "Inputs", "UnreadableInput", "gathered"]

UNTOLD = "what it will be is known only when the pipeline runs"
"""A reason."""
_SCHEME = "s3://"
_UNEXAMINED = "nobody has examined what it is"
_MEMBER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DataInput:
    """A location that is read as data."""

    path: str
    """The member's path in the request."""
    uri: str
    """As it is named: a prefix of keys is one whether or not it ends in a slash."""
    kind: InputKind
    channel: str = ""
    """The name that the container knows it by, where it has one."""
    attributes: tuple[str, ...] = ()
    """Those of an augmented manifest that are read; without any, all of them."""
    etag: str = ""
    """The version that is meant, where the request says so."""

    @property
    def bucket(self) -> str:
        """The bucket, or what is named in its place."""
        return first_name(self.uri.removeprefix(_SCHEME))

    @property
    def key(self) -> str:
        """The object's key, or the beginning of keys; empty for the whole bucket."""
        return self.uri.removeprefix(f"{_SCHEME}{self.bucket}").removeprefix("/")

    @property
    def is_directory_bucket(self) -> bool:
        """Whether it lies in a directory bucket, which Macie does not read."""
        return is_directory_bucket(self.bucket)

    @property
    def is_access_point(self) -> bool:
        """Whether an access point, its alias or an ARN stands in the bucket's place."""
        return other_than_bucket(self.bucket) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadableInput:
    """Data that Macie cannot have read when the call is made."""

    path: str
    """The path of the member, or of the structure, in the request."""
    reason: str
    """Why Macie cannot."""
    source: str
    """What it is, such as ``EFS fs-0123/churn``."""
    is_output_of: str = ""
    """The name of the pipeline's step that writes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """All that a request has SageMaker read."""

    readable: tuple[DataInput, ...] = ()
    """Data that needs a verdict."""
    unreadable: tuple[UnreadableInput, ...] = ()
    """Data that can have none."""
    code: tuple[DataInput, ...] = ()
    """What comes by a channel for code."""


@dataclass(kw_only=True, slots=True)
class Gathered:
    """What one request was found to read and to write."""

    model: OperationModel
    code_channels: Collection[str]
    folder: str
    """The name of the folder that a job makes for itself below its outputs."""
    readable: list[DataInput] = field(default_factory=list)
    unreadable: list[UnreadableInput] = field(default_factory=list)
    code: list[DataInput] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    """What the locations of all that is written begin with."""

    @property
    def inputs(self) -> Inputs:
        """What is read."""
        return Inputs(readable=tuple(self.readable), unreadable=tuple(self.unreadable), code=tuple(self.code))

    def refuse(self, path: str, source: object, reason: str) -> None:
        """Take note of what Macie cannot have read."""
        named = told(source) if isinstance(source, str) else f"a {type(source).__name__}"
        self.unreadable.append(UnreadableInput(path=path, reason=reason, source=named))

    def value(self, shape: Shape, value: object, path: str, channel: str) -> None:
        """Walk on, where there are structures."""
        if shape.type_name == "structure" and isinstance(value, Mapping):
            self.structure(cast("StructureShape", shape), value, f"{path}.", channel)
        elif shape.type_name == "list" and isinstance(value, list | tuple):
            for index, item in enumerate(value):
                self.value(cast("ListShape", shape).member, item, f"{path}[{index}]", channel)
        elif shape.type_name == "map" and isinstance(value, Mapping):
            for key, item in value.items():
                self.value(cast("MapShape", shape).value, item, f"{path}[{key!r}]", channel)
        elif _holds_data(shape):
            self.refuse(path, value, UNTOLD if holds_unknown(value) else f"it is no {shape.type_name}")

    def structure(
        self,
        shape: StructureShape,
        content: Mapping[str, object],
        path: str,
        channel: str = "",
        *,
        top: bool = False,
    ) -> None:
        """Take note of what a structure says, and of those inside."""
        if (elsewhere := ELSEWHERE.get(shape.name)) is not None:
            source = _MEMBER.sub(lambda named: str(content.get(named[1], "")), elsewhere.called)
            self.refuse(path.removesuffix("."), source, elsewhere.reason)
        if (named := CHANNELS.get(shape.name)) is not None:
            channel = told(str(content.get(named, "")))
        sources = SOURCES.get(shape.name)
        for name, value in content.items():
            here = path + name
            member = shape.members.get(name)
            if value is None:
                continue
            if sources is not None and name not in sources and _may_hold(member):
                self.refuse(here, name, f"it is a source of data, and {_UNEXAMINED}")
            elif (where := WHERE.get((shape.name, name))) is not None:
                self._located(where, content, value, here, channel)
            elif (reason := LATER.get((shape.name, name))) is not None:
                self.refuse(here, value, reason)
            elif (shape.name, name) == ("CreateJobRequest", "JobConfigDocument"):
                self._document(value, here)
            elif member is None:
                continue  # botocore's own validation says so, or whatever judges the definition
            elif member.type_name == "string" and isinstance(value, str):
                self._other(shape.name, name, member.name, value, here, top=top)
            else:
                self.value(member, value, here, channel)

    def _other(self, shape: str, name: str, value_shape: str, text: str, path: str, *, top: bool) -> None:
        """A text that no table has: written as its control tells, or nothing that anybody has examined."""
        if (shape, name) in NO_DATA:
            return
        rule = rule_for("sagemaker", self.model.name, shape, name, value_shape, top=top)
        if rule is None or not isinstance(rule.check, S3Location):
            return
        if rule.check.written:
            self._write(text, shape)
        else:
            self.refuse(path, text, f"a location is read, and {_UNEXAMINED}")

    def _write(self, location: str, shape: str) -> None:
        below = self.folder if shape in OWN_FOLDERS else ""
        self.written.append(f"{location.rstrip('/')}/{below}")

    def _located(
        self, where: Where, content: Mapping[str, object], uri: object, path: str, channel: str
    ) -> None:
        told_by = content.get(where.told_by)
        kind = where.kind or where.kinds.get(str(told_by))
        if kind is None:
            got = told(str(told_by))
            self.refuse(path, uri, f"{where.told_by} {got!r} does not tell which objects are read there")
        elif not isinstance(uri, str) or not _is_location(uri):
            self.refuse(path, uri, "it is no s3:// location: write it as s3://BUCKET/KEY")
        else:
            attributes = content.get(where.attributes)
            found = DataInput(
                path=path,
                uri=uri,
                kind=kind,
                channel=channel,
                attributes=tuple(map(str, attributes)) if isinstance(attributes, list | tuple) else (),
                etag=told(str(content.get(where.etag, ""))),
            )
            listed = kind in (InputKind.MANIFEST, InputKind.AUGMENTED_MANIFEST)
            is_code = channel in self.code_channels and not listed
            (self.code if is_code else self.readable).append(found)

    def _document(self, text: object, path: str) -> None:
        """A job's document, which no service model describes, but whose channels are those of training."""
        try:
            content = read_json(text)
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, Mapping):
            self._in_document(content, path)
        else:
            self.refuse(path, "a job's document", "it is no JSON object that can be read")

    def _in_document(self, content: object, path: str, name: str = "") -> None:
        if isinstance(content, Mapping):
            for key, value in content.items():
                self._in_document(value, f"{path}.{key}", key)
        elif name == "InputDataConfig":
            training = self.model.service_model.operation_model("CreateTrainingJob").input_shape
            if training is not None:
                self.value(training.members[name], content, path, "")
        elif isinstance(content, list):
            for index, item in enumerate(content):
                self._in_document(item, f"{path}[{index}]", name)
        elif isinstance(content, str):
            rule = document_rule(name)
            check = None if rule is None else rule.check
            if isinstance(check, S3Location) and check.written:
                self._write(content, "OutputDataConfig")
            elif isinstance(check, S3Location) or content.startswith(_SCHEME):
                self.refuse(path, content, f"a location is read, and {_UNEXAMINED}")


def _is_location(uri: str) -> bool:
    """Whether it names a bucket, or may do so when the pipeline runs."""
    scheme, _, rest = uri.partition("://")
    return (scheme == "s3" and rest.partition("/")[0] != "") or holds_unknown(uri)


def _may_hold(member: Shape | None) -> bool:
    """Whether a member that the model may not have can hold structures."""
    return member is None or member.type_name in ("structure", "list", "map")


def _holds_data(shape: Shape) -> bool:
    """Whether anything in a member of this shape can be data."""
    inner, _ = innermost(shape)
    return inner is not None and (
        inner.name in ELSEWHERE
        or any((inner.name, name) in WHERE or _holds_data(member) for name, member in inner.members.items())
    )


def gathered(
    model: OperationModel,
    content: Mapping[str, object],
    *,
    code_channels: Collection[str],
    path: str = "",
    folder: str = "",
) -> Gathered:
    """Walk over a request.

    Args:
        model: The operation.
        content: Its input.
        code_channels: The names of channels and processing inputs by which code comes.
        path: What stands before the members' paths.
        folder: The name of the folder that a job makes for itself below its outputs.
    """
    found = Gathered(model=model, code_channels=code_channels, folder=folder)
    if model.input_shape is not None:
        found.structure(model.input_shape, content, path, top=True)
    return found
