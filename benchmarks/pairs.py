"""Two callables, sampled in turn, and what is between them.

A machine that does other things is slower at one moment than at the next, so a sample of ours is only
ever held against one of the peer's taken beside it, and who comes first changes each time.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

__all__ = ["Figure", "Pair", "Sampler", "compared", "measured"]

Sampler = Callable[[], float]
"""Takes one sample."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What is compared."""

    title: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    cost: int = 1
    """How much longer one takes than most: so many times fewer samples are taken."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was found, over all pairs of samples, in the unit of the samples."""

    title: str
    samples: int
    peer: float
    """The peer's median."""
    ratio: tuple[float, float, float]
    """First quartile, median and third quartile of ours divided by the peer's."""
    added: tuple[float, float, float]
    """The same of ours less the peer's."""
    least: float
    """Between the quickest of both, which nothing else on the machine held up."""


def measured(pair: Pair, samples: int) -> Figure:
    """The CPU time of both, in microseconds: nothing in them waits for anything."""
    count = max(samples // pair.cost, 1)
    for _ in range(min(count, 20)):
        pair.peer()
        pair.ours()
    gc.collect()
    gc.freeze()
    gc.disable()  # as timeit does: whom a collection meets is chance
    try:
        return compared(pair.title, _timed(pair.ours), _timed(pair.peer), samples=count)
    finally:
        gc.enable()
        gc.unfreeze()


def _timed(call: Callable[[], object]) -> Sampler:
    def sample() -> float:
        began = time.thread_time_ns()
        call()
        return (time.thread_time_ns() - began) / 1000

    return sample


def compared(title: str, ours: Sampler, peer: Sampler, *, samples: int) -> Figure:
    """Take samples of both in turn, and compare each with its neighbour."""
    pairs: list[tuple[float, float]] = []
    for number in range(samples):
        if number % 2:
            first = ours()
            pairs.append((first, peer()))
        else:
            first = peer()
            pairs.append((ours(), first))
    return Figure(
        title=title,
        samples=samples,
        peer=median(theirs for _, theirs in pairs),
        ratio=_quartiles([mine / theirs for mine, theirs in pairs]),
        added=_quartiles([mine - theirs for mine, theirs in pairs]),
        least=min(mine for mine, _ in pairs) - min(theirs for _, theirs in pairs),
    )


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) < 2:
        return (values[0],) * 3
    first, middle, third = quantiles(values, n=4, method="inclusive")
    return first, middle, third
