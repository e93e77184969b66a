"""Clients that were made before the process was activated, caught when they are used."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from botocore.client import BaseClient

from secure_sagemaker.activation.notes import Notes
from secure_sagemaker.activation.patches import key_given_to, swap_credentials
from secure_sagemaker.activation.places import where_made
from secure_sagemaker.activation.securing import Securing
from secure_sagemaker.activation.source import Earlier
from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.handlers import hold_back, hold_way, is_guarded, register_calls, release
from secure_sagemaker.identity import is_assuming

__all__ = ["EarlierClients"]


class EarlierClients:
    """Every client of the process that no secure session made, until it is let go."""

    def __init__(self, securing: Securing, *, choice: Earlier, notes: Notes) -> None:
        self._securing = securing
        self._notes = notes
        self._held: WeakKeyDictionary[BaseClient, Callable[[], None]] = WeakKeyDictionary()
        for client in _living():
            if not is_guarded(client) and not self._left_alone(client):
                if choice == "adopt":
                    self._adopt(client)
                else:
                    self._refuse(client, "the process was activated after it was made")

    def let_go(self) -> None:
        """Leave them as they were found."""
        for client, restore in tuple(self._held.items()):
            release(client.meta.events)
            restore()
        self._held.clear()

    def _left_alone(self, client: BaseClient) -> bool:
        key = key_given_to(client)
        if key is None:
            return False
        try:
            return self._securing.is_foreign(key, "a client was given credentials before the activation")
        except SessionError:
            return False  # it is refused when it is used

    def _adopt(self, client: BaseClient) -> None:
        try:
            if (key := key_given_to(client)) is not None:
                self._securing.is_foreign(key, "it was given credentials of its own")
            guard = self._securing.guard(client.meta.region_name)
            leave_way = hold_way(client, guard.network)
        except SessionError as problem:
            self._refuse(client, str(problem).splitlines()[0])
            return
        self._held[client] = _both(swap_credentials(client, guard.role.credentials), leave_way)
        register_calls(client.meta.events, guard)

    def _refuse(self, client: BaseClient, why: str) -> None:
        service = client.meta.service_model.service_name

        def refuse(**_: object) -> None:
            if is_assuming():
                return  # the source's own client for that
            refused = SessionError(
                f"a {service} client from before the activation was used, {where_made(client)}: {why}",
                remedy="activate the process before it is made (secure-sagemaker run does so first of all), make it "
                "anew, or have such clients adopted: activate(earlier='adopt')",
            )
            self._notes.add("refused", str(refused).splitlines()[0])
            raise refused

        hold_back(client.meta.events, refuse)
        self._held[client] = _nothing


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def restore() -> None:
        first()
        second()

    return restore


def _nothing() -> None:
    """There is nothing to put back."""


def _living() -> Iterator[BaseClient]:
    # What was frozen, as servers do before they fork, is not told.
    if frozen := gc.get_freeze_count():
        gc.unfreeze()
    try:
        living = gc.get_objects()
    finally:
        if frozen:
            gc.freeze()
    # By type and not by isinstance: a proxy's __class__ may be anything, and do anything. One that is not whole yet is
    # being made by whoever may: all others were waited for.
    return (one for one in living if issubclass(type(one), BaseClient) and "meta" in vars(one))
