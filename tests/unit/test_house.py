"""The house, read from its source: who may import whom, what an import loads, what the face offers."""

import ast
import inspect
import io
import itertools
import os
import re
import socket
import subprocess
import sys
import tokenize
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import secure_sagemaker

ROOT = Path(__file__).parents[2]
PACKAGE = "secure_sagemaker"
FACE = "__init__"

# A part may import every row above its own, and nobody of its own row.
ROWS: tuple[frozenset[str], ...] = (
    frozenset({"exceptions", "folders", "locks", "sarif"}),
    frozenset({"baseline"}),
    frozenset({"controls"}),
    frozenset(
        {
            "identity",
            "network",
            "macie",
            "audit",
            "buckets",
            "presigning",
            "signatures",
            "transfers",
            "denials",
            "describing",
        }
    ),
    frozenset({"admission", "definitions", "references", "calls", "handlers", "sagemaker_sdk", "report"}),
    frozenset({"clients"}),
    frozenset({"session"}),
    frozenset({"activation"}),
    frozenset({FACE}),
    frozenset({"preflight"}),
    frozenset({"templates"}),
)
# What stands beside the rows; and handlers, and what is known of a call, with what it names instead of carries.
BESIDE: Mapping[str, frozenset[str]] = {
    "local": frozenset({FACE}),
    "cli": frozenset({FACE, "baseline", "identity", "preflight", "templates", "activation", "sarif"}),
    "admission": frozenset({"references"}),
    "calls": frozenset({"admission", "references"}),
    "handlers": frozenset({"admission", "calls", "definitions", "references"}),
}
# Only inside a function, or for types: the demo and `init` need the embedded AWS, other commands run without moto;
# the demonstration deploys a guardrail.
# And `SecureSession.activate` and `preflight` begin what stands on the session.
BESIDE_DEFERRED: Mapping[str, frozenset[str]] = {
    "cli": frozenset({"local"}),
    "local": frozenset({"identity"}),
    "session": frozenset({"activation", "preflight"}),
}

RUN_TIME = frozenset({"boto3", "botocore", "pydantic", "pydantic_core", "s3transfer"})
# Who may import what an extra, the demonstration's training script, or a dependency that is loaded late brings.
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "detect_secrets": ("controls.secret_formats", "controls.detection", "local.macie"),
    "jinja2": ("macie.formats.page",),
    "joblib": ("local.demonstration",),
    "moto": ("local",),
    "pandas": ("local.demonstration",),
    "phonenumbers": ("local.macie",),
    "pyarrow": ("local.macie",),
    "pytest": ("local.pytest_plugin",),
    "responses": ("local",),
    "rich": ("cli", "local.demonstration", "macie.progress_bar"),
    "sagemaker": ("sagemaker_sdk", "local.demonstration", "cli"),
    "sagemaker_core": ("sagemaker_sdk",),
    "sklearn": ("local.demonstration",),
    "trustme": ("local.certificates",),
    "typer": ("cli",),
    "validators": ("local.macie",),
    "werkzeug": ("local",),
}
ALWAYS_DEFERRED = frozenset({"detect_secrets", "sagemaker", "sagemaker_core"})
TYPES_ONLY = ("types_boto3", "types_s3transfer", "typing_extensions")

# `controls` decides and does nothing else.
IMPURE_MODULES = frozenset(
    {
        *("asyncio", "boto3", "botocore", "http", "io", "logging", "os", "pathlib", "random", "secrets"),
        *("shutil", "socket", "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid"),
    }
)
IMPURE_CALLS = frozenset({"input", "now", "open", "print", "today", "utcnow"})

EVENT = re.compile(
    r"(provide-client-params|before-parameter-build|before-endpoint-resolution|before-call|before-sign|before-send"
    r"|request-created|choose-signer|needs-retry|response-received|after-call|after-call-error|creating-client-class)"
    r"(\.[\w.*-]*)?"
)
SIDE_DOORS = ("local", "preflight")


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported module, and how it is imported."""

    name: str
    line: int
    deferred: bool = False
    types_only: bool = False

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]

    @property
    def part(self) -> str:
        return part_of(self.name)


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else FACE


def known_parts() -> frozenset[str]:
    return frozenset(itertools.chain(*ROWS, BESIDE, *BESIDE.values()))


def imports_of(source: str) -> tuple[Import, ...]:
    return tuple(_imports(ast.parse(source), deferred=False, types_only=False))


def _imports(node: ast.AST, *, deferred: bool, types_only: bool) -> Iterator[Import]:
    line = getattr(node, "lineno", 0)

    def found(name: str) -> Import:
        return Import(name=name, line=line, deferred=deferred, types_only=types_only)

    match node:
        case ast.Import(names=names):
            yield from (found(alias.name) for alias in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            for alias in names:
                of_the_face = module == PACKAGE and alias.name in known_parts()
                yield found(f"{PACKAGE}.{alias.name}" if of_the_face else module)
        case ast.ImportFrom():
            raise SyntaxError(f"line {line}: a relative import; the house is written with full names")
        case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]):
            if ast.unparse(function) in {"__import__", "import_module", "importlib.import_module"}:
                yield found(name)
    inside = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for field, value in ast.iter_fields(node):
        guarded = isinstance(node, ast.If) and field == "body" and _is_for_types(node.test)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _imports(child, deferred=inside, types_only=types_only or guarded)


def _is_for_types(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def may_import(part: str) -> frozenset[str]:
    row = next((place for place, row in enumerate(ROWS) if part in row), 0)
    return frozenset(itertools.chain(*ROWS[:row])) | BESIDE.get(part, frozenset())


def violations(module: str, source: str) -> list[str]:
    """What in this source the house doesn't allow to this module, named from inside the package."""
    part = module.partition(".")[0]
    if part not in known_parts():
        return [f"{part} has no place in the house: give it one in ROWS or BESIDE"]
    return [
        f"{module}, line {found.line}: imports {found.name}: {reason}"
        for found in imports_of(source)
        if (reason := _reason_against(module, part, found)) is not None
    ]


def _reason_against(module: str, part: str, found: Import) -> str | None:
    if found.top == PACKAGE:
        not_at_import = found.deferred or found.types_only
        later = BESIDE_DEFERRED.get(part, frozenset()) if not_at_import else frozenset()
        allowed = may_import(part) | later | {part}
        if found.part in allowed:
            return None
        return f"it may import {', '.join(sorted(allowed - {part})) or 'nothing of ours'}"
    if part == "controls" and {found.top, found.name} & IMPURE_MODULES and not found.types_only:
        return "controls are pure; botocore is for types only"
    if found.top in EXTRAS:
        if not any(f"{module}.".startswith(f"{holder}.") for holder in EXTRAS[found.top]):
            return f"only {', '.join(EXTRAS[found.top])} may"
        if found.top in ALWAYS_DEFERRED and not (found.deferred or found.types_only):
            return "only inside a function, so that it loads when it is asked for"
        return None
    if found.top in RUN_TIME or found.top in sys.stdlib_module_names:
        return None
    if found.types_only and found.top.startswith(TYPES_ONLY):
        return None
    return "not a declared run-time dependency"


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / PACKAGE).with_suffix("").parts)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sources(PACKAGE), ids=named)
def test_a_part_imports_only_what_the_house_allows(path: Path) -> None:
    """Every module imports only from the rows above its own, and only what its part may use from outside."""
    assert [] == violations(module_of(path), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("exceptions", "from secure_sagemaker.baseline import Waiver", id="upwards"),
        pytest.param("controls", "from secure_sagemaker import SecureSession", id="through-the-face"),
        pytest.param("baseline", "from secure_sagemaker import session", id="module-of-the-face"),
        pytest.param("identity", "import secure_sagemaker.network.peers", id="sideways"),
        pytest.param("references", "from secure_sagemaker.handlers import register", id="back-from-handlers"),
        pytest.param("local", "from secure_sagemaker.session import SecureSession", id="round-the-face"),
        pytest.param("cli", "from secure_sagemaker.controls import Enforcer", id="cli-round-the-face"),
        pytest.param("cli", "from secure_sagemaker.local import account", id="cli-loads-local"),
        pytest.param("session", "if TYPE_CHECKING:\n    import secure_sagemaker.cli", id="types-count"),
        pytest.param("session", "import importlib\nimportlib.import_module('moto')", id="by-string"),
        pytest.param("sagemaker_sdk", "import sagemaker", id="sdk-not-deferred"),
        pytest.param("handlers", "def f():\n    from sagemaker import Session", id="sdk-elsewhere"),
        pytest.param("session", "import rich", id="rich-outside-the-cli"),
        pytest.param("macie.formats.text", "import jinja2", id="jinja-outside-the-page"),
        pytest.param("local.embedded", "import rich", id="rich-outside-the-demonstration"),
        pytest.param("session", "import requests", id="undeclared"),
        pytest.param("session", "import types_boto3_s3", id="stubs-at-run-time"),
        pytest.param("controls", "from botocore.model import Shape", id="controls-load-botocore"),
        pytest.param("controls", "import time", id="controls-read-the-clock"),
        pytest.param("utils", "", id="no-place"),
    ],
)
def test_the_reading_finds_what_the_house_forbids(module: str, source: str) -> None:
    """Each kind of forbidden import is found, so that an empty answer means something."""
    assert 1 == len(violations(module, source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("session", "from secure_sagemaker.handlers import register", id="downwards"),
        pytest.param("handlers", "import secure_sagemaker.references", id="handlers-ask-references"),
        pytest.param("controls", "if TYPE_CHECKING:\n    import botocore.model", id="botocore-for-types"),
        pytest.param("session", "if TYPE_CHECKING:\n    import types_boto3_s3", id="stubs-for-types"),
        pytest.param("controls", "import urllib.parse", id="controls-take-a-uri-apart"),
        pytest.param("cli", "def demo():\n    import secure_sagemaker.local", id="cli-defers-local"),
        pytest.param("sagemaker_sdk", "def f():\n    import sagemaker", id="sdk-deferred"),
        pytest.param("preflight", "from secure_sagemaker import SecureSession", id="by-the-face"),
    ],
)
def test_the_reading_lets_through_what_the_house_allows(module: str, source: str) -> None:
    """The rules are no stricter than the design says."""
    assert [] == violations(module, source)


@pytest.mark.parametrize("path", sources(f"{PACKAGE}/controls"), ids=named)
def test_controls_do_no_io_and_read_no_clock(path: Path) -> None:
    """Nothing in `controls` opens, prints or asks what time it is."""
    called = {
        (node.lineno, name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (name := getattr(node.func, "id", getattr(node.func, "attr", None))) in IMPURE_CALLS
    }
    assert set() == called


@pytest.mark.parametrize("path", [path for path in sources(PACKAGE) if path.name != "handlers.py"], ids=named)
def test_only_handlers_names_botocore_events(path: Path) -> None:
    """Event names stand in one file."""
    named_events = {
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT.fullmatch(node.value)
    }
    assert set() == named_events


OWN_FORK = ("local",)  # which is one process's
LOCKS = frozenset({"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"})


@pytest.mark.parametrize("path", sources(PACKAGE), ids=named)
def test_a_forked_process_finds_every_lock_free(path: Path) -> None:
    """A lock is made by `locks` alone, which gives a forked process a free one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named_alone = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "threading"
        for alias in node.names
        if alias.name in LOCKS
    }
    making = named_alone | {f"threading.{name}" for name in LOCKS}
    made = {
        (node.lineno, ast.unparse(node.func))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in making
    }
    assert part_of(f"{PACKAGE}.{module_of(path)}") in OWN_FORK or set() == made


IGNORE = re.compile(
    r"#\s*(type:\s*ignore(\[[\w, -]*\])?|noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?|pragma:\s*no \w+)"
)


@pytest.mark.parametrize("path", sources(PACKAGE, "tests", "examples", "tools"), ids=named)
def test_every_ignore_carries_its_reason(path: Path) -> None:
    """A lint, type or coverage ignore says on its line why."""
    bare = [
        f"line {token.start[0]}: {token.string}"
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
        if token.type == tokenize.COMMENT
        and IGNORE.search(token.string)
        and len(IGNORE.sub("", token.string).strip(" #:-").split()) < 2
    ]
    assert [] == bare


@pytest.mark.parametrize("path", sources("tests"), ids=named)
def test_every_test_states_its_law(path: Path) -> None:
    """Each test opens with a docstring."""
    silent = [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert [] == silent


def test_a_test_reaches_this_machine_only() -> None:
    """Loopback answers; another address, another name and a datagram are stopped before anything leaves."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    with pytest.raises(BaseException, match="loopback only"):
        socket.create_connection(("192.0.2.1", 443), timeout=1)
    with pytest.raises(BaseException, match="loopback only"):
        socket.getaddrinfo("sts.amazonaws.com", 443)
    with (
        pytest.raises(BaseException, match="loopback only"),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
    ):
        datagram.sendto(b"", ("192.0.2.1", 53))


def test_a_test_sees_nothing_of_the_machine(clean_environment: Path) -> None:
    """Home is empty; the one AWS or SageMaker setting is that which turns instance metadata off."""
    assert clean_environment == Path.home()
    assert [] == list(clean_environment.iterdir())
    settings = {name for name in os.environ if "AWS" in name or "SAGEMAKER" in name}
    assert {"AWS_EC2_METADATA_DISABLED"} == settings


def test_importing_the_face_loads_nothing_optional() -> None:
    """`import secure_sagemaker` in a fresh interpreter loads no SDK, no moto, no typer, no rich."""
    optional = sorted({*EXTRAS, "types_boto3"})
    program = f"import sys, {PACKAGE}; print([name for name in {optional!r} if name in sys.modules])"
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ("", "[]\n") == (ran.stderr, ran.stdout)


def test_the_face_is_sorted_and_every_name_is_there() -> None:
    """`__all__` is sorted, constants before classes before functions; each name stands once and is there."""
    offered = list(secure_sagemaker.__all__)
    assert sorted(set(offered), key=lambda name: (not name.isupper(), name[0].islower(), name)) == offered
    assert [] == [name for name in offered if not hasattr(secure_sagemaker, name)]


def test_the_face_offers_all_that_it_shows() -> None:
    """No public name stands in the face without being offered."""
    shown = {
        name
        for name, value in vars(secure_sagemaker).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert set() == shown - set(secure_sagemaker.__all__)


def test_a_name_has_one_import_path() -> None:
    """What the face offers, no side door offers again."""
    doors = [door for name in SIDE_DOORS if (door := ROOT / PACKAGE / name / "__init__.py").exists()]
    doubled = {named(door): offered_by(door) & set(secure_sagemaker.__all__) for door in doors}
    assert {named(door): set() for door in doors} == doubled


def offered_by(path: Path) -> set[str]:
    return {
        constant.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and "__all__" in ast.unparse(node).partition("=")[0]
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }


def test_examples_and_documentation_come_in_by_the_doors() -> None:
    """A reader is shown the face and the side doors only, never a module behind them."""
    doors = {PACKAGE, *(f"{PACKAGE}.{door}" for door in SIDE_DOORS)}
    pages = [ROOT / "README.md", *sources("examples"), *(ROOT / "docs").rglob("*.md")]
    imports = re.compile(rf"^\s*(?:from|import) ({PACKAGE}[\w.]*)", re.MULTILINE)
    shown = {
        (named(page), module)
        for page in pages
        for module in imports.findall(page.read_text(encoding="utf-8"))
    }
    assert set() == {(page, module) for page, module in shown if module not in doors}


def test_the_wheel_holds_the_package_with_its_data(tmp_path: Path) -> None:
    """What is installed is the package, `py.typed` and all data, and nothing beside it."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = [path for path in (ROOT / PACKAGE).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    wanted = {name for path in files if "/." not in (name := named(path))}
    assert wanted == held
