"""The one file that names botocore events.

For one call, in order:

    provide-client-params   hold the request to the baseline: inject, keep, correct, or refuse
    before-parameter-build  verify what is about to be sent, and refuse what changed since
    choose-signer.s3        SigV4, for presigned URLs too
    request-created         look at what the call names: described, and held to the controls
    before-sign             a presigned URL or form says what was decided, for an allowed host; record it
    before-send             the host is allowed, TLS is on, the signature's key is the role's
    after-call              record the call
    after-call-error        record a call that got no answer

and once for each client, creating-client-class: what it presigns is good for a bounded time, and S3's transfers
stay on the client.

Each handler is named after its event. State lives in botocore's per-call ``context`` only. The
rules about botocore that this rests on are pinned in ``tests/contract``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from types import MappingProxyType, MethodType
from typing import TYPE_CHECKING, Any, Protocol

from secure_sagemaker.admission import Admitted, DataAdmission
from secure_sagemaker.audit import AuditTrail, Outcome
from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.calls import Call, CallRecorder, code_of
from secure_sagemaker.controls import Enforcement, Enforcer, Snapshot
from secure_sagemaker.definitions import DefinitionStore
from secure_sagemaker.exceptions import SecureSageMakerError, SessionError
from secure_sagemaker.identity import AssumedRole, KeyResolver
from secure_sagemaker.macie.gate import Admission
from secure_sagemaker.network import NetworkPolicy
from secure_sagemaker.presigning import PostForm, bounded, post_object, without_owner_header
from secure_sagemaker.references import Named, ReferencedResources
from secure_sagemaker.signatures import SIGV4, signing_key
from secure_sagemaker.transfers import keep_classic

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSRequest
    from botocore.client import BaseClient
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

__all__ = [
    "Guard",
    "hold_back",
    "hold_to_network",
    "hold_way",
    "is_guarded",
    "register",
    "register_calls",
    "register_class",
    "register_classes",
    "release",
]

_STATE = "secure_sagemaker"
_GUARDED = "_secure_sagemaker_guarded"
_PRESIGNING = ("generate_presigned_url", "generate_presigned_post")
_Decide = Callable[["OperationModel", Mapping[str, object], Mapping[str, str]], Enforcement]


class _Response(Protocol):
    status_code: int


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What the handlers of one botocore session hold its calls to."""

    baseline: SecurityBaseline
    enforcer: Enforcer
    keys: KeyResolver
    role: AssumedRole
    network: NetworkPolicy
    definitions: DefinitionStore
    trail: AuditTrail
    references: ReferencedResources | None
    """Looks at what calls name; None for the session that it looks with."""
    data: DataAdmission | None = None
    """Holds calls to what is known of their data; None where nothing has to be."""
    _recorder: CallRecorder = field(init=False, repr=False)

    def __post_init__(self) -> None:
        recorder = CallRecorder(baseline=self.baseline, role=self.role, trail=self.trail)
        object.__setattr__(self, "_recorder", recorder)

    # --- handlers, in the order of their events ----------------------------------------------------

    def provide_client_params(
        self,
        *,
        params: MutableMapping[str, object],
        model: OperationModel,
        context: MutableMapping[str, object],
        **_: object,
    ) -> Mapping[str, object] | None:
        """Hold the request to the baseline."""
        call = self._begin(model, context)
        with self._recorder.refusals_of(call):
            self.trail.sink.prepare()
            if call.awaits_form or not self._decides(model):
                return None
            call.enforcement = self._settled(self.enforcer.enforce, model, params)
            call.enforcement.raise_for_refusals()
            if (stored := self.definitions.read(model, params)) is not None:
                call.enforcement = self._settled(self.enforcer.enforce, model, stored.inlined(params))
                call.enforcement.raise_for_refusals()
            if self.references is not None:
                call.enforcement = self.references.pinned(model, call.enforcement)
            if self.data is not None:
                self._take(call, self.data.admit(model, call.enforcement))
            if stored is not None:
                call.inlined = call.enforcement.parameters
                call.enforcement = self.definitions.written_back(stored, call.enforcement)
        secured = dict(call.enforcement.parameters)
        call.secured = Snapshot(secured)
        if call.presigned:
            # Here alone botocore hands over the caller's own dict: give it another instead.
            return secured
        params.clear()
        params.update(secured)
        return None

    def before_parameter_build(
        self,
        *,
        params: Mapping[str, object],
        model: OperationModel,
        context: MutableMapping[str, object],
        **_: object,
    ) -> None:
        """Verify the request as it is about to be sent."""
        call = context.get(_STATE)
        if not isinstance(call, Call):
            call = self._begin(model, context)
        secured = call.secured is not None and call.secured.holds(params)
        governed = not call.awaits_form and self._decides(model)
        with self._recorder.refusals_of(call):
            # What was enforced verifies, and where this is what was enforced, it need not be read again.
            stated = call.inlined or params if secured else self._opened(model, params)
            if self.references is not None:
                call.named = self.references.named(model, stated)
            if governed and not secured:
                final = self._settled(self.enforcer.verify, model, stated)
                call.add(final, final.refusals)
                final.raise_for_refusals()
                if self.data is not None:
                    self._take(call, self.data.verify(model, final))

    def choose_signer(self, *, signature_version: str, **_: object) -> str | None:
        """Sign S3's requests with SigV4: for presigned URLs botocore would take the older SigV2.

        S3 takes KMS keys only from requests that SigV4 covers. What is newer still (SigV4A, S3 Express)
        stays as it is.
        """
        return SIGV4.get(signature_version)

    def request_created(self, *, request: AWSRequest, **_: object) -> None:
        """Look at what the call names, once, when it is about to be sent and nothing has answered in AWS's place."""
        call = request.context.get(_STATE)
        if isinstance(call, Call) and call.named is not None:
            self._look(call, call.named)
        if isinstance(call, Call) and call.admission is not None:
            self._confirm(call, call.admission)

    def before_sign(self, *, request: AWSRequest, **_: object) -> None:
        """Hold a presigned URL, which is never sent from here, to what was decided on, and record it."""
        call = request.context.get(_STATE)
        if not isinstance(call, Call) or not call.presigned:
            return
        with self._recorder.refusals_of(call):
            if call.awaits_form:
                self._settle_form(call, PostForm.of(request.context))
            elif request.method != call.model.http["method"]:
                raise SessionError(
                    f"a URL for {call.model.name} would be signed for {request.method}, which is another operation",
                    remedy="leave HttpMethod out, and name the operation that is meant",
                )
            if (problem := self.network.endpoints.problem(str(request.url))) is not None:
                raise SessionError(
                    f"the URL was not signed: {problem}",
                    remedy="let clients be made by the secure session alone, without endpoint_url of their own",
                )
            if call.named is not None:
                self._look(call, call.named)
            if request.method in ("GET", "HEAD"):
                request.params = dict(without_owner_header(request.headers, request.params))
            self.role.credentials.get_frozen_credentials()  # without them there is no URL to record
        self._recorder.record(call, Outcome.SIGNED)

    def before_send(self, *, request: AWSPreparedRequest, **_: object) -> None:
        """Let nothing out that goes elsewhere or is signed by another key."""
        problem = self.network.endpoints.problem(request.url) or self._signature_problem(request)
        if problem is not None:
            raise SessionError(
                f"the request was held back: {problem}",
                remedy="let clients be made by the secure session alone, without endpoint_url or credentials "
                "of their own; an origin of yours belongs in privatelink.allowed_endpoint_urls",
            )

    def after_call(
        self,
        *,
        http_response: _Response,
        parsed: Mapping[str, object],
        context: Mapping[str, object],
        **_: object,
    ) -> None:
        """Record a call that AWS answered."""
        call = context.get(_STATE)
        if not isinstance(call, Call):
            return
        metadata = parsed.get("ResponseMetadata")
        request_id = str(metadata.get("RequestId", "")) if isinstance(metadata, dict) else ""
        failed = http_response.status_code >= 300
        if call.model.name == "CreateSession" and not failed:
            self._admit_session_key(parsed)
        error = parsed.get("Error")
        told = error if isinstance(error, Mapping) else {}
        self._recorder.answered(call, request_id=request_id, error=told if failed else None)

    def after_call_error(self, *, exception: Exception, context: Mapping[str, object], **_: object) -> None:
        """Record a call that got no answer, or that was held back before it left."""
        call = context.get(_STATE)
        if isinstance(call, Call):
            held_back = isinstance(exception, SecureSageMakerError)
            outcome = Outcome.REFUSED if held_back else Outcome.FAILED
            self._recorder.record(call, outcome, error_code=code_of(exception))

    def creating_client_class(self, *, class_attributes: MutableMapping[str, object], **_: object) -> None:
        """Tell the client's class from others, and bound the time for which its presigned URLs and forms are good."""
        class_attributes[_GUARDED] = True
        for name in _PRESIGNING:
            if callable(method := class_attributes.get(name)):
                class_attributes[name] = bounded(
                    method,
                    seconds=self.baseline.data_perimeter.presigned_seconds,
                    refused=self._record_unsigned,
                )

    def creating_s3_client_class(self, *, class_attributes: MutableMapping[str, object], **_: object) -> None:
        """Keep the client's transfers on the client."""
        keep_classic(class_attributes)

    # --- what they share ---------------------------------------------------------------------------

    def _decides(self, model: OperationModel) -> bool:
        """Whether anything in the operation's input is governed, or may start something that reads data."""
        return self.enforcer.governs(model) or (self.data is not None and self.data.concerns(model))

    def _look(self, call: Call, named: Named) -> None:
        """Hold what the call names to the controls, and say so in the call's record."""
        references = self.references if call.held is None else call.held.references
        if references is None:
            return
        call.named = None
        found = Enforcement(
            service=call.model.service_model.service_name,
            operation=call.model.name,
            decisions=references.check(named),
            parameters=named.parameters,
        )
        call.add(found, found.decisions)
        found.raise_for_refusals()

    def _take(self, call: Call, admitted: Admitted) -> None:
        """Hold the call to what was decided about its data."""
        call.enforcement, call.admission = admitted.enforcement, admitted.admission
        call.held = admitted.held
        call.enforcement.raise_for_refusals()

    def _confirm(self, call: Call, admission: Admission) -> None:
        """Look at its data once more."""
        if self.data is None:
            return
        call.admission = None
        found = self.data.confirm(call.model, {}, admission)
        call.add(found, found.decisions)
        found.raise_for_refusals()

    def _opened(self, model: OperationModel, params: Mapping[str, object]) -> Mapping[str, object]:
        stored = self.definitions.read(model, params)
        return params if stored is None else stored.inlined(params)

    def _settle_form(self, call: Call, form: PostForm | None) -> None:
        """Hold a POST form, whose fields are known only now, to the baseline as the object it will put."""
        if form is None:
            raise SessionError(
                "a URL that creates a bucket is signed for nobody",
                remedy="have the bucket created with the infrastructure",
            )
        call.model = post_object(call.model.service_model)
        call.enforcement = self._settled(self.enforcer.enforce, call.model, form.parameters)
        call.enforcement.raise_for_refusals()
        form.hold_to(call.enforcement.parameters)

    def _record_unsigned(self, client: BaseClient, operation: str, error: SessionError) -> None:
        service = client.meta.service_model
        model = post_object(service) if operation == "PostObject" else service.operation_model(operation)
        call = self._begin(model, {"client_region": client.meta.region_name, "is_presign_request": True})
        self._recorder.record(call, Outcome.REFUSED, error_code=type(error).__name__)

    def _begin(self, model: OperationModel, context: MutableMapping[str, object]) -> Call:
        call = self._recorder.begin(
            model,
            region=context.get("client_region"),
            presigned=bool(context.get("is_presign_request")),
        )
        context[_STATE] = call
        return call

    def _settled(self, decide: _Decide, model: OperationModel, params: Mapping[str, object]) -> Enforcement:
        return self.keys.settle(lambda arns: decide(model, params, arns))

    def _signature_problem(self, request: AWSPreparedRequest) -> str | None:
        if not (key := signing_key(request)):
            return "it is not signed"
        return None if self.role.issued(key) else "it is signed with another key than the role's"

    def _admit_session_key(self, parsed: Mapping[str, object]) -> None:
        # S3 Express signs object calls with a key that CreateSession, itself signed by the role, gives out.
        credentials = parsed.get("Credentials")
        if isinstance(credentials, Mapping) and isinstance(key := credentials.get("AccessKeyId"), str):
            self.role.admit(key)


def register(events: BaseEventHooks, guard: Guard) -> None:
    """Put the guard on a session's events, before any client copies them."""
    register_calls(events, guard)
    register_classes(events, guard)


def register_calls(events: BaseEventHooks, guard: Guard) -> None:
    """Have the guard see each call: of a session's clients made later, or of one client.

    A longer key runs before a shorter one, so the bare event names are the latest word, and within
    them ours come last (and first at before-send, ahead of whatever answers in AWS's place).
    """
    _put(events, {event: MethodType(handler, guard) for event, handler in _CALLS.items()})


class ClassHandlers(Protocol):
    """What sees each class of clients before it is made."""

    def creating_client_class(self, *, class_attributes: MutableMapping[str, object], **_: object) -> None:
        """See the attributes of a client's class."""

    def creating_s3_client_class(self, *, class_attributes: MutableMapping[str, object], **_: object) -> None:
        """See those of S3's as well."""


def register_classes(events: BaseEventHooks, handlers: ClassHandlers) -> None:
    """Have each class of clients seen that a session makes."""
    _put(
        events,
        {
            _CLASS: handlers.creating_client_class,
            _S3_CLASS: handlers.creating_s3_client_class,
        },
    )


def register_class(events: BaseEventHooks, see: Callable[..., None]) -> None:
    """Have each class of clients seen that a source makes; once, however often it is asked for."""
    events.register_last(_CLASS, see, f"{_id(_CLASS)}.of-source")


def hold_to_network(client: BaseClient, network: NetworkPolicy) -> None:
    """Hold a client that was just made to what is said of the way to AWS.

    Raises:
        SessionError: It would go elsewhere or otherwise.
    """
    network.check_endpoint(client)
    hold_way(client, network)


def hold_way(client: BaseClient, network: NetworkPolicy) -> Callable[[], None]:
    """The same but for where it is pointed to: each of its requests is looked at for that.

    Returns:
        Leaves the client as it was found.

    Raises:
        SessionError: It would go otherwise.
    """
    events, restore = client.meta.events, network.hold_connections(client)
    route = network.routes.get(client.meta.service_model.service_name)
    if route is None:
        return restore
    events.register_last(_RESOLUTION, route.resolve, _id(f"route.{_RESOLUTION}"))
    events.register_first(_SENDING, route.check, _id(f"route.{_SENDING}"))

    def leave() -> None:
        restore()
        events.unregister(_RESOLUTION, unique_id=_id(f"route.{_RESOLUTION}"))
        events.unregister(_SENDING, unique_id=_id(f"route.{_SENDING}"))

    return leave


def hold_back(events: BaseEventHooks, refuse: Callable[..., None]) -> None:
    """Have every use of a client refused, before its request is made, signed or sent."""
    for event in _USES:
        events.register_first(event, refuse, _id(event))


def release(events: BaseEventHooks) -> None:
    """Take off whatever of ours is on these events."""
    for event in (*_CALLS, _CLASS, _S3_CLASS):
        events.unregister(event, unique_id=_id(event))


def is_guarded(client: BaseClient) -> bool:
    """Whether a client was made under a guard; told by its class, which is there before the client is."""
    return hasattr(type(client), _GUARDED)


def _put(events: BaseEventHooks, handlers: Mapping[str, Callable[..., Any]]) -> None:
    for event, handler in handlers.items():
        register = events.register_first if event in _FIRST else events.register_last
        register(event, handler, _id(event))


def _id(event: str) -> str:
    return f"{_STATE}.{event}"


_CALLS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "provide-client-params": Guard.provide_client_params,
        "before-parameter-build": Guard.before_parameter_build,
        "choose-signer.s3": Guard.choose_signer,
        "request-created": Guard.request_created,
        "before-sign": Guard.before_sign,
        "before-send": Guard.before_send,
        "after-call": Guard.after_call,
        "after-call-error": Guard.after_call_error,
    }
)
_FIRST = frozenset({"choose-signer.s3", "before-send"})
_RESOLUTION, _SENDING = "before-endpoint-resolution", "before-send"
_USES = ("provide-client-params", "before-sign", "before-send")
_CLASS, _S3_CLASS = "creating-client-class", "creating-client-class.s3"
