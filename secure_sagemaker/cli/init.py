"""``init``: writes a commented baseline."""

import contextlib
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import boto3
import typer
from botocore.exceptions import BotoCoreError
from rich.prompt import Prompt

from secure_sagemaker import IsolationMode, KindOfWork, SecurityBaseline
from secure_sagemaker.baseline import parse_arn
from secure_sagemaker.baseline.fields import validated
from secure_sagemaker.cli.init_file import BaselineValues, Named, baseline_text
from secure_sagemaker.cli.output import CommandError, talk
from secure_sagemaker.cli.reading import PLACEHOLDER
from secure_sagemaker.cli.survey import survey

__all__ = ["init"]


def _option(help_text: str, metavar: str) -> object:
    return typer.Option(show_default=False, help=help_text, metavar=metavar)


_ISOLATION = "require|default|off"


def init(
    path: Annotated[Path, _option("The file to write.", "FILE")] = Path("secure-sagemaker.toml"),
    vpc: Annotated[str | None, _option("The VPC: its private subnets are found.", "ID")] = None,
    role: Annotated[str | None, _option("The role to assume for every call.", "ARN")] = None,
    execution_role: Annotated[
        str | None, _option("The role jobs run as; by default the one that SageMaker may assume.", "ARN")
    ] = None,
    key: Annotated[str | None, _option("The KMS key that data is encrypted with.", "ALIAS|ARN")] = None,
    bucket: Annotated[str | None, _option("The bucket that may be written.", "NAME")] = None,
    security_group: Annotated[
        list[str] | None, _option("A security group of the VPC; may be given several times.", "ID")
    ] = None,
    region: Annotated[str | None, _option("By default the profile's.", "REGION")] = None,
    profile: Annotated[str | None, _option("The AWS profile to ask with.", "NAME")] = None,
    training_isolation: Annotated[
        IsolationMode | None, _option("Network isolation of training jobs.", _ISOLATION)
    ] = None,
    processing_isolation: Annotated[IsolationMode | None, _option("Of processing jobs.", _ISOLATION)] = None,
    tuning_isolation: Annotated[IsolationMode | None, _option("Of tuning jobs.", _ISOLATION)] = None,
    models_isolation: Annotated[
        IsolationMode | None, _option("Of models: endpoints and transform jobs.", _ISOLATION)
    ] = None,
    monitoring_isolation: Annotated[IsolationMode | None, _option("Of monitoring jobs.", _ISOLATION)] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help=f"Ask nothing of AWS: what is not given becomes {PLACEHOLDER}.")
    ] = False,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Ask the embedded AWS, to see what it is like.")
    ] = False,
) -> None:
    """Write a commented baseline, from a VPC, a role and a key.

    AWS is asked, with read-only calls, for the private subnets, the security group, the key's ARN, the execution
    role and the bucket's owner. Network isolation is yours to state: by option, or when asked at a terminal; in
    any other case "require" is written for every kind of work.
    """
    if path.exists() and not force:
        raise _would_overwrite(path)
    if offline and embedded:
        raise typer.BadParameter("--offline asks nobody, --embedded the embedded AWS: choose one")
    given = BaselineValues(
        region=region,
        role=role,
        execution_role=execution_role,
        key=Named(id=key) if key else None,
        vpc=Named(id=vpc) if vpc else None,
        security_groups=tuple(Named(id=group) for group in security_group or ()),
        bucket=bucket,
    )
    _validate(given)
    isolation = _isolation(
        {
            KindOfWork.TRAINING: training_isolation,
            KindOfWork.PROCESSING: processing_isolation,
            KindOfWork.TUNING: tuning_isolation,
            KindOfWork.MODELS: models_isolation,
            KindOfWork.MONITORING: monitoring_isolation,
        }
    )
    values, notes = _offline(given) if offline else _asked(given, profile=profile, embedded=embedded)
    text = baseline_text(replace(values, isolation=isolation))
    unfilled = text.count(f'"{PLACEHOLDER}"')
    if not unfilled:
        SecurityBaseline.from_mapping(tomllib.loads(text), source=str(path))
    _write(path, text, force=force)
    for note in notes:
        talk().print(note, soft_wrap=True)
    if unfilled:
        talk().print(f"still to be filled in: {unfilled}; 'secure-sagemaker baseline check' lists them")
    print(path)


def _validate(given: BaselineValues) -> None:
    """Hold what is given to what its field takes, before anyone is asked.

    Raises:
        BaselineError: A value is not valid.
    """
    stated: dict[str, tuple[str, object]] = {
        "--region": ("region", given.region),
        "--role": ("role.arn", given.role),
        "--execution-role": ("execution_roles.default", given.execution_role),
        "--key": ("kms.default", given.key.id if given.key else None),
        "--vpc": ("vpc.vpc_id", given.vpc.id if given.vpc else None),
        "--bucket": ("data_perimeter.default_bucket", given.bucket),
        "--security-group": ("vpc.security_groups", [group.id for group in given.security_groups] or None),
    }
    for option, (field, value) in stated.items():
        if value is not None:
            validated(field, value, source=option)


def _isolation(stated: Mapping[KindOfWork, IsolationMode | None]) -> dict[KindOfWork, IsolationMode]:
    chosen = {}
    for kind, mode in stated.items():
        if mode is None and sys.stdin.isatty():
            answer = Prompt.ask(
                f"Network isolation of {kind}",
                choices=[mode.value for mode in IsolationMode],
                default=IsolationMode.REQUIRE.value,
                console=talk(),
            )
            mode = IsolationMode(answer)
        chosen[kind] = mode or IsolationMode.REQUIRE
    return chosen


def _offline(given: BaselineValues) -> tuple[BaselineValues, tuple[str, ...]]:
    key, role = (parse_arn(text) if text else None for text in (given.key and given.key.id, given.role))
    return (
        replace(
            given,
            region=given.region or (key.region if key else None),
            bucket_owner=role.account if role else None,
        ),
        ("nothing was asked of AWS",),
    )


def _asked(
    given: BaselineValues, *, profile: str | None, embedded: bool
) -> tuple[BaselineValues, tuple[str, ...]]:
    with contextlib.ExitStack() as standing:
        if embedded:
            source, given = standing.enter_context(_embedded(given))
            talk().print("the embedded AWS is asked: its account is gone when this ends")
        else:
            source = _source(given, profile)
        found = survey(source, given)
    return found.values, found.notes


def _source(given: BaselineValues, profile: str | None) -> boto3.Session:
    needed = {"--vpc": given.vpc, "--role": given.role, "--key": given.key}
    if missing := [option for option, value in needed.items() if value is None]:
        raise typer.BadParameter(
            f"{', '.join(missing)} must be given too; with --offline a placeholder is written in its place"
        )
    try:
        source = boto3.Session(profile_name=profile, region_name=given.region)
    except BotoCoreError as failed:
        raise CommandError(str(failed), remedy="name another one with --profile") from failed
    if source.region_name is None:
        raise typer.BadParameter("--region must be given: neither the profile nor the environment names one")
    return source


@contextlib.contextmanager
def _embedded(given: BaselineValues) -> Iterator[tuple[boto3.Session, BaselineValues]]:
    from secure_sagemaker.local import embedded_aws

    with contextlib.ExitStack() as standing:
        try:
            aws = standing.enter_context(embedded_aws(region=given.region or "eu-west-1"))
        except ModuleNotFoundError as missing:
            raise CommandError(
                f"the embedded AWS needs {missing.name}, which is not installed",
                remedy="pip install 'secure-sagemaker[cli,local]'",
            ) from missing
        yield (
            aws.source,
            replace(
                given,
                role=given.role or aws.role_arn,
                vpc=given.vpc or Named(id=aws.vpc_id),
                key=given.key or Named(id=aws.key_alias),
                bucket=given.bucket or aws.default_bucket,
            ),
        )


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise _would_overwrite(path) from None
    except OSError as failed:
        raise CommandError(
            f"{path} cannot be written: {failed.strerror}", remedy="name another file with --path"
        ) from failed


def _would_overwrite(path: Path) -> typer.BadParameter:
    return typer.BadParameter(f"{path} exists: --force overwrites it", param_hint="'--path'")
