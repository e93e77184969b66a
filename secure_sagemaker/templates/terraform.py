"""The environment as a Terraform configuration, as data: a file that ends in ``.tf.json`` holds its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from secure_sagemaker.identity.policies import PolicyDocument
from secure_sagemaker.templates.environment import LOG_GROUP, UPLOAD_DAYS, Environment
from secure_sagemaker.templates.skipped import skips
from secure_sagemaker.templates.stands_for import replaced, stand_in_group, stand_in_subnet

__all__ = ["terraform"]

_Block = Mapping[str, object]
_Named = tuple[str, str, _Block]
"""A resource: its type, its name, its arguments."""
_LETTERS = "abcdef"
_PROVIDER = ">= 5.31, < 7"


def terraform(made: Environment) -> dict[str, object]:
    """The configuration."""
    resources: dict[str, dict[str, _Block]] = {}
    for kind, name, block in _resources(made):
        found = skips(kind)
        resources.setdefault(kind, {})[name] = {"//": found, **block} if found else block
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": _PROVIDER}}},
        "provider": {"aws": {"region": made.region, "allowed_account_ids": [made.account]}},
        "data": {
            "aws_availability_zones": {
                "here": {
                    "state": "available",
                    "filter": {
                        "name": "zone-name",
                        "values": [f"{made.region}{letter}" for letter in _LETTERS],
                    },
                }
            },
            "aws_ec2_managed_prefix_list": {
                gateway.service: {"name": made.service(gateway.service)} for gateway in made.gateways
            },
        },
        "resource": resources,
        "output": dict(_outputs(made)),
    }


def _of(address: str) -> str:
    return f"${{{address}}}"


def _name(text: str) -> str:
    return text.replace(".", "_").replace("-", "_")


def _references(made: Environment) -> dict[str, str]:
    return {
        **{
            key.stands_for: _of(f"aws_kms_key.key_{number}.arn")
            for number, key in enumerate(made.keys, start=1)
        },
        **{
            stand_in_subnet(number): _of(f"aws_subnet.subnet_{number}.id")
            for number, _ in enumerate(made.subnets, start=1)
        },
        stand_in_group(): _of("aws_security_group.jobs.id"),
    }


def _joined(parts: list[tuple[str, bool]]) -> object:
    return "".join(part if refers else part.replace("${", "$${") for part, refers in parts)


def _policy(document: PolicyDocument, made: Environment) -> object:
    return json.dumps(
        replaced(document.to_mapping(), _references(made), written=_joined), separators=(",", ":")
    )


def _resources(made: Environment) -> Iterator[_Named]:
    yield from _network(made)
    yield from _groups(made)
    yield from _endpoints(made)
    yield from _roles(made)
    yield from _keys(made)
    yield from _buckets(made)
    yield from _flow_logs(made)


def _network(made: Environment) -> Iterator[_Named]:
    vpc = _of("aws_vpc.vpc.id")
    dns = {"enable_dns_support": True, "enable_dns_hostnames": True}
    yield "aws_vpc", "vpc", {"cidr_block": str(made.network), **dns}
    yield "aws_default_security_group", "closed", {"vpc_id": vpc}  # without a rule, it lets nothing pass
    yield "aws_route_table", "private", {"vpc_id": vpc}
    for number, subnet in enumerate(made.subnets, start=1):
        yield (
            "aws_subnet",
            f"subnet_{number}",
            {
                "vpc_id": vpc,
                "cidr_block": str(subnet),
                "availability_zone": _of(f"data.aws_availability_zones.here.names[{number - 1}]"),
                "map_public_ip_on_launch": False,
            },
        )
        yield (
            "aws_route_table_association",
            f"subnet_{number}",
            {
                "subnet_id": _of(f"aws_subnet.subnet_{number}.id"),
                "route_table_id": _of("aws_route_table.private.id"),
            },
        )


def _groups(made: Environment) -> Iterator[_Named]:
    vpc = _of("aws_vpc.vpc.id")
    jobs, endpoints = _of("aws_security_group.jobs.id"), _of("aws_security_group.endpoints.id")
    yield (
        "aws_security_group",
        "jobs",
        {"name": "secure-sagemaker-jobs", "description": "Jobs, models and notebooks", "vpc_id": vpc},
    )
    yield (
        "aws_security_group",
        "endpoints",
        {"name": "secure-sagemaker-endpoints", "description": "VPC endpoints", "vpc_id": vpc},
    )
    https = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}
    own = {"ip_protocol": "-1"}
    peer = "referenced_security_group_id"
    lists = {one.service: _of(f"data.aws_ec2_managed_prefix_list.{one.service}.id") for one in made.gateways}
    rules: tuple[tuple[str, str, str, dict[str, object], str], ...] = (
        ("ingress", "jobs_from_jobs", jobs, {**own, peer: jobs}, "Instances of one job"),
        ("egress", "jobs_to_jobs", jobs, {**own, peer: jobs}, "Instances of one job"),
        ("egress", "jobs_to_endpoints", jobs, {**https, peer: endpoints}, "HTTPS to endpoints"),
        *(
            ("egress", f"jobs_to_{name}", jobs, {**https, "prefix_list_id": listed}, f"HTTPS to {name}")
            for name, listed in lists.items()
        ),
        ("ingress", "endpoints_from_jobs", endpoints, {**https, peer: jobs}, "HTTPS from jobs"),
    )
    for way, name, group, rule, said in rules:
        yield (
            f"aws_vpc_security_group_{way}_rule",
            name,
            {"security_group_id": group, "description": said, **rule},
        )


def _endpoints(made: Environment) -> Iterator[_Named]:
    subnets = [_of(f"aws_subnet.subnet_{number}.id") for number, _ in enumerate(made.subnets, start=1)]
    for endpoint in made.interfaces:
        yield (
            "aws_vpc_endpoint",
            _name(endpoint.service),
            {
                "vpc_id": _of("aws_vpc.vpc.id"),
                "vpc_endpoint_type": "Interface",
                "service_name": made.service(endpoint.service),
                "subnet_ids": subnets,
                "security_group_ids": [_of("aws_security_group.endpoints.id")],
                "private_dns_enabled": True,
                "policy": _policy(endpoint.policy, made),
            },
        )
    for gateway in made.gateways:
        yield (
            "aws_vpc_endpoint",
            gateway.service,
            {
                "vpc_id": _of("aws_vpc.vpc.id"),
                "vpc_endpoint_type": "Gateway",
                "service_name": made.service(gateway.service),
                "route_table_ids": [_of("aws_route_table.private.id")],
                "policy": _policy(gateway.policy, made),
            },
        )


def _roles(made: Environment) -> Iterator[_Named]:
    for number, role in enumerate(made.roles, start=1):
        yield (
            "aws_iam_role",
            f"role_{number}",
            {
                "name": role.name,
                "path": role.path,
                "max_session_duration": role.seconds,
                "assume_role_policy": _policy(role.trust, made),
            },
        )
        for part, document in enumerate(role.policies, start=1):
            name = f"role_{number}_{part}"
            yield (
                "aws_iam_policy",
                name,
                {"name": f"{role.name}-{part}", "policy": _policy(document, made)},
            )
            yield (
                "aws_iam_role_policy_attachment",
                name,
                {
                    "role": _of(f"aws_iam_role.role_{number}.name"),
                    "policy_arn": _of(f"aws_iam_policy.{name}.arn"),
                },
            )


def _keys(made: Environment) -> Iterator[_Named]:
    # A key's policy names roles, which must be there before it.
    roles = [f"aws_iam_role.role_{number}" for number, _ in enumerate(made.roles, start=1)]
    for number, key in enumerate(made.keys, start=1):
        yield (
            "aws_kms_key",
            f"key_{number}",
            {
                "description": f"{key.alias}, for SageMaker's data",
                "enable_key_rotation": True,
                "policy": _policy(key.policy, made),
                "depends_on": roles,
                "lifecycle": {"prevent_destroy": True},
            },
        )
        yield (
            "aws_kms_alias",
            f"key_{number}",
            {"name": key.alias, "target_key_id": _of(f"aws_kms_key.key_{number}.key_id")},
        )


def _buckets(made: Environment) -> Iterator[_Named]:
    references = _references(made)
    for number, bucket in enumerate(made.buckets, start=1):
        name, of = f"bucket_{number}", {"bucket": _of(f"aws_s3_bucket.bucket_{number}.id")}
        key = {"kms_master_key_id": replaced(bucket.key, references, written=_joined)} if bucket.key else {}
        yield "aws_s3_bucket", name, {"bucket": bucket.name, "lifecycle": {"prevent_destroy": True}}
        yield (
            "aws_s3_bucket_ownership_controls",
            name,
            {**of, "rule": {"object_ownership": "BucketOwnerEnforced"}},
        )
        yield (
            "aws_s3_bucket_public_access_block",
            name,
            {
                **of,
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
        )
        yield (
            "aws_s3_bucket_server_side_encryption_configuration",
            name,
            {
                **of,
                "rule": {
                    "bucket_key_enabled": True,
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", **key},
                },
            },
        )
        unfinished = {"days_after_initiation": UPLOAD_DAYS}
        rule = {
            "id": "unfinished-uploads",
            "status": "Enabled",
            "filter": {},
            "abort_incomplete_multipart_upload": unfinished,
        }
        yield "aws_s3_bucket_lifecycle_configuration", name, {**of, "rule": rule}
        yield "aws_s3_bucket_versioning", name, {**of, "versioning_configuration": {"status": "Enabled"}}
        yield "aws_s3_bucket_policy", name, {**of, "policy": _policy(bucket.policy, made)}


def _flow_logs(made: Environment) -> Iterator[_Named]:
    yield (
        "aws_kms_key",
        "logs",
        {
            "description": "Flow logs",
            "enable_key_rotation": True,
            "policy": _policy(made.logs_key_policy, made),
            "lifecycle": {"prevent_destroy": True},
        },
    )
    yield (
        "aws_cloudwatch_log_group",
        "flow_logs",
        {"name": LOG_GROUP, "kms_key_id": _of("aws_kms_key.logs.arn"), "retention_in_days": 365},
    )
    yield (
        "aws_iam_role",
        "flow_logs",
        {
            "name_prefix": "secure-sagemaker-flow-logs-",
            "assume_role_policy": _policy(made.logs_trust, made),
        },
    )
    yield (
        "aws_iam_role_policy",
        "flow_logs",
        {
            "name": "flow-logs",
            "role": _of("aws_iam_role.flow_logs.id"),
            "policy": _policy(made.logs_policy, made),
        },
    )
    yield (
        "aws_flow_log",
        "vpc",
        {
            "vpc_id": _of("aws_vpc.vpc.id"),
            "traffic_type": "ALL",
            "log_destination": _of("aws_cloudwatch_log_group.flow_logs.arn"),
            "iam_role_arn": _of("aws_iam_role.flow_logs.arn"),
        },
    )


def _outputs(made: Environment) -> Iterator[tuple[str, _Block]]:
    """What the baseline then names."""
    subnets = [_of(f"aws_subnet.subnet_{number}.id") for number, _ in enumerate(made.subnets, start=1)]
    yield "vpc_id", {"description": "vpc.vpc_id of the baseline", "value": _of("aws_vpc.vpc.id")}
    yield "subnets", {"description": "vpc.subnets", "value": subnets}
    yield (
        "security_groups",
        {"description": "vpc.security_groups", "value": [_of("aws_security_group.jobs.id")]},
    )
    for number, key in enumerate(made.keys, start=1):
        yield (
            f"key_{number}_arn",
            {"description": f"The key of {key.alias}", "value": _of(f"aws_kms_key.key_{number}.arn")},
        )
