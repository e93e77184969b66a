"""What is looked for: the part of a job's request, and what verdicts are remembered by."""

from __future__ import annotations

from typing import Literal

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.baseline import Macie
from secure_sagemaker.macie.settings import ScanSettings

pytestmark = pytest.mark.once

CASES: list[tuple[dict[str, object], dict[str, object]]] = [
    ({}, {"managedDataIdentifierSelector": "RECOMMENDED", "samplingPercentage": 100}),
    ({"identifiers": "all"}, {"managedDataIdentifierSelector": "ALL", "samplingPercentage": 100}),
    (
        {"identifiers": "all", "exclude_identifiers": ("NAME", "ADDRESS", "NAME")},
        {
            "managedDataIdentifierSelector": "EXCLUDE",
            "managedDataIdentifierIds": ["ADDRESS", "NAME"],
            "samplingPercentage": 100,
        },
    ),
    (
        {"identifiers": "none", "include_identifiers": ("NAME",), "sampling_percentage": 7},
        {
            "managedDataIdentifierSelector": "INCLUDE",
            "managedDataIdentifierIds": ["NAME"],
            "samplingPercentage": 7,
        },
    ),
    (
        {"identifiers": "none", "custom_identifiers": ("own",), "allow_lists": ("list",)},
        {
            "managedDataIdentifierSelector": "NONE",
            "customDataIdentifierIds": ["own"],
            "allowListIds": ["list"],
            "samplingPercentage": 100,
        },
    ),
]


@pytest.mark.parametrize(("stated", "wanted"), CASES, ids=lambda case: str(len(case)))
def test_the_request_says_what_the_baseline_does(
    stated: dict[str, object], wanted: dict[str, object]
) -> None:
    """The selector follows from what is included and excluded; nothing empty is sent; Macie's shape takes it."""
    request = ScanSettings.of(Macie.model_validate(stated)).request()
    assert wanted == request
    model = botocore.session.get_session().get_service_model("macie2")
    shape = model.operation_model("CreateClassificationJob").input_shape
    assert shape is not None
    report = ParamValidator().validate(
        {**request, "clientToken": "t", "jobType": "ONE_TIME", "name": "n", "s3JobDefinition": {}}, shape
    )
    assert "" == report.generate_report()


WORDS = st.lists(st.sampled_from(("NAME", "ADDRESS", "PASSPORT")), max_size=4).map(tuple)


@given(WORDS, WORDS, WORDS)
def test_order_and_repetition_are_no_other_setting(
    own: tuple[str, ...], lists: tuple[str, ...], excluded: tuple[str, ...]
) -> None:
    """Verdicts are remembered by what is looked for, however it was written down."""

    def digest(*words: tuple[str, ...]) -> str:
        mine, allowed, left = words
        return ScanSettings.of(
            Macie(identifiers="all", custom_identifiers=mine, allow_lists=allowed, exclude_identifiers=left)
        ).digest

    again = digest(*(tuple(reversed((*words, *words))) for words in (own, lists, excluded)))
    assert again == digest(own, lists, excluded)


@pytest.mark.parametrize(
    "other",
    [
        {"identifiers": "all"},
        {"sampling_percentage": 99},
        {"custom_identifiers": ("own",)},
        {"allow_lists": ("own",)},
        {"identifiers": "all", "exclude_identifiers": ("own",)},
        {"identifiers": "none", "include_identifiers": ("own",)},
        {"identifiers": "none", "custom_identifiers": ("own",)},
    ],
    ids=lambda other: "-".join(other),
)
def test_every_setting_is_told_apart(other: dict[str, object]) -> None:
    """A verdict that was given for one setting is none for another."""
    digests = {ScanSettings.of(Macie.model_validate(stated)).digest for stated in (other, {})}
    assert 2 == len(digests)


@pytest.mark.parametrize("mode", ["off", "observe", "require", "scan"])
@pytest.mark.parametrize(("age", "coverage"), [(30, 1.0), (1, 0.5)])
def test_what_is_accepted_is_no_setting_of_the_scan(
    mode: Literal["off", "observe", "require", "scan"], age: int, coverage: float
) -> None:
    """How verdicts are judged changes nothing of what they are: they are not paid for again."""
    judged = Macie(mode=mode, maximum_age_days=age, minimum_coverage=coverage)
    assert ScanSettings.of(judged).digest == ScanSettings.of(Macie()).digest
