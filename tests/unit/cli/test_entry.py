"""The console entry, as it is installed."""

import importlib.metadata
import json
import sys
from pathlib import Path

import pytest

from secure_sagemaker.cli.app import app
from tests.unit.cli.running import baseline_file, finished, installed, run, training_job

pytestmark = pytest.mark.once


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


def test_help_names_every_command() -> None:
    """The installed script answers --help on stdout and exits clean, and so does a group of commands."""
    ran = installed("--help")
    assert (0, "") == (ran.code, ran.stderr)
    shown = commands(ran.stdout)
    assert [
        "init",
        "demo",
        "check",
        "endpoints",
        "explain",
        "scan",
        "template",
        "whoami",
        "policy",
        "run",
    ] == shown[:-2]
    assert ["pipeline", "baseline"] == shown[-2:]
    assert ["check", "show", "schema", "diff"] == commands(run("baseline", "--help").stdout)


def commands(told: str) -> list[str]:
    return [line.split()[0] for line in told.partition("Commands:\n")[2].splitlines()]


def test_the_version_is_the_distribution_s() -> None:
    """--version tells what is installed."""
    version = importlib.metadata.version("secure-sagemaker")
    assert f"secure-sagemaker {version}\n" == installed("--version").stdout


@pytest.mark.parametrize("arguments", [["--help"], ["init", "--help"], ["baseline", "schema"]])
def test_what_needs_no_aws_is_quick(arguments: list[str]) -> None:
    """Help and the schema make no client and load no SDK, no moto and no data set."""
    program = """
import sys
from botocore.client import ClientCreator
def refuse(*_, **__): raise AssertionError("a client was made")
ClientCreator.create_client = refuse
from secure_sagemaker.cli import main
try:
    main()
finally:
    print([name for name in ("moto", "sagemaker", "sklearn") if name in sys.modules], file=sys.stderr)
"""
    ran = finished(python(program, *arguments))
    assert (0, "[]\n") == (ran.code, ran.stderr)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_its_extra_it_names_the_extra(missing: str) -> None:
    """Where typer or rich is missing, the one line says what to install, without a traceback."""
    program = f"import sys; sys.modules[{missing!r}] = None; import secure_sagemaker.cli as cli; cli.main()"
    ran = finished(python(program))
    assert (1, "") == (ran.code, ran.stdout)
    assert f"needs {missing}" in ran.stderr
    assert "pip install 'secure-sagemaker[cli]'" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [(["demo"], "[demo]"), (["init", "--embedded"], "[cli,local]")],
    ids=["demo", "init"],
)
def test_without_the_embedded_aws_it_names_that_extra(
    arguments: list[str], extra: str, tmp_path: Path
) -> None:
    """What stands on moto says what to install where moto is missing; other commands run without."""
    program = "import sys; sys.modules['moto'] = None; import secure_sagemaker.cli as cli; cli.main()"
    ran = finished(python(program, *arguments), cwd=tmp_path)
    assert 1 == ran.code
    assert "needs moto" in ran.stderr
    assert f"pip install 'secure-sagemaker{extra}'" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert 0 == finished(python(program, "baseline", "schema")).code


def test_a_broken_installation_is_not_taken_for_a_missing_extra() -> None:
    """Another module that is missing is told as what it is."""
    program = (
        "import sys; sys.modules['secure_sagemaker.cli.output'] = None;"
        " import secure_sagemaker.cli as cli; cli.main()"
    )
    ran = finished(python(program))
    assert 1 == ran.code
    assert "secure-sagemaker[cli]" not in ran.stderr


def test_a_misused_command_exits_2() -> None:
    """Usage errors are typer's: status 2, on stderr."""
    ran = installed("explain", "--nonsense")
    assert (2, "") == (ran.code, ran.stdout)
    assert "--nonsense" in ran.stderr


def test_an_error_of_ours_is_told_in_words(tmp_path: Path) -> None:
    """Message and remedy on stderr, nothing on stdout, no traceback; --debug shows one."""
    ran = installed("baseline", "check", cwd=tmp_path)
    assert (3, "") == (ran.code, ran.stdout)
    assert ran.stderr.startswith("error: no baseline was given and none was found\n")
    assert "\n  remedy: " in ran.stderr
    assert "Traceback" not in ran.stderr
    debugged = installed("--debug", "baseline", "check", cwd=tmp_path)
    assert 1 == debugged.code
    assert "Traceback" in debugged.stderr
    assert "BaselineNotFoundError" in debugged.stderr


def test_explain_as_a_pipe(tmp_path: Path) -> None:
    """The installed script finds the baseline upwards, reads stdin, writes JSON and exits by severity."""
    baseline_file(tmp_path)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    ran = installed(
        *("explain", "create_training_job", "--params", "-", "--format", "json"),
        stdin=json.dumps(training_job(EnableNetworkIsolation=False)),
        cwd=below,
    )
    assert (12, "") == (ran.code, ran.stderr)
    refused = [one["control"] for one in json.loads(ran.stdout)["decisions"] if one["action"] == "refused"]
    assert ["network-isolation"] == refused


def test_a_module_is_a_script_too() -> None:
    """`python -m secure_sagemaker.cli` is the same command."""
    command = [sys.executable, "-m", "secure_sagemaker.cli", "--help"]
    assert installed("--help").stdout == finished(command).stdout


def test_every_option_has_its_help() -> None:
    """Nothing is left for a reader to guess."""
    assert app.registered_commands
    for command in ("init", "demo", "endpoints", "explain"):
        lines = run(command, "--help").stdout.partition("Options:")[2].splitlines()
        options = [index for index, line in enumerate(lines) if line.startswith("  --")]
        assert [] == [
            lines[index]
            for index in options
            if len(lines[index].split("  ")) < 3 and not lines[index + 1].startswith(" " * 10)
        ]
