"""The guardrail beside the client: AWS refuses what the client would have refused, and nothing that it lets through.

Requests of every operation that has a condition key, over baselines of every kind, asked of the embedded AWS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_sagemaker.baseline import IsolationMode, SecurityBaseline
from secure_sagemaker.controls import Decision
from secure_sagemaker.identity.policies.guardrail import (
    MANAGED_POLICY_CHARACTERS,
    MOST_POLICY_ARNS,
    Guardrail,
    guardrail,
)
from secure_sagemaker.identity.policies.lint import problems
from secure_sagemaker.local.condition_keys import PATHS, condition_keys, resource_of
from secure_sagemaker.local.policies import PolicyRequest, prohibits
from tests.property import requests
from tests.property.test_enforcement_laws import TODAY, Case

laws = settings(
    max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
WITH_KEYS = [model for model in requests.operations() if model.name in PATHS]
OWN = "arn:aws:sagemaker:eu-west-1:111122223333:"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    baseline = draw(requests.baselines())
    if draw(st.booleans()):  # without a directory bucket, outputs take a key always
        stated = baseline.model_dump(mode="json")
        stated["data_perimeter"]["write"] = {"ml-artifacts": "111122223333"}
        baseline = SecurityBaseline.model_validate(stated)
    model = draw(st.sampled_from(WITH_KEYS))
    pool = requests.Pool(baseline=baseline, good=draw(st.booleans()))
    return Case(model=model, parameters=draw(requests.requests(model, pool)), baseline=baseline)


@cache
def rail(baseline: SecurityBaseline) -> Guardrail:
    return guardrail(baseline, today=TODAY, key_arns=requests.KEY_ARNS)


def denying(case: Case, parameters: Mapping[str, object]) -> set[str]:
    """The Sids of the statements that deny a request."""
    name = case.model.name
    request = PolicyRequest(
        action=f"sagemaker:{name}",
        resource=resource_of(name, parameters, before=OWN),
        context={
            **condition_keys(name, parameters),
            "aws:currenttime": "2026-11-01T12:00:00Z",
            "aws:securetransport": "true",
        },
    )
    return {
        one.sid
        for one in rail(case.baseline).statements
        if prohibits({"Statement": one.to_mapping()}, request)
    }


def is_one_of_aws(case: Case, parameters: Mapping[str, object]) -> bool:
    """Whether AWS itself would take the request as it is written."""
    if not case.valid(parameters):
        return False
    metadata = parameters.get("InstanceMetadataServiceConfiguration")
    if isinstance(metadata, dict) and metadata["MinimumInstanceMetadataServiceVersion"] not in {"1", "2"}:
        return False
    if case.model.name != "CreateHyperParameterTuningJob":
        return True
    one, several = parameters.get("TrainingJobDefinition"), parameters.get("TrainingJobDefinitions")
    definitions = [one, *(several if isinstance(several, list) else ())]
    stated = [each for each in definitions if isinstance(each, dict)]
    return bool(stated) and all(
        {"HyperParameterTuningResourceConfig", "ResourceConfig"} & each.keys() for each in stated
    )


@laws
@given(cases())
def test_what_the_client_lets_through_is_not_denied(case: Case) -> None:
    """No request that leaves the client is denied, but for a waiver that IAM cannot tell and a domain's older key."""
    sent = case.enforce()
    if sent.refusals or sent.lookups or not is_one_of_aws(case, sent.parameters):
        return
    if "HomeEfsFileSystemKmsKeyId" in sent.parameters:
        return
    overruled = {one.waiver.control for one in rail(case.baseline).overruled}
    if not overruled & {waiver.control for waiver in case.baseline.waivers}:
        assert set() == denying(case, sent.parameters)


def is_told(case: Case, decision: Decision) -> bool:
    """Whether a condition key tells what the client refuses."""
    path = re.sub(r"\[\d*\]", "", decision.path)
    if not any(path == each.replace("[]", "") for key in PATHS[case.model.name].values() for each in key):
        return False
    absent = decision.got in {"(absent)", ""}
    stated = {
        one.control for one in rail(case.baseline).unguarded if f"sagemaker:{case.model.name}" in one.actions
    }
    if absent and (decision.control_id in stated or path == "OnlineStoreConfig.SecurityConfig.KmsKeyId"):
        return False  # the online store is one only where it is enabled
    by_default = case.baseline.network_isolation.training is IsolationMode.DEFAULT
    if decision.control_id == "network-isolation" and (by_default or decision.control_id in stated):
        return False  # what is only injected where nothing is said, AWS cannot ask for
    # What decides here is the instance type, which nothing but the client knows; AWS itself refuses a key too many.
    return "instance type" not in (decision.wanted or "") and decision.wanted != "(omitted)"


@laws
@given(cases())
def test_what_the_client_refuses_for_a_told_key_is_denied(case: Case) -> None:
    """A request that the client would refuse for something that a condition key tells, AWS refuses as well."""
    refused = case.enforcer.verify(case.model, case.parameters, requests.KEY_ARNS).refusals
    if is_one_of_aws(case, case.parameters) and any(is_told(case, one) for one in refused):
        assert set() != denying(case, case.parameters), refused


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(requests.baselines())
def test_every_guardrail_is_sound_and_fits(baseline: SecurityBaseline) -> None:
    """Nothing in it would never match, each policy fits, and one baseline has one guardrail."""
    made = guardrail(baseline, today=TODAY, key_arns=requests.KEY_ARNS)
    assert [()] * len(made.policies) == [problems(policy) for policy in made.policies]
    assert max(policy.characters for policy in made.policies) <= MANAGED_POLICY_CHARACTERS
    assert len(made.policies) <= MOST_POLICY_ARNS
    assert made == guardrail(baseline, today=TODAY, key_arns=requests.KEY_ARNS)
