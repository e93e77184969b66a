"""``demo``: a real training and hosting workflow, secured."""

from typing import Annotated

import typer

from secure_sagemaker.cli.output import CommandError, story

__all__ = ["demo"]

_BROUGHT_BY_EXTRAS = frozenset({"moto", "sagemaker", "sklearn"})


def demo(
    verbose: Annotated[bool, typer.Option("--verbose", help="Also show the calls that only read.")] = False,
) -> None:
    """Run a training and hosting workflow, secured.

    It is written against the real SageMaker SDK and runs on the embedded AWS; insecure attempts follow.
    No AWS account is needed, and nothing leaves this machine.
    """
    try:
        from secure_sagemaker.local.demonstration import run

        code = run(story(), verbose=verbose)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in _BROUGHT_BY_EXTRAS:
            raise
        raise CommandError(
            f"the demo needs {missing.name}, which is not installed",
            remedy="pip install 'secure-sagemaker[demo]', which brings the SageMaker Python SDK v3",
        ) from missing
    raise typer.Exit(code)
