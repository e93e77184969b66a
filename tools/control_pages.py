"""The pages about controls: one each, their index, and the exemptions."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial
from typing import NoReturn

import boto3
import botocore
import botocore.session
from botocore.model import OperationModel, ServiceModel
from botocore.stub import Stubber

from secure_sagemaker import (
    CONTROLS,
    EXEMPTIONS,
    Control,
    ControlError,
    ControlId,
    Decision,
    Enforcement,
    SecurityBaseline,
)
from secure_sagemaker.baseline import DEFAULT_MODES
from secure_sagemaker.baseline.fields import leaf_fields
from secure_sagemaker.controls import Enforcer, judge_source
from secure_sagemaker.controls.catalogue import references
from secure_sagemaker.controls.members import document_rule
from secure_sagemaker.controls.parameters import governed_members
from secure_sagemaker.controls.s3_stores import STORES
from secure_sagemaker.controls.services import SERVICES as OTHERS
from secure_sagemaker.controls.services import SERVICES_CLOSED as OTHERS_CLOSED
from secure_sagemaker.identity import KeyResolver
from secure_sagemaker.references import ReferencedResources
from tools.control_notes import BASELINE, NOTES, Example
from tools.pages import MARK, Page

__all__ = ["control_pages"]

SERVICES = ("sagemaker", "s3", *sorted({*STORES, *OTHERS, *(service for service, _ in OTHERS_CLOSED)}))
FOLDER = "docs/reference/controls"
_NO_REFERENCE = "No control of Security Hub, AWS Config, Prowler, Checkov or cdk-nag is known to say this."


def control_pages() -> Iterator[Page]:
    """Every page of this module."""
    yield Page(path=f"{FOLDER}/index.md", render=index_page, botocore=True)
    for control in CONTROLS.values():
        path = f"{FOLDER}/{control.id}.md"
        yield Page(path=path, render=partial(control_page, control), botocore=True)
    yield Page(path="docs/reference/exemptions.md", render=exemptions_page)


def index_page() -> str:
    """The controls at a glance."""
    where = _where()
    rows = [
        f"| [`{control.id}`]({control.id}.md) | {control.title} | {control.severity} | "
        f"`{DEFAULT_MODES[control.id]}` | {len(where[control.id])} |"
        for control in sorted(CONTROLS.values(), key=lambda control: control.id)
    ]
    return _page(
        "# The controls",
        MARK,
        "A control is one thing that a request must say. Its mode tells what becomes of a request that is weaker: "
        "`refuse` raises before anything is sent, `correct` sends the baseline's value, `observe` changes nothing and "
        "records. What is merely missing is injected in the first two. "
        "[`modes`](../baseline.md#modes) changes the mode of a control.",
        _versions(),
        _table(("control", "what it asks", "severity", "mode by default", "operations"), rows),
        "What AWS itself cannot do is exempt: [the exemptions](../exemptions.md).",
    )


def control_page(control: Control) -> str:
    """One control."""
    note = NOTES[control.id]
    examples = [part for example in note.examples for part in _shown(control.id, example)]
    return _page(
        f"# {control.id}",
        MARK,
        f"{control.title}. Severity: {control.severity}.",
        "## What it does",
        note.does.strip(),
        "## Why",
        _sentence(control.why),
        "## Where",
        *_places(control.id),
        "## Mode by default",
        f"`{DEFAULT_MODES[control.id]}`. "
        "[Modes](../baseline.md#modes) and [waivers](../../how-to/waive-a-control.md) change what happens.",
        "## In the baseline",
        "\n".join(f"- [`{field}`](../baseline.md#{_anchor(field)})" for field in note.fields),
        "## Before and after",
        *(examples or ["Nothing of a request changes."]),
        "## Exemptions",
        *_exemptions(control.id),
        "## Remedy",
        _sentence(control.remedy),
        "## References",
        f"- {control.documentation}",
        *_references(control.id),
    )


def exemptions_page() -> str:
    """Every exemption with its reason and source."""
    rows = [
        f"| `{row.id}` | {', '.join(f'[`{control}`](controls/{control}.md)' for control in row.controls)} | "
        f"{_sentence(row.reason)} | {row.source} |"
        for row in sorted(EXEMPTIONS.values(), key=lambda row: row.id)
    ]
    return _page(
        "# The exemptions",
        MARK,
        "An exemption is a case in which AWS itself cannot do what a control asks. It needs nobody's leave, it is "
        "recorded as `exempt` with its reason each time, and it is data in the catalogue. A case that *you* excuse is "
        "a [waiver](../how-to/waive-a-control.md).",
        _table(("exemption", "of the control", "reason", "source"), rows),
    )


# --- where a control governs


@cache
def _service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


@cache
def _where() -> Mapping[ControlId, Mapping[tuple[str, str], tuple[str, ...]]]:
    """For each control, (service, operation) to member paths."""
    found: dict[ControlId, dict[tuple[str, str], tuple[str, ...]]] = {control: {} for control in ControlId}
    known = {*botocore.session.get_session().get_available_services()}  # an older botocore lacks some
    for service in (name for name in SERVICES if name in known):
        for operation in sorted(_service(service).operation_names):
            for path, member, _ in governed_members(_service(service).operation_model(operation)):
                places = found[member.rule.control]
                places[service, operation] = (*places.get((service, operation), ()), path)
    return found


def _places(control: ControlId) -> Iterator[str]:
    if control is ControlId.REFERENCED_RESOURCE:
        yield "[Each member that names something](../references.md)."
        yield _versions()
        return
    if control is ControlId.INPUT_SCAN:
        yield (
            "The inputs of training, processing, tuning, transform, AutoML and labeling calls, and of a pipeline's "
            "steps, and no member."
        )
        return
    if control is ControlId.PRIVATE_CONNECTION:
        yield "The baseline's own `privatelink.services`, and no member."
        return
    if control is ControlId.SOURCE_CREDENTIALS:
        yield "STS's AssumeRole, where the session itself calls it: the key that signs, and no member."
        return
    places = _where()[control]
    if not places:
        yield "In every mutating operation of SageMaker, members that are neither governed nor reviewed."
        yield _versions()
        return
    yield _versions()
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (service, operation), paths in places.items():
        alike.setdefault((service, tuple(sorted(paths))), []).append(operation)
    rows = [
        f"| {service} | {_code(operations)} | {_code(paths)} |"
        for (service, paths), operations in alike.items()
    ]
    yield _table(("service", "operations", "members"), rows)
    names = {name for shape in _structures() for name in shape} | {"KmsKeyArn"}
    inside = sorted(
        name for name in names if (rule := document_rule(name)) is not None and rule.control == control
    )
    if inside:
        yield f"Inside the JSON document of `CreateJob`, by name alone: {_code(inside)}."


def _structures() -> Iterator[Iterable[str]]:
    model = _service("sagemaker")
    for name in model.shape_names:
        shape = model.shape_for(name)
        if shape.type_name == "structure":
            yield shape.members  # type: ignore[attr-defined]  # a StructureShape, as its type name says


def _versions() -> str:
    return f"Read from the service models of botocore {botocore.__version__}."


# --- a request, before and after


def _shown(control: ControlId, example: Example) -> Iterator[str]:
    model = _service(example.service).operation_model(example.operation)
    if example.new_member:
        model = _with_member(model, example.new_member)
    stated = {**BASELINE, **example.baseline}
    baseline = SecurityBaseline.from_mapping(stated, source="the example")
    enforcement = Enforcer(baseline, today=lambda: date.min).enforce(model, example.request, {})
    if example.source_key:
        enforcement = judge_source(
            baseline, access_key_id=example.source_key, request=example.request, today=date.min
        )
    if example.described:
        enforcement = _looked(baseline, model, enforcement, example)
    mine = [decision for decision in enforcement.decisions if decision.control_id == control]
    if not mine or enforcement.lookups:
        raise ValueError(f"the example of {control} does not show it")
    yield f"### {_verdicts(mine)}: `{example.service}.{example.operation}`"
    if example.baseline:
        yield f"The baseline says `{json.dumps(example.baseline)}`."
    yield _json(example.request)
    if enforcement.refusals:
        yield "Nothing is sent; the call raises `ControlError`:"
        yield f"```text\n{_refusal(enforcement)}\n```"
        return
    yield "What is sent, with what all controls do:"
    yield _json(enforcement.parameters)
    yield _table(
        ("member", "done", "asked", "sent"),
        [
            f"| `{decision.path}` | {decision.action} | `{decision.got}` | `{decision.wanted}` |"
            for decision in mine
        ],
    )


def _looked(
    baseline: SecurityBaseline, model: OperationModel, enforcement: Enforcement, example: Example
) -> Enforcement:
    client = boto3.client(
        "sagemaker",
        baseline.region,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",  # noqa: S106  # it signs nothing
    )
    stubber = Stubber(client)
    for method, answer in example.described:
        if isinstance(answer, str):
            stubber.add_client_error(method, answer)
        else:
            stubber.add_response(method, dict(answer))
    references = ReferencedResources(
        baseline,
        enforcer=Enforcer(baseline, today=lambda: date.min),
        keys=KeyResolver(_no_keys),
        client=lambda: client,
        today=lambda: date.min,
    )
    named = references.named(model, example.request)
    if named is None:
        raise ValueError(f"the example of {model.name} names nothing")
    with stubber:
        return replace(enforcement, decisions=references.check(named))


def _no_keys() -> NoReturn:
    raise ValueError("an example names its keys by their ARNs")


def _with_member(model: OperationModel, member: str) -> OperationModel:
    if model.input_shape is None:
        raise ValueError(model.name)
    loader = botocore.session.get_session().get_component("data_loader")
    service = model.service_model.service_name
    newer = copy.deepcopy(dict(loader.load_service_model(service, "service-2")))
    newer["shapes"][model.input_shape.name]["members"][member] = {"shape": "String"}
    newer["shapes"].setdefault("String", {"type": "string"})
    return ServiceModel(newer, service).operation_model(model.name)


def _verdicts(decisions: Sequence[Decision]) -> str:
    return " and ".join(dict.fromkeys(decision.action.capitalize() for decision in decisions))


def _refusal(enforcement: Enforcement) -> str:
    try:
        enforcement.raise_for_refusals()
    except ControlError as refused:
        return str(refused)
    raise ValueError(enforcement)


# --- what else it says


def _exemptions(control: ControlId) -> Iterator[str]:
    rows = [row for row in EXEMPTIONS.values() if control in row.controls]
    if not rows:
        yield "None."
        return
    yield "\n".join(f"- `{row.id}`: {row.reason} ({row.source})." for row in rows)


def _references(control: ControlId) -> Iterator[str]:
    published: dict[str, list[str]] = {}
    for (_, operation), paths in _where()[control].items():
        for path in paths:
            for published_id in references(operation, path, control):
                published.setdefault(published_id, []).append(f"{operation} {path}")
    if not published:
        yield _NO_REFERENCE
        return
    yield "Published controls that say the same:"
    rows = [f"| {published_id} | {_code(places)} |" for published_id, places in published.items()]
    yield _table(("control", "of"), rows)


# --- Markdown


def _page(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"


def _table(columns: Sequence[str], rows: Iterable[str]) -> str:
    return "\n".join([f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *rows])


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _json(content: Mapping[str, object]) -> str:
    return f"```json\n{json.dumps(content, indent=2)}\n```"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _anchor(field: str) -> str:
    if field not in leaf_fields():
        raise KeyError(field)
    return field.replace(".", "")
