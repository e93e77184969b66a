"""The benchmarks run, and what they find has its place in their page. How fast anything is, no test asks."""

from __future__ import annotations

import itertools
import re

import pytest

from benchmarks import calls, connections, credentials, pipelines, policies, processes, sdk_v2
from benchmarks.__main__ import PARTS
from benchmarks.network import swallowed
from benchmarks.page import README, machine, replaced, table
from benchmarks.pairs import compared

pytestmark = pytest.mark.once


def test_each_call_is_compared() -> None:
    """Every pair of calls runs, ours and the peer's, and gives a row."""
    figures = list(calls.figures(1, sizes=dict.fromkeys(calls.SIZES, 1024)))
    assert [figure.title for figure in figures] == re.findall(
        r"^\| ([A-Z][^|]+) \|", table(figures, unit="µs"), re.MULTILINE
    )
    assert all(figure.peer > 0 for figure in figures)


def test_connections_are_compared() -> None:
    """Real ones, with the look at who answers and without."""
    figures = list(connections.figures(1, calls=2))
    assert 3 == len({figure.title for figure in figures})
    assert all(figure.peer > 0 for figure in figures)


def test_definitions_of_two_sizes_are_compared() -> None:
    """Each is secured and sent, and the larger one is held against the smaller."""
    titles = [figure.title for figure in pipelines.figures(1, sizes=(2, 4))]
    assert 5 == len(set(titles))
    assert titles[-1] == "Securing 4 steps, beside securing 2"


def test_refreshing_sessions_are_compared() -> None:
    """Each session is made, calls and signs; and in a storm each of both kinds assumes the role."""
    pytest.importorskip("boto3_refresh_session", reason="it is in the environment of the newest SDK v3 only")
    assert 4 == len({figure.title for figure in credentials.figures(1)})
    slowest, assumed = credentials.storm_figures(1)
    assert slowest.peer > 0
    assert (1.0, 1.0) == (assumed.peer, assumed.ratio[1])


def test_the_policy_of_each_task_is_made() -> None:
    """Each is a row."""
    figures = list(policies.figures(1))
    assert len(figures) > 10


@pytest.mark.sdk(2)
def test_the_sdk_is_compared_with_itself() -> None:
    """The SDK's training jobs run, without its configuration and with a secure session."""
    with swallowed():
        _, ours, _ = sdk_v2.pairs()
        ours.peer()
        ours.ours()


def test_a_fresh_process_measures_itself() -> None:
    """What a process of its own tells of itself is a figure; the programs for them are programs."""
    (figure,) = processes.figures_of({"nothing": ("print(2.0)", "print(1.0)")}, 1)
    assert (2.0, 1.0) == (figure.ratio[1], figure.peer)
    for ours, peer in (*processes.TIMES.values(), *processes.MEMORY.values()):
        compile(ours, "ours", "exec")
        compile(peer, "peer", "exec")


def test_a_sample_is_held_against_its_neighbour() -> None:
    """Ratios and differences are of pairs taken together, whoever came first."""
    mine, theirs = itertools.count(2, 2), itertools.count(1)
    figure = compared("doubled", lambda: next(mine), lambda: next(theirs), samples=5)
    assert (2.0, 2.0, 2.0) == figure.ratio
    assert (2.0, 3.0, 4.0) == figure.added
    assert 1 == figure.least


def test_the_page_has_a_place_for_each_part() -> None:
    """Each part is written between its own markers, and nothing else of the page changes."""
    page = README.read_text("utf-8")
    for part in PARTS:
        assert page.count(f"<!-- {part}: start -->") == page.count(f"<!-- {part}: end -->") == 1
        once = replaced(page, part, "figures")
        assert once == replaced(once, part, "figures")
        assert set(once.splitlines()) - {"figures"} <= set(page.splitlines())
    with pytest.raises(ValueError, match="no markers"):
        replaced(page, "another", "")


def test_the_page_says_where_it_was_measured() -> None:
    """Date, Python and the libraries' versions stand beside the figures."""
    assert re.search(
        r"^2026-11-01; .*, \d+ cores; \w+ 3\.\d+\.\d+; boto3 1\.", machine(["boto3"], date="2026-11-01")
    )
