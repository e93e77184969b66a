"""The laws of tightening, for every field of the baseline and for whole baselines.

Joining makes a lattice of what layers may say: idempotent, commutative, associative, with ConflictError
as its top, which absorbs, and with saying nothing as its bottom.
"""

import json
from collections.abc import Callable, Mapping

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_sagemaker.baseline import DEFAULT_MODES, BaselineDocument, SecurityBaseline, json_schema
from secure_sagemaker.baseline.fields import leaf_fields
from secure_sagemaker.baseline.layers import Layer, join
from secure_sagemaker.baseline.tightening import (
    CLOSED_BY_ORGANISATION,
    CLOSED_WITH,
    NAMES_WITHIN,
    TIGHTER,
    ConflictError,
    Rule,
    WaiverGrant,
    same,
)
from secure_sagemaker.exceptions import BaselineError, LoosenedBaselineError
from tests.property.strategies import FIELDS, baselines

pytestmark = pytest.mark.once

TOP = "conflict"
SCHEMA = jsonschema.Draft202012Validator(json_schema())

every_field = pytest.mark.parametrize("path", TIGHTER)
few = settings(max_examples=30)  # whole baselines are large


def for_all(path: str, law: Callable[..., None]) -> None:
    """Hold the law with values of the field, as many as it takes."""
    values = [FIELDS[path]] * law.__code__.co_argcount
    settings(max_examples=40)(given(*values)(law))()


def joined(rule: Rule, left: object, right: object) -> object:
    """The join, with the top as a value that absorbs everything."""
    if left == TOP or right == TOP:
        return TOP
    try:
        return rule.join(left, right)
    except ConflictError:
        return TOP


def layer(stated: Mapping[str, object]) -> Layer:
    return Layer(name="generated", source="test", digest="", stated=stated)


def restated(made: SecurityBaseline) -> dict[str, object]:
    """What a file would hold of the baseline."""
    return made.model_dump(mode="json", exclude_none=True)


def test_the_table_covers_exactly_what_a_layer_can_state() -> None:
    """Every field has one row; waivers and waivable_controls share theirs, being one grant."""
    assert set(leaf_fields()) - {"waivable_controls"} == set(TIGHTER) == set(FIELDS)


def test_what_closes_a_layer_is_of_the_table() -> None:
    """Organisation defaults, companions and lists name fields that there are, with valid values."""
    closing = [
        *CLOSED_BY_ORGANISATION.items(),
        *(pair for also in CLOSED_WITH.values() for pair in also.items()),
    ]
    listing = {*NAMES_WITHIN, *(path for paths in NAMES_WITHIN.values() for path in paths)}
    assert {*dict(closing), *CLOSED_WITH, *listing} <= set(TIGHTER)
    for path, value in closing:
        assert isinstance(value, WaiverGrant) or same(value, leaf_fields()[path].validate_python(value))


@every_field
def test_the_values_are_of_the_fields_own_type(path: str) -> None:
    """What these laws are tested with is what a layer holds of the field."""

    def law(value: object) -> None:
        assert isinstance(value, WaiverGrant) or value == leaf_fields()[path].validate_python(value)

    for_all(path, law)


@every_field
def test_joining_is_idempotent(path: str) -> None:
    """What is stated twice is stated, and never a conflict with itself."""
    rule = TIGHTER[path]

    def law(value: object) -> None:
        assert same(value, joined(rule, value, value))
        assert rule.allows(value, value)

    for_all(path, law)


@every_field
def test_joining_is_commutative(path: str) -> None:
    """Which layer comes first makes no difference to the join."""
    rule = TIGHTER[path]

    def law(left: object, right: object) -> None:
        assert same(joined(rule, left, right), joined(rule, right, left))

    for_all(path, law)


@every_field
def test_joining_is_associative(path: str) -> None:
    """How layers are grouped makes no difference, also where some grouping meets a conflict."""
    rule = TIGHTER[path]

    def law(one: object, two: object, three: object) -> None:
        assert same(joined(rule, joined(rule, one, two), three), joined(rule, one, joined(rule, two, three)))

    for_all(path, law)


@every_field
def test_the_join_is_within_both(path: str) -> None:
    """The join is as tight as either: either allows it, and joining it again changes nothing."""
    rule = TIGHTER[path]

    def law(left: object, right: object) -> None:
        both = joined(rule, left, right)
        if both != TOP:
            for one in (left, right):
                assert rule.allows(one, both)
                assert same(both, joined(rule, one, both))

    for_all(path, law)


@every_field
def test_tightening_gives_what_both_allow_or_refuses(path: str) -> None:
    """A later statement is let through where the earlier one allows it, and only there."""
    rule = TIGHTER[path]

    def law(earlier: object, later: object) -> None:
        if not rule.allows(earlier, later):
            with pytest.raises(ConflictError):
                rule.tighten(earlier, later)
            return
        result = rule.tighten(earlier, later)
        assert rule.allows(earlier, result)
        assert rule.allows(later, result)
        assert rule.partial or same(later, result)

    for_all(path, law)


@every_field
def test_allowing_is_transitive(path: str) -> None:
    """What a tightening of mine allows, I allow; where a layer may state some entries only, its join does."""
    rule = TIGHTER[path]

    def law(one: object, two: object, three: object) -> None:
        if rule.allows(one, two):
            two = rule.tighten(one, two)
            assert not rule.allows(two, three) or rule.allows(one, rule.tighten(two, three))

    for_all(path, law)


@every_field
def test_absence_never_loosens(path: str) -> None:
    """A layer that says nothing of a field leaves it as it was, before or after."""

    def law(value: object) -> None:
        stating, silent = layer({path: value}), layer({})
        assert {path: value} == join([stating, silent]) == join([silent, stating])

    for_all(path, law)


@every_field
def test_an_organisations_silence_is_its_default(path: str) -> None:
    """Closing leaves what was stated and adds the rest; closing twice is closing once."""

    def law(value: object) -> None:
        closed = layer({path: value}).closed()
        stated = {**DEFAULT_MODES, **value} if path == "modes" and isinstance(value, Mapping) else value
        assert stated == closed.stated[path]
        assert set(CLOSED_BY_ORGANISATION) <= set(closed.stated)
        assert dict(closed.stated) == dict(closed.closed().stated)

    for_all(path, law)


@few
@given(made=baselines())
def test_a_baseline_is_within_itself(made: SecurityBaseline) -> None:
    """Tightening by nothing, or by itself, changes nothing."""
    assert made == made.tightened({})
    assert made == made.tightened(restated(made))


@few
@given(made=baselines())
def test_a_baseline_read_back_is_equal(made: SecurityBaseline) -> None:
    """What a baseline states, as a file would hold it, makes the same baseline; and the schema takes it."""
    back = SecurityBaseline.from_mapping(restated(made))
    assert (made, made.digest, hash(made)) == (back, back.digest, hash(back))
    SCHEMA.validate(json.loads(json.dumps(restated(made))))


@few
@given(one=baselines(), other=baselines())
def test_two_whole_layers_join_to_what_is_within_both(one: SecurityBaseline, other: SecurityBaseline) -> None:
    """Layer on layer, the result is a tightening of the first, or the second is refused by a field."""
    layers = Layer.from_baseline(one), Layer.from_baseline(other)
    try:
        result = BaselineDocument.of(*layers).resolve()
    except LoosenedBaselineError as refused:
        field = refused.field
        assert field.split(".")[0] in SecurityBaseline.model_fields
    else:
        assert result == one.tightened(restated(result))


# One field alone would contradict others of the same baseline.
ALONE = sorted({*TIGHTER} - {"waivers", "data_perimeter.default_bucket", "role.transitive_tags"})


@settings(max_examples=100)
@given(made=baselines(), data=st.data())
def test_a_call_is_within_or_refused(made: SecurityBaseline, data: st.DataObject) -> None:
    """Whatever one field a call states, the copy is within the baseline, or is refused by it or one beside it."""
    path = data.draw(st.sampled_from(ALONE))
    value = json.loads(leaf_fields()[path].dump_json(data.draw(FIELDS[path])))
    section, _, name = path.rpartition(".")
    try:
        result = made.tightened({section: {name: value}} if section else {name: value})
    except BaselineError as refused:  # looser, or against what another field says
        field = refused.field
        assert path.partition(".")[0] == field.partition(".")[0]
    else:
        assert result == made.tightened(restated(result))
