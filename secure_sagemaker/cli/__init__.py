"""The command line: ``secure-sagemaker``.

    init        writes a commented baseline, from a VPC, a role and a key
    demo        a real training and hosting workflow on the embedded AWS, secured
    check       whether the account is what the baseline says
    template    a conforming environment as CloudFormation or Terraform
    endpoints   which VPC endpoints AWS's services are reached by
    explain     what would be decided about a call, without calling AWS
    run         a program as it is, under a baseline
    baseline    check, show, diff: what a baseline says; schema: what it may say

    app         the commands, put together; errors told in words
    exit_codes  what the exit status means
    output      the result on stdout, talk on stderr
    reading     a baseline, and which layer states each of its fields
    comparison  tighter, looser or changed

It needs the extra ``secure-sagemaker[cli]``.
"""

import sys

__all__ = ["main"]

_EXTRA = frozenset({"rich", "typer"})


def main() -> None:
    """Run the command line. This is what ``secure-sagemaker`` calls; it ends in ``SystemExit``."""
    try:
        from secure_sagemaker.cli.app import app
    except ModuleNotFoundError as missing:
        needed = (missing.name or "").partition(".")[0]
        if needed not in _EXTRA:
            raise
        sys.stderr.write(
            f"error: the command line needs {needed}, which is not installed\n"
            "  remedy: pip install 'secure-sagemaker[cli]'\n"
        )
        raise SystemExit(1) from None
    app(prog_name="secure-sagemaker")
