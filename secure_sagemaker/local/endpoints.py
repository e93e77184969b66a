"""Endpoints that answer: a user's function stands for the model's container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

__all__ = ["Endpoint", "Endpoints", "Invocation", "ModelFailure"]


class ModelFailure(Exception):  # noqa: N818  # it becomes AWS's ModelError on the wire
    """The function that stands for the model raised."""


class Invocation(bytes):
    """The body of a request to an endpoint, with what the caller said beside it; empty where nothing.

    Attributes:
        endpoint: The endpoint's name.
        content_type: The type of the body.
        accept: The type that is wanted back.
        custom_attributes: What the caller passes on to the model.
        target_model: Which model of a multi-model endpoint.
        target_variant: Which variant; where the caller names none, the first of the endpoint.
        inference_component: Which inference component.
        inference_id: The request's id of the caller's own; for an asynchronous request always one.
        session_id: The session of a stateful model.
    """

    endpoint: str
    content_type: str
    accept: str
    custom_attributes: str
    target_model: str
    target_variant: str
    inference_component: str
    inference_id: str
    session_id: str

    def __new__(
        cls,
        body: bytes,
        *,
        endpoint: str,
        content_type: str = "",
        accept: str = "",
        custom_attributes: str = "",
        target_model: str = "",
        target_variant: str = "",
        inference_component: str = "",
        inference_id: str = "",
        session_id: str = "",
    ) -> Self:
        """Bytes that know where they came from."""
        made = super().__new__(cls, body)
        made.endpoint = endpoint
        made.content_type = content_type
        made.accept = accept
        made.custom_attributes = custom_attributes
        made.target_model = target_model
        made.target_variant = target_variant
        made.inference_component = inference_component
        made.inference_id = inference_id
        made.session_id = session_id
        return made


Predict = Callable[[Invocation], bytes | Iterable[bytes]]


def _echo(body: Invocation) -> bytes:
    return bytes(body)


@dataclass(kw_only=True)
class Endpoint:
    """What answers for one endpoint name; by default it sends the request's body back."""

    name: str
    _predict: Predict = field(default=_echo, repr=False)
    _content_type: str | None = field(default=None, repr=False)

    def answer(self, function: Predict, *, content_type: str | None = None) -> None:
        """Have a function answer: the request's bytes in, the response's bytes out.

        Args:
            function: Stands for the model. It is called with an ``Invocation``: the body as ``bytes``,
                with what the caller said beside it. It returns the response, or the parts of it, which
                a response stream sends one by one. What it raises reaches the caller as AWS's
                ``ModelError``, from within a stream as ``ModelStreamError``, and for an asynchronous
                request as an object at the failure location.
            content_type: The response's content type; by default the one that the request accepts,
                or else its own.
        """
        self._predict = function
        self._content_type = content_type

    def content_type(self, invocation: Invocation) -> str:
        """The type of what is answered."""
        wanted = "" if "*" in invocation.accept or "," in invocation.accept else invocation.accept
        return self._content_type or wanted or invocation.content_type or "application/octet-stream"

    def parts(self, invocation: Invocation) -> Iterator[bytes]:
        """What is answered, part by part.

        Raises:
            ModelFailure: The function raised.
        """
        try:
            answer = self._predict(invocation)
            yield from (answer,) if isinstance(answer, bytes) else answer
        except Exception as failed:  # the user's model may raise anything; a server would answer 500
            raise ModelFailure(f"{type(failed).__name__}: {failed}") from failed


class Endpoints(dict[str, Endpoint]):
    """Endpoints by name, made on first sight: a function may be named before the endpoint is created."""

    def __missing__(self, name: str) -> Endpoint:
        return self.setdefault(name, Endpoint(name=name))
