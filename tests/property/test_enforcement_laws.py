"""The laws of enforcement, over requests of every governed operation and over baselines of every kind."""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from botocore.model import OperationModel
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_sagemaker.baseline import ControlId, SecurityBaseline
from secure_sagemaker.controls import Action, Decision, Enforcement, Enforcer
from secure_sagemaker.controls.decisions import ABSENT
from tests.property import requests

TODAY = date(2026, 11, 1)
ASKING = frozenset(
    {"AddTags", "CreateBucket", "CreateJob", "DeleteTags", "PutBucketWebsite", "StartSession"}
    | {"DeleteBucketEncryption", "DeleteBucketPolicy", "DeletePublicAccessBlock"}
)
NOTHING = (ABSENT, "", "[]")
CHANGES = (Action.INJECTED, Action.CORRECTED)

laws = settings(
    max_examples=250,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request and what it is held to."""

    model: OperationModel
    parameters: dict[str, object]
    baseline: SecurityBaseline

    @property
    def enforcer(self) -> Enforcer:
        return Enforcer(self.baseline, today=lambda: TODAY)

    def enforce(self) -> Enforcement:
        return self.enforcer.enforce(self.model, self.parameters, requests.KEY_ARNS)

    def valid(self, parameters: Mapping[str, object]) -> bool:
        return not ParamValidator().validate(parameters, self.model.input_shape).has_errors()


@st.composite
def cases(draw: st.DrawFn, *, good: bool = False, observing: bool = False) -> Case:
    baseline = draw(requests.baselines(observing=observing))
    # What a call is about cannot be as strict as a baseline that forbids it.
    models = [model for model in requests.operations() if not (good and model.name in ASKING)]
    model = draw(st.sampled_from(models))
    parameters = draw(requests.requests(model, requests.Pool(baseline=baseline, good=good)))
    return Case(model=model, parameters=parameters, baseline=baseline)


def differences(before: object, after: object, path: str = "") -> Iterator[str]:
    """The paths at which two requests differ, as deep as they still have something in common."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in {**before, **after}:
            here = f"{path}.{name}" if path else name
            if name not in before or name not in after:
                yield here
            else:
                yield from differences(before[name], after[name], here)
    elif (
        isinstance(before, list) and isinstance(after, list) and any(isinstance(item, dict) for item in after)
    ):
        for index in range(max(len(before), len(after))):
            here = f"{path}[{index}]"
            if index >= len(before) or index >= len(after):
                yield here
            else:
                yield from differences(before[index], after[index], here)
    elif before != after:
        yield path


def without_map_keys(path: str) -> str:
    return path.replace("['", ".").replace("']", "")


def covers(decision: Decision, path: str) -> bool:
    """Whether a decision tells about a change at a path: of the member, what is in it, or what it is in."""
    told = without_map_keys(decision.path)
    return (
        told == path or told.startswith((f"{path}.", f"{path}[")) or path.startswith((f"{told}.", f"{told}["))
    )


@laws
@given(case=cases())
def test_the_callers_request_is_never_changed(case: Case) -> None:
    """Neither enforcing nor verifying changes anything in what the caller gave."""
    before = copy.deepcopy(case.parameters)
    found = case.enforce()
    case.enforcer.verify(case.model, found.parameters, requests.KEY_ARNS)
    case.enforcer.verify(case.model, case.parameters, requests.KEY_ARNS)
    assert before == case.parameters


@laws
@given(case=cases())
def test_enforcing_twice_is_enforcing_once(case: Case) -> None:
    """What was enforced is not changed by enforcing it again."""
    once = case.enforce()
    assert () == once.lookups
    twice = case.enforcer.enforce(case.model, once.parameters, requests.KEY_ARNS)
    assert once.parameters == twice.parameters
    assert [] == [decision for decision in twice.decisions if decision.action in CHANGES]


@laws
@given(case=cases())
def test_what_was_enforced_verifies_or_was_refused(case: Case) -> None:
    """Verification finds nothing in what enforcement let through, and again what it refused and nothing replaced."""
    found = case.enforce()
    checked = case.enforcer.verify(case.model, found.parameters, requests.KEY_ARNS)
    assert checked.parameters == found.parameters
    if not found.refusals:
        assert () == checked.refusals
    if not case.baseline.waivers:  # a tag that was injected may be what a waiver asks for
        standing = [one for one in found.refusals if not any(covers(two, one.path) for two in found.changes)]
        assert places(standing) <= places(checked.refusals) <= places(found.refusals)


def places(refusals: Iterable[Decision]) -> set[tuple[str, str]]:
    return {(decision.control_id, decision.path) for decision in refusals}


@laws
@given(case=cases())
def test_every_change_has_a_decision_and_every_decision_its_change(case: Case) -> None:
    """Nothing is changed that no decision tells of, and no decision tells of a change that is none."""
    found = case.enforce()
    changed = list(differences(case.parameters, found.parameters))
    assert [] == [path for path in changed if not any(covers(one, path) for one in found.changes)]
    inside = [path for path in changed if path.endswith(("JobConfigDocument", "PipelineDefinition"))]
    idle = [
        one.path
        for one in found.changes
        if not any(covers(one, path) for path in changed)
        and not any(one.path.startswith(f"{path}.") for path in inside)
    ]
    assert [] == idle


@laws
@given(case=cases())
def test_every_decision_explains_itself(case: Case) -> None:
    """Every decision has a reason, and every refusal a remedy; nothing was there that is shown as absent."""
    for decision in case.enforce().decisions:
        assert decision.why
        assert decision.action is not Action.REFUSED or decision.remedy
        assert decision.action is not Action.INJECTED or decision.got in NOTHING or "Tags" in decision.path


@laws
@given(case=cases(good=True))
def test_what_is_as_strict_is_never_overwritten(case: Case) -> None:
    """A request made of the baseline's own values keeps each of them; only what is missing is added."""
    found = case.enforce()
    overwritten = [
        (decision.path, decision.action, decision.got)
        for decision in found.decisions
        if decision.got not in NOTHING
        and decision.action not in (Action.KEPT, Action.EXEMPT)
        and decision.control_id is not ControlId.UNKNOWN_MEMBER
    ]
    assert [] == overwritten


@laws
@given(case=cases(observing=True))
def test_observing_changes_and_refuses_nothing(case: Case) -> None:
    """With every control observing, each request is sent as it is."""
    found = case.enforce()
    assert case.parameters == found.parameters
    assert () == found.refusals + found.changes
    assert () == case.enforcer.verify(case.model, found.parameters, requests.KEY_ARNS).refusals


@laws
@given(case=cases())
def test_a_valid_request_stays_valid(case: Case) -> None:
    """What botocore's own validator takes before enforcement, it takes after it."""
    if case.valid(case.parameters):
        found = case.enforce()
        assert case.valid(found.parameters)
        json.dumps([decision.path for decision in found.decisions])


@laws
@given(case=cases(good=True))
def test_the_generated_requests_are_valid(case: Case) -> None:
    """The strategy makes what botocore takes, so that the laws above are about real requests."""
    report = ParamValidator().validate(case.parameters, case.model.input_shape)
    assert not report.has_errors(), report.generate_report()
