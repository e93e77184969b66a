"""Asks SageMaker what stands behind a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.controls import DescribedKind, Mention, Pin, ResourceKind
from secure_sagemaker.locks import ForkSafeLock

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient

__all__ = ["Describer", "UnreadableError"]

_ABSENT = frozenset({"ResourceNotFound", "ResourceNotFoundException", "ValidationException"})


class UnreadableError(Exception):
    """A thing that cannot be described."""

    def __init__(self, got: str, remedy: str) -> None:
        super().__init__(got)
        self.got = got
        self.remedy = remedy


class Describer:
    """Asks for things by their Describes. Safe to use from several threads.

    Args:
        role: The ARN of the role that asks, to be told where it may not.
        client: Makes the client that asks, when the first look needs it.
    """

    def __init__(self, *, role: str, client: Callable[[], SageMakerClient]) -> None:
        self._role = role
        self._make = client
        self._kinds: dict[str, DescribedKind] = {}
        self._lock = ForkSafeLock()

    def kind(self, kind: ResourceKind) -> DescribedKind:
        """A kind with the service model's word on it."""
        if kind.id not in self._kinds:
            self._kinds[kind.id] = DescribedKind.of(kind, self._client().meta.service_model)
        return self._kinds[kind.id]

    def describe(self, kind: ResourceKind, mention: Mention) -> Mapping[str, object]:
        """What is shown of a thing.

        Raises:
            UnreadableError: Nothing is.
        """
        answer = self._ask(mention.label, kind.describe, mention.identifiers)
        if kind.besides is None:
            return answer
        operation, name = kind.besides
        return {**answer, name: list(self._listed(mention.label, operation, name, mention.identifiers))}

    def version(self, kind: ResourceKind, mention: Mention, pin: Pin) -> object:
        """The version that a mention leaves open: the newest, or the one of the alias beside it.

        Raises:
            UnreadableError: There is none, or it is not told.
        """
        if pin.listed is None:
            return self.describe(kind, mention).get(pin.shown)
        alias = mention.place.siblings.get(pin.alias[0]) if pin.alias is not None else None
        operation, name = pin.listed
        asked = {named: mention.identifiers[named] for named in kind.names} | {"SortOrder": "Descending"}
        if alias is None:
            asked["MaxResults"] = 1
        for version in self._listed(mention.label, operation, name, asked):
            if not isinstance(version, Mapping):
                continue
            called = version.get(pin.alias[1]) if pin.alias is not None else None
            if alias is None or (isinstance(called, list) and alias in called):
                return version.get(pin.shown)
        raise UnreadableError(f"{mention.label} has no such version", "make one through this session")

    def _client(self) -> SageMakerClient:
        with self._lock:  # a session makes its clients one at a time
            return self._make()

    def _listed(self, label: str, operation: str, name: str, asked: Mapping[str, object]) -> Iterator[object]:
        """The entries of a list, page by page."""
        page = self._ask(label, operation, asked)
        while True:
            yield from listed if isinstance(listed := page.get(name), list) else ()
            if not (token := page.get("NextToken")):
                return
            page = self._ask(label, operation, {**asked, "NextToken": token})

    def _ask(self, label: str, operation: str, asked: Mapping[str, object]) -> Mapping[str, object]:
        action = f"sagemaker:{operation}"
        ask: Callable[..., Mapping[str, object]] = getattr(self._client(), xform_name(operation))
        try:
            return ask(**asked)
        except ClientError as refused:
            code = str(refused.response.get("Error", {}).get("Code", ""))
            raise UnreadableError(
                f"{label} cannot be described: {code}", self._remedy(action, code)
            ) from refused
        except BotoCoreError as failed:
            raise UnreadableError(
                f"{label} cannot be described: {failed}",
                f"check the network path to SageMaker, and the name that {action} is given",
            ) from failed

    def _remedy(self, action: str, code: str) -> str:
        if "AccessDenied" in code or "NotAuthorized" in code:
            return f"allow {action} on it to {self._role}, and in the session policies that are passed for it"
        if code in _ABSENT:
            return f"name one that exists: {action} finds nothing that it can show under this name"
        return (
            f"call again later: {action} was not answered, and that tells nothing of what is behind the name"
        )
