"""Read by mypy, never run: each line that ignores an error must have it."""

from __future__ import annotations

from secure_sagemaker import Macie, SecureSession, SecurityBaseline


def misuse(baseline: SecurityBaseline) -> None:
    """What a type checker must not let through."""
    SecureSession(audit="audit.jsonl")  # type: ignore[arg-type]  # a path is no sink
    SecureSession(baseline).client("sagemaker").create_model()  # type: ignore[call-arg]  # a model has a name
    Macie(mode="sometimes")  # type: ignore[arg-type]  # no such mode
    baseline.region = "eu-west-1"  # type: ignore[misc]  # a baseline never changes
    SecureSession(baseline).activate(earlier="ignore")  # type: ignore[arg-type]  # refuse or adopt
