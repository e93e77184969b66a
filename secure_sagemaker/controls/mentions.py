"""What one request names: the texts in it that stand for things made elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from secure_sagemaker.controls.members import is_mutating
from secure_sagemaker.controls.naming import Place
from secure_sagemaker.controls.parameters import innermost
from secure_sagemaker.controls.pipelines import calls_of
from secure_sagemaker.controls.references import MADE, REFERENCES, Reference
from secure_sagemaker.controls.resource_kinds import Identifiers, ResourceKind
from secure_sagemaker.controls.unknown import holds_unknown, told

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, StructureShape

__all__ = ["Mention", "Mentions", "Namings", "is_question", "mentions_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """Something that a request names."""

    path: str
    """The member's path in the request."""
    text: str
    """As it is named."""
    kind: ResourceKind | None
    """What it is; None where that cannot be told."""
    identifiers: Identifiers
    """The parameters of its Describe."""
    reference: Reference
    place: Place

    @property
    def label(self) -> str:
        """How it is called in a chain, such as ``model/churn``."""
        return told(self.text) if self.kind is None else self.kind.label(self.identifiers)

    @property
    def untold(self) -> bool:
        """Whether only the run of a pipeline tells what is named."""
        return holds_unknown(self.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mentions:
    """Where an operation's input, or a structure in it, can name something."""

    shape: str
    members: tuple[tuple[str, Reference], ...]
    children: tuple[tuple[str, str, Mentions], ...]
    """Member, how structures are nested in it (``[`` for a list, ``{`` for a map), and theirs."""

    @property
    def starts(self) -> bool:
        """Whether what is named is started with what the request says."""
        return any(reference.amend is not None for _, reference in self.members) or any(
            below.starts for *_, below in self.children
        )

    def of(
        self, content: Mapping[str, object], *, path: str = "", request: Mapping[str, object] | None = None
    ) -> Iterator[Mention]:
        """What the content names, in the order of its members.

        Args:
            content: The request, or a structure in it.
            path: Where in the request it stands.
            request: The whole request, where the content is a part.
        """
        whole = content if request is None else request
        for name, reference in self.members:
            value = content.get(name)
            listed = value if isinstance(value, list | tuple) else [value]
            for index, text in enumerate(listed):
                if not isinstance(text, str) or not text:
                    continue
                here = f"{path}{name}" if listed is not value else f"{path}{name}[{index}]"
                place = Place(text=text, siblings=content, request=whole)
                # What a pipeline knows only when it runs names something that nobody can look at now.
                untold = holds_unknown(text)
                for kind, identifiers in ((None, {}),) if untold else reference.find(place):
                    yield Mention(
                        path=here,
                        text=text,
                        kind=kind,
                        identifiers=identifiers,
                        reference=reference,
                        place=place,
                    )
        for name, nesting, inner in self.children:
            for here, structure in _structures(content.get(name), nesting, path + name):
                yield from inner.of(structure, path=f"{here}.", request=whole)

    def reach(self, content: Mapping[str, object]) -> bool:
        """Whether anything in the content can name something."""
        return any(name in content for name, _ in self.members) or any(
            inner.reach(structure)
            for name, nesting, inner in self.children
            if name in content
            for _, structure in _structures(content[name], nesting, "")
        )


def _structures(value: object, nesting: str, path: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    if not nesting:
        if isinstance(value, Mapping):
            yield path, value
    elif nesting[0] == "[" and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _structures(item, nesting[1:], f"{path}[{index}]")
    elif nesting[0] == "{" and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _structures(item, nesting[1:], f"{path}[{key!r}]")


_STARTERS: Mapping[str, frozenset[str]] = {
    "events": frozenset({"PutTargets"}),
    "scheduler": frozenset({"CreateSchedule", "UpdateSchedule"}),
}
"""What makes other services start something of SageMaker's later."""


def is_question(service: str, operation: str) -> bool:
    """Whether nothing is looked at: other services' calls, and those that only ask."""
    if service in _STARTERS:
        return operation not in _STARTERS[service]
    if not service.startswith("sagemaker"):
        return True
    return service == "sagemaker" and not is_mutating(service, operation)


class Namings(Protocol):
    """Where something can be named."""

    @property
    def starts(self) -> bool:
        """Whether what is named is started with what the request says."""

    def of(self, content: Mapping[str, object]) -> Iterator[Mention]:
        """What a request names."""


_OF_CHECKS = Mentions(
    shape="CheckStep", members=(("ModelName", REFERENCES["ProductionVariant", "ModelName"]),), children=()
)
"""What a check names beside its arguments: the model that it asks for predictions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Steps:
    """Where the steps of a pipeline's definition name something."""

    service: ServiceModel
    _inner: dict[str, Mentions] = field(default_factory=dict)
    """Where a step that calls an operation can name something, once one was met."""

    @property
    def starts(self) -> bool:
        """Whether what is named is started: a definition starts nothing yet."""
        return False

    def of(self, content: Mapping[str, object]) -> Iterator[Mention]:
        """What the steps name that the pipeline does not make itself."""
        calls = calls_of(self.service, content.get("PipelineDefinition"))
        made = {(call.operation, name) for call in calls for name in call.made}
        for call in calls:
            namings = self._of_operation(call.operation)
            if not namings.reach(call.stated):
                continue  # as most do not
            for mention in namings.of(call.read):
                if not any((kind.create, mention.text) in made for kind in mention.reference.kinds):
                    yield replace(mention, path=f"PipelineDefinition.{call.path}.{mention.path}")

    def _of_operation(self, name: str) -> Mentions:
        if name not in self._inner:
            # One that is not known is refused where the definition is judged.
            known = name in self.service.operation_names
            found = mentions_of(self.service.operation_model(name)) if known else None
            arguments = (("Arguments", "", found),) if isinstance(found, Mentions) else ()
            self._inner[name] = replace(_OF_CHECKS, children=arguments)
        return self._inner[name]


def mentions_of(model: OperationModel) -> Namings | None:
    """Where an operation's request can name something, or None when nowhere."""
    service = model.service_model
    if model.input_shape is None or is_question(service.service_name, model.name):
        return None
    if model.name in ("CreatePipeline", "UpdatePipeline"):
        return _Steps(service=service)
    return _mentions(model.input_shape, ())


def _mentions(shape: StructureShape, within: tuple[str, ...]) -> Mentions | None:
    if shape.name in within:
        return None
    members, children = [], []
    for name, member in shape.members.items():
        if (reference := REFERENCES.get((shape.name, name))) is not None:
            members.append((name, reference))
        inner, nesting = innermost(member)
        if (shape.name, name) in MADE:
            continue
        if inner is not None and (below := _mentions(inner, (*within, shape.name))) is not None:
            children.append((name, nesting, below))
    if not members and not children:
        return None
    return Mentions(shape=shape.name, members=tuple(members), children=tuple(children))
