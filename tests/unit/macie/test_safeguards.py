"""What a call must have for the sake of its data: as a layer of the baseline, and as what shows that it was met."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.baseline import ControlId, Mode, Safeguard
from secure_sagemaker.controls import Action, Decision, Enforcement
from secure_sagemaker.macie.safeguards import layer_of, unmet
from tests.unit.baseline.stated import parsed

pytestmark = pytest.mark.once

ISOLATION, DEBUG = ControlId.NETWORK_ISOLATION, ControlId.REMOTE_DEBUG
STEP = "PipelineDefinition.Steps['Train'].Arguments."
OTHER = "PipelineDefinition.Steps['Search'].Arguments."
URI = "InputDataConfig[0].DataSource.S3DataSource.S3Uri"


def decided(control: ControlId, action: Action, path: str = "EnableNetworkIsolation") -> Decision:
    return Decision(control_id=control, path=path, action=action, got="?", wanted="True", why="because")


def enforcement(
    *decisions: Decision,
    operation: str = "CreateTrainingJob",
    parameters: Mapping[str, object] | None = None,
) -> Enforcement:
    return Enforcement(
        service="sagemaker", operation=operation, decisions=decisions, parameters=parameters or {}
    )


def missing(safeguard: Safeguard, about: Enforcement, *paths: str) -> list[str]:
    return [one.path for one in unmet([safeguard], about, paths=paths or (URI,))]


@pytest.mark.parametrize(
    ("action", "met"),
    [
        (Action.INJECTED, True),
        (Action.KEPT, True),
        (Action.CORRECTED, True),
        (Action.WAIVED, False),
        (Action.OBSERVED, False),
        (Action.EXEMPT, False),
    ],
)
def test_isolation_must_be_there(action: Action, met: bool) -> None:
    """Excused, observed or exempt it is not there, whatever else holds."""
    found = missing(Safeguard.NETWORK_ISOLATION, enforcement(decided(ISOLATION, action)))
    assert met is (found == [])


def test_a_call_without_isolation_has_none() -> None:
    """Where no decision is about it, it cannot be had."""
    about = enforcement(decided(DEBUG, Action.KEPT), operation="CreateAutoMLJob")
    (lacking,) = unmet([Safeguard.NETWORK_ISOLATION], about, paths=(URI,))
    assert (URI, "CreateAutoMLJob has no network isolation") == (lacking.path, lacking.got)
    assert (ControlId.INPUT_SCAN, Action.REFUSED) == (lacking.control_id, lacking.action)


def test_each_step_stands_for_itself() -> None:
    """One that is isolated vouches for no other; each is told once; those that read other data are not asked."""
    about = enforcement(
        decided(ISOLATION, Action.KEPT, f"{STEP}EnableNetworkIsolation"), operation="CreatePipeline"
    )
    assert [] == missing(Safeguard.NETWORK_ISOLATION, about, STEP + URI)
    two = (OTHER + URI, OTHER + URI.replace("0", "1"))
    assert [OTHER + URI] == missing(Safeguard.NETWORK_ISOLATION, about, STEP + URI, *two)


@pytest.mark.parametrize("step", ["", STEP])
def test_a_transforms_isolation_is_its_models(step: str) -> None:
    """Its request cannot say, and what it names is looked at elsewhere."""
    path = f"{step}TransformInput.DataSource.S3DataSource.S3Uri"
    assert [] == missing(Safeguard.NETWORK_ISOLATION, enforcement(operation="CreateTransformJob"), path)


def test_remote_debug_and_keys_may_be_nowhere() -> None:
    """A call that cannot have a shell needs nothing; one that is excused has it."""
    assert [] == missing(Safeguard.NO_REMOTE_DEBUG, enforcement())
    assert ["X"] == missing(Safeguard.NO_REMOTE_DEBUG, enforcement(decided(DEBUG, Action.WAIVED, "X")))
    volume = decided(ControlId.KMS_VOLUME_KEY, Action.EXEMPT)
    assert [] == missing(Safeguard.CUSTOMER_KEY, enforcement(volume))
    output = decided(ControlId.KMS_OUTPUT_KEY, Action.OBSERVED, "Y")
    assert ["Y"] == missing(Safeguard.CUSTOMER_KEY, enforcement(output))


CAPTURE = {"DestinationS3Uri": "s3://somewhere/"}


def definition(arguments: Mapping[str, object]) -> str:
    return json.dumps({"Steps": [{"Name": "Score", "Type": "Transform", "Arguments": arguments}]})


@pytest.mark.parametrize(
    ("parameters", "paths"),
    [
        ({}, []),
        ({"DataCaptureConfig": CAPTURE}, ["DataCaptureConfig"]),
        ({"Jobs": [{}, {"DataCaptureConfig": CAPTURE}]}, ["Jobs[1].DataCaptureConfig"]),
        ({"PipelineDefinition": definition({})}, []),
        (
            {"PipelineDefinition": definition({"DataCaptureConfig": CAPTURE})},
            ["PipelineDefinition.Steps[0].Arguments.DataCaptureConfig"],
        ),
        ({"PipelineDefinition": "{"}, []),
    ],
)
def test_capture_is_found_wherever_it_stands(parameters: Mapping[str, object], paths: Sequence[str]) -> None:
    """In structures, lists, and in the text of a definition."""
    assert paths == missing(Safeguard.NO_DATA_CAPTURE, enforcement(parameters=parameters))


WAIVER = {
    "operations": ["*"],
    "resources": ["*"],
    "reason": "r",
    "ticket": "T-1",
    "approver": "a",
    "expires": "2099-01-01",
}


def baseline(**stated: Any) -> SecurityBaseline:
    return SecurityBaseline.from_mapping({**parsed(), **stated}, source="a test")


def test_a_layer_takes_back_what_would_weaken_it() -> None:
    """Modes that only observe, and waivers of its own controls; other waivers stay."""
    held = baseline(
        modes={"network-isolation": "observe", "remote-debug": "observe"},
        waivers=[{"control": "network-isolation", **WAIVER}, {"control": "vpc-config", **WAIVER}],
    )
    tightened = held.tightened(layer_of({Safeguard.NETWORK_ISOLATION}, held), source="macie.classes")
    assert Mode.OBSERVE is not tightened.mode(ISOLATION)
    assert Mode.OBSERVE is tightened.mode(DEBUG)
    assert [ControlId.VPC_CONFIG] == [one.control for one in tightened.waivers]
    assert {"require"} == set(tightened.network_isolation.model_dump(mode="json").values())


@pytest.mark.parametrize("several", [*((one,) for one in Safeguard), tuple(Safeguard)], ids="+".join)
def test_every_layer_only_tightens(several: tuple[Safeguard, ...]) -> None:
    """Whatever is asked for, the baseline takes it, and asked again it changes nothing."""
    held = baseline()
    once = held.tightened(layer_of(several, held), source="macie.classes")
    assert once.digest == once.tightened(layer_of(several, once), source="macie.classes").digest
