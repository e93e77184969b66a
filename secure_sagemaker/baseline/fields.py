"""The fields a layer can state: what validates each, how it is written, and the errors that say so."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from secure_sagemaker.baseline.model import SecurityBaseline
from secure_sagemaker.exceptions import BaselineError

__all__ = ["EXAMPLES", "SECTIONS", "flattened", "how_to_write", "leaf_fields", "shown", "validated"]


def leaf_fields() -> Mapping[str, TypeAdapter[object]]:
    """Every field a layer can state, by its dotted path, with what validates it."""
    return _LEAVES


_WHEN_USED = ConfigDict(defer_build=True)  # a baseline states a few of the fields, and each takes a while


def _walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, TypeAdapter[object]]]:
    for name, info in model.model_fields.items():
        annotation = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _walk(annotation, f"{prefix}{name}.")
        else:
            # Rebuilt with its metadata: the annotation alone has lost its constraints.
            whole = operator.getitem(Annotated, (annotation, *info.metadata)) if info.metadata else annotation
            yield f"{prefix}{name}", TypeAdapter(cast("type[object]", whole), config=_WHEN_USED)


_LEAVES: Mapping[str, TypeAdapter[object]] = MappingProxyType(dict(_walk(SecurityBaseline)))

SECTIONS = frozenset(path.rpartition(".")[0] for path in _LEAVES if "." in path)
"""The names of the sections, such as ``kms``."""

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "schema_version": "1",
        "region": '"eu-west-1"',
        "role.arn": '"arn:aws:iam::111122223333:role/ml-launcher"',
        "role.session_name": '"{workload}"',
        "role.source_identity": '"{user}"',
        "role.external_id": '"ml-platform"',
        "role.tags": '{ team = "churn" }',
        "role.digest_tag": '"secure-sagemaker-baseline"',
        "role.transitive_tags": '["team"]',
        "role.duration_seconds": "3600",
        "role.mfa_serial": '"arn:aws:iam::111122223333:mfa/jane.doe"',
        "role.mfa_max_age_seconds": "14400",
        "execution_roles.default": '"arn:aws:iam::111122223333:role/ml-execution"',
        "execution_roles.services": '["lambda.amazonaws.com"]',
        "execution_roles.allowed": '["arn:aws:iam::111122223333:role/ml-gpu-execution"]',
        "kms.default": '"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"',
        "kms.volume": '"alias/ml-volumes"',
        "kms.output": '"alias/ml-artifacts"',
        "kms.s3": '"alias/ml-uploads"',
        "kms.s3_encryption_context": '{ workload = "churn" }',
        "kms.allowed": '["alias/ml-shared"]',
        "kms.aws_managed": '["kms-volume-key"]',
        "kms.endpoint_local_storage": '"omit"',
        "vpc.subnets": '["subnet-0a1b2c3d4e5f60718", "subnet-0b1c2d3e4f5a60718"]',
        "vpc.security_groups": '["sg-0a1b2c3d4e5f60718"]',
        "vpc.vpc_id": '"vpc-0a1b2c3d4e5f60718"',
        "network_isolation.training": '"require"',
        "network_isolation.processing": '"require"',
        "network_isolation.tuning": '"require"',
        "network_isolation.models": '"require"',
        "network_isolation.monitoring": '"default"',
        "hardening.inter_container_encryption": "true",
        "hardening.allow_remote_debug": "false",
        "hardening.allow_ssm_access": "false",
        "hardening.allow_remote_access": "false",
        "hardening.allow_docker_access": "false",
        "hardening.allow_root_access": "false",
        "hardening.allow_direct_internet_access": "false",
        "hardening.allow_public_workforce": "false",
        "hardening.minimum_imds_version": "2",
        "hardening.vpc_image_repositories_only": "true",
        "data_perimeter.write": '{ ml-artifacts = "111122223333" }',
        "data_perimeter.read": '{ ml-datasets = "444455556666" }',
        "data_perimeter.aws_public_buckets": '["jumpstart-cache-prod-eu-west-1"]',
        "data_perimeter.default_bucket": '"ml-artifacts"',
        "data_perimeter.create_buckets": "true",
        "data_perimeter.presigned_seconds": "900",
        "data_perimeter.trusted_accounts": '["444455556666"]',
        "images.allowed": '["aws", "444455556666", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn"]',
        "images.require_digest": "true",
        "references.invoke": "true",
        "secrets.allow": '{ JOIN_TOKEN = "the separator of a join, not a credential" }',
        "pipelines.targets": '["arn:aws:lambda:eu-west-1:111122223333:function:notify"]',
        "pipelines.emr_security_configurations": '["encrypted"]',
        "pipelines.step_types": '["HumanReview"]',
        "required_tags": '{ team = ["churn", "fraud"], cost-centre = [] }',
        "modes": '{ vpc-config = "observe" }',
        "waivers": '[{ control = "network-isolation", operations = ["CreateTrainingJob"], '
        'resources = ["churn-*"], reason = "reads a feature store while it trains", ticket = "SEC-101", '
        'approver = "jane.doe", expires = 2099-12-31 }]',
        "waivable_controls": '["network-isolation"]',
        "unknown_members": '"refuse"',
        "instance_families": '{ ml-x9 = "no-local-storage" }',
        "privatelink.required": "true",
        "privatelink.services": '{ sagemaker = "endpoint", s3 = "private-dns" }',
        "privatelink.endpoints": '{ sts = "vpce-0a1b2c3d4e5f60718-1a2b3c4d.sts.eu-west-1.vpce.amazonaws.com" }',
        "privatelink.allowed_networks": '["10.0.0.0/16"]',
        "privatelink.allowed_proxies": '["http://proxy.example.com:3128"]',
        "privatelink.allowed_endpoint_urls": '["https://sagemaker.example.com"]',
        "session_policy.policy_arns": '["arn:aws:iam::111122223333:policy/ml-team"]',
        "session_policy.guardrail_arns": '["arn:aws:iam::111122223333:policy/ml-guardrail-1"]',
        "session_policy.tasks": '["train", "deploy"]',
        "session_policy.names": '["churn-*"]',
        "session_policy.inputs": '["s3://ml-datasets/churn/"]',
        "session_policy.outputs": '["s3://ml-artifacts/churn/"]',
        "session_policy.endpoints": '["churn-prod"]',
        "session_policy.instance_types": '["ml.m5.xlarge"]',
        "session_policy.clarify_jobs": '["clarify-*"]',
        "macie.mode": '"require"',
        "macie.minimum_coverage": "0.95",
        "macie.maximum_age_days": "30",
        "macie.maximum_cost_usd": "50.0",
        "macie.sampling_percentage": "100",
        "macie.identifiers": '"recommended"',
        "macie.include_identifiers": '["USA_SOCIAL_SECURITY_NUMBER"]',
        "macie.exclude_identifiers": '["DATE_OF_BIRTH"]',
        "macie.custom_identifiers": '["0123abcd-0123-abcd-0123-abcd01234567"]',
        "macie.allow_lists": '["nkr81bmtu2542yyexample"]',
        "macie.classes": '{ customers = { places = ["s3://ml-datasets/customers/"], accept = [{ category = '
        '"PERSONAL_INFORMATION", maximum_severity = "Medium", under = ["network-isolation"] }] } }',
        "macie.code_channels": '["code"]',
        "macie.memory": '"s3://ml-artifacts/macie-verdicts"',
        "macie.snapshot": '"s3://ml-artifacts/cleared/"',
        "macie.maximum_bucket_score": "50",
        "macie.usd_per_gb": "1.25",
        "macie.expansion": "{ gz = 8.0 }",
        "macie.timeout_minutes": "240",
    }
)
"""How each field is written in TOML, for errors and for the reference."""


def how_to_write(path: str, *, within: str = "") -> str:
    """One field, written out, and the section that it belongs in.

    Args:
        path: The dotted path of the field.
        within: The section around it, such as ``env.prod``.
    """
    section, _, name = path.rpartition(".")
    place = ".".join(part for part in (within, section) if part)
    return f"write it as: {name} = {EXAMPLES[path]}" + (f", under [{place}]" if place else "")


def flattened(
    stated: Mapping[str, object], *, source: str, within: str = "", section: str = ""
) -> Iterator[tuple[str, object]]:
    """The fields that a structure states, by dotted path.

    Raises:
        BaselineError: A key is unknown, or a section is no section.
    """
    for key, value in stated.items():
        path = f"{section}.{key}" if section else str(key)
        if path in SECTIONS and not section:
            if not isinstance(value, Mapping):
                raise BaselineError(
                    f"{path} is a section, got {shown(value)}",
                    remedy=f"write [{_joined(within, path)}] and its fields below",
                    source=source,
                    field=_joined(within, path),
                )
            yield from flattened(value, source=source, within=within, section=path)
        elif path in _LEAVES and "." not in str(key):
            yield path, value
        else:
            raise BaselineError(
                "unknown key", remedy=_meant(str(key), section), source=source, field=_joined(within, path)
            )


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _meant(key: str, section: str) -> str:
    start = f"{section}." if section else ""
    known = sorted({leaf.removeprefix(start).split(".")[0] for leaf in _LEAVES if leaf.startswith(start)})
    close = get_close_matches(key, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    elsewhere = [leaf for leaf in _LEAVES if leaf.rpartition(".")[2] == key.rpartition(".")[2]]
    if elsewhere:
        return how_to_write(elsewhere[0])
    return f"known here are {', '.join(known)}"


def validated(path: str, value: object, *, source: str, within: str = "") -> object:
    """The value of a field, as the baseline holds it.

    Raises:
        BaselineError: The value is not valid.
    """
    try:
        return _LEAVES[path].validate_python(value)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        inner = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        field = _joined(within, path) + inner.removesuffix(".[key]")
        message, remedy = first["msg"].removeprefix("Value error, "), how_to_write(path, within=within)
        match first["type"]:
            case "missing":
                message = "required, and missing"
            case "extra_forbidden":
                message = "unknown key"
            case "contradiction":
                field, message = f"{field}.{first['ctx']['field']}", first["ctx"]["problem"]
                remedy = first["ctx"]["remedy"]
            case "value_error":
                pass  # our own words, which say what was got
            case _:
                message = f"{message}, got {shown(first['input'])}"
        raise BaselineError(message, remedy=remedy, source=source, field=field) from None


_LONGEST_SHOWN = 200


def shown(value: object) -> str:
    """A value as an error shows it, near to how a file states it."""
    text = _written(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple() | list() | frozenset():
            return f"[{', '.join(_written(item) for item in value)}]"
        case Mapping():
            return f"{{{', '.join(f'{key} = {_written(item)}' for key, item in value.items())}}}"
        case BaseModel():
            return _written(value.model_dump(exclude_defaults=True))
        case _:
            return str(value)
