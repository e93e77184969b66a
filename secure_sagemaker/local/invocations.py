"""The SageMaker runtime: an endpoint must be in service, and a user's function answers for it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from secure_sagemaker.local.endpoints import Endpoint, Endpoints, Invocation, ModelFailure
from secure_sagemaker.local.event_stream import CONTENT_TYPE, event, exception
from secure_sagemaker.local.inside import Inside
from secure_sagemaker.local.sagemaker.kept import Refused
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, text
from secure_sagemaker.local.wire import Answer, Call, Refusal, answer_of

__all__ = ["Invocations"]

_SERVING = frozenset({"InService", "RollingBack", "SystemUpdating", "Updating"})


def _invalid(message: str) -> Refused:
    return Refused(Refusal(code="ValidationError", message=message))


@dataclass(frozen=True, kw_only=True)
class _Deployed:
    """An endpoint as the control plane knows it."""

    name: str
    config: Mapping[str, object]
    variants: tuple[Mapping[str, object], ...]
    models: tuple[Mapping[str, object], ...]

    @property
    def role(self) -> str:
        """The role that its containers run as."""
        roles = [text(model.get("ExecutionRoleArn")) for model in self.models]
        return next(filter(None, roles), text(self.config.get("ExecutionRoleArn")))

    def variant(self, wanted: str) -> str:
        """The variant that answers."""
        names = [text(variant.get("VariantName")) for variant in self.variants]
        if wanted and wanted not in names:
            raise _invalid(f"Variant {wanted} not found for endpoint {self.name}.")
        return wanted or names[0]


@dataclass(frozen=True, kw_only=True)
class Invocations:
    """Answers the operations of ``sagemaker-runtime``."""

    endpoints: Endpoints
    inside: Inside

    def answer(self, call: Call) -> Answer | None:
        """What the runtime answers; None for an operation that is not here.

        Raises:
            Refused: It refuses.
        """
        match call.operation:
            case "InvokeEndpoint":
                return self._invoke(call)
            case "InvokeEndpointAsync":
                return self._invoke_async(call)
            case "InvokeEndpointWithResponseStream":
                return self._stream(call)
            case _:
                return None

    def _invoke(self, call: Call) -> Answer:
        deployed = self._deployed(call)
        endpoint, invocation = self._asked(call, deployed, call.request.body)
        try:
            body = b"".join(endpoint.parts(invocation))
        except ModelFailure as failure:
            raise _model_error(failure, invocation) from failure
        return answer_of(
            call,
            {
                "Body": body,
                "ContentType": endpoint.content_type(invocation),
                "InvokedProductionVariant": invocation.target_variant,
            },
        )

    def _stream(self, call: Call) -> Answer:
        deployed = self._deployed(call)
        endpoint, invocation = self._asked(call, deployed, call.request.body)
        messages: list[bytes] = []
        try:
            for part in endpoint.parts(invocation):
                messages.append(event("PayloadPart", part))
        except ModelFailure as failure:
            if not messages:
                raise _model_error(failure, invocation) from failure
            told = {"Message": str(failure), "ErrorCode": "StreamBroken"}
            messages.append(exception("ModelStreamError", json.dumps(told).encode()))
        return Answer(
            status=200,
            headers={
                "Content-Type": CONTENT_TYPE,
                "X-Amzn-SageMaker-Content-Type": endpoint.content_type(invocation),
                "x-Amzn-Invoked-Production-Variant": invocation.target_variant,
            },
            body=b"".join(messages),
        )

    def _invoke_async(self, call: Call) -> Answer:
        """The request is answered for at once, so that the result is there when the caller looks for it."""
        deployed = self._deployed(call)
        output = mapping(at(deployed.config, "AsyncInferenceConfig.OutputConfig"))
        if not output:
            raise _invalid(f"Endpoint {deployed.name} is not configured for asynchronous inference.")
        location = call.text("InputLocation")
        if bool(location) == bool(call.request.body):
            raise _invalid("Exactly one of InputLocation and Body must be given.")
        inference_id = call.text("InferenceId") or str(uuid.uuid4())
        name = call.text("Filename") or f"{uuid.uuid4()}.out"
        under = call.text("S3OutputPathExtension").strip("/")
        places = {
            member: "/".join(filter(None, (text(output.get(stated)).rstrip("/"), under, file)))
            for member, stated, file in (
                ("OutputLocation", "S3OutputPath", name),
                ("FailureLocation", "S3FailurePath", f"{name.removesuffix('.out')}-error.out"),
            )
            if output.get(stated)
        }
        if "OutputLocation" not in places:
            raise _invalid(f"Endpoint {deployed.name} has no S3OutputPath.")
        body = self.inside.read(call, location, role=deployed.role) if location else call.request.body
        if body is None:
            place, told, kind = places.get("FailureLocation"), _unread(location), "text/plain"
        else:
            endpoint, invocation = self._asked(call, deployed, body, inference_id=inference_id)
            try:
                told, kind = b"".join(endpoint.parts(invocation)), endpoint.content_type(invocation)
                place = places["OutputLocation"]
            except ModelFailure as failure:
                told, kind = str(failure).encode(), "text/plain"
                place = places.get("FailureLocation")
        if place:
            key = text(output.get("KmsKeyId"))
            self.inside.write(call, place, told, role=deployed.role, key=key, content_type=kind)
        return answer_of(call, {"InferenceId": inference_id, **places})

    def _deployed(self, call: Call) -> _Deployed:
        name, account = call.text("EndpointName"), call.caller.account if call.caller else ""
        described = self.inside.ask(call, "sagemaker", "DescribeEndpoint", EndpointName=name)
        if described is None or described.get("EndpointStatus") not in _SERVING:
            raise _invalid(f"Endpoint {name} of account {account} not found.")
        config = self.inside.ask(
            call,
            "sagemaker",
            "DescribeEndpointConfig",
            EndpointConfigName=described.get("EndpointConfigName"),
        )
        variants = entries((config or {}).get("ProductionVariants"))
        models = (
            self.inside.ask(call, "sagemaker", "DescribeModel", ModelName=variant["ModelName"])
            for variant in variants
            if variant.get("ModelName")
        )
        return _Deployed(
            name=name,
            config=config or {},
            variants=variants,
            models=tuple(model for model in models if model is not None),
        )

    def _asked(
        self, call: Call, deployed: _Deployed, body: bytes, *, inference_id: str = ""
    ) -> tuple[Endpoint, Invocation]:
        """What answers, and what it is asked."""
        component, model = call.text("InferenceComponentName"), call.text("TargetModel")
        if not component and not any(variant.get("ModelName") for variant in deployed.variants):
            raise _invalid(
                "Inference Component Name header is required for endpoints to which you plan to deploy "
                "inference components. Please include Inference Component Name header or consider using "
                "SageMaker models."
            )
        if component and not self._is_component(call, component):
            raise _invalid(f"Inference Component {component} of endpoint {deployed.name} not found.")
        if model and not any(_is_multi_model(stated) for stated in deployed.models):
            raise _invalid(
                f"Endpoint {deployed.name} is not a multi-model endpoint and does not support target model header."
            )
        invocation = Invocation(
            body,
            endpoint=deployed.name,
            content_type=call.text("ContentType"),
            accept=call.text("Accept"),
            custom_attributes=call.text("CustomAttributes"),
            target_model=model,
            target_variant=deployed.variant(call.text("TargetVariant")),
            inference_component=component,
            inference_id=inference_id or call.text("InferenceId"),
            session_id=call.text("SessionId"),
        )
        return self.endpoints[deployed.name], invocation

    def _is_component(self, call: Call, name: str) -> bool:
        described = self.inside.ask(
            call, "sagemaker", "DescribeInferenceComponent", InferenceComponentName=name
        )
        return described is not None and described.get("EndpointName") == call.text("EndpointName")


def _is_multi_model(model: Mapping[str, object]) -> bool:
    containers = (mapping(model.get("PrimaryContainer")), *entries(model.get("Containers")))
    return any(container.get("Mode") == "MultiModel" for container in containers)


def _model_error(failure: ModelFailure, invocation: Invocation) -> Refused:
    message = f'Received server error (500) from {invocation.target_variant} with message "{failure}".'
    return Refused(Refusal(code="ModelError", message=message, status=424))


def _unread(location: str) -> bytes:
    return f"Unable to read the input at {location}.".encode()
