"""Credentials that refresh themselves: a secure session beside boto3-refresh-session's.

The peer does that and nothing else: it holds no request to anything, and asks nobody whose the credentials are.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from benchmarks.network import assumed, caller, swallowed
from benchmarks.pairs import Figure, Pair, compared, measured
from benchmarks.sessions import REGION, secured_session

__all__ = ["figures", "refreshing_session", "storm_figures"]

THREADS = 64
_ANSWER_TAKES = 0.05
"""How many seconds STS takes in a storm: what the slowest thread waits for at the least."""


def refreshing_session() -> boto3.Session:
    """A session of boto3-refresh-session that assumes the same role from the same keys."""
    # Imported here: the other figures are made without it.
    from boto3_refresh_session import STSRefreshableSession  # type: ignore[import-untyped]  # it has no py.typed

    session: boto3.Session = STSRefreshableSession(
        assume_role_kwargs={
            "RoleArn": "arn:aws:iam::111122223333:role/ml-launcher",
            "RoleSessionName": "benchmark",
        },
        aws_access_key_id="ASIAPLAIN",
        aws_secret_access_key="secret",  # noqa: S106  # made up: nothing leaves the process
        aws_session_token="token",  # noqa: S106  # made up, likewise
        region_name=REGION,
    )
    return session


def _first_call(made: Callable[[], boto3.Session]) -> None:
    made().client("sagemaker").list_models()


def _signer(session: boto3.Session) -> Callable[[], None]:
    held = session.get_credentials()
    if held is None:
        raise RuntimeError("a session without credentials")

    def sign() -> None:
        request = AWSRequest("POST", f"https://api.sagemaker.{REGION}.amazonaws.com/", data=b"{}")
        SigV4Auth(held.get_frozen_credentials(), "sagemaker", REGION).add_auth(request)

    return sign


def _pairs() -> Iterator[Pair]:
    yield Pair(title="A session", ours=secured_session, peer=refreshing_session, cost=10)
    yield Pair(
        title="A session, its client for SageMaker and the first call",
        ours=partial(_first_call, secured_session),
        peer=partial(_first_call, refreshing_session),
        cost=20,
    )
    ours, theirs = secured_session(), refreshing_session()
    yield Pair(title="A signature, with credentials at hand", ours=_signer(ours), peer=_signer(theirs))
    yield Pair(
        title="ListModels, with credentials at hand",
        ours=ours.client("sagemaker").list_models,
        peer=theirs.client("sagemaker").list_models,
    )


def figures(samples: int) -> Iterator[Figure]:
    """Every figure of one thread, in microseconds of CPU time."""
    with swallowed():
        for pair in _pairs():
            yield measured(pair, samples)


class _Ending:
    """An STS whose first credentials are about to end, and which takes its time to give others."""

    def __init__(self) -> None:
        self.assumed = 0

    def __call__(self, body: str) -> bytes:
        if "AssumeRole" not in body:
            return caller()
        self.assumed += 1
        if self.assumed == 1:
            return assumed((datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        time.sleep(_ANSWER_TAKES)
        return assumed()


class _Storm:
    """A session of one kind, made anew each time, that many threads use at the moment when its credentials end."""

    def __init__(self, made: Callable[[], boto3.Session]) -> None:
        self._made = made
        self._assumed: deque[int] = deque()

    def slowest(self) -> float:
        """How long the slowest of the calls took, in microseconds."""
        sts, start = _Ending(), threading.Barrier(THREADS)
        taken: list[float] = []
        with swallowed(sts):
            client = self._made().client("sagemaker")
            client.list_models()

            def call() -> None:
                start.wait()
                began = time.perf_counter()
                client.list_models()
                taken.append((time.perf_counter() - began) * 1_000_000)

            threads = [threading.Thread(target=call) for _ in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self._assumed.append(sts.assumed - 1)
        return max(taken)

    def assumed(self) -> float:
        """How often the role was assumed in the earliest storm that was not asked for yet."""
        return float(self._assumed.popleft())


def storm_figures(samples: int) -> Iterator[Figure]:
    """What happens across an expiry, by the clock on the wall: threads wait."""
    ours, theirs = _Storm(secured_session), _Storm(refreshing_session)
    yield compared(f"The slowest of {THREADS} calls, µs", ours.slowest, theirs.slowest, samples=samples)
    yield compared("AssumeRole, calls", ours.assumed, theirs.assumed, samples=samples)
