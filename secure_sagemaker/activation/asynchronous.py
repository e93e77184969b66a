"""What aiobotocore asks for, given from what botocore has. aiobotocore itself is not needed for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from botocore.client import BaseClient
from botocore.credentials import Credentials, RefreshableCredentials

__all__ = ["AwaitedCredentials", "ClientContext"]


class AwaitedCredentials:
    """Credentials as aiobotocore asks for them: the same ones, so that the role is assumed once."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __getattr__(self, name: str) -> object:
        return getattr(self._credentials, name)

    async def get_frozen_credentials(self) -> object:
        """The current ones."""
        return await self._answer(self._credentials.get_frozen_credentials)

    async def get_account_id(self) -> object:
        """The role's account."""
        return await self._answer(lambda: getattr(self._credentials, "account_id", None))

    async def _answer(self, ask: Callable[[], object]) -> object:
        credentials = self._credentials
        if isinstance(credentials, RefreshableCredentials) and credentials.refresh_needed():
            return await asyncio.to_thread(ask)  # which assumes the role: the loop goes on meanwhile
        return ask()


class _Context(Protocol):
    async def __aenter__(self) -> BaseClient: ...

    async def __aexit__(self, *raised: object) -> object: ...


class ClientContext:
    """The context manager that makes a client, with what surrounds its making."""

    def __init__(
        self,
        context: _Context,
        around: Callable[[Callable[[], Awaitable[BaseClient]]], Awaitable[BaseClient]],
    ) -> None:
        self._context = context
        self._around = around

    async def __aenter__(self) -> BaseClient:
        return await self._around(self._context.__aenter__)

    async def __aexit__(self, *raised: object) -> object:
        return await self._context.__aexit__(*raised)
