"""The documentation's Python: each page is run against the embedded AWS, in order, in one namespace, and type-checked.

In a page, an HTML comment above a block or at the top says what is different there:

    <!-- not executed: REASON -->             the next block is only type-checked
    <!-- needs SageMaker Python SDK vN -->    the page is run where that major is installed
    <!-- run by pytest -->                    the page's blocks are one test module, which makes its own account
"""

import builtins
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from secure_sagemaker.local import EmbeddedAWS, embedded_aws

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"(?:^<!-- not executed: (.+) -->\n+)?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS = re.compile(r"^<!-- needs SageMaker Python SDK v(\d) -->$", re.MULTILINE)
BY_PYTEST = re.compile(r"^<!-- run by pytest -->$", re.MULTILINE)
PROD = '\n[env.prod]\nunknown_members = "refuse"\n'
THERE = ("churn/model.tar.gz", "data/train.csv")  # what pages take to be in the bucket already
PRELUDE = ("from secure_sagemaker.local import EmbeddedAWS", "aws: EmbeddedAWS")


@dataclass(frozen=True, kw_only=True)
class Block:
    line: int
    text: str
    skipped: str
    """Why it is not run; empty when it is."""


@dataclass(frozen=True, kw_only=True)
class Page:
    path: Path
    blocks: tuple[Block, ...]
    sdk: int | None
    by_pytest: bool

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def module(self) -> str:
        """The page as Python, each block on the lines it has in the page."""
        lines = [""] * (len(self.path.read_text(encoding="utf-8").splitlines()) + 1)
        if not self.by_pytest:
            lines[:2] = PRELUDE  # where a page has its title
        for block in self.blocks:
            for offset, line in enumerate(block.text.splitlines()):
                lines[block.line + offset] = line
        return "\n".join(lines) + "\n"


def pages() -> Iterator[Page]:
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        blocks = tuple(
            Block(line=text.count("\n", 0, found.start(2)), text=found[2], skipped=found[1] or "")
            for found in BLOCK.finditer(text)
        )
        needs = NEEDS.search(text)
        if blocks:
            yield Page(
                path=path,
                blocks=blocks,
                sdk=int(needs[1]) if needs else None,
                by_pytest=BY_PYTEST.search(text) is not None,
            )


PAGES = tuple(pages())


def each(*found: Page) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "page",
        [
            pytest.param(page, id=page.name, marks=[pytest.mark.sdk(page.sdk)] if page.sdk else [])
            for page in found
        ],
    )


@pytest.fixture
def aws(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedAWS]:
    """An account, and a project whose baseline file is the account's."""
    if page.sdk == 3:
        forget_clients()
    with embedded_aws() as aws:
        for key in THERE:
            aws.source.client("s3").put_object(Bucket=aws.default_bucket, Key=key, Body=b"1")
        aws.forget_requests()
        for path in (tmp_path / "secure-sagemaker.toml", tmp_path / "config/secure-sagemaker.toml"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(aws.baseline_toml() + PROD, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
        yield aws
    if page.sdk == 3:
        forget_clients()


def forget_clients() -> None:
    """Drop the clients that the SDK keeps for the process."""
    logs = importlib.import_module("sagemaker.core.utils.logs").CloudWatchLogsClient
    utils = importlib.import_module("sagemaker.core.utils.utils")
    utils.SageMakerClient.reset()
    utils.SingletonMeta._instances.pop(logs, None)
    logs.client = None


def test_there_are_pages_of_each_kind() -> None:
    """The reading finds pages for everybody, for each major of the SDK, and for pytest."""
    assert {None, 2, 3} == {page.sdk for page in PAGES}
    assert [page for page in PAGES if page.by_pytest]


@each(*(page for page in PAGES if not page.by_pytest))
@pytest.mark.filterwarnings(
    "ignore:Implicitly cleaning up:ResourceWarning"
)  # the SDK's temporary directories
def test_a_page_runs(page: Page, aws: EmbeddedAWS) -> None:
    """What a page tells a reader to run does run, from its top to its end."""
    if page.sdk == 2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its dependencies warn of their own ends
            importlib.import_module("sagemaker")
    namespace: dict[str, object] = {"__name__": "documentation", "aws": aws}
    for block in page.blocks:
        if not block.skipped:
            code = compile("\n" * block.line + block.text, page.name, "exec")
            builtins.exec(code, namespace)  # noqa: S102  # the documentation is what is tested


@each(*(page for page in PAGES if page.by_pytest))
def test_a_page_of_tests_passes(page: Page, tmp_path: Path) -> None:
    """Tests that a page shows pass in a project of their own."""
    module = tmp_path / "test_page.py"
    module.write_text(page.module(), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, module],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert re.search(r"^[1-9]\d* passed", ran.stdout, re.MULTILINE)


def test_pages_are_typed(tmp_path: Path) -> None:
    """Every example passes mypy --strict, also one that is not run."""
    pytest.importorskip("mypy", reason="the type checker is in the environment of the newest SDK v3 only")
    modules = []
    for page in PAGES:
        module = tmp_path / f"page_{re.sub(r'[^a-z0-9]', '_', page.name.lower())}.py"
        module.write_text(page.module(), encoding="utf-8")
        modules.append(module)
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ran.returncode, ran.stdout + ran.stderr


def test_pages_of_controls_tell_of_the_locked_botocore() -> None:
    """What is told of service models is of the botocore that the newest environment is locked to."""
    locked = re.search(r"^botocore==(\S+)$", (ROOT / "requirements/dev-v3.in").read_text(), re.MULTILINE)
    assert locked is not None
    told = {
        version
        for path in (ROOT / "docs/reference/controls").glob("*.md")
        for version in re.findall(r"service models of botocore (\S+)\.$", path.read_text(), re.MULTILINE)
    }
    assert {locked[1]} == told
