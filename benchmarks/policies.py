"""The policy of a session, made anew from the baseline for each task."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import partial

from benchmarks.pairs import Figure, Pair, measured
from benchmarks.sessions import BASELINE
from secure_sagemaker import SecurityBaseline
from secure_sagemaker.baseline import Task
from secure_sagemaker.identity.policies.inline import task_policy

__all__ = ["figures"]

_DAY = date(2026, 11, 1)


def _pairs() -> Iterator[Pair]:
    baseline = SecurityBaseline.from_mapping(tomllib.loads(BASELINE))
    for task in Task:
        made = task_policy(baseline, [task], today=_DAY).document.to_mapping()
        yield Pair(
            title=f"The policy of `{task}`, beside writing it as JSON",
            ours=partial(task_policy, baseline, [task], today=_DAY),
            peer=partial(json.dumps, made),
            cost=10,
        )


def figures(samples: int) -> Iterator[Figure]:
    """Every figure, in microseconds of CPU time. What AWS documents of its actions has been read before."""
    for pair in _pairs():
        yield measured(pair, samples)
