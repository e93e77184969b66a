"""Writes what came of each flow of the installed SDK: ``python -m tools.flows --write``, or ``--check`` it.

The file is ``tests/golden/flows-v<major>.json``; the tests hold every flow to it, and the documentation's table
is made of both files. Run it in both environments.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from secure_sagemaker.local import embedded_aws
from secure_sagemaker.sagemaker_sdk import installed_sdk
from tests.integration.flows.flow import Stage
from tests.integration.flows.record import golden, installed, observed, perform
from tests.integration.flows.table import FLOWS


def rows(major: int, names: list[str]) -> dict[str, Any]:
    """Run the flows of a major and tell what came of each."""
    found: dict[str, Any] = {}
    with embedded_aws() as aws:
        for flow in FLOWS:
            if flow.sdk != major or (names and flow.name not in names):
                continue
            with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
                aws.forget_requests()
                stage = Stage(aws=aws, flow=flow, directory=Path(directory))
                with contextlib.redirect_stdout(io.StringIO()):
                    refusal = perform(stage)
                found[flow.id] = observed(stage, refusal)
            print(f"{flow.id}: {flow.outcome}", file=sys.stderr)
    return found


def main() -> int:
    """Write or check the rows of the installed SDK."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("name", nargs="*", help="only these flows, shown and not written")
    chosen = parser.parse_args()
    os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    major = installed_sdk().major
    text = json.dumps(
        {"sagemaker": installed(), "flows": rows(major, chosen.name)}, indent=1, ensure_ascii=False
    )
    if chosen.name or not (chosen.write or chosen.check):
        print(text)
        return 0
    file = golden(major)
    if chosen.check:
        fresh = file.exists() and file.read_text("utf-8") == text + "\n"
        print(f"{file.name} is {'fresh' if fresh else 'stale: python -m tools.flows --write'}")
        return 0 if fresh else 1
    file.write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
