"""The names of botocore's that are replaced while a process is activated. There are no others.

botocore has a supported seam for a session that is made later (``register_initializer``) and for a client that
is there already (its events). It has none for a client that an earlier session makes, for a client's options, or
for credentials that are asked for without a client. So three methods of ``botocore.session.Session`` are
replaced, and of its subclasses that have their own, such as aiobotocore's:

    create_client     is told to the interception, before and after
    get_credentials   answers with the role's
    set_credentials   is told to the interception

Three attributes are touched beside them: an earlier session's keys and an earlier client's TLS are read, and the
credentials of one that is adopted are swapped, and put back. ``tests/contract/test_activation.py`` pins all this.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, MutableMapping
from types import CodeType, FrameType
from typing import Any, Protocol

import botocore.session
from botocore.client import BaseClient
from botocore.credentials import Credentials

from secure_sagemaker.activation.asynchronous import AwaitedCredentials, ClientContext
from secure_sagemaker.exceptions import SessionError

__all__ = ["Interception", "Making", "Patches", "key_given_to", "own_key", "swap_credentials"]

_SIGNATURE = inspect.signature(botocore.session.Session.create_client)
_Function = Callable[..., Any]


class Making(Protocol):
    """What surrounds the making of one client."""

    def __call__(self, make: Callable[[], BaseClient]) -> BaseClient:
        """Make it."""

    async def later(self, make: Callable[[], Awaitable[BaseClient]]) -> BaseClient:
        """Make it asynchronously."""


class Interception(Protocol):
    """What is asked in the place of botocore."""

    def credentials(self, session: botocore.session.Session) -> Credentials | None:
        """The credentials of a session; None for its own."""

    def refuses_keys(self, session: botocore.session.Session, access_key_id: str) -> bool:
        """Whether a session may not be given these keys, being the role's own; raises for others."""

    def creating(
        self, session: botocore.session.Session, service: str, options: MutableMapping[str, object]
    ) -> Making | None:
        """What surrounds the making of a client with these options, which it may change; None to leave it alone."""


class Patches:
    """The replaced methods, until they are put back."""

    def __init__(self, interception: Interception) -> None:
        self._interception = interception
        self._replaced: dict[tuple[type, str], tuple[_Function, _Function]] = {}
        for session in _with_subclasses(botocore.session.Session):
            self.cover(session)

    def cover(self, session: type[botocore.session.Session]) -> None:
        """Replace the methods that this class of sessions has of its own."""
        one: type
        for one in session.__mro__:
            if issubclass(one, botocore.session.Session):
                for name, make in _REPLACEMENTS.items():
                    if name in vars(one) and (one, name) not in self._replaced:
                        original: _Function = vars(one)[name]
                        replacement = functools.wraps(original)(make(self._interception, original))
                        self._replaced[one, name] = original, replacement
                        setattr(one, name, replacement)

    def outlast(
        self,
        *,
        patience_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wait for the threads that are making a client by a method that was replaced meanwhile.

        Raises:
            SessionError: One of them is this thread, or takes too long.
        """
        end = clock() + patience_seconds
        while within := self._threads_within():
            if threading.get_ident() in within or clock() > end:
                raise SessionError(
                    "the process is to be activated while a client is being made, which would not be under it",
                    remedy="activate it first of all, before other threads are started",
                )
            sleep(0.005)

    def _threads_within(self) -> set[int]:
        """Those that entered the making of a client before it was replaced."""
        pairs = [pair for (_, name), pair in tuple(self._replaced.items()) if name == "create_client"]
        # What botocore decorates its methods with has one code for all of them.
        originals = {inspect.unwrap(original).__code__ for original, _ in pairs}
        own = {replacement.__code__ for _, replacement in pairs}
        frames = sys._current_frames().items()  # noqa: SLF001  # no other way to ask what other threads do
        return {thread for thread, frame in frames if _is_within(frame, originals, own)}

    def undo(self) -> None:
        """Put the methods back, but for one that somebody else has replaced since."""
        for (session, name), (original, replacement) in self._replaced.items():
            if vars(session).get(name) is replacement:
                setattr(session, name, original)
        self._replaced.clear()


def _is_within(frame: FrameType | None, originals: Collection[CodeType], own: Collection[CodeType]) -> bool:
    within = False
    while frame is not None:
        if frame.f_code in originals:
            within = True
        elif frame.f_code in own:
            within = False  # which it was called by, so the client is under the interception
        frame = frame.f_back
    return within


def _with_subclasses(session: type[botocore.session.Session]) -> Iterator[type[botocore.session.Session]]:
    yield session
    for one in session.__subclasses__():
        yield from _with_subclasses(one)


def _create_client(interception: Interception, original: _Function) -> _Function:
    def create_client(session: botocore.session.Session, *args: Any, **kwargs: Any) -> Any:
        options = dict(_SIGNATURE.bind(session, *args, **kwargs).arguments)
        del options["self"]
        service = options.pop("service_name")
        making = interception.creating(session, service, options)
        if making is None:
            return original(session, *args, **kwargs)
        if inspect.iscoroutinefunction(session.get_credentials):
            return ClientContext(original(session, service, **options), making.later)
        return making(lambda: original(session, service, **options))

    return create_client


def _get_credentials(interception: Interception, original: _Function) -> _Function:
    if inspect.iscoroutinefunction(original):

        async def get_credentials_async(session: botocore.session.Session) -> object:
            ours = interception.credentials(session)
            return await original(session) if ours is None else AwaitedCredentials(ours)

        return get_credentials_async

    def get_credentials(session: botocore.session.Session) -> object:
        ours = interception.credentials(session)
        return original(session) if ours is None else ours

    return get_credentials


def _set_credentials(interception: Interception, original: _Function) -> _Function:
    def set_credentials(
        session: botocore.session.Session, access_key: str, *args: Any, **kwargs: Any
    ) -> None:
        if not interception.refuses_keys(session, access_key):
            original(session, access_key, *args, **kwargs)

    return set_credentials


_REPLACEMENTS: Mapping[str, Callable[[Interception, _Function], _Function]] = {
    "create_client": _create_client,
    "get_credentials": _get_credentials,
    "set_credentials": _set_credentials,
}


def swap_credentials(client: Any, credentials: Credentials) -> Callable[[], None]:
    """Have an earlier client sign with these.

    Returns:
        Puts its own back.
    """
    signer = client._request_signer  # noqa: SLF001  # no public way to change whom a client signs as
    own = signer._credentials  # noqa: SLF001  # as above
    is_async = inspect.iscoroutinefunction(signer.sign)
    signer._credentials = AwaitedCredentials(credentials) if is_async else credentials  # noqa: SLF001  # as above
    return functools.partial(setattr, signer, "_credentials", own)


def own_key(session: Any) -> str | None:
    """The access key that an earlier session was given by whoever made it, if it was."""
    return _explicit(session._credentials)  # noqa: SLF001  # asking in public would look for ambient ones


def key_given_to(client: Any) -> str | None:
    """The access key that an earlier client, or its session, was given, if it was."""
    signer = client._request_signer  # noqa: SLF001  # no public way to ask a client who signs
    return _explicit(signer._credentials)  # noqa: SLF001  # as above


def _explicit(credentials: Any) -> str | None:
    return str(credentials.access_key) if getattr(credentials, "method", None) == "explicit" else None
