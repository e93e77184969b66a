"""The page of the IAM policies: what each task may do, and what no policy guards, read from the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

import botocore
import botocore.session
from botocore.model import OperationModel

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.members import is_mutating
from secure_sagemaker.controls.parameters import governed_members
from secure_sagemaker.identity.policies.guards import UNGUARDED
from secure_sagemaker.identity.policies.reference import action_reference, reference_source
from secure_sagemaker.identity.policies.tasks import TASKS
from secure_sagemaker.local.condition_keys import PATHS
from tools.pages import MARK, Page

__all__ = ["policies_page"]

TOLD = frozenset(
    {
        *(ControlId.DIRECT_INTERNET_ACCESS, ControlId.DOCKER_ACCESS, ControlId.IMAGE_REPOSITORY),
        *(ControlId.INSTANCE_METADATA_SERVICE, ControlId.INTER_CONTAINER_ENCRYPTION),
        *(ControlId.KMS_OUTPUT_KEY, ControlId.KMS_RESOURCE_KEY, ControlId.KMS_VOLUME_KEY),
        *(ControlId.NETWORK_ISOLATION, ControlId.PUBLIC_WORKFORCE, ControlId.REMOTE_ACCESS),
        *(ControlId.REMOTE_DEBUG, ControlId.ROOT_ACCESS, ControlId.SSM_ACCESS, ControlId.VPC_CONFIG),
    }
)
"""The controls that a condition key might tell; texts, images, locations and policies none could."""


def policies_page() -> Page:
    """The one page of this module."""
    return Page(path="docs/reference/policies.md", render=_render, botocore=True)


def _render() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "# The IAM policies of a baseline",
        "",
        MARK,
        "",
        "What `secure-sagemaker policy` prints: [how to deploy it](../how-to/deploy-the-policies.md).",
        "",
        f"Actions, resources and condition keys are those of {reference_source()}.",
        f"Read from the service models of botocore {botocore.__version__}.",
        "",
        "## What a task may do",
        "",
        "Beside SageMaker's actions a task has what the columns say, on the buckets, keys and roles of its scope.",
        "",
        "| task | actions of SageMaker | reads | writes | passes a role | grants the volume key | logs |",
        "|---|---|---|---|---|---|---|",
    )
    for task, needs in TASKS.items():
        operations = ", ".join(f"`{name}`" for grant in needs.grants for name in grant.operations)
        flags = (needs.reads, needs.writes, needs.passes_role, needs.grants_key, bool(needs.log_groups))
        yield f"| `{task}` | {operations} | {' | '.join('yes' if flag else '' for flag in flags)} |"
    yield from (
        "",
        "## Where a missing value is not refused by AWS",
        "",
        "A condition key tells these, but not when they must be there. A wrong value is refused.",
        "",
        "| control | actions | why |",
        "|---|---|---|",
        *(
            f"| `{one.control}` | {', '.join(f'`{action}`' for action in one.actions)} | {one.reason} |"
            for one in UNGUARDED
        ),
        "",
        "## What only the client guards",
        "",
        "Governed members that no condition key tells: a client without the controls is not refused by any policy.",
        "An execution role needs no key, since `iam:PassRole` is held to the allowed ones.",
        "",
        "| operation | members | controls |",
        "|---|---|---|",
    )
    model = botocore.session.Session().get_service_model("sagemaker")
    for name in sorted(model.operation_names):
        if is_mutating("sagemaker", name) and name != "StartSession":  # denied as a whole
            yield from _untold(name, model.operation_model(name))


def _untold(name: str, operation: OperationModel) -> Iterator[str]:
    told = {path.replace("[]", "") for paths in PATHS.get(name, {}).values() for path in paths}
    found = {
        path: member.rule.control
        for path, member, _ in governed_members(operation)
        if member.rule.control in TOLD and re.sub(r"\[\]|\{\}", "", path) not in told
    }
    if found and action_reference(f"sagemaker:{name}") is not None:
        members = ", ".join(f"`{path}`" for path in found)
        yield f"| `{name}` | {members} | {', '.join(f'`{control}`' for control in sorted(set(found.values())))} |"
