"""Imports, first clients and memory, each measured by a fresh process about itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.pairs import Figure, Sampler, compared

__all__ = ["MEMORY", "TIMES", "figures_of", "memory_figures", "time_figures"]

_ROOT = Path(__file__).parents[1]
_TIMED = """
{before}
import time
began = time.process_time_ns()
{measured}
print((time.process_time_ns() - began) / 1000)
"""
_TRACED = """
{before}
import gc, tracemalloc
warm = [(session, session.client("sagemaker")) for session in [made()]]
gc.collect()
tracemalloc.start()
{measured}
gc.collect()
print(tracemalloc.get_traced_memory()[0] / 1024)
"""
_PLAIN = "from benchmarks.sessions import plain_session as made"
_SECURED = "from benchmarks.sessions import secured_session as made"
_SESSION = "session = made()"
_CLIENT = 'client = session.client("sagemaker")'

TIMES: Mapping[str, tuple[str, str]] = {
    "`import secure_sagemaker`, beside `import boto3`": (
        _TIMED.format(before="", measured="import secure_sagemaker"),
        _TIMED.format(before="", measured="import boto3"),
    ),
    "`from secure_sagemaker import SecureSession`, beside `import boto3`": (
        _TIMED.format(before="", measured="from secure_sagemaker import SecureSession"),
        _TIMED.format(before="", measured="import boto3"),
    ),
    "A session, after the import": (
        _TIMED.format(before=_SECURED, measured=_SESSION),
        _TIMED.format(before=_PLAIN, measured=_SESSION),
    ),
    "The first client for SageMaker of a session": (
        _TIMED.format(before=f"{_SECURED}\n{_SESSION}", measured=_CLIENT),
        _TIMED.format(before=f"{_PLAIN}\n{_SESSION}", measured=_CLIENT),
    ),
}
"""Ours and the peer's, by title."""
MEMORY: Mapping[str, tuple[str, str]] = {
    "A session": (
        _TRACED.format(before=_SECURED, measured=_SESSION),
        _TRACED.format(before=_PLAIN, measured=_SESSION),
    ),
    "A session with a client for SageMaker": (
        _TRACED.format(before=_SECURED, measured=f"{_SESSION}\n{_CLIENT}"),
        _TRACED.format(before=_PLAIN, measured=f"{_SESSION}\n{_CLIENT}"),
    ),
}


def time_figures(samples: int) -> Iterator[Figure]:
    """Every figure, in microseconds of CPU time. What is imported has been compiled before."""
    yield from figures_of(TIMES, samples)


def memory_figures(samples: int) -> Iterator[Figure]:
    """Every figure, in KB: what Python has allocated for a second session, kept beside the first."""
    yield from figures_of(MEMORY, samples)


def figures_of(programs: Mapping[str, tuple[str, str]], samples: int) -> Iterator[Figure]:
    """What fresh processes tell of themselves, by title."""
    with tempfile.TemporaryDirectory() as compiled:
        for title, (ours, peer) in programs.items():
            mine, theirs = _sampler(ours, compiled), _sampler(peer, compiled)
            mine()
            theirs()
            yield compared(title, mine, theirs, samples=samples)


def _sampler(program: str, compiled: str) -> Sampler:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    environment = {**kept, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPYCACHEPREFIX": compiled}

    def sample() -> float:
        command = [sys.executable, "-c", program]
        ran = subprocess.run(  # noqa: S603  # this interpreter, with a program that stands above
            command, env=environment, cwd=_ROOT, check=True, capture_output=True, text=True
        )
        return float(ran.stdout)

    return sample
