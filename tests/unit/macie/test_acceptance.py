"""What is good enough: verdicts judged by the classes, ages and shares that the baseline states."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.baseline import Accepted, DataClass, Macie, MacieSeverity, Safeguard
from secure_sagemaker.baseline.tightening import TIGHTER, ConflictError
from secure_sagemaker.macie.acceptance import Acceptance, Lack, Tally
from secure_sagemaker.macie.verdicts import Detection, ObjectVerdict, ObjectVersion, Outcome, Severity
from tests.property.strategies import FIELDS

pytestmark = pytest.mark.once

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CUSTOMERS = "s3://ml-datasets/customers/"
PERSONAL, FINANCIAL = "PERSONAL_INFORMATION", "FINANCIAL_INFORMATION"
NAME = Detection(category=PERSONAL, type="NAME", count=3, places=("name",))
CARD = Detection(category=FINANCIAL, type="CREDIT_CARD_NUMBER", count=1200, places=("a", "b", "c", "d"))
ISOLATED, KEYED = Safeguard.NETWORK_ISOLATION, Safeguard.CUSTOMER_KEY


def version(key: str = "customers/a.csv", size: int = 10) -> ObjectVersion:
    return ObjectVersion(bucket="ml-datasets", key=key, etag="e", size=size)


def verdict(
    *found: Detection,
    outcome: Outcome | None = None,
    severity: Severity | None = Severity.MEDIUM,
    reason: str = "",
    days: int = 0,
    about: ObjectVersion | None = None,
) -> ObjectVerdict:
    return ObjectVerdict(
        object=about or version(),
        outcome=outcome or (Outcome.SENSITIVE if found else Outcome.CLEAR),
        read_at=NOW - timedelta(days=days),
        job_id="job",
        detections=found,
        severity=severity if found else None,
        reason=reason,
    )


def personal(
    *types: str, under: tuple[Safeguard, ...] = (), maximum_severity: MacieSeverity = "High"
) -> Accepted:
    return Accepted(
        category="PERSONAL_INFORMATION", types=types, under=under, maximum_severity=maximum_severity
    )


def accepting(*accept: Accepted, scan: bool = True, minimum_coverage: float = 1.0) -> Acceptance:
    customers = DataClass(places=(CUSTOMERS,), accept=accept, scan=scan)
    return Acceptance(
        Macie(mode="require", classes={"customers": customers}, minimum_coverage=minimum_coverage)
    )


def lacks(acceptance: Acceptance, known: ObjectVerdict | None, key: str = "customers/a.csv") -> list[Lack]:
    judged = acceptance.judge(version(key), known, now=NOW)
    return [problem.lack for problem in judged.problems]


@pytest.mark.parametrize(
    ("accept", "found", "refused"),
    [
        pytest.param((), (NAME,), True, id="nothing-accepted"),
        pytest.param((personal(),), (NAME,), False, id="the-category"),
        pytest.param((personal(),), (NAME, CARD), True, id="another-category-beside"),
        pytest.param((personal("NAME", "ADDRESS"),), (NAME,), False, id="the-type"),
        pytest.param((personal("ADDRESS"),), (NAME,), True, id="another-type"),
        pytest.param((personal("NAME", maximum_severity="Low"),), (NAME,), True, id="too-grave"),
        pytest.param((personal("NAME", maximum_severity="Medium"),), (NAME,), False, id="as-grave"),
        pytest.param(
            (personal(maximum_severity="Low"), personal("NAME")), (NAME,), False, id="the-second-accepts"
        ),
    ],
)
def test_all_that_is_found_is_accepted_or_the_object_is_refused(
    accept: tuple[Accepted, ...], found: tuple[Detection, ...], refused: bool
) -> None:
    """Each detection needs an entry of its class, by category, type and the finding's severity."""
    assert [Lack.SENSITIVE] * refused == lacks(accepting(*accept), verdict(*found))


def test_an_ungraded_finding_is_the_gravest() -> None:
    """What Macie gave no severity is accepted only up to High."""
    for maximum, wanted in (("Medium", [Lack.SENSITIVE]), ("High", [])):
        accept = personal(maximum_severity=maximum)  # type: ignore[arg-type]  # one of both words
        assert wanted == lacks(accepting(accept), verdict(NAME, severity=None))


def test_what_is_sensitive_without_a_type_is_refused() -> None:
    """A finding that tells no detections is accepted by no entry."""
    told = verdict(outcome=Outcome.SENSITIVE)
    assert [Lack.SENSITIVE] == lacks(accepting(personal()), told)


def test_an_object_of_no_class_may_hold_nothing_sensitive() -> None:
    """What one class accepts is accepted in its place alone, and a prefix that is longer by a letter is another."""
    acceptance = accepting(personal())
    for key in ("orders/a.csv", "customers-old/a.csv", "customers"):
        assert [Lack.SENSITIVE] == lacks(acceptance, verdict(NAME), key)
        assert [] == lacks(acceptance, verdict(), key)
        assert acceptance.needs_verdict(f"s3://ml-datasets/{key}")
    assert [] == lacks(acceptance, verdict(NAME))


def test_what_was_refused_is_told_by_category_type_count_and_place() -> None:
    """A person reads what was found and where, three places of each, and never what is accepted beside."""
    (problem,) = accepting(personal()).judge(version(), verdict(NAME, CARD), now=NOW).problems
    assert (
        "s3://ml-datasets/customers/a.csv: FINANCIAL_INFORMATION: CREDIT_CARD_NUMBER 1,200 (a, b, c), severity Medium"
        == str(problem)
    )


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        pytest.param((personal(under=(ISOLATED,)),), {ISOLATED}, id="on-a-condition"),
        pytest.param((personal(under=(ISOLATED,)), personal("NAME")), set(), id="the-type-before-all"),
        pytest.param((personal(), personal("NAME", under=(KEYED,))), {KEYED}, id="in-any-order"),
        pytest.param(
            (personal(under=(ISOLATED,)), personal(maximum_severity="Medium")), set(), id="the-lower-severity"
        ),
        pytest.param(
            (personal("NAME", under=(ISOLATED,)), personal("NAME", "ADDRESS", under=(KEYED,))),
            {ISOLATED, KEYED},
            id="both-of-equals",
        ),
    ],
)
def test_the_most_particular_entry_says_the_safeguards(
    accept: tuple[Accepted, ...], wanted: set[Safeguard]
) -> None:
    """What a call must have does not hang on the order of entries, which the baseline's digest does not tell."""
    for order in (accept, accept[::-1]):
        judged = accepting(*order).judge(version(), verdict(NAME), now=NOW)
        assert not judged.problems
        assert wanted == judged.safeguards


def test_safeguards_of_what_is_refused_all_the_same_are_told_too() -> None:
    """One type accepted on a condition does not hide that another one is not accepted."""
    judged = accepting(personal(under=(ISOLATED,))).judge(version(), verdict(NAME, CARD), now=NOW)
    assert {ISOLATED} == judged.safeguards
    assert [Lack.SENSITIVE] == [problem.lack for problem in judged.problems]


@pytest.mark.parametrize(("days", "wanted"), [(0, []), (30, []), (31, [Lack.UNKNOWN])])
def test_a_verdict_holds_for_so_many_days(days: int, wanted: list[Lack]) -> None:
    """An older one counts as none, and its day is told."""
    acceptance = Acceptance(Macie(mode="require", maximum_age_days=30))
    assert wanted == lacks(acceptance, verdict(days=days))
    assert acceptance.is_fresh(verdict(days=days), now=NOW) is not bool(wanted)
    for problem in acceptance.judge(version(), verdict(days=days), now=NOW).problems:
        assert "2026-10-01, more than 30 days ago" in problem.told


def test_what_has_no_verdict_is_unknown() -> None:
    """No verdict is no leave."""
    assert [Lack.UNKNOWN] == lacks(accepting(personal()), None)


def test_what_was_read_in_part_is_refused_for_both() -> None:
    """An object that holds something and was not read to its end is sensitive and unread."""
    partial = verdict(NAME, reason="OBJECT_TOO_LARGE")
    assert [Lack.SENSITIVE, Lack.UNREAD] == lacks(accepting(), partial)
    assert [Lack.UNREAD] == lacks(accepting(personal()), partial)


def test_an_exempt_class_is_not_looked_at() -> None:
    """Where the baseline wants no scan, neither a missing verdict nor a finding matters."""
    acceptance = accepting(scan=False)
    for known in (None, verdict(CARD), verdict(days=999)):
        judged = acceptance.judge(version(), known, now=NOW)
        assert ((), frozenset(), True) == (judged.problems, judged.safeguards, judged.exempt)
    assert not acceptance.needs_verdict(f"{CUSTOMERS}a/")
    assert acceptance.needs_verdict("s3://ml-datasets/cust")


def tallied(acceptance: Acceptance, *known: tuple[str, ObjectVerdict | None]) -> Tally:
    tally = Tally()
    for key, told in known:
        about = version(key)
        tally.add(about, told, acceptance.judge(about, told, now=NOW))
    return tally


def test_a_tally_counts_each_object_once() -> None:
    """Clear, sensitive, unread, unknown and exempt add up to all of them."""
    exempt = DataClass(places=("s3://ml-datasets/public",), scan=False)
    tally = tallied(
        Acceptance(Macie(mode="require", classes={"public": exempt})),
        ("a", verdict()),
        ("b", verdict(NAME)),
        ("c", verdict(outcome=Outcome.UNREAD, reason="UNSUPPORTED_FILE_TYPE_EXCEPTION")),
        ("d", None),
        ("e", verdict(days=99)),
        ("f", verdict(NAME, reason="INVALID_FILE")),
        ("public/g", None),
    )
    assert (7, 70, 1) == (tally.objects, tally.bytes, tally.exempt)
    assert (1, 2, 1, 2) == (tally.clear, tally.sensitive, tally.unread, tally.unknown)
    assert {Lack.SENSITIVE: 2, Lack.UNREAD: 2, Lack.UNKNOWN: 2} == tally.lacking
    assert pytest.approx(3 / 7) == tally.coverage


def test_a_tally_keeps_the_first_problems_alone() -> None:
    """Of many it counts all and holds a few, so that its size does not grow with the input."""
    acceptance = accepting()
    tally = tallied(acceptance, *((f"{number}", None) for number in range(1500)))
    assert {Lack.UNKNOWN: 1500} == acceptance.standing(tally)
    assert 1000 == len(tally.problems[Lack.UNKNOWN])


def test_where_nothing_lies_nothing_is_accepted() -> None:
    """Of no object nothing is known; of exempt ones, looked at or not, nothing has to be."""
    acceptance = accepting(scan=False)
    assert (1.0, {Lack.ABSENT: 0}) == (Tally().coverage, acceptance.standing(Tally()))
    for exempt in (Tally(skipped=True), tallied(acceptance, ("customers/a", None))):
        assert (1.0, {}) == (exempt.coverage, acceptance.standing(exempt))


UNREAD = ("x", verdict(outcome=Outcome.UNREAD, reason="OBJECT_CLASS_ARCHIVE"))
READ = [(f"{number}", verdict()) for number in range(9)]


@pytest.mark.parametrize(("minimum", "stands"), [(1.0, True), (0.91, True), (0.9, False), (0.0, False)])
def test_what_was_not_read_passes_where_enough_else_was(minimum: float, stands: bool) -> None:
    """One in ten unread keeps the input from being used by a higher minimum than nine tenths."""
    acceptance = accepting(minimum_coverage=minimum)
    assert ({Lack.UNREAD: 1} if stands else {}) == acceptance.standing(tallied(acceptance, *READ, UNREAD))


def test_coverage_excuses_nothing_else() -> None:
    """Neither what is sensitive nor what has no verdict passes for the rest that was read."""
    acceptance = accepting(minimum_coverage=0)
    sensitive = tallied(acceptance, *READ, UNREAD, ("y", verdict(NAME)))
    assert {Lack.SENSITIVE: 1} == acceptance.standing(sensitive)
    unknown = tallied(acceptance, *READ, UNREAD, ("y", None))
    assert {Lack.UNKNOWN: 1, Lack.UNREAD: 1} == acceptance.standing(unknown)


# --- tightening

SECTION = st.fixed_dictionaries(
    {
        name: FIELDS[f"macie.{name}"]
        for name in ("minimum_coverage", "maximum_age_days", "classes", "code_channels")
    }
)
OBJECTS = st.lists(
    st.builds(
        lambda place, found, outcome, severity, reason, days: (
            version(f"{place}/a.csv"),
            replace(verdict(*found, severity=severity, reason=reason, days=days), outcome=outcome),
        ),
        st.sampled_from(("churn", "fraud", "churned")),
        st.lists(
            st.builds(
                Detection,
                category=st.sampled_from(("CREDENTIALS", PERSONAL)),
                type=st.sampled_from(("NAME", "ADDRESS", "AWS_CREDENTIALS")),
                count=st.just(1),
            ),
            max_size=2,
        ),
        st.sampled_from(Outcome),
        st.none() | st.sampled_from(Severity),
        st.sampled_from(("", "INVALID_FILE")),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=4,
)


@given(SECTION, SECTION, OBJECTS)
def test_tightening_accepts_nothing_more(
    stated: dict[str, object], further: dict[str, object], objects: list[tuple[ObjectVersion, ObjectVerdict]]
) -> None:
    """Whatever a later layer adds, what was refused stays refused. Of the same objects, so does the whole input."""
    joined = dict(stated)
    for name, value in further.items():
        try:
            joined[name] = TIGHTER[f"macie.{name}"].join(stated[name], value)
        except ConflictError:
            return
    before, after = Acceptance(Macie.model_validate(stated)), Acceptance(Macie.model_validate(joined))
    looser, stricter = Tally(), Tally()
    for about, known in objects:
        one, other = (acceptance.judge(about, known, now=NOW) for acceptance in (before, after))
        assert other.problems or not one.problems
        assert one.exempt or not other.exempt
        assert other.problems or one.safeguards <= other.safeguards
        looser.add(about, known, one)
        stricter.add(about, known, other)
    assert after.standing(stricter) or not before.standing(looser)
