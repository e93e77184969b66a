"""What stands between input data and a call: the verdicts on it, as they are when the call is made.

Twice: when the request is decided on, where a scan may be waited for and what is found may ask for safeguards; and just
before the request is sent, when all is listed once more. What came or changed in between has no verdict, and is
refused by name. What comes later, between the call and the job's own reading, only a snapshot excludes: then what was
accepted is copied to where nobody changes it, and the request names the copies.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import ControlId, Mode, Safeguard, SecurityBaseline, Waiver
from secure_sagemaker.controls import ABSENT, CONTROLS, Action, Decision, Enforcer, excuse
from secure_sagemaker.exceptions import ControlError, ScanError
from secure_sagemaker.macie.acceptance import Lack
from secure_sagemaker.macie.engine import Scanner
from secure_sagemaker.macie.inputs import DataInput, Inputs, UnreadableInput, inputs_of
from secure_sagemaker.macie.precautions import beyond_macie
from secure_sagemaker.macie.progress import default_progress
from secure_sagemaker.macie.report import ScannedInput
from secure_sagemaker.macie.rewriting import with_value

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["Admission", "InputGate", "Made"]

logger = logging.getLogger(__name__)

_CONTROL = ControlId.INPUT_SCAN
_WANTED = "read by Macie, not too long ago, and nothing found that is not accepted"
_NAMED = 5
"""As many objects as a refusal names of each kind."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A request that has data read: the call's own, or one that makes what the call starts."""

    model: OperationModel
    parameters: Mapping[str, object]
    path: str = ""
    """What its members' paths begin with."""


@dataclass(frozen=True, kw_only=True)
class Admission:
    """What was decided about a call's inputs."""

    inputs: tuple[DataInput, ...]
    decisions: tuple[Decision, ...]
    safeguards: frozenset[Safeguard] = frozenset()
    """What the call must have."""
    guarded: tuple[str, ...] = ()
    """The paths of the inputs that ask for those."""
    excused: Mapping[str, Waiver] = field(default_factory=dict)
    """Waivers, by the paths of the inputs that they excuse."""
    parameters: Mapping[str, object] | None = field(default=None, repr=False)
    """The call's own request as it names copies; None where it stays as it is."""


class InputGate:
    """Decides whether a call's inputs may be used. Safe to use from several threads.

    Args:
        baseline: What is accepted, and whether a call waits for a scan.
        scanner: Gives what lists, remembers and scans.
        enforcer: Knows which waivers hold.
    """

    def __init__(
        self,
        baseline: SecurityBaseline,
        *,
        scanner: Callable[[], Scanner],
        enforcer: Enforcer,
    ) -> None:
        self._baseline = baseline
        self._scanner = scanner
        self._enforcer = enforcer

    @property
    def _observes(self) -> bool:
        return self._baseline.macie.mode == "observe" or self._baseline.mode(_CONTROL) is Mode.OBSERVE

    def admit(self, made: Sequence[Made], *, final: bool = False) -> Admission:
        """Decide about the data that requests have read, and wait for a scan where the baseline says so.

        Args:
            made: The call's own request, and those of what it starts.
            final: Whether the request stays as it is, so that it must name copies already.

        Raises:
            ScanError: Nothing can be said of it: it cannot be listed, remembered, scanned or copied.
            ControlError: A manifest of it lists what the baseline does not let be read.
        """
        readable: list[DataInput] = []
        unreadable: list[UnreadableInput] = []
        excused: dict[str, Waiver] = {}
        for one in made:
            found = self._inputs(one)
            paths = [about.path for about in found.readable]
            paths += [about.path for about in found.unreadable]
            waiver = self._enforcer.waivers(one.model, one.parameters).get(_CONTROL)
            if waiver is not None:
                excused |= dict.fromkeys(paths, waiver)
            readable += found.readable
            unreadable += found.unreadable
        decisions = [self._unreadable(about, excused.get(about.path)) for about in unreadable]
        decisions += self._scores(readable, excused)
        if readable and not any(one.action is Action.REFUSED for one in decisions):
            looked = self._look(readable, excused)
            decisions += [self._judged(one, excused.get(one.path)) for one in looked]
        else:
            looked = ()
        parameters = None
        if looked and not self._observes and not any(one.action is Action.REFUSED for one in decisions):
            own = None if final else made[0].parameters
            readable, copied, parameters = self._copied(own, readable, looked)
            decisions += copied
        accepted = () if self._observes else tuple(one for one in looked if one.is_accepted)
        return Admission(
            inputs=tuple(readable),
            parameters=parameters,
            decisions=tuple(decisions),
            safeguards=frozenset(one for scanned in accepted for one in scanned.safeguards),
            guarded=tuple(one.path for one in accepted if one.safeguards),
            excused=excused,
        )

    def confirm(self, admission: Admission) -> tuple[Decision, ...]:
        """Look once more, just before the call: what is refused now, and was not before.

        Raises:
            ScanError: It cannot be listed any more.
        """
        if not admission.inputs or self._observes:
            return ()
        try:
            scanner = self._scanner()
            looked = scanner.surveyor.look(admission.inputs).scanned(scanner.acceptance)
        except (ScanError, ControlError) as failed:
            if all(one.path in admission.excused for one in admission.inputs):
                logger.warning("%s", failed)
                return ()
            raise
        found = []
        for one in looked:
            decision = self._judged(one, admission.excused.get(one.path), later=True)
            if decision.action is Action.REFUSED:
                found.append(decision)
            elif decision.action is Action.KEPT and not admission.safeguards.issuperset(one.safeguards):
                found.append(self._unguarded(one))
        return tuple(found)

    def told(self, made: Made) -> tuple[str, ...]:
        """What a request has read that needs a verdict, for people. Nobody is asked."""
        found = self._inputs(made)
        return (
            *(f"{one.path} -> {one.uri}: a verdict of Macie" for one in found.readable),
            *(f"{one.path} -> {one.source}: unreadable: {one.reason}" for one in found.unreadable),
        )

    # --- how it is decided ---------------------------------------------------------------------------

    def _inputs(self, made: Made) -> Inputs:
        found = inputs_of(made.model, made.parameters, code_channels=self._baseline.macie.code_channels)
        readable = [replace(one, path=made.path + one.path) for one in found.readable]
        unreadable = [replace(one, path=made.path + one.path) for one in found.unreadable]
        unreadable += [
            UnreadableInput(path=one.path, reason=why, source=one.uri)
            for one in readable
            if (why := beyond_macie(one))
        ]
        return Inputs(
            readable=tuple(one for one in readable if not beyond_macie(one)),
            unreadable=tuple(unreadable),
        )

    def _look(self, inputs: Sequence[DataInput], excused: Mapping[str, Waiver]) -> tuple[ScannedInput, ...]:
        must = [one for one in inputs if one.path not in excused]
        try:
            scanner = self._scanner()
            looked = scanner.surveyor.look(inputs).scanned(scanner.acceptance)
            if (
                self._baseline.macie.mode == "scan"
                and not self._observes
                and any(Lack.UNKNOWN in one.lacking for one in looked if one.path not in excused)
            ):
                with default_progress() as told:
                    scanner.scan(must, progress=told)
                looked = scanner.surveyor.look(inputs).scanned(scanner.acceptance)
        except (ScanError, ControlError) as failed:
            if must and not self._observes:
                raise
            logger.warning("nothing can be said of the call's inputs: %s", failed)
            return tuple(_untold(one) for one in inputs)
        return looked

    def _copied(
        self, own: Mapping[str, object] | None, inputs: Sequence[DataInput], looked: Sequence[ScannedInput]
    ) -> tuple[list[DataInput], list[Decision], Mapping[str, object] | None]:
        """The inputs as copies that nobody changes, where the baseline asks for that; and the request that names them.

        Args:
            own: The call's own request, where it may be changed.
            inputs: What it and what it starts have read.
            looked: What is known of each.
        """
        snapshots = self._scanner().snapshots
        if snapshots is None:
            return [*inputs], [], None
        # What is waived or needs no verdict was not read: of that nothing is vouched for.
        wanted = {
            at: scanned.versions
            for at, scanned in enumerate(looked)
            if scanned.is_accepted and scanned.versions and not snapshots.holds(inputs[at])
        }
        if any(snapshots.holds(one) for one in inputs):
            snapshots.protect()
        refused = [
            self._uncopied(inputs[at], snapshots.folder)
            for at in wanted
            if own is None or not _can_be_renamed(own, inputs[at])
        ]
        if refused or own is None or not wanted:
            return [*inputs], refused, None
        found, decisions, request = [*inputs], [], own
        for at, versions in wanted.items():
            old = inputs[at]
            new = snapshots.take(old, versions)
            changed = with_value(request, old.path, old=old.uri, new=new.uri)
            if not isinstance(changed, dict):
                raise TypeError(old.path)
            found[at], request = new, changed
            decisions.append(
                Decision(
                    control_id=_CONTROL,
                    path=old.path,
                    action=Action.CORRECTED,
                    got=old.uri,
                    wanted=new.uri,
                    why="so that the versions that were read are those that the job reads: nobody changes their copies",
                )
            )
        return found, decisions, request

    def _uncopied(self, about: DataInput, folder: str) -> Decision:
        return self._decision(
            about.path,
            Action.REFUSED,
            got=f"{about.uri}: it lies outside of {folder}, and cannot be replaced by its copy where it is named",
            remedy=f"take its snapshot, session.snapshot(['{about.uri}']), and name the copy that it returns",
        )

    def _judged(self, scanned: ScannedInput, waiver: Waiver | None, *, later: bool = False) -> Decision:
        if scanned.is_accepted:
            guarded = f"; accepted under {', '.join(scanned.safeguards)}" if scanned.safeguards else ""
            told = f"{_counted(scanned)}, as it is when the call is made{guarded}"
            changes_nothing = self._observes and scanned.safeguards
            action = Action.OBSERVED if changes_nothing else Action.KEPT
            return self._decision(scanned.path, action, got=f"{scanned.uri}: {told}", why=told)
        since = "since it was looked at for this call, " if later else ""
        return self._refusal(
            scanned.path,
            waiver,
            got=f"{scanned.uri}: {since}{_lacking(scanned)}",
            why=_lacking(scanned, named=0),
            remedy=_remedy(scanned),
        )

    def _scores(self, inputs: Sequence[DataInput], excused: Mapping[str, Waiver]) -> Iterator[Decision]:
        """What automated discovery thinks of the buckets, where the baseline asks."""
        highest = self._baseline.macie.maximum_bucket_score
        if highest is None:
            return
        for bucket, about in {one.bucket: one for one in reversed(inputs)}.items():
            try:
                score = self._scanner().score(bucket)
            except ScanError as failed:
                if about.path not in excused and not self._observes:
                    raise
                logger.warning("nothing can be said of the bucket's score: %s", failed)
                continue
            if score is None:
                told = f"automated discovery has no sensitivity score of {bucket} yet"
            elif score < 0 or score > highest:
                told = f"automated discovery's sensitivity score of {bucket} is {score}, and {highest} is the highest"
            else:
                continue
            yield self._refusal(
                about.path,
                excused.get(about.path),
                got=told,
                why=told,
                remedy="look into what Macie found in the bucket, or have macie.maximum_bucket_score raised",
            )

    def _unreadable(self, about: UnreadableInput, waiver: Waiver | None) -> Decision:
        remedy = "have the data come from S3, or have a waiver of this control for it"
        if about.is_output_of:
            remedy = (
                f"scan what step {about.is_output_of!r} writes before a pipeline of its own uses it, "
                "or have a waiver of this control for it"
            )
        told = f"unreadable: {about.reason}"
        return self._refusal(about.path, waiver, got=f"{about.source}: {told}", why=told, remedy=remedy)

    def _unguarded(self, scanned: ScannedInput) -> Decision:
        return self._decision(
            scanned.path,
            Action.REFUSED,
            got=f"{scanned.uri}: since it was looked at for this call, something came that is accepted only under "
            f"{', '.join(scanned.safeguards)}",
            remedy="call again",
        )

    def _refusal(self, path: str, waiver: Waiver | None, *, got: str, why: str, remedy: str) -> Decision:
        if waiver is not None:
            return self._decision(path, Action.WAIVED, got=got, why=excuse(waiver))
        reason = f"{why}; {CONTROLS[_CONTROL].why}"
        if self._observes:
            return self._decision(path, Action.OBSERVED, got=got, why=reason)
        return self._decision(path, Action.REFUSED, got=got, why=reason, remedy=remedy)

    def _decision(self, path: str, action: Action, *, got: str, why: str = "", remedy: str = "") -> Decision:
        return Decision(
            control_id=_CONTROL,
            path=path,
            action=action,
            got=got,
            wanted=_WANTED,
            why=why or CONTROLS[_CONTROL].why,
            remedy=remedy,
        )


def _untold(about: DataInput) -> ScannedInput:
    return ScannedInput(
        uri=about.uri,
        path=about.path,
        objects=0,
        bytes=0,
        clear=0,
        sensitive=0,
        unread=0,
        unknown=0,
        exempt=0,
        coverage=0.0,
        lacking={Lack.UNKNOWN: 0},
        problems=(),
    )


def _counted(scanned: ScannedInput) -> str:
    if not scanned.objects:
        return "data of a class that needs no verdict"
    parts = [
        f"{count:,} {name}"
        for name, count in (
            ("clear", scanned.clear),
            ("sensitive and accepted", scanned.sensitive),
            ("unread", scanned.unread),
            ("in need of no verdict", scanned.exempt),
        )
        if count
    ]
    return f"of {scanned.objects:,} objects {', '.join(parts)}"


def _can_be_renamed(request: Mapping[str, object], about: DataInput) -> bool:
    """Whether a copy can be named instead; not within documents, nor where a version is named beside."""
    return not about.etag and with_value(request, about.path, old=about.uri, new=about.uri) is not None


_WORDS: Mapping[Lack, str] = {
    Lack.UNKNOWN: "have no fresh verdict",
    Lack.UNREAD: "could not be read",
    Lack.SENSITIVE: "hold what is not accepted",
}


def _lacking(scanned: ScannedInput, *, named: int = _NAMED) -> str:
    if Lack.ABSENT in scanned.lacking:
        return f"{ABSENT}: nothing lies there"
    if not scanned.objects:
        return "what lies there cannot be told"
    told = []
    for lack, count in scanned.lacking.items():
        text = f"{count:,} of {scanned.objects:,} objects {_WORDS[lack]}"
        some = [str(problem) for problem in scanned.problems if problem.lack is lack][:named]
        if some and count > len(some):
            some.append(f"and {count - len(some):,} more")
        told.append(f"{text}: {'; '.join(some)}" if some else text)
    return "; ".join(told)


def _remedy(scanned: ScannedInput) -> str:
    if Lack.ABSENT in scanned.lacking:
        return "put the data there first: of what is not there nothing is known"
    ways = []
    if Lack.UNKNOWN in scanned.lacking:
        ways.append(f"run: secure-sagemaker scan '{scanned.uri}'")
    if Lack.SENSITIVE in scanned.lacking:
        ways.append("take out what was found, or have a class of macie.classes accept it; then scan again")
    if Lack.UNREAD in scanned.lacking:
        ways.append(
            "have it stored so that Macie reads it (a supported format and storage class, a key that Macie's role may "
            "use) and scan again with --again, or have macie.minimum_coverage lowered"
        )
    return "; ".join(ways)
