"""Preflight's evaluator beside the embedded IAM's: two readings of one policy that know nothing of each other."""

from __future__ import annotations

import pytest
from hypothesis import assume, event, given

from secure_sagemaker.identity.policies import PolicyDocument
from secure_sagemaker.local.policies import PolicyRequest, permits, prohibits
from secure_sagemaker.preflight.policies import Request, Verdict, evaluate, statements_of
from tests.property.policies import MANY, ONE, documents, requests

pytestmark = pytest.mark.once


def known(request: PolicyRequest) -> dict[str, str]:
    """Every key: with its one value, or known to be absent."""
    context: dict[str, str] = {}
    for key in (ONE.lower(), MANY.lower()):
        got = request.context.get(key, ())
        values = (got,) if isinstance(got, str) else got
        assume(len(values) < 2)  # preflight asks of keys with one value alone
        context[key] = values[0] if values else ""
    return context


def asked(request: PolicyRequest, context: dict[str, str]) -> Request:
    return Request(
        principal="arn:aws:iam::111122223333:role/ml",
        account="111122223333",
        action=request.action,
        resource=request.resource or "*",
        context=context,
    )


@given(document=documents, request=requests)
def test_both_readings_agree(document: PolicyDocument, request: PolicyRequest) -> None:
    """Where everything is known, what one allows, denies or leaves the other does; and nothing is left open."""
    context = known(request)
    policy = document.to_mapping()
    if prohibits(policy, request):
        wanted = Verdict.DENIED
    elif permits(policy, request):
        wanted = Verdict.ALLOWED
    else:
        wanted = Verdict.SILENT
    event(wanted)
    assert wanted is evaluate(statements_of(document.to_json()), asked(request, context))


@given(document=documents, request=requests)
def test_what_is_not_known_is_never_decided_otherwise(
    document: PolicyDocument, request: PolicyRequest
) -> None:
    """With no key known, what is said to be allowed, denied or neither stays so, whatever the keys turn out to be."""
    context = known(request)
    statements = statements_of(document.to_json())
    verdict = evaluate(statements, asked(request, {}))
    event(verdict)
    told = evaluate(statements, asked(request, context))
    if verdict is Verdict.SILENT:
        assert told in (Verdict.SILENT, Verdict.DENIED)  # a Deny that nothing allows is no news
    elif verdict is not Verdict.UNKNOWN:
        assert verdict is told
