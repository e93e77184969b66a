"""The catalogue against the installed botocore: nothing is ungoverned and unreviewed, nothing is stale."""

import json
from collections.abc import Iterator

import botocore
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls import CONTROLS, EXEMPTIONS
from secure_sagemaker.controls import rules as table
from secure_sagemaker.controls.exemptions import ExemptionId
from secure_sagemaker.controls.instance_types import LocalStorage, local_storage
from secure_sagemaker.controls.members import PARENTS, is_mutating, rule_for
from secure_sagemaker.controls.parameters import GovernedMember, governed_members
from secure_sagemaker.controls.services import SERVICES
from tests.controls_support import SUPPORTED, baseline, enforced, service_model
from tools import golden
from tools.review_members import LIST, SOUNDS_LIKE_SECURITY, needlessly_listed, unreviewed

CONTENT = json.loads(LIST.read_text("utf-8"))
REVIEWED = {(shape, member) for shape, names in CONTENT["reviewed"].items() for member in names}

newest = pytest.mark.skipif(
    botocore.__version__ != SUPPORTED[-1],
    reason=f"botocore {botocore.__version__} is not the newest that is supported, {SUPPORTED[-1]}",
)


def structures(shape: Shape | None, within: tuple[str, ...] = ()) -> Iterator[StructureShape]:
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    if isinstance(shape, StructureShape):
        if shape.name in within:
            yield shape  # a second time: it holds itself
            return
        yield shape
        for member in shape.members.values():
            yield from structures(member, (*within, shape.name))


def recursive(shape: Shape, within: tuple[str, ...] = ()) -> bool:
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    if not isinstance(shape, StructureShape):
        return False
    inside = (*within, shape.name)
    return shape.name in within or any(recursive(member, inside) for member in shape.members.values())


def inputs() -> Iterator[tuple[str, StructureShape]]:
    model = service_model()
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if shape is not None and is_mutating("sagemaker", name):
            yield name, shape


def governed() -> list[tuple[str, str, GovernedMember, str]]:
    return [
        (model.name, path, member, structure)
        for model in golden.operations()
        for path, member, structure in governed_members(model)
    ]


def test_every_member_is_governed_or_reviewed() -> None:
    """Each member of each mutating input has a rule or was read by a person; run tools.review_members."""
    assert [] == unreviewed(service_model(), REVIEWED)


def test_nothing_reviewed_is_governed() -> None:
    """A member that a rule governs wherever it stands is not on the list of those that need none."""
    assert [] == needlessly_listed(service_model(), REVIEWED)


def test_what_sounds_like_security_has_a_written_reason() -> None:
    """A reviewed member whose name sounds like security says why it needs no control."""
    silent = [
        f"{shape}.{member}"
        for shape, member in sorted(REVIEWED)
        if SOUNDS_LIKE_SECURITY.search(member)
        and len(CONTENT["reasons"].get(f"{shape}.{member}", "").split()) < 3
    ]
    assert [] == silent


def test_every_reason_is_of_a_reviewed_member() -> None:
    """No reason is left of a member that is not listed any more."""
    assert set() == {tuple(name.split(".")) for name in CONTENT["reasons"]} - REVIEWED


@newest
def test_every_reviewed_member_exists() -> None:
    """The list names nothing that the newest botocore does not know."""
    known = {
        (shape.name, member) for _, top in inputs() for shape in structures(top) for member in shape.members
    }
    assert set() == REVIEWED - known


def test_no_input_holds_itself() -> None:
    """No mutating input is recursive, so a walk that ends at a repeated structure misses nothing."""
    assert [] == [name for name, top in inputs() if recursive(top)]
    assert recursive(service_model().shape_for("SearchExpression"))


def test_no_question_holds_anything_governed() -> None:
    """What is taken for a question by its name has no key, network, role or flag: it is one."""
    model = service_model()
    held = [
        (name, shape.name, member)
        for name in model.operation_names
        if not is_mutating("sagemaker", name)
        for shape in structures(model.operation_model(name).input_shape)
        for member, value in shape.members.items()
        if rule_for("sagemaker", name, shape.name, member, value.name, top=False) is not None
    ]
    assert [] == held


@newest
def test_every_structure_that_may_be_created_exists() -> None:
    """Each row of PARENTS is a structure that some mutating input holds, and something in it is governed."""
    tops = [top for _, top in inputs()]
    for model in map(service_model, ("s3", *SERVICES)):
        tops += [
            shape for name in model.operation_names if (shape := model.operation_model(name).input_shape)
        ]
    children = {(shape.name, member) for top in tops for shape in structures(top) for member in shape.members}
    assert set() == set(PARENTS) - children


@newest
def test_every_rule_is_reached() -> None:
    """Each row of the tables governs some member of some operation."""
    rules = [member.rule for _, _, member, _ in governed()]
    rows = {
        **table.BY_STRUCTURE,
        **table.BY_MEMBER,
        **table.BY_VALUE,
    }
    structure_and_name = {(structure, member.name) for _, _, member, structure in governed()}
    unreached = [
        row
        for row, rule in rows.items()
        if (
            row not in structure_and_name if isinstance(row, tuple) else not any(rule is one for one in rules)
        )
    ]
    assert [] == unreached


@newest
def test_every_row_governs_with_its_own_rule() -> None:
    """What a structure's row says is what governs its member, whichever operation holds the structure."""
    other = [
        (operation, path)
        for operation, path, member, structure in governed()
        if (row := table.BY_STRUCTURE.get((structure, member.name))) is not None
        and row is not member.rule
        and member.rule.control is not ControlId.PLAINTEXT_SECRET  # a free text is looked through besides
    ]
    assert [] == other


def test_controls_and_their_ids_are_one_to_one() -> None:
    """Every id has one control, and every control says what it is, why, and what to do about it."""
    assert list(CONTROLS) == [control.id for control in CONTROLS.values()]
    assert set(ControlId) == set(CONTROLS)
    titles = [control.title for control in CONTROLS.values()]
    assert len(set(titles)) == len(titles)
    silent = [
        control.id
        for control in CONTROLS.values()
        if not all((control.title, control.why, control.remedy, control.documentation))
    ]
    assert [] == silent


@newest
def test_every_control_governs_something() -> None:
    """No control is without a member, but for those on data, unknown members, what is named, who assumes, the way."""
    used = {member.rule.control for _, _, member, _ in governed()}
    silent = {
        ControlId.INPUT_SCAN,
        ControlId.PRIVATE_CONNECTION,
        ControlId.REFERENCED_RESOURCE,
        ControlId.SOURCE_CREDENTIALS,
        ControlId.UNKNOWN_MEMBER,
    }
    assert silent == set(ControlId) - used


def test_exemptions_say_why_and_where() -> None:
    """Every exemption has a reason and a source, and exempts from controls that there are."""
    assert set(ExemptionId) == set(EXEMPTIONS)
    silent = [row.id for row in EXEMPTIONS.values() if not (row.reason and row.source and row.controls)]
    assert [] == silent
    assert set(ControlId) >= {control for row in EXEMPTIONS.values() for control in row.controls}


CLARIFY = "131013547314.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-clarify-processing:1.0"
TRAINING = {"TrainingJobName": "t", "ResourceConfig": {"InstanceType": "ml.g5.xlarge"}}
MODELS = {"ProductionVariants": [{"ModelName": "m", "InstanceType": "ml.g5.xlarge"}]}
EXPRESS = {"Bucket": "ml-express--euw1-az1--x-s3"}
EXEMPTED = {
    ExemptionId.LOCAL_STORAGE: ("sagemaker", "CreateTrainingJob", TRAINING, {}),
    ExemptionId.ENDPOINT_LOCAL_STORAGE: (
        "sagemaker",
        "CreateEndpointConfig",
        MODELS,
        {"kms__endpoint_local_storage": "omit"},
    ),
    ExemptionId.AWS_MANAGED_KEY: (
        "sagemaker",
        "CreateModelCard",
        {"SecurityConfig": {}},
        {"kms__aws_managed": ["kms-resource-key"]},
    ),
    ExemptionId.DIRECTORY_BUCKET_OUTPUT: (
        "sagemaker",
        "CreateTrainingJob",
        {**TRAINING, "OutputDataConfig": {"S3OutputPath": f"s3://{EXPRESS['Bucket']}/x"}},
        {},
    ),
    ExemptionId.AWS_PUBLIC_BUCKET: (
        "s3",
        "GetObject",
        {"Bucket": "sagemaker-sample-files"},
        {"data_perimeter__aws_public_buckets": ["sagemaker-sample-files"]},
    ),
    ExemptionId.POST_FORM_OWNER: ("s3", "PostObject", {"Bucket": "ml-artifacts"}, {}),
    ExemptionId.DIRECTORY_BUCKET_OBJECT: ("s3", "PutObject", EXPRESS, {}),
    ExemptionId.DIRECTORY_BUCKET_OWNER: ("s3", "GetBucketEncryption", EXPRESS, {}),
    ExemptionId.CLARIFY_ISOLATION: (
        "sagemaker",
        "CreateProcessingJob",
        {"AppSpecification": {"ImageUri": CLARIFY}},
        {},
    ),
    ExemptionId.CLUSTER_VOLUME: ("sagemaker", "CreateCluster", {"InstanceGroups": [{}]}, {}),
    ExemptionId.LEGACY_DOMAIN_KEY: (
        "sagemaker",
        "CreateDomain",
        {"HomeEfsFileSystemKmsKeyId": golden.key("volume")},
        {},
    ),
    ExemptionId.MODEL_ENDPOINT_VPC: ("sagemaker", "CreateEndpointConfig", MODELS, {}),
    ExemptionId.MODEL_ENDPOINT_ISOLATION: ("sagemaker", "CreateEndpointConfig", MODELS, {}),
    ExemptionId.MODEL_ENDPOINT_ROLE: ("sagemaker", "CreateEndpointConfig", MODELS, {}),
    ExemptionId.MODEL_PACKAGE_GROUP_TAGS: (
        "sagemaker",
        "CreateModelPackage",
        {"ModelPackageGroupName": "g"},
        {},
    ),
}


@pytest.mark.parametrize("exemption", ExemptionId)
def test_every_exemption_is_used(exemption: ExemptionId) -> None:
    """There is a request that each exemption exempts, with its reason and source on record."""
    service, operation, parameters, changes = EXEMPTED[exemption]
    row = EXEMPTIONS[exemption]
    found = enforced(operation, parameters, service=service, **changes)
    used = [
        decision
        for decision in found.decisions
        if decision.action == "exempt"
        and decision.control_id in row.controls
        and decision.why == f"{row.reason} ({row.source})"
    ]
    assert used


def instance_types() -> set[str]:
    return {
        value
        for _, top in inputs()
        for shape in structures(top)
        for member in shape.members.values()
        for value in getattr(member, "enum", ())
        if value.startswith("ml.") and value.count(".") == 2
    }


def test_every_instance_type_of_the_model_is_known() -> None:
    """SageMaker lists no instance type whose family the table of local storage lacks."""
    families = baseline().instance_families
    unknown = {one for one in instance_types() if local_storage(one, families) is LocalStorage.UNKNOWN}
    accelerators_and_managed = {one for one in unknown if one.startswith(("ml.eia", "ml.geospatial"))}
    assert set() == unknown - accelerators_and_managed
