"""Every S3 location and every source of data that the installed botocore knows has been examined."""

from __future__ import annotations

import re
from functools import cache

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from secure_sagemaker.baseline import CODE_CHANNELS
from secure_sagemaker.controls.checks import Each
from secure_sagemaker.controls.members import is_mutating
from secure_sagemaker.controls.parameters import governed_members, innermost
from secure_sagemaker.controls.perimeter import S3Location
from secure_sagemaker.macie.input_shapes import (
    CHANNELS,
    ELSEWHERE,
    LATER,
    NO_DATA,
    OWN_FOLDERS,
    SOURCES,
    WHERE,
    InputKind,
)
from tests.controls_support import service_model
from tests.sdk_steps import roots_of_the_sdk

Member = tuple[str, str]

_DATA = {*WHERE, *LATER}
_READ = {*_DATA, *NO_DATA}
_FILE_SYSTEMS_OF_STUDIO = {
    (f"{kind}FileSystem{config}", "FileSystemId")
    for kind in ("EFS", "FSxLustre")
    for config in ("", "Config")
}
"""Mounted where a person works."""


def structures() -> dict[str, StructureShape]:
    """Every structure of an input that changes something, by name."""
    found: dict[str, StructureShape] = {}
    model = service_model()
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if shape is not None and is_mutating("sagemaker", name):
            _gather(shape, found)
    return found


def _gather(shape: Shape, found: dict[str, StructureShape]) -> None:
    if isinstance(shape, ListShape):
        _gather(shape.member, found)
    elif isinstance(shape, MapShape):
        _gather(shape.value, found)
    elif isinstance(shape, StructureShape) and shape.name not in found:
        found[shape.name] = shape
        for member in shape.members.values():
            _gather(member, found)


@cache
def locations() -> dict[Member, bool]:
    """Every member that the data perimeter knows as an S3 location, and whether it is written."""
    found: dict[Member, bool] = {}
    model = service_model()
    for name in model.operation_names:
        for _, member, shape in governed_members(model.operation_model(name)):
            check = member.rule.check
            check = check.check if isinstance(check, Each) else check
            if isinstance(check, S3Location):
                found[shape, member.name] = check.written
    return found


def test_every_location_has_been_examined() -> None:
    """Each is written, read as data, read later, or read and no data: one of them, with its reason."""
    read = {member for member, written in locations().items() if not written}
    assert set() == read - _READ, "say in input_shapes what is read there"


def test_no_location_is_examined_twice() -> None:
    """A location stands in one table."""
    assert len(_READ) == len(WHERE) + len(LATER) + len(NO_DATA)
    written = {member for member, is_written in locations().items() if is_written}
    assert set() == written & _READ


def test_every_text_with_the_pattern_of_a_location_is_one() -> None:
    """What the service model says is an S3 URI is known as a location."""
    patterned = {
        (shape.name, name)
        for shape in structures().values()
        for name, member in shape.members.items()
        if isinstance(member, StringShape) and "s3)://" in str(member.metadata.get("pattern", ""))
    }
    assert patterned
    assert set() == patterned - set(locations())


def test_every_location_is_a_single_text() -> None:
    """The walk looks for no lists of locations, since there are none."""
    found = structures()
    assert {"string"} == {
        found[shape].members[name].type_name for shape, name in locations() if shape in found
    }


@pytest.mark.sdk(3)
def test_nothing_is_listed_that_is_not_there() -> None:
    """With the newest botocore each row names a member that requests have."""
    found = structures()
    rows = [*_READ, *((shape, name) for shape, names in SOURCES.items() for name in names), *CHANNELS.items()]
    assert [] == [(shape, name) for shape, name in rows if name not in found[shape].members]
    assert set() == (set(ELSEWHERE) | OWN_FOLDERS) - set(found)
    beside = [
        (shape, name)
        for (shape, _), where in WHERE.items()
        for name in (where.told_by, where.attributes, where.etag)
        if name and name not in found[shape].members
    ]
    assert [] == beside
    called = {
        (shape, name)
        for shape, row in ELSEWHERE.items()
        for name in re.findall(r"\{(\w+)\}", row.called)
        if name not in found[shape].members
    }
    assert set() == called


def test_every_source_of_data_has_been_examined() -> None:
    """A structure that says where data comes from has no member that nobody knows."""
    found = structures()
    unknown = {
        (shape, name)
        for shape in SOURCES.keys() & found.keys()
        for name, member in found[shape].members.items()
        if member.type_name in ("structure", "list", "map") and name not in SOURCES[shape]
    }
    assert set() == unknown


def test_every_structure_that_holds_a_source_is_one_of_sources() -> None:
    """What holds a data source in a member of its kind's name lists its kinds, so that a new kind is noticed."""
    holding = {
        shape.name
        for shape in structures().values()
        for name, member in shape.members.items()
        if name.endswith(("DataSource", "Input", "DatasetDefinition"))
        and (inner := innermost(member)[0]) is not None
        and (inner.name in ELSEWHERE or any((inner.name, one) in _DATA for one in inner.members))
    }
    plain = {"ModelPackageContainerDefinition", "ModelSpeculativeDecodingConfig", "TrainingSpecification"}
    assert set() == holding - set(SOURCES) - plain


def test_every_type_of_data_is_known() -> None:
    """Each value that the service model has for how a location names objects has a meaning."""
    found = structures()
    for (shape, _), where in WHERE.items():
        if where.kind is None and shape in found:
            told_by = found[shape].members[where.told_by]
            assert isinstance(told_by, StringShape)
            assert set(told_by.enum) <= set(where.kinds), shape


def test_every_file_system_is_known() -> None:
    """A file system is a source of data, or is mounted for a person."""
    mounted = {
        (shape.name, name)
        for shape in structures().values()
        for name, member in shape.members.items()
        if member.name == "FileSystemId"
    }
    assert set() == {one for one in mounted if one[0] not in ELSEWHERE} - _FILE_SYSTEMS_OF_STUDIO


def test_every_reason_is_said() -> None:
    """What is no data, and what cannot be read, says why."""
    reasons = [*NO_DATA.values(), *LATER.values(), *(row.reason for row in ELSEWHERE.values())]
    assert all(reasons)
    assert {None, *InputKind} >= {where.kind for where in WHERE.values()}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param({*CODE_CHANNELS} - {"aux"}, marks=pytest.mark.sdk(2), id="v2"),
        pytest.param({*CODE_CHANNELS} - {"flow"}, marks=pytest.mark.sdk(3), id="v3"),
    ],
)
def test_every_channel_for_code_is_the_sdks(names: frozenset[str]) -> None:
    """A name by which data would need no verdict is one that the installed SDK itself uses."""
    unused = set(names)
    for place in (one for root in roots_of_the_sdk() for one in root.rglob("*.py")):
        source = place.read_text("utf-8")
        unused -= {name for name in unused if f'"{name}"' in source}
        if not unused:
            break
    assert set() == unused
