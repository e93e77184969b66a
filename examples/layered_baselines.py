"""Layers: an organisation's baseline, a project's that may only tighten it, and a waiver on record."""

import os
import tempfile
from datetime import date, timedelta
from pathlib import Path

from secure_sagemaker import LoosenedBaselineError, SecureSession, SecurityBaseline
from secure_sagemaker.local import EmbeddedAWS, embedded_aws

ORGANISATION = """\
schema_version = 1
waivable_controls = ["serverless-inference"]

[network_isolation]
training = "require"
processing = "default"
tuning = "require"
models = "require"
monitoring = "default"

[modes]
serverless-inference = "refuse"
"""

WAIVER = """
[[waivers]]
control = "serverless-inference"
operations = ["CreateEndpointConfig"]
resources = ["sandbox-*"]
reason = "a demo for the board, on synthetic data"
ticket = "SEC-1204"
approver = "ciso@example.com"
expires = {expires}
"""


def layered(aws: EmbeddedAWS, directory: Path, extra: str = "", **changes: str) -> SecurityBaseline:
    """Resolve the organisation's file and the project's, as an environment variable anchors them."""
    organisation, project = directory / "organisation.toml", directory / "secure-sagemaker.toml"
    organisation.write_text(ORGANISATION)
    text = aws.baseline_toml()
    for old, new in changes.items():
        text = text.replace(f'{old} = "require"', f'{old} = "{new}"')
    project.write_text(text + extra)
    os.environ["SECURE_SAGEMAKER_ORGANISATION"] = str(organisation)
    try:
        return SecurityBaseline.from_file(project)
    finally:
        del os.environ["SECURE_SAGEMAKER_ORGANISATION"]


def serverless(session: SecureSession, name: str) -> str:
    """What becomes of a serverless endpoint config of that name."""
    told = session.explain(
        "create_endpoint_config",
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "all",
                "ModelName": "churn",
                "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1},
            }
        ],
    )
    actions = [d.action for d in told.decisions if d.control_id == "serverless-inference"]
    return actions[0].value


def main() -> None:
    """Run it on the embedded AWS."""
    with embedded_aws() as aws, tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        expires = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011  # a day is enough here
        waived = layered(aws, directory, WAIVER.format(expires=expires))
        print([f"{layer.name} {layer.digest[:12]}" for layer in waived.layers])

        session = aws.session(waived)
        print("sandbox-board:", serverless(session, "sandbox-board"))
        print("churn-prod:", serverless(session, "churn-prod"))

        try:
            layered(aws, directory, training="off")
        except LoosenedBaselineError as loosened:
            print(loosened)


if __name__ == "__main__":
    main()
