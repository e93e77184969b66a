"""What the account has of SageMaker: records, found by what names them, and how they are missed."""

from __future__ import annotations

import hashlib
import itertools
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from botocore.model import OperationModel

from secure_sagemaker.local.sagemaker.kinds import Course, Kind, kinds
from secure_sagemaker.local.sagemaker.values import mapping, plain, text
from secure_sagemaker.local.wire import Refusal

__all__ = [
    "Change",
    "Fill",
    "Link",
    "Operation",
    "Particulars",
    "Record",
    "Refused",
    "Request",
    "Store",
    "identifier",
    "missing",
    "read_tags",
    "refused",
]


class Refused(Exception):  # noqa: N818  # it becomes AWS's own error on the wire
    """AWS answers an error."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refused(code: str, message: str) -> Refused:
    """An error of AWS's."""
    return Refused(Refusal(code=code, message=message))


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call of the service: what is asked, by whom, where, when."""

    model: OperationModel
    parameters: Mapping[str, object]
    account: str
    region: str
    partition: str
    caller_arn: str
    now: float
    """Seconds since the epoch."""

    @property
    def operation(self) -> str:
        """The operation's name."""
        return str(self.model.name)

    @property
    def place(self) -> tuple[str, str]:
        """The account and the region: resources of others are not seen."""
        return (self.account, self.region)

    def text(self, name: str) -> str:
        """A parameter that is a string; empty when it is absent."""
        return text(self.parameters.get(name))

    def kind(self, name: str) -> Kind:
        """A kind of the service, by name."""
        return kinds(self.model.service_model)[name]

    def arn(self, path: str) -> str:
        """An ARN of the service, in the caller's account and region."""
        return f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:{path}"

    def has_declared(self, code: str) -> bool:
        """Whether the operation's model knows that error."""
        return code in {shape.name for shape in self.model.error_shapes}


@dataclass(kw_only=True, eq=False)
class Record:
    """One resource, whole: what was sent, and what AWS fills in."""

    kind: Kind
    arn: str
    values: dict[str, object]
    tags: dict[str, str] = field(default_factory=dict)
    next_status: str = ""
    """What the next Describe finds it to be; empty when it stands still."""
    past: list[dict[str, object]] = field(default_factory=list)
    """Its earlier versions, oldest first, where it has versions."""
    policy: str = ""

    @property
    def status(self) -> str:
        """Its status now; empty where the kind has none."""
        return text(self.values.get(self.kind.status))

    @property
    def name(self) -> str:
        """What a list shows as its name."""
        return text(self.values.get(self.kind.label))

    def begin(self, course: Course | None) -> None:
        """Take a status that the next Describe finds gone by."""
        if course is not None:
            self.values[self.kind.status] = course.first
            self.next_status = course.then if course.then != course.first else ""

    def is_named(self, member: str, wanted: object) -> bool:
        """Whether a member has that value, where an ARN may stand for a name."""
        own = self.values.get(member)
        if own == wanted or not isinstance(wanted, str) or not wanted.startswith("arn:"):
            return own == wanted
        # A hub's content is asked for by the hub's name or by its ARN, and keeps the name.
        here = ":".join(self.arn.split(":")[:5])
        named = wanted.startswith(f"{here}:") and wanted.rsplit("/", 1)[-1] == own
        return named or (wanted == self.arn and member in self.kind.identity)


@dataclass(frozen=True, kw_only=True)
class Link:
    """One resource associated with another: lineage, and what belongs to a trial."""

    source: str
    destination: str
    kind: str
    created: float
    caller_arn: str


@dataclass(frozen=True, kw_only=True)
class Particulars:
    """What AWS does for some kinds beside what it does for all, by the kind's name."""

    filled: Mapping[str, Fill] = field(default_factory=dict)
    """When one is made."""
    finished: Mapping[str, Fill] = field(default_factory=dict)
    """When one arrives where it was going."""
    updated: Mapping[str, Change] = field(default_factory=dict)
    """When one was changed."""


@dataclass(kw_only=True)
class Store:
    """Everything of the service in every account and region."""

    particulars: Particulars = field(default_factory=Particulars)
    links: list[Link] = field(default_factory=list)
    _records: dict[tuple[str, str, str], list[Record]] = field(default_factory=dict)
    _number: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, request: Request, kind: Kind, values: Mapping[str, object], *, path: str = "") -> Record:
        """Keep a resource; its identifiers are made here, and its ARN, if it has no path of its own."""
        tags = values.get("Tags")
        own = {name: plain(value) for name, value in values.items() if name != "Tags"}
        number = next(self._number)
        own.update(_numbered(kind, number))
        arn = request.arn(path or _path(kind, own, number))
        own.update(dict.fromkeys(kind.arn_members, arn))
        record = Record(kind=kind, arn=arn, values=own)
        record.tags.update(read_tags(tags))
        self._records.setdefault((*request.place, kind.collection), []).append(record)
        return record

    def remove(self, request: Request, record: Record) -> None:
        """Forget a resource and what it was associated with."""
        self._records[(*request.place, record.kind.collection)].remove(record)
        self.links = [link for link in self.links if record.arn not in (link.source, link.destination)]

    def all(self, request: Request, kind: Kind | str) -> tuple[Record, ...]:
        """Every resource of a kind, oldest first."""
        collection = kind if isinstance(kind, str) else kind.collection
        return tuple(self._records.get((*request.place, collection), ()))

    def find(self, request: Request, kind: Kind, named: Mapping[str, object]) -> Record | None:
        """The resource that these members name, or None."""
        wanted = {name: named[name] for name in kind.identity if named.get(name) is not None}
        if not wanted:
            return None
        matching = [
            record
            for record in self.all(request, kind)
            if all(record.is_named(name, value) for name, value in wanted.items())
        ]
        return matching[-1] if matching else None

    def need(self, request: Request, kind: Kind, named: Mapping[str, object]) -> Record:
        """The resource that these members name.

        Raises:
            Refused: There is none.
        """
        record = self.find(request, kind, named)
        if record is None:
            raise missing(request, kind, named)
        return record

    def by_arn(self, request: Request, arn: str) -> Record | None:
        """The resource of that ARN, or None."""
        for place, records in self._records.items():
            if place[:2] == request.place:
                for record in records:
                    if record.arn == arn:
                        return record
        return None


Operation = Callable[[Store, Request], Mapping[str, object]]
"""Answers one operation."""
Fill = Callable[[Store, Request, Record], None]
Change = Callable[[Store, Request, Record, Mapping[str, object]], None]
"""Gets the values from before the change, too."""


# Described by an operation that declares ResourceNotFound, and yet a ValidationException: botocore's
# waiters for these jobs end on it.
_ANSWERED_BY_VALIDATION = frozenset({"ProcessingJob", "TrainingJob", "TransformJob"})


def missing(request: Request, kind: Kind, named: Mapping[str, object]) -> Refused:
    """What AWS answers for a resource that does not exist."""
    asked = request.model if request.operation.endswith(kind.name) else kind.describe
    declared = {shape.name for shape in asked.error_shapes}
    named_by = [text(named.get(name)) for name in kind.identity if named.get(name) is not None]
    arn = next((name for name in named_by if name.startswith("arn:")), "")
    arn = arn or (
        "/".join(named_by) if "{id" in kind.arn_path.lower() else request.arn(_path(kind, named, 0))
    )
    not_found = "ResourceNotFound" in declared and kind.name not in _ANSWERED_BY_VALIDATION
    code = "ResourceNotFound" if not_found else "ValidationException"
    return refused(code, f'Could not find {kind.words} "{arn}".')


def read_tags(tags: object) -> dict[str, str]:
    """Tags as the API has them, by key."""
    listed = tags if isinstance(tags, list) else []
    return {text(mapping(tag).get("Key")): text(mapping(tag).get("Value")) for tag in listed}


_IDENTIFIERS = {
    "ClusterSchedulerConfig": "ClusterSchedulerConfigId",
    "ComputeQuota": "ComputeQuotaId",
    "Domain": "DomainId",
    "Project": "ProjectId",
}
_PREFIXES = {"DomainId": "d-", "ProjectId": "p-"}


def _numbered(kind: Kind, number: int) -> dict[str, object]:
    """The identifier that AWS makes for a kind that is not named by its caller."""
    member = _IDENTIFIERS.get(kind.name)
    return {member: f"{_PREFIXES.get(member, '')}{identifier(kind, number)}"} if member else {}


def identifier(kind: Kind, number: int) -> str:
    """An identifier of twelve characters, the same one in every run."""
    digest = hashlib.sha256(f"{kind.name} {number}".encode()).digest()
    letters = string.ascii_lowercase + string.digits
    return "".join(letters[byte % len(letters)] for byte in digest[:12])


def _path(kind: Kind, values: Mapping[str, object], number: int) -> str:
    made = identifier(kind, number)
    known = {"id": made, "ID": made.upper()}
    filled = (
        known.get(name) or str(values.get(name, "")) if name else literal
        for literal, name in _pieces(kind.arn_path)
    )
    return "/".join(part for part in "".join(filled).split("/") if part)


def _pieces(path: str) -> Iterator[tuple[str, str]]:
    for literal, name, _, _ in string.Formatter().parse(path):
        yield literal, ""
        if name:
            yield "", name
