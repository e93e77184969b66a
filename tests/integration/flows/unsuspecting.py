"""A stage whose program makes its own sessions, in a process that is activated."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import Any

import boto3

from secure_sagemaker.audit import AuditRecord
from tests.integration.flows.flow import Stage

__all__ = ["SESSIONS", "Unsuspecting"]

SESSIONS = {2: "sagemaker.session", 3: "sagemaker.core.helper.session_helper"}
"""Where the SDK has its own session, by its major version."""


class Unsuspecting(Stage):
    """A stage whose sessions are what a program makes by itself."""

    @cached_property
    def secured(self) -> Any:
        return self.aws.session(self.baseline)

    @property
    def records(self) -> tuple[AuditRecord, ...]:
        found: tuple[AuditRecord, ...] = self.secured.report().records
        return found

    @cached_property
    def session(self) -> Any:
        return boto3.Session()

    @cached_property
    def sdk(self) -> Any:
        return importlib.import_module(SESSIONS[self.flow.sdk]).Session()
