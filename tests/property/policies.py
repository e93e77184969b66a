"""Generated policies and requests, for laws about what policies mean."""

from __future__ import annotations

from hypothesis import strategies as st

from secure_sagemaker.identity.policies.documents import (
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Quantifier,
    Statement,
)
from secure_sagemaker.local.policies import PolicyRequest

NAMES = ("churn-1", "churn-2", "fraud-1")
ACTIONS = (
    *(
        "sagemaker:CreateTrainingJob",
        "sagemaker:CreateModel",
        "sagemaker:Create*",
        "sagemaker:StopTrainingJob",
    ),
    *("sagemaker:*", "s3:GetObject", "s3:*"),
)
ARNS = tuple(f"arn:aws:sagemaker:eu-west-1:111122223333:training-job/{name}" for name in NAMES)
PATTERNS = (
    *ARNS,
    "arn:aws:sagemaker:eu-west-1:111122223333:training-job/churn-*",
    "arn:aws:sagemaker:eu-west-1:111122223333:*",
    "arn:aws:sagemaker:*:111122223333:training-job/?????-1",
    "*",
)
VALUES = ("a", "b", "c")
ONE, MANY = "sagemaker:One", "sagemaker:Many"

_values = st.lists(st.sampled_from(VALUES), min_size=1, max_size=2).map(tuple)
_words = st.sampled_from((Operator.STRING_EQUALS, Operator.STRING_NOT_EQUALS, Operator.STRING_LIKE))

conditions: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Condition, operator=_words, key=st.just(ONE), values=_values, if_exists=st.booleans()),
    st.builds(
        Condition, operator=_words, key=st.just(MANY), values=_values, quantifier=st.sampled_from(Quantifier)
    ),
    st.builds(
        Condition,
        operator=st.just(Operator.NULL),
        key=st.sampled_from((ONE, MANY)),
        values=st.sampled_from((("true",), ("false",))),
    ),
)


def _distinct(drawn: list[Condition]) -> tuple[Condition, ...]:
    return tuple({(one.label, one.key): one for one in drawn}.values())


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """Statements that overlap, cover and differ from each other in one list alone."""
    named = draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2).map(tuple))
    negated = draw(st.booleans()) and draw(st.booleans())
    return Statement(
        effect=draw(st.sampled_from(Effect)),
        actions=draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2).map(tuple)),
        resources=() if negated else named,
        not_resources=named if negated else (),
        conditions=draw(st.lists(conditions, max_size=2).map(_distinct)),
    )


documents = st.builds(PolicyDocument, statements=st.lists(statements(), max_size=5).map(tuple))

requests = st.builds(
    PolicyRequest,
    action=st.sampled_from([action for action in ACTIONS if "*" not in action]),
    resource=st.sampled_from((*ARNS, "arn:aws:s3:::ml-artifacts/x", "*")),
    context=st.fixed_dictionaries(
        {},
        optional={
            ONE.lower(): st.sampled_from(VALUES),
            MANY.lower(): st.lists(st.sampled_from(VALUES), max_size=3, unique=True).map(tuple),
        },
    ),
)
