"""The one way every request takes through the embedded AWS, however it came in.

recorded → refused as AWS refuses → answered where moto lacks → moto → amended where moto drops
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.aws_refuses import first_refusal
from secure_sagemaker.local.endpoints import Endpoints
from secure_sagemaker.local.moto_lacks import ANSWERS, Kept
from secure_sagemaker.local.records import HttpRequest, RecordedRequest
from secure_sagemaker.local.wire import (
    Answer,
    Call,
    Caller,
    Refusal,
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
    _recorded: list[RecordedRequest] = field(default_factory=list)
    _callers: dict[str, Caller] = field(default_factory=dict)
    _kept: Kept = field(default_factory=Kept)
    _one_at_a_time: threading.RLock = field(default_factory=threading.RLock)  # moto's stores know no threads

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request so far, in the order they came."""
        return tuple(self._recorded)

    def forget(self) -> None:
        """Drop the requests recorded so far."""
        self._recorded.clear()

    def introduce(self, access_key_id: str, caller: Caller) -> None:
        """Say whose access key that is."""
        self._callers[access_key_id] = caller

    def handle(self, request: HttpRequest) -> Answer:
        """Answer a request as AWS would."""
        credential = request.credential
        caller = self._callers.get(credential.access_key_id) if credential is not None else None
        call = replace(read_call(request), caller=caller)
        self._recorded.append(
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
            )
        )
        if (refusal := first_refusal(call)) is not None:
            return refusal_of(call, refusal)
        if call.key in ANSWERS:
            return ANSWERS[call.key](call, self.endpoints)
        with self._one_at_a_time:
            answer = self._kept.amended(call, _moto(call))
        if answer.status == 200:
            self._learn(call, answer)
        return answer

    def _learn(self, call: Call, answer: Answer) -> None:
        """Remember whose key an answer gives out."""
        match call.key:
            case ("sts", operation) if operation in _KEYS_OF_A_ROLE:
                output = output_of(call, answer)
                arn = _text(output, "AssumedRoleUser", "Arn")
                caller = Caller(account=arn.split(":")[4], arn=arn)
                self.introduce(_text(output, "Credentials", "AccessKeyId"), caller)
            case ("sts", operation) if operation in _KEYS_OF_THE_CALLER and call.caller is not None:
                self.introduce(_text(output_of(call, answer), "Credentials", "AccessKeyId"), call.caller)
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


def _moto(call: Call) -> Answer:
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
        named = f"{call.service}.{call.operation}" if call.operation else call.request.url
        message = f"The embedded AWS does not do {named} yet."
        return refusal_of(call, Refusal(code="NotImplemented", message=message, status=501))
    status, answered, body = response
    return Answer(
        status=int(status),
        headers={name: str(value) for name, value in answered.items() if name.lower() != "status"},
        body=body.encode() if isinstance(body, str) else bytes(body),
    )
