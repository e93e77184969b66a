"""A scan that is stopped at any moment, or that two have at once, makes one job and comes to the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker import SecureSession
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import VERDICTS, Gated
from tests.integration.macie_gate.moments import Killed, at_moment

pytestmark = pytest.mark.once


def kill() -> None:
    raise Killed


def killed_at(number: int, do: Callable[[], object]) -> tuple[list[str], bool]:
    """End a process at a moment: the moments that it had, and whether it came to its end before."""
    with at_moment(number, kill) as moments:
        try:
            do()
        except Killed:
            return moments, False
    return moments, True


OBJECTS = {"a.csv": CLEAN, "b.csv": TABLE, "c.png": b"\x89PNG"}


class Days:
    """Two processes, on days that are all alike: no job was made yet, and nobody knows the data."""

    def __init__(self, gated: Gated, **other: Any) -> None:
        self._gated = gated
        self.one, self.other = gated.own_session(), gated.own_session(layer=other)
        self._folder = ""

    def begin(self) -> None:
        """Objects of each outcome, whose results are written in several files."""
        self._gated.forget_jobs()
        self._gated.aws.macie.read_at_each_look(2)
        self._folder = self._gated.folder()
        for name, body in OBJECTS.items():
            self._gated.put(f"{self._folder}{name}", body)

    def scan(self, session: SecureSession) -> Any:
        """What a scan says, but for where, when and by which job."""
        report = session.scan([self._gated.uri(self._folder)])
        (scanned,) = report.inputs
        return (scanned.clear, scanned.sensitive, scanned.unread, scanned.unknown), {
            one.object.key.removeprefix(self._folder): (one.outcome, one.reason, one.severity, one.detections)
            for one in report.objects
        }


@pytest.fixture
def days(gated: Gated) -> Days:
    return Days(gated)


def test_killed_at_any_moment_it_loses_nothing(gated: Gated, days: Days) -> None:
    """Whenever the process ends, the next one has the same result, of the same job, and then Macie is left alone."""
    days.begin()
    undisturbed = days.scan(days.one)
    assert ((1, 1, 1, 0), set(OBJECTS)) == (undisturbed[0], set(undisturbed[1]))
    moments: list[str] = []
    for number in count(1):
        days.begin()
        moments, ended = killed_at(number, lambda: days.scan(days.one))
        assert undisturbed == days.scan(days.other), moments[-1]
        assert 1 == len(gated.jobs()), moments[-1]
        if ended:
            break
    gated.aws.forget_requests()
    assert undisturbed == days.scan(days.one)
    assert [] == gated.asked("macie2")
    assert any("macie2" in one for one in moments)
    assert moments.count("sqlite") > 5


def test_killed_before_it_hears_of_its_job(gated: Gated, days: Days) -> None:
    """Macie has made the job and the process never knew: the next one finds it."""
    days.begin()
    with at_moment(0, kill, answered=True, files=False) as moments:
        undisturbed = days.scan(days.one)
    number = next(at for at, one in enumerate(moments, 1) if one.endswith("amazonaws.com/jobs"))
    days.begin()
    with pytest.raises(Killed), at_moment(number, kill, answered=True, files=False):
        days.scan(days.one)
    assert 1 == len(gated.jobs())
    assert undisturbed == days.scan(days.other)
    assert 1 == len(gated.jobs())


@pytest.mark.parametrize("shared", [True, False], ids=["one user", "another user elsewhere"])
def test_two_at_once_make_one_job(
    gated: Gated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared: bool
) -> None:
    """Whenever one of them goes all its way between two steps of the other, both have the result of the one job.

    What two users ask Macie for differs in who asks.
    """
    days = Days(gated, **({} if shared else {"role": {"source_identity": "jane"}}))
    days.begin()
    undisturbed = days.scan(days.one)
    if not shared:
        monkeypatch.setenv(VERDICTS, str(tmp_path / "other"))
    assert undisturbed == days.scan(days.other)
    for number in count(1):
        days.begin()
        told: list[Any] = []
        rival = partial(lambda told: told.append(days.scan(days.other)), told)
        with at_moment(number, rival, files=shared) as moments:
            told.append(days.scan(days.one))
        if len(told) == 1:
            break
        assert [undisturbed] * 2 == told, moments[number - 1]
        assert 1 == len(gated.jobs()), f"{number}: {moments[number - 1]}"
