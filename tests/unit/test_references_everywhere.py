"""Every operation that names something, on a network where nothing of that stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from botocore import xform_name
from botocore.model import StructureShape

from secure_sagemaker import ControlError, ControlId
from secure_sagemaker.controls import LOOKS, mentions_of
from secure_sagemaker.controls.mentions import Mentions
from secure_sagemaker.controls.parameters import innermost
from tests.unit.baseline.stated import COMPLETE
from tests.unit.described import arn
from tests.unit.secured import Records, secured
from tests.wire import OF_SESSIONS, Wire, refuses

OBSERVING = "\n".join(
    [
        COMPLETE,
        "[references]\ninvoke = true\n[modes]",
        *(f'{control} = "observe"' for control in ControlId if control != "referenced-resource"),
    ]
)
# What decides, beside some names, what they name; and what stands in an address.
BESIDE: dict[str, object] = {
    "DomainId": "d-1",
    "EndpointName": "churn",
    "trainingSessionName": "churn",
    "MonitoringType": "DataQuality",
    "RetainAllVariantProperties": True,
}


def leaves(shape: StructureShape, mentions: Mentions) -> Iterator[tuple[str, str, dict[str, object]]]:
    """For each member that can name something: where it stands, its path, and a request that says no more."""
    beside = {name: value for name, value in BESIDE.items() if name in shape.members}
    for name, reference in mentions.members:
        text = arn(reference.kinds[0].id, "one/2")
        value: object = [text] if shape.members[name].type_name == "list" else text
        yield f"{shape.name}.{name}", name, {**beside, name: value}
    for name, nesting, inner in mentions.children:
        structure, _ = innermost(shape.members[name])
        assert structure is not None
        for place, path, content in leaves(structure, inner):
            nested: object = content
            for mark in reversed(nesting):
                nested = [nested] if mark == "[" else {"key": nested}
            yield place, f"{name}.{path}", {**beside, name: nested}


def test_every_operation_of_the_table_refuses_what_it_cannot_read(wire: Wire) -> None:
    """No member of any request names something that passes unseen, and nothing but questions is sent."""
    for operation in LOOKS:
        wire.answers[operation] = refuses("ResourceNotFound")
    session = secured(wire, OBSERVING, audit=Records())
    unseen, tried = [], 0
    for service in [name for name in session.get_available_services() if name.startswith("sagemaker")]:
        client = session.client(service)  # type: ignore[call-overload]  # a service by its name
        client._serializer = client._serializer._serializer  # without the check that a request is complete
        for operation in client.meta.service_model.operation_names:
            model = client.meta.service_model.operation_model(operation)
            mentions = mentions_of(model)
            once = (
                {place: (path, request) for place, path, request in leaves(model.input_shape, mentions)}
                if isinstance(mentions, Mentions)
                else {}
            )
            for path, request in once.values():
                tried += 1
                try:
                    getattr(client, xform_name(operation))(**request)
                except ControlError as refused:
                    named = [re.sub(r"\[[^]]*]", "", one.path) for one in (refused, *refused.others)]
                    if refused.control_id == "referenced-resource" and path in named:
                        continue
                unseen.append(f"{operation} {path}")
    assert [] == unseen
    assert tried > 60
    assert {*OF_SESSIONS, *LOOKS} >= set(wire.operations)
