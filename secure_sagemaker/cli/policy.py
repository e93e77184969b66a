"""``policy``: the baseline as IAM documents, to read or to deploy. Nothing is asked of AWS, and nothing changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, assert_never

import typer

from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.options import EnvOption, FileArgument, RegionOption
from secure_sagemaker.cli.output import CommandError, talk
from secure_sagemaker.cli.reading import read_baseline
from secure_sagemaker.identity.policies import (
    PolicyDocument,
    Projection,
    Task,
    bucket_policy,
    endpoint_policy,
    execution_role,
    execution_role_trust,
    guardrail,
    key_policy,
    launcher_role,
    launcher_role_trust,
    permissions_boundary,
    service_control_policies,
    task_policy,
)

__all__ = ["policy"]


class Kind(StrEnum):
    """What a policy is for."""

    GUARDRAIL = "guardrail"
    SESSION = "session"
    LAUNCHER_ROLE = "launcher-role"
    EXECUTION_ROLE = "execution-role"
    PERMISSIONS_BOUNDARY = "permissions-boundary"
    SCP = "scp"
    BUCKET = "bucket"
    KEY = "key"
    ENDPOINT = "endpoint"


class Format(StrEnum):
    """How it is written."""

    JSON = "json"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


@dataclass(frozen=True, kw_only=True)
class _Made:
    policies: tuple[PolicyDocument, ...]
    trust: PolicyDocument | None = None
    cloudformation: str = "AWS::IAM::ManagedPolicy"
    """The type of the resource that each policy becomes; empty where it belongs to something that stands already."""
    bucket: str = ""


def policy(
    kind: Annotated[
        Kind, typer.Argument(metavar="KIND", show_default=False, help=f"One of {', '.join(Kind)}.")
    ],
    file: FileArgument = None,
    env: EnvOption = None,
    region: RegionOption = None,
    task: Annotated[
        list[Task] | None,
        typer.Option(
            "--task",
            metavar="TASK",
            show_default=False,
            help=f"For session and launcher-role, once for each: {', '.join(Task)}.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="PATTERN", show_default=False, help="Names of a session's resources."),
    ] = None,
    input_: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="S3URI", show_default=False, help="What a session reads."),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option("--output", metavar="S3URI", show_default=False, help="What a session writes."),
    ] = None,
    beside_guardrail: Annotated[
        bool, typer.Option("--beside-guardrail", help="The session is given the guardrail as well.")
    ] = False,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", metavar="ARN", show_default=False, help="Who may assume the launcher's role."
        ),
    ] = None,
    except_role: Annotated[
        list[str] | None,
        typer.Option(
            "--except-role", metavar="PATTERN", show_default=False, help="Roles that an scp leaves alone."
        ),
    ] = None,
    bucket: Annotated[
        str,
        typer.Option("--bucket", metavar="NAME", show_default=False, help="The bucket of a bucket policy."),
    ] = "",
    endpoint: Annotated[
        list[str] | None,
        typer.Option("--endpoint", metavar="ID", show_default=False, help="The bucket's VPC endpoints."),
    ] = None,
    service: Annotated[
        str, typer.Option("--service", metavar="NAME", help="The service of a VPC endpoint.")
    ] = "sagemaker",
    key_arn: Annotated[
        list[str] | None,
        typer.Option(
            "--key-arn",
            metavar="KEY=ARN",
            show_default=False,
            help="The ARN of a key the baseline names by alias or id.",
        ),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", metavar="json|cloudformation|terraform", help="How to write it.")
    ] = Format.JSON,
) -> None:
    """Print the baseline as a policy of IAM, or of what stands beside it.

    Several policies are a JSON list. CloudFormation is JSON; Terraform is for a file that ends in .tf.json.
    """
    baseline = read_baseline(file, env=env, region=region).baseline
    today = datetime.now(UTC).date()
    keys = dict(_pair(one) for one in key_arn or ())
    projection = Projection(baseline=baseline, today=today, key_arns=keys)
    match kind:
        case Kind.GUARDRAIL:
            rail = guardrail(baseline, today=today, key_arns=keys)
            for unguarded in rail.unguarded:
                talk().print(
                    f"not guarded: {unguarded.control}: {', '.join(unguarded.actions)}: {unguarded.reason}"
                )
            for overruled in rail.overruled:
                talk().print(f"denied though waived ({overruled.waiver.ticket}): {overruled.action}")
            made = _Made(policies=rail.policies)
        case Kind.SESSION:
            made = _Made(
                policies=(
                    _session(
                        projection,
                        {"tasks": task, "names": name, "inputs": input_, "outputs": output},
                        guarded=beside_guardrail,
                    ),
                ),
                cloudformation="",
            )
        case Kind.LAUNCHER_ROLE:
            made = _Made(
                policies=launcher_role(projection, task or Task),
                trust=launcher_role_trust(projection, source or ()),
            )
        case Kind.EXECUTION_ROLE:
            made = _Made(policies=(execution_role(projection),), trust=execution_role_trust(projection))
        case Kind.PERMISSIONS_BOUNDARY:
            made = _Made(policies=(permissions_boundary(projection),))
        case Kind.SCP:
            made = _Made(
                policies=service_control_policies(projection, except_roles=except_role or ()),
                cloudformation="AWS::Organizations::Policy",
            )
        case Kind.BUCKET:
            made = _Made(
                policies=(bucket_policy(projection, bucket, endpoints=endpoint or ()),),
                cloudformation="AWS::S3::BucketPolicy",
                bucket=bucket,
            )
        case Kind.KEY:
            made = _Made(policies=(key_policy(projection),), cloudformation="")
        case Kind.ENDPOINT:
            made = _Made(policies=(endpoint_policy(projection, service),), cloudformation="")
        case _:
            assert_never(kind)
    print(json.dumps(_written(kind, made, format_, prefix=f"secure-sagemaker-{baseline.region}"), indent=2))


def _pair(text: str) -> tuple[str, str]:
    key, _, arn = text.partition("=")
    if not arn:
        raise CommandError(
            f"--key-arn {text!r} names no ARN", remedy="write --key-arn alias/NAME=ARN", code=ExitCode.USAGE
        )
    return key, arn


def _session(
    projection: Projection, stated: Mapping[str, list[Task] | list[str] | None], *, guarded: bool
) -> PolicyDocument:
    baseline, today = projection.baseline, projection.today
    if given := {option: list(values) for option, values in stated.items() if values}:
        baseline = baseline.tightened({"session_policy": given}, source="options", today=today)
    if not baseline.session_policy.tasks:
        raise CommandError("no task is named", remedy=f"name one: --task {Task.TRAIN}", code=ExitCode.USAGE)
    made = task_policy(
        baseline,
        baseline.session_policy.tasks,
        today=today,
        guardrail=guarded or bool(baseline.session_policy.guardrail_arns),
        key_arns=projection.key_arns,
    )
    for left in made.left_out:
        talk().print(f"no room for {left.guard} ({left.control or 'tls'}, {left.characters} characters)")
    return made.document


def _written(kind: Kind, made: _Made, format_: Format, *, prefix: str) -> object:
    if format_ is Format.JSON:
        documents = [one.to_mapping() for one in (*((made.trust,) if made.trust else ()), *made.policies)]
        return documents[0] if len(documents) == 1 else documents
    if not made.cloudformation:
        raise CommandError(
            f"a {kind} policy is a part of something else, and no resource of its own",
            remedy="write it as json, and put it into the resource that it belongs to",
            code=ExitCode.USAGE,
        )
    names = [f"{prefix}-{kind}-{number}" for number, _ in enumerate(made.policies, start=1)]
    if format_ is Format.CLOUDFORMATION:
        return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": _cloudformation(kind, made, names)}
    return {"resource": _terraform(kind, made, names)}


def _cloudformation(kind: Kind, made: _Made, names: Sequence[str]) -> Mapping[str, object]:
    policies = [one.to_mapping() for one in made.policies]
    ids = [f"{kind.title().replace('-', '')}{number}" for number, _ in enumerate(policies, start=1)]
    match made.cloudformation:
        case "AWS::S3::BucketPolicy":
            properties = [{"Bucket": made.bucket, "PolicyDocument": one} for one in policies]
        case "AWS::Organizations::Policy":
            properties = [
                {"Name": name, "Type": "SERVICE_CONTROL_POLICY", "Content": one}
                for name, one in zip(names, policies, strict=True)
            ]
        case _:
            properties = [
                {"ManagedPolicyName": name, "PolicyDocument": one}
                for name, one in zip(names, policies, strict=True)
            ]
    resources: dict[str, object] = {
        id_: {"Type": made.cloudformation, "Properties": each}
        for id_, each in zip(ids, properties, strict=True)
    }
    if made.trust is not None:
        resources["Role"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": made.trust.to_mapping(),
                "ManagedPolicyArns": [{"Ref": id_} for id_ in ids],
            },
        }
    return resources


def _terraform(kind: Kind, made: _Made, names: Sequence[str]) -> Mapping[str, object]:
    policies = dict(zip(names, (one.to_json() for one in made.policies), strict=True))
    match made.cloudformation:
        case "AWS::S3::BucketPolicy":
            of_buckets = {name: {"bucket": made.bucket, "policy": text} for name, text in policies.items()}
            return {"aws_s3_bucket_policy": of_buckets}
        case "AWS::Organizations::Policy":
            scps = {
                name: {"name": name, "type": "SERVICE_CONTROL_POLICY", "content": text}
                for name, text in policies.items()
            }
            return {"aws_organizations_policy": scps}
    resources: dict[str, object] = {
        "aws_iam_policy": {name: {"name": name, "policy": text} for name, text in policies.items()}
    }
    if made.trust is not None:
        resources["aws_iam_role"] = {str(kind): {"assume_role_policy": made.trust.to_json()}}
        resources["aws_iam_role_policy_attachment"] = {
            name: {
                "role": f"${{aws_iam_role.{kind}.name}}",
                "policy_arn": f"${{aws_iam_policy.{name}.arn}}",
            }
            for name in names
        }
    return resources
