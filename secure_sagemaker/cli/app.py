"""The commands, put together. An error of ours is told in words, and ends in its exit status."""

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from secure_sagemaker import BaselineError, ControlError, ControlId, SecureSageMakerError
from secure_sagemaker.cli import (
    baseline_check,
    baseline_diff,
    baseline_schema,
    baseline_show,
    check,
    demo,
    endpoints,
    explain,
    init,
    pipeline,
    policy,
    run,
    scan,
    template,
    whoami,
)
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.output import CommandError, talk

__all__ = ["app"]


class _Group(TyperGroup):
    """Tells what went wrong without a traceback, unless ``--debug`` asks for one."""

    def invoke(self, ctx: Any) -> Any:  # the framework's own types, which move
        try:
            return super().invoke(ctx)
        except (CommandError, SecureSageMakerError) as failed:
            if ctx.params.get("debug"):
                raise
            talk().print(f"error: {failed}", soft_wrap=True)
            raise typer.Exit(_exit_code(failed)) from None


def _exit_code(failed: CommandError | SecureSageMakerError) -> ExitCode:
    match failed:
        case CommandError(code=code):
            return code
        case BaselineError():
            return ExitCode.CONFIGURATION
        case ControlError():
            refused = (failed, *failed.others)
            return ExitCode.of(ControlId(one.control_id) for one in refused)
    return ExitCode.FAILURE


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"secure-sagemaker {version('secure-sagemaker')}")
        raise typer.Exit


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # brackets in the help are TOML's
    pretty_exceptions_enable=False,
)
baselines = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What a baseline says, and what it may say."
)
pipelines = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The definitions of pipelines, held to the baseline."
)


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Make the secure way of using Amazon SageMaker the only way a program has.

    The result is on stdout, talk on stderr. Exit status: 0 clean, 1 failed, 2 usage, 3 the baseline cannot be
    used; else the highest severity of a refusal or finding: 10 low, 11 medium, 12 high, 13 critical.
    """


app.command("init")(init.init)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("endpoints")(endpoints.endpoints)
app.command("explain")(explain.explain)
app.command("scan")(scan.scan)
app.command("template")(template.template)
app.command("whoami")(whoami.whoami)
app.add_typer(pipelines, name="pipeline")
pipelines.command("check")(pipeline.check)
pipelines.command("harden")(pipeline.harden)
app.command("policy")(policy.policy)
app.command("run", context_settings={"allow_interspersed_args": False})(run.run)
app.add_typer(baselines, name="baseline")
baselines.command("check")(baseline_check.check)
baselines.command("show")(baseline_show.show)
baselines.command("schema")(baseline_schema.schema)
baselines.command("diff")(baseline_diff.diff)
