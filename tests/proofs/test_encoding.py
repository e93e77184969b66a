"""The encoding itself: patterns, operators and layers mean what IAM's do, and what the embedded AWS takes them for."""

from __future__ import annotations

import random
from itertools import product

import pytest
import z3

from secure_sagemaker.identity.policies.tasks import Task
from secure_sagemaker.local.policies import PolicyRequest, permits, prohibits
from tests.proofs.actions import ALWAYS, actions, is_list
from tests.proofs.globs import arn, cells, literal, plain
from tests.proofs.keys import Keys, Vocabulary
from tests.proofs.policies import Case, Statement
from tests.proofs.proof import Subject
from tests.proofs.sessions import beside_guardrail, unscoped

pytestmark = pytest.mark.once

PATTERNS = ("a", "a*", "*a", "a*b", "?b", "*", "ab?*")


def test_cells_are_every_set_of_patterns_that_a_text_can_match() -> None:
    """Against all texts of some length: each set that one of them matches is found, with a text that does."""
    globs = [plain(pattern) for pattern in PATTERNS]
    texts = ["".join(letters) for length in range(1, 6) for letters in product("abx", repeat=length)]
    wanted = {frozenset(glob for glob in globs if glob.matches(text)) for text in texts}
    found = cells(globs, within=plain("?*"))
    assert wanted == set(found)
    for matched, text in found.items():
        assert matched == {glob for glob in globs if glob.matches(text)}


def test_wildcards_of_an_arn_end_at_a_colon() -> None:
    """In the first five parts; the name behind them may hold anything."""
    pattern = arn("arn:aws:s3:*:1:a*")
    assert pattern.matches("arn:aws:s3:eu:1:ab:c/d")
    assert not pattern.matches("arn:aws:s3:eu:x:1:a")
    assert not pattern.matches("arn:aws:s3:eu:1:b")
    with pytest.raises(ValueError, match="no pattern of ARNs"):
        arn("arn:aws:s3")


ONE, MANY = "sagemaker:RootAccess", "sagemaker:VpcSubnets"
# What IAM's documentation says of an absent key, of the value that is listed, of another, and of both.
TABLE = {
    ("StringEquals", ONE): (False, True, False),
    ("StringNotEquals", ONE): (True, False, True),
    ("StringEqualsIfExists", ONE): (True, True, False),
    ("StringNotEqualsIfExists", ONE): (True, False, True),
    ("StringLike", ONE): (False, True, False),
    ("StringNotLike", ONE): (True, False, True),
    ("ForAnyValue:StringEquals", MANY): (False, True, False, True),
    ("ForAnyValue:StringNotEquals", MANY): (False, False, True, True),
    ("ForAllValues:StringEquals", MANY): (True, True, False, False),
    ("ForAllValues:StringNotEquals", MANY): (True, False, True, False),
}


@pytest.mark.parametrize(("operator", "key"), TABLE)
def test_operators_are_those_of_iam(operator: str, key: str) -> None:
    """An absent key meets negated operators, IfExists and ForAllValues; a quantifier reads every value."""
    vocabulary = Vocabulary()
    vocabulary.add(key, literal("good"))
    vocabulary.add_examples(key, "evil")
    keys = Keys(vocabulary)
    formula = keys.holds({operator: {key: "good"}})
    symbols = keys.symbols[key.lower()]
    states: tuple[set[str], ...] = (set(), {"good"}, {"evil"}, {"good", "evil"})
    got = tuple(
        _value(formula, {symbol: text in held for text, symbol in symbols.items()})
        for held in states[: len(TABLE[operator, key])]
    )
    assert TABLE[operator, key] == got


@pytest.mark.parametrize(("wanted", "states"), [("true", (True, False)), ("false", (False, True))])
def test_null_asks_whether_there_is_a_value(wanted: str, states: tuple[bool, bool]) -> None:
    """``true`` holds for an absent key, ``false`` for one with a value; a list without one is absent."""
    vocabulary = Vocabulary()
    vocabulary.add(MANY)
    keys = Keys(vocabulary)
    formula = keys.holds({"Null": {MANY: wanted}})
    symbols = list(keys.symbols[MANY.lower()].values())
    assert states == tuple(_value(formula, dict.fromkeys(symbols, held)) for held in (False, True))


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {MANY: "x"}},
        {"ForAnyValue:StringEquals": {ONE: "x"}},
        {"StringEqualsIgnoreCase": {ONE: "x"}},
        {"StringEquals": {ONE: "${aws:username}"}},
    ],
    ids=["no quantifier", "a quantifier too many", "an unknown operator", "a variable"],
)
def test_what_is_not_modelled_is_no_proof(condition: object) -> None:
    """An operator or a form that the encoding does not know is an error."""
    with pytest.raises(ValueError, match=r"quantifier|modelled"):
        _judged(condition)


def _judged(condition: object) -> z3.BoolRef:
    vocabulary = Vocabulary()
    vocabulary.add_condition(condition)
    return Keys(vocabulary).holds(condition)


def _value(formula: z3.BoolRef, state: dict[z3.BoolRef, bool]) -> bool:
    pairs = [(symbol, z3.BoolVal(held)) for symbol, held in state.items()]
    return z3.is_true(z3.simplify(z3.substitute(formula, *pairs)))


def _drawn(subject: Subject, case: Case, chance: random.Random) -> dict[str, tuple[str, ...]]:
    """The keys of some request of a case."""
    found: dict[str, tuple[str, ...]] = {}
    for key, symbols in subject.keys.symbols.items():
        if key not in ALWAYS and (not case.action.has(key) or chance.random() < 0.3):
            continue
        texts = sorted(symbols)
        found[key] = tuple(
            chance.sample(texts, min(len(texts), chance.choice((1, 1, 2)) if is_list(key) else 1))
        )
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_proof_and_the_embedded_aws_judge_alike(seed: int) -> None:
    """Of requests drawn from what the proofs are about, both evaluators allow the same ones."""
    chance = random.Random(seed)  # noqa: S311 - the same requests each time
    train = beside_guardrail("strict", Task.TRAIN)
    subject = unscoped("waived") if seed % 2 else train
    assert subject is not None
    about = [case for case in subject.cases if not z3.is_false(subject.policies.allows(case))]
    allowed = 0
    for _ in range(100):
        case = chance.choice(about)
        drawn = _drawn(subject, case, chance)
        state = {
            symbol: text in drawn.get(key, ())
            for key, symbols in subject.keys.symbols.items()
            for text, symbol in symbols.items()
        }
        context = {key: values if is_list(key) else values[0] for key, values in drawn.items()}
        request = PolicyRequest(action=case.name, resource=case.resource, context=context)
        whole = [{"Statement": one.written} for one in subject.policies.layers[0]]
        wanted = any(permits(each, request) for each in whole) and not any(
            prohibits(each, request) for each in whole
        )
        assert wanted is _value(subject.policies.allows(case), state), f"{case} {context}"
        allowed += wanted
    assert 0 < allowed < 100


def test_a_key_that_aws_does_not_document_is_in_no_request() -> None:
    """Actions have their own keys and AWS's global ones; an older name counts with the one that replaced it."""
    train, model = actions()["sagemaker:CreateTrainingJob"], actions()["sagemaker:CreateModel"]
    assert train.has("sagemaker:volumekmskeyarn")
    assert train.has("sagemaker:volumekmskey")
    assert not model.has("sagemaker:volumekmskeyarn")
    assert not model.has("sagemaker:volumekmskey")
    assert model.has("aws:requesttag/team")
    assert model.has("aws:currenttime")


def test_a_statement_that_is_not_modelled_is_no_proof() -> None:
    """An element that the encoding does not know is an error."""
    with pytest.raises(ValueError, match="not modelled"):
        Statement({"Effect": "Allow", "Action": "*", "Resource": "*", "NotPrincipal": "*"})
