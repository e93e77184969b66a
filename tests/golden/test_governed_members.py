"""The golden table: what is decided about every governed member, for the installed botocore."""

import json
from pathlib import Path

import botocore
import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls import Action
from secure_sagemaker.controls.parameters import governed_members
from tests.controls_support import SUPPORTED
from tools import golden

HERE = Path(__file__).parent
INDEPENDENT = json.loads((HERE / "governed_members.json").read_text("utf-8"))

# Settings about a role's sessions, which name no role; reviewed with their reasons.
NOT_A_ROLE = ("ExecutionRoleIdentityConfig", "ExecutionRoleSessionNameMode")

has_table = pytest.mark.skipif(
    botocore.__version__ not in SUPPORTED,
    reason=f"botocore {botocore.__version__} has no golden table; {' and '.join(SUPPORTED)} have",
)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    return list(golden.rows())


def read_table(version: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in golden.path_of(version).read_text("utf-8").splitlines()]


def existing(shape: Shape | None, path: str) -> bool:
    for part in path.split("."):
        while isinstance(shape, ListShape | MapShape):
            shape = shape.member if isinstance(shape, ListShape) else shape.value
        name = part.removesuffix("[]").removesuffix("{}")
        if not isinstance(shape, StructureShape) or name not in shape.members:
            return False
        shape = shape.members[name]
    return True


@has_table
def test_every_decision_is_as_the_table_says(rows: list[dict[str, object]]) -> None:
    """A change of any decision about any governed member is a change of a line that a person reads."""
    assert read_table(botocore.__version__) == rows


def test_the_tables_are_of_both_ends() -> None:
    """There is a table for the oldest and one for the newest supported botocore."""
    assert ["1.42.2", "1.44.5"] == SUPPORTED


@pytest.mark.parametrize("version", SUPPORTED)
def test_no_row_is_unexplained(version: str) -> None:
    """Each row has a control and two decisions; where one changes nothing, the reason stands beside it."""
    unexplained = [
        (row["operation"], row["path"], case)
        for row in read_table(version)
        for case in ("silent", "weak")
        if row["control"] not in set(ControlId)
        or row[case]["decision"] not in {*Action, "none"}
        or (row[case]["decision"] in {"none", "exempt", "kept"} and not row[case].get("reason"))
        or (row[case]["decision"] == "refused" and not row[case].get("wanted"))
        or (row[case]["decision"] in {"injected", "corrected"} and not row[case].get("sends"))
    ]
    assert [] == unexplained


def test_a_weak_value_is_never_kept(rows: list[dict[str, object]]) -> None:
    """What is weak or foreign is refused or corrected; nothing of it passes as it is."""
    passed = {
        (row["operation"], row["path"], row["weak"]["decision"])
        for row in rows
        if row["weak"]["decision"] not in {"refused", "corrected"}
    }
    harmless = {
        ("CreateModel", "PrimaryContainer.ImageConfig", "none"),
        ("CreateModel", "Containers[].ImageConfig", "none"),
        ("CreateTrainingJob", "AlgorithmSpecification.TrainingImageConfig", "none"),
        *(
            (operation, member, "none")
            for operation in ("CopyObject", "CreateMultipartUpload", "CreateSession", "PutObject")
            for member in ("BucketKeyEnabled", "SSEKMSEncryptionContext")
        ),
        ("PutBucketEncryption", "ServerSideEncryptionConfiguration.Rules[].BucketKeyEnabled", "none"),
    }
    assert harmless == passed


@pytest.mark.parametrize("kind", ["kms", "vpc", "isolation", "intercontainer", "role", "tags"])
def test_nothing_found_independently_is_ungoverned(kind: str) -> None:
    """Every key, network, isolation, encryption, role and tag member of the independent list is governed."""
    sagemaker = botocore.session.Session().get_service_model("sagemaker")
    missed = []
    for operation, kinds in INDEPENDENT.items():
        if operation == "_source" or operation not in sagemaker.operation_names:
            continue
        model = sagemaker.operation_model(operation)
        governed = {path for path, _, _ in governed_members(model)}
        for marked in kinds.get(kind, ()):
            path = marked.removesuffix("*")
            if path.endswith(NOT_A_ROLE):
                continue
            inside = any(one.startswith((f"{path}.", f"{path}[].")) for one in governed)
            if path not in governed and not inside and existing(model.input_shape, path):
                missed.append((operation, path))
    assert [] == missed


def test_the_independent_list_is_of_this_service() -> None:
    """It names operations and paths that there are, so that an empty answer above means something."""
    sagemaker = botocore.session.Session().get_service_model("sagemaker")
    found = sum(
        existing(sagemaker.operation_model(operation).input_shape, marked.removesuffix("*"))
        for operation, kinds in INDEPENDENT.items()
        if operation in sagemaker.operation_names
        for paths in kinds.values()
        for marked in paths
    )
    assert found > 350
