"""Where a baseline is found, what stands above it, and what each place's error says."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from secure_sagemaker.baseline import BaselineDocument, SecurityBaseline, find_file, read_document
from secure_sagemaker.exceptions import BaselineError, BaselineNotFoundError, LoosenedBaselineError
from tests.unit.baseline.stated import COMPLETE, TODAY, changed

FILE = "secure-sagemaker.toml"
BASELINE = "SECURE_SAGEMAKER_BASELINE"
ORGANISATION = "SECURE_SAGEMAKER_ORGANISATION"
LAYER = "schema_version = 1\n[hardening]\nvpc_image_repositories_only = true\n"


def write(path: Path, text: str = COMPLETE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read(
    path: Path, *, fixed: Path | None = None, environ: Mapping[str, str] | None = None
) -> BaselineDocument:
    absent = path.parent / "no-organisation.toml"
    return read_document(path, environ=environ or {}, organisation_path=fixed or absent)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- finding


def test_the_nearest_file_upwards_is_found(tmp_path: Path) -> None:
    """As git finds its config: from the working directory upwards, the nearest counts."""
    far, near = write(tmp_path / FILE), write(tmp_path / "a" / FILE)
    below = tmp_path / "a" / "b" / "c"
    below.mkdir(parents=True)
    assert near == find_file(environ={}, start=below)
    near.unlink()
    assert far == find_file(environ={}, start=below)


def test_the_working_directory_is_where_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments the process's own directory and environment count."""
    path = write(tmp_path / FILE)
    monkeypatch.chdir(tmp_path)
    assert path == find_file()
    monkeypatch.setenv(BASELINE, str(write(tmp_path / "other.toml")))
    assert tmp_path / "other.toml" == find_file()


def test_a_pyproject_counts_where_it_has_the_table(tmp_path: Path) -> None:
    """A pyproject.toml without [tool.secure-sagemaker] is passed by; one with it is found."""
    outer = write(tmp_path / "pyproject.toml", "[tool.secure-sagemaker]\nschema_version = 1\n")
    write(tmp_path / "a" / "pyproject.toml", '[project]\nname = "x"\n')
    assert outer == find_file(environ={}, start=tmp_path / "a")


def test_the_own_file_comes_before_the_pyproject_beside_it(tmp_path: Path) -> None:
    """In one directory secure-sagemaker.toml counts."""
    write(tmp_path / "pyproject.toml", "[tool.secure-sagemaker]\nschema_version = 1\n")
    assert write(tmp_path / FILE) == find_file(environ={}, start=tmp_path)


def test_the_variable_comes_before_all(tmp_path: Path) -> None:
    """A named file is taken, whatever lies nearer."""
    write(tmp_path / FILE)
    named = write(tmp_path / "elsewhere" / "named.toml")
    assert named == find_file(environ={BASELINE: str(named)}, start=tmp_path)


def test_a_named_file_that_is_missing_is_no_reason_to_search(tmp_path: Path) -> None:
    """A wrong variable is an error, never a silent fall-back to another file."""
    write(tmp_path / FILE)
    with pytest.raises(BaselineError, match=r"typo\.toml is not a file") as refused:
        find_file(environ={BASELINE: "typo.toml"}, start=tmp_path)
    assert BASELINE == refused.value.source
    assert FILE in refused.value.remedy


def test_nothing_found_lists_the_places(tmp_path: Path) -> None:
    """The error lists where was looked, in order, and the three ways to have a baseline."""
    start = tmp_path / "a"
    start.mkdir()
    with pytest.raises(BaselineNotFoundError) as refused:
        find_file(environ={}, start=start)
    searched = refused.value.searched
    assert [
        f"{BASELINE} (not set)",
        str(start / FILE),
        str(start / "pyproject.toml"),
        str(tmp_path / FILE),
    ] == list(searched[:4])
    assert "/opt/ml/input/data/code/secure-sagemaker.toml" in searched
    assert all(f"searched: {place}" in str(refused.value) for place in searched)
    assert all(way in refused.value.remedy for way in ("secure-sagemaker init", BASELINE, "SecurityBaseline"))


# --- reading


BAD_FILES = [
    pytest.param("", "", "it is empty", "secure-sagemaker init", id="empty"),
    pytest.param("# nothing\n", "", "it is empty", "secure-sagemaker init", id="comments-only"),
    pytest.param(
        'region = "eu-west-1"', "schema_version", "which version", "schema_version = 1", id="no-version"
    ),
    pytest.param(
        changed("schema_version = 1", "schema_version = 2"),
        "schema_version",
        "version 2 of the format, and this library reads version 1",
        "install a version",
        id="later-version",
    ),
    pytest.param(
        changed("schema_version = 1", 'schema_version = "1"'),
        "schema_version",
        'Input should be 1, got "1"',
        "schema_version = 1",
        id="version-as-text",
    ),
    pytest.param(
        changed("schema_version = 1", "schema_version = 1\nregion = "),
        "",
        "not valid TOML",
        "correct the line",
        id="not-toml",
    ),
    pytest.param(
        "schema_version = 1\n", "", "states nothing that a workload must have", "init", id="version-only"
    ),
]


@pytest.mark.parametrize(("text", "field", "message", "remedy"), BAD_FILES)
def test_a_bad_file_is_told_by_its_path(
    tmp_path: Path, text: str, field: str, message: str, remedy: str
) -> None:
    """The error names the file, the field or the line, and what to write."""
    path = write(tmp_path / FILE, text)
    with pytest.raises(BaselineError) as refused:
        read(path).resolve(today=TODAY)
    assert (str(path), field) == (refused.value.source, refused.value.field)
    assert message in str(refused.value)
    assert remedy in refused.value.remedy


def test_broken_toml_is_told_by_line(tmp_path: Path) -> None:
    """The parser's line is in the message."""
    path = write(tmp_path / FILE, "schema_version = 1\nregion = \n")
    with pytest.raises(BaselineError, match=r"line 2"):
        read(path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A file that is not UTF-8 is an error of ours, with its path."""
    path = tmp_path / FILE
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BaselineError, match="not valid TOML") as refused:
        read(path)
    assert str(path) == refused.value.source


@pytest.mark.parametrize("kind", ["missing", "directory"])
def test_a_path_that_is_no_file(tmp_path: Path, kind: str) -> None:
    """A path that leads to no file is told as it was given."""
    path = tmp_path if kind == "directory" else tmp_path / FILE
    with pytest.raises(BaselineError, match="there is no such file") as refused:
        SecurityBaseline.from_file(path)
    assert str(path) == refused.value.source


def test_what_cannot_be_looked_at_is_an_error(tmp_path: Path) -> None:
    """Unreadable is not absent: no layer vanishes because the system cannot say what stands in its place."""
    loop = tmp_path / "organisation.toml"
    loop.symlink_to(loop)
    with pytest.raises(BaselineError, match="it cannot be read: Too many levels") as refused:
        read(write(tmp_path / FILE), fixed=loop)
    assert (str(loop), True) == (refused.value.source, "this user may read" in refused.value.remedy)
    with pytest.raises(BaselineError, match="it cannot be read"):
        find_file(environ={BASELINE: str(loop)})
    with pytest.raises(BaselineError, match="layer cannot be read"):
        read(tmp_path / FILE, environ={ORGANISATION: str(loop)})


def test_a_pyproject_is_read_by_its_table(tmp_path: Path) -> None:
    """[tool.secure-sagemaker] says what secure-sagemaker.toml would; nothing else of the file counts."""
    prefixed = "\n".join(
        f"[tool.secure-sagemaker.{line[1:]}" if line.startswith("[") else line
        for line in COMPLETE.splitlines()
    )
    path = write(tmp_path / "pyproject.toml", f'[project]\nname = "x"\n[tool.secure-sagemaker]\n{prefixed}')
    assert read(path).resolve(today=TODAY) == read(write(tmp_path / FILE)).resolve(today=TODAY)


def test_a_pyproject_without_the_table(tmp_path: Path) -> None:
    """A pyproject.toml that is named and has no table is an error that says which."""
    path = write(tmp_path / "pyproject.toml", '[project]\nname = "x"\n')
    with pytest.raises(BaselineError, match=r"no \[tool.secure-sagemaker\] table"):
        read(path)


def test_a_file_is_resolved_with_its_path_and_digest(tmp_path: Path) -> None:
    """The record of the layer names the file and the SHA-256 of its bytes."""
    path = write(tmp_path / FILE)
    (layer,) = SecurityBaseline.from_file(path, today=TODAY).layers
    assert ("project", str(path), sha256(path)) == (layer.name, layer.source, layer.digest)


# --- the organisation's layer


def test_the_fixed_path_always_applies(tmp_path: Path) -> None:
    """A file at the fixed place joins before the project's, whatever the project says."""
    fixed = write(tmp_path / "etc" / "organisation.toml", LAYER)
    made = read(write(tmp_path / FILE), fixed=fixed).resolve(today=TODAY)
    assert made.hardening.vpc_image_repositories_only
    assert [("organisation", sha256(fixed)), ("project", sha256(tmp_path / FILE))] == [
        (layer.name, layer.digest) for layer in made.layers
    ]


def test_the_variable_adds_a_layer_to_the_fixed_one(tmp_path: Path) -> None:
    """The variable can add to what the fixed path demands, not take its place."""
    fixed = write(tmp_path / "etc" / "organisation.toml", LAYER)
    named = write(tmp_path / "named.toml", "schema_version = 1\nunknown_members = 'refuse'\n")
    made = read(write(tmp_path / FILE), fixed=fixed, environ={ORGANISATION: str(named)}).resolve(today=TODAY)
    assert (True, "refuse") == (made.hardening.vpc_image_repositories_only, made.unknown_members)
    assert [str(fixed), str(named), str(tmp_path / FILE)] == [layer.source for layer in made.layers]


def test_two_organisations_layers_may_not_contradict(tmp_path: Path) -> None:
    """The second organisation's layer tightens the first like any other."""
    fixed = write(tmp_path / "etc" / "organisation.toml", LAYER)
    named = write(tmp_path / "named.toml", "schema_version = 1\n[hardening]\nallow_root_access = true\n")
    with pytest.raises(LoosenedBaselineError) as refused:
        read(write(tmp_path / FILE), fixed=fixed, environ={ORGANISATION: str(named)}).resolve(today=TODAY)
    assert (f"{fixed} (organisation)", f"{named} (organisation)") == (
        refused.value.earlier_source,
        refused.value.later_source,
    )


@pytest.mark.parametrize("upper", [False, True])
def test_the_pinned_digest_is_taken(tmp_path: Path, upper: bool) -> None:
    """The right pin lets the layer in, in either case of its digits."""
    named = write(tmp_path / "named.toml", LAYER)
    pin = sha256(named).upper() if upper else sha256(named)
    made = read(write(tmp_path / FILE), environ={ORGANISATION: f"{named}#sha256={pin}"}).resolve(today=TODAY)
    assert made.hardening.vpc_image_repositories_only


def test_another_content_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    """A changed layer does not pass its pin; the error tells both digests."""
    named = write(tmp_path / "named.toml", LAYER)
    pin = sha256(named)
    write(named, LAYER + "# changed\n")
    with pytest.raises(BaselineError) as refused:
        read(write(tmp_path / FILE), environ={ORGANISATION: f"{named}#sha256={pin}"})
    assert f"its SHA-256 is {sha256(named)}, the pinned one is {pin}" in str(refused.value)
    assert "find out who changed it" in refused.value.remedy


@pytest.mark.parametrize(
    "fragment", ["#", "#sha256=", "#sha256=12ab", "#md5=" + 64 * "0", "#" + 64 * "0", "#sha256=" + 64 * "z"]
)
def test_a_pin_that_is_none_is_refused(tmp_path: Path, fragment: str) -> None:
    """A pin that got lost or cut does not turn into no pin."""
    named = write(tmp_path / "named.toml", LAYER)
    with pytest.raises(BaselineError, match="is no pin") as refused:
        read(write(tmp_path / FILE), environ={ORGANISATION: f"{named}{fragment}"})
    assert (ORGANISATION, True) == (refused.value.source, "LOCATION#sha256=HEX" in refused.value.remedy)


def test_a_pin_without_a_place(tmp_path: Path) -> None:
    """A pin alone names nothing."""
    with pytest.raises(BaselineError, match="names no layer"):
        read(write(tmp_path / FILE), environ={ORGANISATION: "#sha256=" + 64 * "0"})


def test_a_named_layer_that_is_missing_is_refused(tmp_path: Path) -> None:
    """An anchor that leads nowhere is an error, not an absent organisation."""
    gone = tmp_path / "gone.toml"
    with pytest.raises(BaselineError, match="layer cannot be read: No such file") as refused:
        read(write(tmp_path / FILE), environ={ORGANISATION: str(gone)})
    assert (str(gone), True) == (refused.value.source, ORGANISATION in refused.value.remedy)


@pytest.mark.parametrize("location", ["ssm:/ml/baseline", "s3://org-baselines/ml.toml"])
def test_an_anchor_in_aws_is_read_by_the_reader(tmp_path: Path, location: str) -> None:
    """A parameter or an object is read by who may; its bytes are pinned and recorded like a file's."""
    asked: list[str] = []

    def reader(where: str) -> bytes:
        asked.append(where)
        return LAYER.encode()

    pin = hashlib.sha256(LAYER.encode()).hexdigest()
    made = read_document(
        write(tmp_path / FILE),
        environ={ORGANISATION: f"{location}#sha256={pin}"},
        organisation_path=tmp_path / "none",
        read_anchor=reader,
    ).resolve(today=TODAY)
    assert [location] == asked
    assert (location, pin) == (made.layers[0].source, made.layers[0].digest)


def test_an_anchor_in_aws_that_nobody_may_read(tmp_path: Path) -> None:
    """Without a reader an anchor in AWS is refused, not skipped."""
    with pytest.raises(BaselineError, match="nothing here may read it") as refused:
        read(write(tmp_path / FILE), environ={ORGANISATION: "ssm:/ml/baseline"})
    assert "SecureSession" in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param("[hardening]\n", "which version", id="no-version"),
        pytest.param(LAYER + "[env.prod]\n", "holds for every environment and region", id="environment"),
        pytest.param(LAYER + "[region.eu-west-1]\n", "holds for every environment and region", id="region"),
        pytest.param(LAYER + "zzz = 1\n", "unknown key", id="unknown-key"),
    ],
)
def test_a_bad_organisations_layer_is_told_by_its_place(tmp_path: Path, text: str, message: str) -> None:
    """What is wrong with the organisation's layer is told with the organisation's place."""
    fixed = write(tmp_path / "etc" / "organisation.toml", text)
    with pytest.raises(BaselineError, match=message) as refused:
        read(write(tmp_path / FILE), fixed=fixed)
    assert str(fixed) == refused.value.source


def test_an_organisation_may_state_everything(tmp_path: Path) -> None:
    """A project that adds nothing to a complete layer has that layer."""
    fixed = write(tmp_path / "etc" / "organisation.toml", COMPLETE)
    made = read(write(tmp_path / FILE, "schema_version = 1\n"), fixed=fixed).resolve(today=TODAY)
    assert read(write(tmp_path / FILE)).resolve(today=TODAY) == made
