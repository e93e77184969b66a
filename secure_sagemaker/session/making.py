"""How a session comes to be: its baseline, whose credentials assume the role, and what its calls go through."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import boto3

from secure_sagemaker.audit import AuditSink, AuditTrail, JsonLinesSink, LoggingSink
from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import IdentityError
from secure_sagemaker.handlers import hold_to_network, register_class
from secure_sagemaker.identity import (
    RECORDS_FILE,
    CredentialCache,
    HandedError,
    MfaToken,
    handed_folder,
    have_credentials_held,
    sources,
)
from secure_sagemaker.network import AnyPeers, EarlyPeers, NetworkPolicy, look_at
from secure_sagemaker.session.loading import load, usable
from secure_sagemaker.session.wiring import Wiring, with_mfa

__all__ = ["source_session", "wired"]


def wired(
    baseline: SecurityBaseline | str | Path | None,
    *,
    env: str | None,
    region: str | None,
    source: boto3.Session,
    audit: AuditSink | None,
    mfa_token: MfaToken | None,
    credential_cache: str | Path | None,
    clock: Callable[[], datetime],
    sleep: Callable[[float], object],
) -> Wiring:
    """What the calls of a new session go through; the arguments are the session's own.

    Raises:
        BaselineError: The baseline cannot be used.
        IdentityError: The credential cache is open to others, or credentials cannot be handed to this process.
    """
    handed, today = _handed(), clock().date()
    answered, early = AnyPeers(), EarlyPeers()
    hold = partial(look_at, peers=answered)
    found = usable(load(baseline, env=env, region=region, source=source, hold=hold, today=today), today=today)
    first = NetworkPolicy.first(found, today=lambda: clock().date(), early=early)
    if first.peers is not None:
        answered.look_again(first.peers)
    cache = None if credential_cache is None else CredentialCache(Path(credential_cache))
    return Wiring(
        found,
        source=with_mfa(
            source,
            found,
            token=mfa_token,
            cache=cache,
            clock=clock,
            hold=partial(hold_to_network, network=first),
        ),
        handed=handed,
        cache=cache,
        trail=AuditTrail(
            _default_sink(handed) if audit is None else audit, clock=clock, monotonic=time.monotonic
        ),
        clock=clock,
        early=early,
        sleep=sleep,
    )


def source_session(source: boto3.Session | str | None) -> boto3.Session:
    """The session whose credentials assume the role: given, of a profile, or of the default chain."""
    found = source if isinstance(source, boto3.Session) else boto3.Session(profile_name=source)
    sources.add(found)
    register_class(found.events, have_credentials_held)
    return found


def _handed() -> Path | None:
    try:
        return handed_folder()
    except HandedError as failed:
        raise IdentityError(
            f"this process is to be handed the role's credentials, and cannot be: {failed}",
            remedy="keep the program that started it running, or start this one without SECURE_SAGEMAKER_HANDED",
        ) from failed


def _default_sink(handed: Path | None) -> AuditSink:
    # Whoever hands out the credentials sums up what was done with them.
    return LoggingSink() if handed is None else JsonLinesSink(handed / RECORDS_FILE)
