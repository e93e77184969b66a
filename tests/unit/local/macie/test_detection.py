"""What stands in for Macie's detectors: what is found, where, and what is left alone."""

import re

import pytest

from secure_sagemaker.local.macie.detection import (
    MAXIMUM_PLACES,
    AllowList,
    CustomIdentifier,
    Inspection,
    count_matches,
)
from secure_sagemaker.local.macie.identifiers import selected
from secure_sagemaker.local.macie.managed import MANAGED
from secure_sagemaker.local.macie.passages import Cell, Line, Passage
from tools.macie_score import score

pytestmark = pytest.mark.once

ALL = Inspection(managed=MANAGED)
EMPLOYEE = CustomIdentifier(id="1", name="employee", pattern=re.compile(r"E\d{4}"))


def types(text: str, name: str = "", inspection: Inspection = ALL) -> list[str]:
    place = Cell(2, 1, name) if name else Line(1)
    return [one.type for one in inspection.inspect([Passage(text, place, name)])]


def test_the_labelled_list_is_told_as_well_as_is_said() -> None:
    """Nine in ten values are found, whatever the seed, and hardly anything else is."""
    result = score(range(3))
    assert result.recall() >= 0.95, result.labels
    assert result.precision() >= 0.99, result.labels


@pytest.mark.parametrize(
    "name", ["ssn", "customerSSN", "customer_ssn", "SSN", "person.ssn", "Social Security"]
)
def test_the_name_of_a_column_is_a_keyword(name: str) -> None:
    """A keyword counts in a column's name, however its words are joined."""
    assert types("219-09-9999", name) == ["USA_SOCIAL_SECURITY_NUMBER"]


@pytest.mark.parametrize("name", ["lesson", "classname", "id", "ssns_total_x"])
def test_a_part_of_a_word_is_no_keyword(name: str) -> None:
    """A keyword is a whole word."""
    assert types("219-09-9999", name) == []


@pytest.mark.parametrize(("between", "found"), [(28, True), (31, False)])
def test_a_keyword_is_near_within_thirty_characters(between: int, found: bool) -> None:
    """What stands farther from its keyword is not reported."""
    assert bool(types(f"ssn {'.' * (between - 2)} 219-09-9999")) is found


def test_a_place_is_told_as_of_its_type_once() -> None:
    """A card with a keyword is not reported as a card without one, too."""
    assert types("4111111111111111", "card") == ["CREDIT_CARD_NUMBER"]
    assert types("4111111111111111", "f1") == ["CREDIT_CARD_NUMBER_(NO_KEYWORD)"]


def test_a_thousand_places_are_told_and_all_are_counted() -> None:
    """Places end at Macie's thousand; the count does not."""
    passages = (Passage("219-09-9999", Cell(row, 1, "ssn"), "ssn") for row in range(1, 1203))
    (found,) = ALL.inspect(passages)
    assert (found.count, len(found.places["cells"])) == (1202, MAXIMUM_PLACES)


@pytest.mark.parametrize(
    "allowed",
    [AllowList(words=frozenset({"219-09-9999"})), AllowList(pattern=re.compile(r"219-\d\d-\d{4}"))],
    ids=["words", "pattern"],
)
def test_what_is_allowed_is_not_reported(allowed: AllowList) -> None:
    """An allow list takes out its own text, and nothing else."""
    inspection = Inspection(managed=MANAGED, allowed=(allowed,))
    assert types("219-09-9999", "ssn", inspection) == []
    assert (
        types("219-19-9999", "ssn", Inspection(managed=MANAGED, allowed=(AllowList(words=allowed.words),)))
        != []
    )


def test_a_custom_identifier_wants_its_keyword_before_the_text() -> None:
    """One keyword ends before the match, at most as far from the match's end as was said."""
    near = CustomIdentifier(
        id="1", name="e", pattern=re.compile(r"E\d{4}"), keywords=("staff",), maximum_distance=10
    )
    assert [
        count_matches(near, text) for text in ("staff E1234", "E1234 staff", "staff number is E1234")
    ] == [1, 0, 0]
    assert types("E1234", "staff_no", Inspection(custom=(near,))) == ["1"]


def test_an_ignored_word_takes_a_match_out() -> None:
    """A match that holds an ignore word is none."""
    ignoring = CustomIdentifier(id="1", name="e", pattern=EMPLOYEE.pattern, ignore_words=("E0000",))
    assert count_matches(ignoring, "E0000 E1234") == 1


@pytest.mark.parametrize(
    ("selector", "ids", "taken"),
    [
        ("ALL", (), len(MANAGED)),
        ("NONE", (), 0),
        ("INCLUDE", ("NAME", "PKCS"), 2),
        ("EXCLUDE", ("NAME",), len(MANAGED) - 1),
    ],
)
def test_a_selector_takes_what_it_says(selector: str, ids: tuple[str, ...], taken: int) -> None:
    """Each selector takes its rows."""
    assert len(selected(MANAGED, selector, ids)) == taken


def test_the_recommended_set_is_the_default_and_leaves_names_out() -> None:
    """Without a selector a job looks for the recommended types, which are not all."""
    assert selected(MANAGED, "", ()) == selected(MANAGED, "RECOMMENDED", ())
    assert "NAME" not in {row.id for row in selected(MANAGED, "", ())}
