"""Endpoints that answer: a user's function stands for the model's container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Endpoint", "Endpoints", "ModelFailure", "Prediction"]

Predict = Callable[[bytes], bytes]


class ModelFailure(Exception):  # noqa: N818  # it becomes AWS's ModelError on the wire
    """The function that stands for the model raised."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What an endpoint answered."""

    body: bytes
    content_type: str


def _echo(body: bytes) -> bytes:
    return body


@dataclass(kw_only=True)
class Endpoint:
    """What answers InvokeEndpoint for one endpoint name; by default it sends the request's body back."""

    name: str
    _predict: Predict = field(default=_echo, repr=False)
    _content_type: str | None = field(default=None, repr=False)

    def answer(self, function: Predict, *, content_type: str | None = None) -> None:
        """Have a function answer: the request's bytes in, the response's bytes out.

        Args:
            function: Stands for the model. What it raises reaches the caller as AWS's ``ModelError``.
            content_type: The response's content type; by default the request's.
        """
        self._predict = function
        self._content_type = content_type

    def predict(self, body: bytes, content_type: str) -> Prediction:
        """What the endpoint answers.

        Raises:
            ModelFailure: The function raised.
        """
        try:
            answer = self._predict(body)
        except Exception as failed:  # the user's model may raise anything; a server would answer 500
            raise ModelFailure(f"{type(failed).__name__}: {failed}") from failed
        return Prediction(body=answer, content_type=self._content_type or content_type)


class Endpoints(dict[str, Endpoint]):
    """Endpoints by name, made on first sight: a function may be named before the endpoint is created."""

    def __missing__(self, name: str) -> Endpoint:
        return self.setdefault(name, Endpoint(name=name))
