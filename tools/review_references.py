"""Lists the members of the installed botocore's SageMaker models that may name something, and are in no list.

    python -m tools.review_references            print them; exit status 1 when there are any
    python -m tools.review_references --accept   add them to the reviewed list, for a person to give them a reason

A member that names a thing with governed settings stands in ``secure_sagemaker/controls/references.py``. Every other
one whose name sounds like a name stands on the list, with a reason; so do operations that use nothing of what they
name.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.members import rule_for
from secure_sagemaker.controls.mentions import is_question
from secure_sagemaker.controls.parameters import innermost
from secure_sagemaker.controls.references import REFERENCES

LIST = Path(__file__).parents[1] / "secure_sagemaker/controls/data/reviewed_references.json"
SOUNDS_LIKE_A_NAME = re.compile(
    r"((Name|Arn|ARN|Id|Identifier|Resource|NameOverride|NameOrUrl|SourceUri)s?|(Id|Arn|Name)List"
    r"|Repositor(y|ies)|^arn|^name)$|Topic$"
)
# Controls that judge what a member names by the name itself: keys, networks, roles, buckets.
_BY_NAME = frozenset(
    {
        ControlId.BUCKET_OWNER,
        ControlId.DATA_PERIMETER,
        ControlId.DOCKER_ACCESS,
        ControlId.EXECUTION_ROLE,
        ControlId.KMS_OUTPUT_KEY,
        ControlId.KMS_RESOURCE_KEY,
        ControlId.KMS_VOLUME_KEY,
        ControlId.VPC_CONFIG,
    }
)

Pair = tuple[str, str]
"""A structure and one of its members."""


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """The reviewed list."""

    operations: Mapping[str, str]
    """Pattern of ``service.Operation`` to the reason for which nothing that it names is judged."""
    members: Mapping[Pair, str]
    """Structure and member to the reason for which what it names is not judged."""

    def skips(self, service: str, operation: str) -> bool:
        """Whether an operation is on the list as a whole."""
        return any(fnmatchcase(f"{service}.{operation}", pattern) for pattern in self.operations)


def reviewed() -> Reviewed:
    """Read the list."""
    content = json.loads(LIST.read_text("utf-8"))
    return Reviewed(
        operations={
            pattern: group["reason"] for group in content["operations"] for pattern in group["operations"]
        },
        members={
            (pair.partition(".")[0], pair.partition(".")[2]): group["reason"]
            for group in content["members"]
            for pair in group["members"]
        },
    )


def candidates(lists: Reviewed) -> set[Pair]:
    """Every member of a request that may name something, of SageMaker's services in the installed botocore."""
    session = botocore.session.Session()
    found: set[Pair] = set()
    for service in session.get_available_services():
        if not service.startswith("sagemaker"):
            continue
        model = session.get_service_model(service)
        for operation in model.operation_names:
            shape = model.operation_model(operation).input_shape
            if shape is not None and not is_question(service, operation):
                named = _members(service, operation, shape, (), top=True)
                found.update(
                    pair for pair in named if pair in REFERENCES or not lists.skips(service, operation)
                )
    return found


def _members(
    service: str, operation: str, shape: StructureShape, within: tuple[str, ...], *, top: bool
) -> Iterator[Pair]:
    if shape.name in within:
        return
    for name, member in shape.members.items():
        inner, _ = innermost(member)
        if inner is not None:
            yield from _members(service, operation, inner, (*within, shape.name), top=False)
            continue
        text = _element(member)
        if not isinstance(text, StringShape) or text.enum:
            continue
        if not (SOUNDS_LIKE_A_NAME.search(name) or SOUNDS_LIKE_A_NAME.search(text.name)):
            continue
        rule = rule_for(service, operation, shape.name, name, text.name, top=top)
        if rule is None or rule.control not in _BY_NAME:
            yield shape.name, name


def _element(shape: Shape) -> Shape:
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    return shape


def unreviewed(found: set[Pair], lists: Reviewed) -> list[Pair]:
    """The members that are neither in the table nor on the list."""
    return sorted(found - set(REFERENCES) - set(lists.members))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accept", action="store_true", help="add what is missing, without a reason yet")
    accept: bool = parser.parse_args(arguments).accept
    lists = reviewed()
    missing = unreviewed(candidates(lists), lists)
    for shape, member in missing:
        print(f"{shape}.{member}   needs a row or a reason")
    if missing and accept:
        content = json.loads(LIST.read_text("utf-8"))
        pairs = [f"{shape}.{member}" for shape, member in missing]
        content["members"].append({"reason": "", "members": pairs})
        LIST.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
