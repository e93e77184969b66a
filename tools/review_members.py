"""Lists the members of the installed botocore's SageMaker model that nobody has reviewed.

    python -m tools.review_members            print them; exit status 1 when there are any
    python -m tools.review_members --accept   add them to the reviewed list, for a person to read as a diff

A member is either governed by a rule in ``secure_sagemaker/controls/members.py`` or on the list. A
member whose name sounds like security needs a written reason besides (``reasons`` in the same file).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import botocore.session

from secure_sagemaker.controls.members import is_mutating, rule_for

LIST = Path(__file__).parent.parent / "secure_sagemaker/controls/data/reviewed.json"
SOUNDS_LIKE_SECURITY = re.compile(
    r"Kms|Vpc|Subnet|SecurityGroup|Isolat|Encrypt|Role|Access|Policy|Secret|Password|Docker|Ssm|SSM|Remote"
    r"|Internet|Public|Root|Metadata(?!Prop)|Auth|IpAddress|Credential|Cidr|Trust|Shar|Debug|Identity|Propagat"
)


def pairs() -> dict[str, set[str]]:
    """Every structure and member of every mutating operation that no rule governs."""
    model = botocore.session.Session().get_service_model("sagemaker")
    found: dict[str, set[str]] = defaultdict(set)

    def walk(shape: object, operation: str, within: tuple[str, ...], *, top: bool) -> None:
        while shape.type_name in ("list", "map"):
            shape = shape.member if shape.type_name == "list" else shape.value
        if shape.type_name != "structure" or shape.name in within:
            return
        for name, member in shape.members.items():
            element = member.member if member.type_name == "list" else member
            governed = any(
                rule_for("sagemaker", operation, shape.name, name, value.name, top=top)
                for value in (member, element)
                if value is member or value.type_name == "string"
            )
            if not governed:
                found[shape.name].add(name)
            walk(member, operation, (*within, shape.name), top=False)

    for operation in model.operation_names:
        if is_mutating("sagemaker", operation) and (shape := model.operation_model(operation).input_shape):
            walk(shape, operation, (), top=True)
    return found


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accept", action="store_true", help="add what is missing to the list")
    arguments = parser.parse_args()
    content = json.loads(LIST.read_text("utf-8"))
    listed: dict[str, list[str]] = content["reviewed"]
    reasons: dict[str, str] = content["reasons"]
    missing = [
        (shape, member)
        for shape, members in sorted(pairs().items())
        for member in sorted(members)
        if member not in listed.get(shape, [])
    ]
    for shape, member in missing:
        needs_reason = SOUNDS_LIKE_SECURITY.search(member) and f"{shape}.{member}" not in reasons
        print(f"{shape}.{member}" + ("   needs a reason" if needs_reason else ""))
        listed.setdefault(shape, []).append(member)
    if not arguments.accept:
        return 1 if missing else 0
    content["reviewed"] = {shape: sorted(set(members)) for shape, members in sorted(listed.items())}
    LIST.write_text(_text(content), "utf-8")
    return 0


def _text(content: dict[str, object]) -> str:
    # One line for each structure, so that a review is a readable diff.
    head = {key: value for key, value in content.items() if key != "reviewed"}
    lines = json.dumps(head, indent=1).removesuffix("\n}") + ',\n "reviewed": {\n'
    rows = [f"  {json.dumps(shape)}: {json.dumps(members)}" for shape, members in content["reviewed"].items()]
    return lines + ",\n".join(rows) + "\n }\n}\n"


if __name__ == "__main__":
    sys.exit(main())
