"""What becomes of each class of step of both SDKs: the table that ``test_steps`` holds them to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from packaging.version import Version

__all__ = ["APPLICATION", "APPROVALS", "CLUSTER", "LISTED", "NOTIFY", "NO_STEPS", "STEPS", "Fate", "Row"]

NOTIFY = "arn:aws:lambda:eu-west-1:111122223333:function:notify"
APPROVALS = "https://sqs.eu-west-1.amazonaws.com/111122223333/approvals"
CLUSTER = "j-1ABCDEFGHIJKL"
APPLICATION = "00f1abcdefghij01"
LISTED = f'\n[pipelines]\ntargets = ["{NOTIFY}", "{APPROVALS}", "{CLUSTER}", "{APPLICATION}"]\n'
"""What a baseline says that lists them."""


class Fate(StrEnum):
    """What becomes of a step."""

    SECURED = "secured"
    """Its arguments are an operation's input, and held to what the operation is held to."""
    LISTED = "listed"
    """It calls something that nobody examines: allowed by the baseline's list only."""
    READ = "read"
    """It calls nothing that has settings: its texts and locations are read."""
    REFUSED = "refused"
    """As the SDK writes it down, it cannot be made secure: the error says why."""
    IMPOSSIBLE = "impossible"
    """The SDK itself fails to make one."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A class of step."""

    name: str
    types: str
    """The types that its definition has, sorted, with those of the steps that it brings along or holds."""
    fate: Fate = Fate.SECURED
    member: str = ""
    """What of a listed one the list must name; what a refused one is refused for."""
    why: str = ""
    """Why one is refused, and what the SDK says of an impossible one."""
    sdks: tuple[int, ...] = (2, 3)
    isolation: str = "require"
    """The most isolation that it works in; where more is required, it is refused."""
    since: str = ""
    """The first release of which this is so; and ``before``, the first of which it no longer is."""
    before: str = ""

    def is_of(self, major: int, release: Version) -> bool:
        """Whether the row tells of a release of the SDK."""
        first, ended = (Version(text) if text else None for text in (self.since, self.before))
        return (
            major in self.sdks and (first is None or release >= first) and (ended is None or release < ended)
        )


STEPS: tuple[Row, ...] = (
    Row(name="AutoMLStep", types="AutoML", sdks=(2,)),
    Row(name="AutoMLStep", types="AutoML", sdks=(3,), fate=Fate.IMPOSSIBLE, why="no attribute 'auto_ml'"),
    Row(name="CallbackStep", types="Callback", fate=Fate.LISTED, member="SqsQueueUrl"),
    Row(name="ClarifyCheckStep", types="ClarifyCheck"),
    Row(name="CleanupStep", types="Cleanup Processing", sdks=(3,)),
    Row(name="ConditionStep", types="Condition Fail Transform"),
    Row(name="CreateModelStep", types="Model", sdks=(2,)),
    Row(
        name="EMRServerlessStep",
        types="EMRServerless",
        fate=Fate.LISTED,
        member="Arguments.ApplicationId",
        sdks=(3,),
    ),
    Row(name="EMRStep", types="EMR", fate=Fate.LISTED, member="Arguments.ClusterId"),
    Row(name="EndpointConfigStep", types="EndpointConfig"),
    Row(name="EndpointStep", types="Endpoint"),
    Row(name="EstimatorTransformer", types="Model Transform", sdks=(2,)),
    Row(name="FailStep", types="Fail", fate=Fate.READ),
    Row(name="ForEachStep", types="ForEach Training", sdks=(3,)),
    Row(name="InferenceComponentStep", types="InferenceComponent"),
    Row(
        name="JobStep",
        types="Job",
        sdks=(3,),
        fate=Fate.REFUSED,
        member="Arguments.JobConfigDocument.VpcConfig.Subnets",
        why="the document holds variables, so that it cannot be written anew here",
    ),
    Row(name="LambdaStep", types="Lambda", fate=Fate.LISTED, member="FunctionArn"),
    Row(name="LineageStep", types="Lineage", fate=Fate.READ),
    Row(name="ModelStep", types="RegisterModel", sdks=(2,)),
    Row(name="ModelStep", types="Model RegisterModel", sdks=(3,)),
    Row(name="MonitorBatchTransformStep", types="QualityCheck Transform"),
    Row(name="NotebookJobStep", types="Training"),
    Row(name="ProcessingStep", types="Processing"),
    Row(name="QualityCheckStep", types="QualityCheck"),
    Row(name="RegisterModel", types="RegisterModel Training", sdks=(2,)),
    Row(name="TrainingStep", types="Training"),
    Row(name="TransformStep", types="Transform"),
    Row(name="TuningStep", types="Tuning"),
    Row(name="_FunctionStep", types="Training", isolation="default", sdks=(3,)),
    Row(name="_FunctionStep", types="Training", isolation="default", sdks=(2,), since="2.256"),
    Row(
        name="_FunctionStep",
        types="Training",
        sdks=(2,),
        before="2.256",
        isolation="default",
        fate=Fate.REFUSED,
        member="Arguments.Environment",
    ),
    Row(name="_RegisterModelStep", types="RegisterModel Training", sdks=(2,)),
    Row(name="_RepackModelStep", types="RegisterModel Training", sdks=(2,)),
    Row(name="_RepackModelStep", types="Training", sdks=(3,)),
)

NO_STEPS: Mapping[str, str] = {
    "CompiledStep": "what the SDK's compiler keeps of a step that it has already written down",
    "ConfigurableRetryStep": "abstract: what steps that can be tried again have in common",
}
"""Classes that no pipeline has a step of, and why."""
