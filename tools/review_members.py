"""Lists the members of the installed botocore's SageMaker model that nobody has reviewed.

    python -m tools.review_members            print them; exit status 1 when there are any
    python -m tools.review_members --accept   add them to the reviewed list, for a person to read as a diff

A member is either governed by a rule in ``secure_sagemaker/controls/rules.py`` or on the list. A
member whose name sounds like security needs a written reason besides (``reasons`` in the same file).
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from secure_sagemaker.controls.members import is_mutating, rule_for

LIST = Path(__file__).parents[1] / "secure_sagemaker/controls/data/reviewed.json"
SOUNDS_LIKE_SECURITY = re.compile(
    r"Kms|Vpc|Subnet|SecurityGroup|Isolat|Encrypt|Role|Access|Policy|Secret|Password|Docker|Ssm|SSM|Remote"
    r"|Internet|Public|Root|Metadata(?!Prop)|Auth|IpAddress|Credential|Cidr|Trust|Shar|Debug|Identity|Propagat"
)

Pair = tuple[str, str]
"""A structure and one of its members."""


def installed_model() -> ServiceModel:
    """The SageMaker model of the installed botocore."""
    return botocore.session.Session().get_service_model("sagemaker")


def members(model: ServiceModel) -> Iterator[tuple[Pair, bool]]:
    """Every structure and member of every mutating operation, and whether a rule governs it there."""
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        if shape is not None and is_mutating("sagemaker", operation):
            yield from _members(shape, operation, (), top=True)


def _members(
    shape: Shape, operation: str, within: tuple[str, ...], *, top: bool = False
) -> Iterator[tuple[Pair, bool]]:
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    if not isinstance(shape, StructureShape) or shape.name in within:
        return
    for name, member in shape.members.items():
        values = [member.name]
        if isinstance(member, ListShape) and member.member.type_name == "string":
            values.append(member.member.name)
        rules = (rule_for("sagemaker", operation, shape.name, name, value, top=top) for value in values)
        yield (shape.name, name), any(rule is not None for rule in rules)
        yield from _members(member, operation, (*within, shape.name))


def unreviewed(model: ServiceModel, listed: Iterable[Pair]) -> list[Pair]:
    """The members that are neither governed nor listed."""
    return sorted({pair for pair, governed in members(model) if not governed} - set(listed))


def needlessly_listed(model: ServiceModel, listed: Iterable[Pair]) -> list[Pair]:
    """The listed members that a rule governs wherever they stand."""
    found = set(members(model))
    return sorted(pair for pair in listed if (pair, True) in found and (pair, False) not in found)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--accept", action="store_true", help="add what is missing, and drop what is governed by now"
    )
    accept: bool = parser.parse_args().accept
    content = json.loads(LIST.read_text("utf-8"))
    listed = {(shape, member) for shape, names in content["reviewed"].items() for member in names}
    model = installed_model()
    missing, needless = unreviewed(model, listed), needlessly_listed(model, listed)
    for shape, member in missing:
        needs_reason = SOUNDS_LIKE_SECURITY.search(member) and f"{shape}.{member}" not in content["reasons"]
        print(f"{shape}.{member}" + ("   needs a reason" if needs_reason else ""))
    for shape, member in needless:
        print(f"{shape}.{member}   is governed by now")
    if not accept:
        return 1 if missing or needless else 0
    rows: dict[str, list[str]] = {}
    for shape, member in sorted({*listed, *missing} - set(needless)):
        rows.setdefault(shape, []).append(member)
    head = {key: value for key, value in content.items() if key != "reviewed"}
    LIST.write_text(_text(head, rows), "utf-8")
    return 0


def _text(head: dict[str, object], rows: dict[str, list[str]]) -> str:
    # One line for each structure, so that a review is a readable diff.
    lines = [f"  {json.dumps(shape)}: {json.dumps(names)}" for shape, names in rows.items()]
    start = json.dumps(head, indent=1).removesuffix("\n}")
    return start + ',\n "reviewed": {\n' + ",\n".join(lines) + "\n }\n}\n"


if __name__ == "__main__":
    sys.exit(main())
