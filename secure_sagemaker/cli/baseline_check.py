"""``baseline check``: whether a baseline can be used, and where it asks for less than it could."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.text import Text

from secure_sagemaker import (
    CONTROLS,
    BaselineError,
    ControlId,
    Hardening,
    IsolationMode,
    Macie,
    SecureSession,
    SecurityBaseline,
)
from secure_sagemaker.baseline import CODE_CHANNELS, DEFAULT_MODES
from secure_sagemaker.baseline.comparison import Change, change_of, stated_by
from secure_sagemaker.baseline.fields import shown
from secure_sagemaker.baseline.sections import listed
from secure_sagemaker.baseline.tightening import CLOSED_WITH
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.options import EnvOption, FileArgument, RegionOption
from secure_sagemaker.cli.output import result, table
from secure_sagemaker.cli.reading import ReadBaseline, read_baseline

__all__ = ["SWITCHES", "Weakening", "check", "weakenings"]

SWITCHES: Mapping[str, ControlId] = {
    "inter_container_encryption": ControlId.INTER_CONTAINER_ENCRYPTION,
    "allow_remote_debug": ControlId.REMOTE_DEBUG,
    "allow_ssm_access": ControlId.SSM_ACCESS,
    "allow_remote_access": ControlId.REMOTE_ACCESS,
    "allow_docker_access": ControlId.DOCKER_ACCESS,
    "allow_root_access": ControlId.ROOT_ACCESS,
    "allow_direct_internet_access": ControlId.DIRECT_INTERNET_ACCESS,
    "allow_public_workforce": ControlId.PUBLIC_WORKFORCE,
    "minimum_imds_version": ControlId.INSTANCE_METADATA_SERVICE,
    "vpc_image_repositories_only": ControlId.IMAGE_REPOSITORY,
}
"""The control that each setting of ``[hardening]`` belongs to."""

_ONE_BY_ONE = ("macie.classes", "macie.code_channels")
_WHOLE_SCAN: Mapping[str, object] = {
    **{field: wanted for field, wanted in CLOSED_WITH["macie.mode"].items() if field not in _ONE_BY_ONE},
    "macie.mode": "scan",
}
"""What ``[macie]`` says where inputs are scanned and nothing of it is relaxed."""


@dataclass(frozen=True, kw_only=True)
class Weakening:
    """A field by which a control asks for less than it could."""

    field: str
    states: object
    strict: object
    control: ControlId


def weakenings(baseline: SecurityBaseline) -> Iterator[Weakening]:
    """Where the baseline asks for less than a control does by default; waivers apart."""
    stated = stated_by(baseline)
    strict: dict[str, tuple[object, ControlId]] = {
        f"hardening.{name}": (getattr(Hardening(), name), control) for name, control in SWITCHES.items()
    }
    for kind in type(baseline.network_isolation).model_fields:
        strict[f"network_isolation.{kind}"] = (IsolationMode.REQUIRE, ControlId.NETWORK_ISOLATION)
    strict["kms.endpoint_local_storage"] = ("inject", ControlId.KMS_VOLUME_KEY)
    strict["unknown_members"] = ("record", ControlId.UNKNOWN_MEMBER)
    strict["data_perimeter.create_buckets"] = (False, ControlId.BUCKET_CREATION)
    strict["data_perimeter.presigned_seconds"] = (3600, ControlId.DATA_PERIMETER)
    if baseline.macie.mode != "off":
        strict |= {field: (wanted, ControlId.INPUT_SCAN) for field, wanted in _WHOLE_SCAN.items()}
    for field, (wanted, control) in strict.items():
        if change_of(field, wanted, stated[field]) is Change.LOOSER:
            yield Weakening(field=field, states=stated[field], strict=wanted, control=control)
    for bucket in baseline.data_perimeter.aws_public_buckets:
        yield Weakening(
            field="data_perimeter.aws_public_buckets",
            states=bucket,
            strict="a bucket whose owner is known",
            control=ControlId.BUCKET_OWNER,
        )
    for control in baseline.kms.aws_managed:
        yield Weakening(
            field="kms.aws_managed", states=control.value, strict="a key of your own", control=control
        )
    for key in baseline.secrets.allow:
        yield Weakening(
            field="secrets.allow", states=key, strict="no exception", control=ControlId.PLAINTEXT_SECRET
        )
    if baseline.macie.mode != "off":
        yield from _of_data(baseline.macie)
    for kind in baseline.pipelines.step_types:
        yield Weakening(
            field="pipelines.step_types",
            states=kind,
            strict="a type of step that is examined",
            control=ControlId.PIPELINE_DEFINITION,
        )
    for control, default in DEFAULT_MODES.items():
        mode = baseline.mode(control)
        if change_of("modes", {control: default}, {control: mode}) is Change.LOOSER:
            yield Weakening(field=f"modes.{control}", states=mode, strict=default, control=control)


def _of_data(macie: Macie) -> Iterator[Weakening]:
    for name, data in macie.classes.items():
        categories = listed({one.category for one in data.accept})
        if data.scan and not categories:
            continue
        yield Weakening(
            field=f"macie.classes.{name}",
            states=f"accepts {categories}" if data.scan else "is not scanned",
            strict="accepts nothing sensitive",
            control=ControlId.INPUT_SCAN,
        )
    for channel in macie.code_channels:
        if channel not in CODE_CHANNELS:
            yield Weakening(
                field="macie.code_channels",
                states=channel,
                strict="channels of the SDKs' code",
                control=ControlId.INPUT_SCAN,
            )


def check(
    file: FileArgument = None,
    env: EnvOption = None,
    region: RegionOption = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit by the highest severity of the controls that are weakened or waived."
        ),
    ] = False,
) -> None:
    """Say whether a baseline holds, and what it weakens.

    It is resolved as a session does it; its layers, with their digests, and its waivers are listed.
    Nothing is asked of AWS, unless the organisation's layer is kept there.
    """
    today = datetime.now(UTC).date()
    read = read_baseline(file, env=env, region=region, today=date.min)
    weakened = tuple(weakenings(read.baseline))
    _tell(read, env, weakened, today)
    if expired := read.baseline.expired_waivers(today):
        listing = "".join(f"\n  {one.control} ({one.ticket}) on {one.expires}" for one in expired)
        raise BaselineError(
            f"{len(expired)} of its waivers expired{listing}",
            remedy="delete what is no longer needed; have the rest approved anew with a later day",
            source=str(read.path),
            field="waivers",
        )
    SecureSession(read.baseline)  # says whether this version of the library does all that is asked
    if strict:
        waived = [waiver.control for waiver in read.baseline.waivers]
        raise typer.Exit(ExitCode.of([*(one.control for one in weakened), *waived]))


def _tell(read: ReadBaseline, env: str | None, weakened: tuple[Weakening, ...], today: date) -> None:
    out, baseline = result(), read.baseline
    where = f"{baseline.region}, [env.{env}]" if env else baseline.region
    out.print(f"{read.path}, resolved for {where}", style="bold", soft_wrap=True)
    out.print(f"digest {baseline.digest}", soft_wrap=True)
    out.print("\nLayers, each within those before it", style="bold")
    for layer in baseline.layers:
        out.print(f"{layer.name}  {layer.source}\n  SHA-256 {layer.digest}", soft_wrap=True)
    if weakened:
        rows = table("Weakened", "States", "Strict", "Control", "Severity")
        for one in weakened:
            severity = CONTROLS[one.control].severity.value
            rows.add_row(one.field, _word(one.states), _word(one.strict), one.control.value, severity)
        out.print()
        out.print(rows)
    else:
        out.print("\nNo control is weakened.")
    if baseline.waivers:
        waivers = table("Waiver", "Operations", "Resources", "Ticket", "Approver", "Until")
        for waiver in baseline.waivers:
            resources = [*waiver.resources, *(f"{key}={tag}" for key, tag in waiver.resource_tags.items())]
            until = Text(waiver.expires.isoformat())
            if waiver.expires < today:
                until = Text(f"{waiver.expires.isoformat()}, expired", style="bold red")
            waivers.add_row(
                waiver.control.value,
                ", ".join(waiver.operations),
                ", ".join(resources),
                waiver.ticket,
                waiver.approver,
                until,
            )
        out.print()
        out.print(waivers)


def _word(value: object) -> str:
    return value if isinstance(value, str) else shown(value)
