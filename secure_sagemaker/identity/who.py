"""Who a session is for: the person, or the workload that the environment names. Pure, but for asking the system.

A baseline is one file for a team; ``{user}`` and ``{workload}`` in ``role.session_name``, ``role.source_identity``
and the values of ``role.tags`` stand for whoever runs it, so that CloudTrail tells them apart. It is what the
machine says, and anybody who rules the machine can say otherwise: a trust policy that compares it with
``${aws:username}`` is what makes it hold.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Who", "who"]

_LONGEST = 64
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_PLACEHOLDER = re.compile(r"\{(user|workload)\}")
_WORKLOADS: tuple[tuple[str, ...], ...] = (
    ("TRAINING_JOB_NAME",),
    ("AWS_LAMBDA_FUNCTION_NAME",),
    ("GITHUB_REPOSITORY", "GITHUB_RUN_ID"),
    ("CI_PROJECT_PATH", "CI_JOB_ID"),
    ("CODEBUILD_BUILD_ID",),
    ("BUILD_TAG",),
    ("AIRFLOW_CTX_DAG_ID",),
)
"""What says where a program runs, by the variables that name the run: a SageMaker job, Lambda, GitHub, GitLab,
CodeBuild, Jenkins, Airflow. The first whose variables are all set is it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """Whom the machine says that a session is for, in the characters that STS takes."""

    user: str
    workload: str
    """The workload's name, or the user's where none is known."""

    def fill(self, stated: str) -> str:
        """What was stated with its placeholders filled in: 64 characters at most, the last ones where it is longer."""
        said = {"user": self.user, "workload": self.workload}
        if not _PLACEHOLDER.search(stated):
            return stated
        return _PLACEHOLDER.sub(lambda found: said[found[1]], stated)[-_LONGEST:]


def who(environment: Mapping[str, str]) -> Who:
    """Ask the system, and what the environment says."""
    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container's user without a name
        user = ""
    named = _allowed(user) or "unknown-user"
    found = next(
        (
            [environment[name] for name in names]
            for names in _WORKLOADS
            if all(environment.get(name) for name in names)
        ),
        [],
    )
    return Who(user=named, workload=_allowed("-".join(found)) or named)


def _allowed(name: str) -> str:
    return _FORBIDDEN.sub("-", name).strip("-")[-_LONGEST:]
