"""A project of somebody's, whose programs the tests run with ``secure-sagemaker run``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secure_sagemaker.local import LoopbackServer

__all__ = ["ROOT", "SCRIPTS", "Project", "Ran"]

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(sys.executable).parent


@dataclass(frozen=True, kw_only=True)
class Ran:
    code: int
    said: dict[str, Any]
    stderr: str


class Project:
    """A directory with a baseline, and the environment of somebody who works in it."""

    def __init__(self, server: LoopbackServer, folder: Path) -> None:
        self.server = server
        self.aws = server.aws
        self.folder = folder
        (folder / "secure-sagemaker.toml").write_text(server.aws.baseline_toml())
        self.environment = {
            **os.environ,
            **server.environment(),
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PROGRAM_BUCKET": server.aws.default_bucket,
        }

    def start(self, *command: str, options: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(SCRIPTS / "secure-sagemaker"), "run", *options, "--", *command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, options: tuple[str, ...] = ()) -> Ran:
        with self.start(*command, options=options) as process:
            stdout, stderr = process.communicate()
        said = json.loads(stdout.splitlines()[-1]) if stdout.startswith("{") else {}
        return Ran(code=process.returncode, said=said, stderr=stderr)

    @property
    def signers(self) -> dict[str, set[str]]:
        """By operation, who signed."""
        found: dict[str, set[str]] = {}
        for request in self.aws.requests:
            principal = (request.principal or "nobody").removesuffix("embedded-aws")
            found.setdefault(request.operation or "", set()).add(principal)
        return found
