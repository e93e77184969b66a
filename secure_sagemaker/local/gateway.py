"""The one way every request takes through the embedded AWS, however it came in.

recorded → authorized by IAM → refused as AWS refuses → answered by the service's own module here, or by moto

What the services ask of one another takes the same way, and is neither recorded nor authorized.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.calls import Journal
from secure_sagemaker.local.endpoints import Endpoints
from secure_sagemaker.local.feature_store import FeatureStore
from secure_sagemaker.local.gate import Gate
from secure_sagemaker.local.inside import Inside
from secure_sagemaker.local.invocations import Invocations
from secure_sagemaker.local.job_logs import JobLogs
from secure_sagemaker.local.jobs import Jobs
from secure_sagemaker.local.macie.service import MacieService
from secure_sagemaker.local.macie.state import Behaviour
from secure_sagemaker.local.moto_lacks import ANSWERS
from secure_sagemaker.local.records import HttpRequest, RecordedRequest
from secure_sagemaker.local.refusals import Refusals
from secure_sagemaker.local.refusals.session_policies import amended, session_of
from secure_sagemaker.local.sagemaker import SageMaker
from secure_sagemaker.local.sagemaker.kept import Refused
from secure_sagemaker.local.training_metrics import TrainingMetrics
from secure_sagemaker.local.wire import (
    Answer,
    Call,
    Caller,
    Refusal,
    identified,
    output_of,
    read_call,
    refusal_of,
)

__all__ = ["Gateway"]

logger = logging.getLogger(__name__)

_KEYS_OF_A_ROLE = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_KEYS_OF_THE_CALLER = frozenset({"GetSessionToken"})


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Records requests, knows whose key is whose, and answers as AWS would."""

    endpoints: Endpoints = field(default_factory=Endpoints)
    jobs: Jobs = field(default_factory=Jobs)
    journal: Journal = field(default_factory=Journal)
    macie: Behaviour = field(default_factory=Behaviour)
    _callers: dict[str, Caller] = field(default_factory=dict)
    _refusals: Refusals = field(default_factory=Refusals)
    _sagemaker: SageMaker = field(default_factory=SageMaker)
    _one_at_a_time: threading.RLock = field(default_factory=threading.RLock)  # moto's stores know no threads

    _data_plane: Mapping[str, Callable[[Call], Answer | None]] = field(init=False)
    _gate: Gate = field(init=False)
    _job_logs: JobLogs = field(init=False)

    def __post_init__(self) -> None:
        inside = Inside(
            answer=lambda request, caller: self._answer(replace(read_call(request), caller=caller))
        )
        services = {
            "macie2": MacieService(inside=inside, behaviour=self.macie).answer,
            "sagemaker-featurestore-runtime": FeatureStore(inside=inside).answer,
            "sagemaker-metrics": TrainingMetrics(inside=inside).answer,
            "sagemaker-runtime": Invocations(endpoints=self.endpoints, inside=inside).answer,
        }
        object.__setattr__(self, "_data_plane", services)
        object.__setattr__(self, "_gate", Gate(sagemaker=self._sagemaker))
        object.__setattr__(self, "_job_logs", JobLogs(jobs=self.jobs, inside=inside))

    def introduce(self, access_key_id: str, caller: Caller) -> None:
        """Say whose access key that is."""
        self._callers[access_key_id] = caller

    def handle(self, request: HttpRequest) -> Answer:
        """Answer a request as AWS would."""
        credential = request.credential
        caller = self._callers.get(credential.access_key_id) if credential is not None else None
        call = replace(read_call(request), caller=caller)
        request_id = str(uuid.uuid4())
        self.journal.sent(
            RecordedRequest(
                service=call.service,
                operation=call.operation,
                region=call.region,
                method=request.method,
                url=request.url,
                headers=request.headers,
                body=request.body,
                parameters=call.parameters,
                access_key_id=credential.access_key_id if credential is not None else None,
                principal=caller.name if caller is not None else None,
                request_id=request_id,
            )
        )
        denied = self._gate.refusal(call)
        answer = self._answer(call) if denied is None else refusal_of(call, denied)
        return identified(call, answer, request_id)

    def _answer(self, call: Call) -> Answer:
        if (refusal := self._refusals.first(call)) is not None:
            return refusal_of(call, refusal)
        if call.service in self._data_plane:
            try:
                answered = self._data_plane[call.service](call)
            except Refused as refused:
                return refusal_of(call, refused.refusal)
            if answered is not None:
                return answered
        with self._one_at_a_time:
            if call.key in ANSWERS:
                answer: Answer | None = ANSWERS[call.key](call)
            else:
                answer = self._sagemaker.answer(call) if call.service == "sagemaker" else _moto(call)
        if answer is None:
            return _lacking(call)
        if call.key == ("sts", "AssumeRole"):
            answer = amended(call, answer)
        if answer.status == 200:
            self._refusals.accepted(call)
            self._learn(call, answer)
            if call.service == "sagemaker" and (reason := self._job_logs.created(call)):
                self._sagemaker.fail(call, reason)
        return answer

    def _learn(self, call: Call, answer: Answer) -> None:
        """Remember whose key an answer gives out."""
        match call.key:
            case ("sts", operation) if operation in _KEYS_OF_A_ROLE:
                output = output_of(call, answer)
                arn = _text(output, "AssumedRoleUser", "Arn")
                self.introduce(_text(output, "Credentials", "AccessKeyId"), session_of(call, arn))
            case ("sts", operation) if operation in _KEYS_OF_THE_CALLER and call.caller is not None:
                session = replace(call.caller, temporary=True, mfa=bool(call.text("TokenCode")))
                self.introduce(_text(output_of(call, answer), "Credentials", "AccessKeyId"), session)
            case ("iam", "CreateAccessKey") if call.caller is not None:
                output, account = output_of(call, answer), call.caller.account
                arn = moto_state.user_arn(account=account, name=_text(output, "AccessKey", "UserName"))
                self.introduce(_text(output, "AccessKey", "AccessKeyId"), Caller(account=account, arn=arn))


def _text(output: Mapping[str, object], *names: str) -> str:
    value: object = output
    for name in names:
        value = value[name] if isinstance(value, Mapping) else None
    if not isinstance(value, str):
        raise TypeError(f"{'.'.join(names)} is no text in the answer")
    return value


def _moto(call: Call) -> Answer | None:
    headers = HTTPHeaders()
    for name, value in call.request.headers.items():
        headers[name] = value
    if call.caller is not None:
        # moto reads the account from a signature in the header only, not from a presigned URL's.
        headers["x-moto-account-id"] = call.caller.account
    prepared = AWSPreparedRequest(
        method=call.request.method,
        url=call.request.url,
        headers=headers,
        body=call.request.body,
        stream_output=False,
    )
    try:
        response = botocore_stubber.process_request(prepared)
    except NotImplementedError as missing:
        logger.info("moto lacks %s.%s: %s", call.service, call.operation, missing)
        response = None
    if response is None or response[2] == "Not yet implemented":
        return None
    status, answered, body = response
    return Answer(
        status=int(status),
        headers={name: str(value) for name, value in answered.items() if name.lower() != "status"},
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


def _lacking(call: Call) -> Answer:
    named = f"{call.service}.{call.operation}" if call.operation else call.request.url
    message = f"The embedded AWS does not do {named} yet."
    return refusal_of(call, Refusal(code="NotImplemented", message=message, status=501))
