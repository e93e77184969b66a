"""Every client of the process, under the guard: what is done when one is made, and about credentials.

1. A client is made by its own session, with its own settings, and signs as the role.
2. What it is asked to be is refused as a secure session refuses it: other keys, none, unverified TLS, another
   endpoint, a region of which the baseline says nothing.
3. Copies of the role's own keys are the role's. Others are refused, or left alone where that was chosen.
4. Nothing is changed about secure sessions, nor about the source while it assumes the role.
5. A client that comes into being past all this, by a method or a context that somebody took before, is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from weakref import WeakSet

import botocore.session
from botocore.client import BaseClient
from botocore.credentials import Credentials

from secure_sagemaker.activation.notes import Notes
from secure_sagemaker.activation.patches import own_key
from secure_sagemaker.activation.places import place_of_caller
from secure_sagemaker.activation.source import OtherKeys, Source
from secure_sagemaker.clients import (
    SecureBotocoreSession,
    configured_region,
    refuse_options,
    user_agent,
)
from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.handlers import Guard, hold_to_network, register_calls, register_classes, release
from secure_sagemaker.identity import is_assuming

__all__ = ["Securing"]

_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id")
_LET_THROUGH = "let through"
_making: ContextVar[Guard | str | None] = ContextVar("secure_sagemaker_making", default=None)
"""The guard of the client that is being made, or that it is let through."""


class Securing:
    """What the patches ask."""

    def __init__(self, source: Source, *, other_keys: OtherKeys, notes: Notes) -> None:
        self._source = source
        self._other_keys = other_keys
        self._notes = notes
        self._guards: dict[str, Guard] = {}
        self._left_alone: WeakSet[botocore.session.Session] = WeakSet()
        self._seen: WeakSet[botocore.session.Session] = WeakSet()

    # --- asked by the patches ----------------------------------------------------------------------

    def credentials(self, session: botocore.session.Session) -> Credentials | None:
        """The role's, for every session that is not to be left alone."""
        if self._leaves(session):
            return None
        with self._noting():
            if self._keeps_own_keys(session):
                return None
        self._watch(session)
        made = _making.get()
        guard = made if isinstance(made, Guard) else self.guard(None)
        return guard.role.credentials

    def refuses_keys(self, session: botocore.session.Session, access_key_id: str) -> bool:
        """Whether a session that is given keys goes without, since they are the role's.

        Raises:
            SessionError: They are others, and those are refused.
        """
        if self._leaves(session):
            return False
        with self._noting():
            if not self.is_foreign(access_key_id, "a session was given credentials"):
                return True
        self._left_alone.add(session)
        return False

    def creating(
        self, session: botocore.session.Session, service: str, options: MutableMapping[str, object]
    ) -> _Making | None:
        """What surrounds the making of a client, or None where it is left alone.

        Raises:
            SessionError: It would leave the secured path.
        """
        if self._leaves(session) or _making.get() is not None:
            return None
        with self._noting(service):
            if self._keeps_own_keys(session):
                return None
            key = options.get("aws_access_key_id")
            if key is not None:
                if self.is_foreign(str(key), "aws_access_key_id= was given"):
                    return _Making(None, self._finish)
                for name in _KEYS:
                    options.pop(name, None)
            refuse_options(session, options)
            region = str(
                options.get("region_name")
                or configured_region(session, options)
                or session.get_config_variable("region")
                or self._source.baseline.region
            )
            options["region_name"] = region
            guard = self.guard(region)
        self._watch(session)
        return _Making(guard, self._finish)

    def tell_user_agent(self, session: botocore.session.Session) -> None:
        """Have a new session's requests name the baseline in their user agent."""
        if not isinstance(session, SecureBotocoreSession) and not is_assuming():
            session.user_agent_extra = user_agent(self._source.baseline)

    # --- asked by the activation -------------------------------------------------------------------

    def guard(self, region: str | None) -> Guard:
        """The guard of a region.

        Raises:
            RegionError: The baseline says nothing about it.
        """
        guard = self._source.guard(region)
        self._guards[guard.baseline.region] = guard
        return guard

    def release(self) -> None:
        """Take off what was put on sessions. Clients that were made meanwhile stay under their guards."""
        for session in tuple(self._seen):
            release(session.get_component("event_emitter"))

    # --- what they share ---------------------------------------------------------------------------

    def _watch(self, session: botocore.session.Session) -> None:
        if session not in self._seen:
            register_classes(session.get_component("event_emitter"), _Classes(partial(self._leaves, session)))
            self._seen.add(session)

    def _leaves(self, session: botocore.session.Session) -> bool:
        return isinstance(session, SecureBotocoreSession) or is_assuming() or session in self._left_alone

    def _keeps_own_keys(self, session: botocore.session.Session) -> bool:
        key = own_key(session)
        if key is None or not self.is_foreign(key, "a session was given credentials before the activation"):
            return False
        self._left_alone.add(session)
        return True

    def is_foreign(self, key: str, what: str) -> bool:
        """Whether an access key is another's and may sign; False for the role's own.

        Raises:
            SessionError: It is another's, and those are refused.
        """
        roles = [guard.role for guard in (self.guard(None), *self._guards.values())]
        if any(role.issued(key) for role in roles):
            return False
        # A copy may come from another process that was handed the same.
        if any(role.credentials.get_frozen_credentials().access_key == key for role in roles):
            return False
        if self._other_keys == "refuse":
            raise SessionError(
                f"{what}: while the process is activated, it signs as the baseline's role and nothing else",
                remedy="leave the keys out. What must be done as somebody else belongs into another process, or "
                "is let through, held to nothing, by activate(other_keys='allow')",
            )
        self._notes.add("let through", f"{what}, at {place_of_caller()}")
        return True

    def _finish(self, client: BaseClient, guard: Guard) -> BaseClient:
        with self._noting(client.meta.service_model.service_name):
            hold_to_network(client, guard.network)
        register_calls(client.meta.events, guard)
        return client

    @contextmanager
    def _noting(self, service: str = "") -> Iterator[None]:
        try:
            yield
        except SessionError as refused:
            text = str(refused).splitlines()[0]
            self._notes.add("refused", f"a {service} client: {text}" if service else text)
            raise


class _Classes:
    """What sees each class of clients that a session makes."""

    def __init__(self, is_left: Callable[[], bool]) -> None:
        self._is_left = is_left

    def creating_client_class(self, *, class_attributes: MutableMapping[str, object], **_: object) -> None:
        """Have the guard of the client that is being made see its class.

        Raises:
            SessionError: It has none: it is not made by what makes clients now.
        """
        made = _making.get()
        if isinstance(made, Guard):
            made.creating_client_class(class_attributes=class_attributes)
        elif made is None and not self._is_left():
            raise SessionError(
                f"a client is made at {place_of_caller()} by what was taken from its session before the process was"
                " activated",
                remedy="activate the process first of all (secure-sagemaker run does), or take create_client anew",
            )

    def creating_s3_client_class(self, *, class_attributes: MutableMapping[str, object], **_: object) -> None:
        """The same for S3."""
        if isinstance(made := _making.get(), Guard):
            made.creating_s3_client_class(class_attributes=class_attributes)


class _Making:
    """The making of one client, under a guard or let through."""

    def __init__(self, guard: Guard | None, finish: Callable[[BaseClient, Guard], BaseClient]) -> None:
        self._guard = guard
        self._finish = finish

    def __call__(self, make: Callable[[], BaseClient]) -> BaseClient:
        token = _making.set(self._guard or _LET_THROUGH)
        try:
            client = make()
        finally:
            _making.reset(token)
        return client if self._guard is None else self._finish(client, self._guard)

    async def later(self, make: Callable[[], Awaitable[BaseClient]]) -> BaseClient:
        """Make it asynchronously: in the task that waits for it."""
        token = _making.set(self._guard or _LET_THROUGH)
        try:
            client = await make()
        finally:
            _making.reset(token)
        return client if self._guard is None else self._finish(client, self._guard)
