"""What moto lacks or drops and the main flow needs: one place, each fix with its reason.

``ANSWERS``  operations that moto does not do, or does not do as AWS does: answered here instead.
``Kept``     members that moto drops between a Create and its Describe: kept as they were sent.
``patched``  where moto itself would stand in the way: a method of its own is replaced for the time.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from unittest.mock import patch

from moto.core.model import OperationModel
from moto.core.utils import get_service_model
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.sagemaker.models import SageMakerModelBackend

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.endpoints import Endpoints, ModelFailure
from secure_sagemaker.local.wire import Answer, Call, Refusal, answer_of, refusal_of

__all__ = ["ANSWERS", "Kept", "patched"]

Fix = Callable[[Call, Endpoints], Answer]


def _simulate_principal_policy(call: Call, _: Endpoints) -> Answer:
    """Not in moto. The SDK asks it about the execution role; nothing is evaluated: all is allowed."""
    role = call.text("PolicySourceArn")
    if moto_state.find_role(role) is None:
        return refusal_of(call, Refusal(code="NoSuchEntity", message=f"{role} cannot be found.", status=404))
    actions, resources = call.parameters.get("ActionNames"), call.parameters.get("ResourceArns") or ["*"]
    results = [
        {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": "allowed"}
        for action in (actions if isinstance(actions, list) else [])
        for resource in (resources if isinstance(resources, list) else [])
    ]
    return answer_of(call, {"EvaluationResults": results, "IsTruncated": False})


def _invoke_endpoint(call: Call, endpoints: Endpoints) -> Answer:
    """moto answers every name with one fixed text; here an endpoint must exist, and a function answers."""
    name, account = call.text("EndpointName"), call.caller.account if call.caller else ""
    if not moto_state.endpoint_exists(account=account, region=call.region, name=name):
        message = f"Endpoint {name} of account {account} not found."
        return refusal_of(call, Refusal(code="ValidationError", message=message))
    content_type = call.request.headers.get("content-type", "application/octet-stream")
    try:
        prediction = endpoints[name].predict(call.request.body, content_type)
    except ModelFailure as failure:
        message = f'Received server error (500) from primary with message "{failure}".'
        return refusal_of(call, Refusal(code="ModelError", message=message, status=424))
    output = {"Body": prediction.body, "ContentType": prediction.content_type}
    return answer_of(call, {**output, "InvokedProductionVariant": "AllTraffic"})


ANSWERS: Mapping[tuple[str, str], Fix] = {
    ("iam", "SimulatePrincipalPolicy"): _simulate_principal_policy,
    ("sagemaker-runtime", "InvokeEndpoint"): _invoke_endpoint,
}
"""Operations answered here, by service and operation."""


@dataclass(frozen=True, kw_only=True)
class _Resource:
    """A resource with a Create and a Describe, as botocore's model has them."""

    identity: tuple[str, ...]
    """The members that name it, in both."""
    members: frozenset[str]
    """The members that Describe answers in the very shape that Create took."""


@functools.cache
def _resources() -> Mapping[str, _Resource]:
    """SageMaker's resources by name, such as ``EndpointConfig``."""
    model = get_service_model("sagemaker")
    return dict(_described(model.operation_model, frozenset(model.operation_names)))


def _described(
    operation: Callable[[str], OperationModel], names: frozenset[str]
) -> Iterator[tuple[str, _Resource]]:
    for name in sorted(names):
        resource = name.removeprefix("Create")
        if resource == name or f"Describe{resource}" not in names:
            continue
        create, describe = operation(name).input_shape, operation(f"Describe{resource}")
        if create is None or describe.input_shape is None or describe.output_shape is None:
            continue
        identity = tuple(describe.input_shape.required_members)
        if not identity or not set(identity) <= set(create.members):
            continue
        answered = describe.output_shape.members
        members = {
            member
            for member, shape in create.members.items()
            if member in answered and answered[member].name == shape.name
        }
        yield resource, _Resource(identity=identity, members=frozenset(members))


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What Create took, for Describe to answer: moto drops members of models, endpoint configs and jobs.

    What moto can update it has kept itself, so an Update ends our memory of the resource. And where moto
    answers an empty structure (``VpcConfig: {}``) that nobody sent, the member is left out, as AWS does.
    """

    _sent: dict[tuple[object, ...], Mapping[str, object]] = field(default_factory=dict)

    def amended(self, call: Call, answer: Answer) -> Answer:
        """The answer with what moto left out; remembers what a Create sent."""
        if call.service != "sagemaker" or answer.status != 200:
            return answer
        for verb in ("Create", "Delete", "Describe", "Update"):
            name = call.operation.removeprefix(verb)
            if name == call.operation:
                continue
            resource = _resources().get(name, _UNKNOWN)
            account = call.caller.account if call.caller else ""
            key = (account, call.region, name, *(call.text(member) for member in resource.identity))
            if verb == "Describe":
                return _whole(call, answer, self._sent.get(key, {}))
            self._sent.pop(key, None)
            if verb == "Create":
                self._sent[key] = {
                    member: value for member, value in call.parameters.items() if member in resource.members
                }
        return answer


_UNKNOWN = _Resource(identity=(), members=frozenset())


def _whole(call: Call, answer: Answer, sent: Mapping[str, object]) -> Answer:
    shape = call.model.output_shape if call.model is not None else None
    structures = (
        {name for name, member in shape.members.items() if member.type_name == "structure"} if shape else ()
    )
    answered = {
        member: value
        for member, value in json.loads(answer.body).items()
        if value != {} or member not in structures
    }
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    return Answer(status=answer.status, headers=headers, body=json.dumps({**answered, **sent}).encode())


@contextlib.contextmanager
def patched() -> Iterator[None]:
    """Replace the methods of moto that would refuse what AWS accepts."""
    validate = SageMakerModelBackend.validate_production_variants

    def permission(*_: object) -> PermissionResult:
        """Moto takes a bucket policy's conditional Deny for an unconditional one; ``aws_refuses`` does not."""
        return PermissionResult.NEUTRAL

    def validated(backend: SageMakerModelBackend, variants: list[dict[str, object]]) -> None:
        """Moto wants a ModelName in every variant; an endpoint for inference components has none."""
        validate(backend, [variant for variant in variants if "ModelName" in variant])

    with (
        patch.object(FakeBucket, "get_permission", permission),
        patch.object(SageMakerModelBackend, "validate_production_variants", validated),
    ):
        yield
