"""A process from one line on: what the face offers."""

from __future__ import annotations

from pathlib import Path

import boto3

from secure_sagemaker.activation.process import Activation
from secure_sagemaker.activation.source import Children, Earlier, OtherKeys
from secure_sagemaker.audit import AuditSink
from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.session import SecureSession

__all__ = ["activate"]


def activate(
    baseline: SecurityBaseline | str | Path | None = None,
    *,
    env: str | None = None,
    source: boto3.Session | str | None = None,
    audit: AuditSink | None = None,
    earlier: Earlier = "refuse",
    other_keys: OtherKeys = "refuse",
    children: Children = "activate",
) -> Activation:
    """Put the whole process under a baseline, from here on: a ``SecureSession`` is made and activated.

    Args:
        baseline: As ``SecureSession`` takes it: a baseline, a file, or nothing to have one discovered.
        env: The file's ``[env.NAME]`` section to apply.
        source: Whose credentials assume the role.
        audit: Where audit records go.
        earlier: As ``SecureSession.activate`` takes it.
        other_keys: As ``SecureSession.activate`` takes it.
        children: As ``SecureSession.activate`` takes it.

    Returns:
        The activation, which ends with the process, or with ``deactivate()`` or a ``with`` block.

    Raises:
        BaselineError: The baseline is missing or cannot be used.
        SessionError: Another baseline is active already, or other choices are.
    """
    session = SecureSession(baseline, env=env, source=source, audit=audit)
    return session.activate(earlier=earlier, other_keys=other_keys, children=children)
