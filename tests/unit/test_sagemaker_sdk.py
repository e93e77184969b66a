"""Which SDK is accepted, and what is projected onto it; no SDK is imported."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from secure_sagemaker.exceptions import UnsupportedSdkError
from secure_sagemaker.sagemaker_sdk import SdkDefaults, SdkVersion, installed_sdk, sagemaker_defaults

ROLE = "arn:aws:iam::123456789012:role/execution"


def distributions(**versions: str) -> Callable[[str], str]:
    """Answer like importlib.metadata.version in an environment that holds just these."""

    def version_of(distribution: str) -> str:
        try:
            return versions[distribution.replace("-", "_")]
        except KeyError:
            raise importlib.metadata.PackageNotFoundError(distribution) from None

    return version_of


@pytest.mark.parametrize(
    ("sagemaker", "core", "major"),
    [("2.245.0", "1.0.17", 2), ("2.257.7", "1.0.78", 2), ("3.24.0", "2.24.0", 3), ("3.27.0", "2.27.0", 3)],
)
def test_supported_releases_are_told_apart(sagemaker: str, core: str, major: int) -> None:
    """Each supported release is known by its major."""
    sdk = installed_sdk(distributions(sagemaker=sagemaker, sagemaker_core=core))

    assert sdk == SdkVersion(major=major, sagemaker=sagemaker, sagemaker_core=core)  # type: ignore[arg-type]  # the parametrised int is 2 or 3


def test_v2_needs_no_sagemaker_core() -> None:
    """The v2 session does not live in sagemaker-core."""
    assert installed_sdk(distributions(sagemaker="2.257.7")).sagemaker_core is None


@pytest.mark.parametrize(
    ("sagemaker", "core"),
    [
        ("3.0.0", "2.0.0"),
        ("3.10.1", "2.14.0"),
        ("3.23.9", "2.23.9"),
        ("3.24.0", "2.23.9"),
        ("3.23.0", "2.27.0"),
    ],
)
def test_releases_that_ignore_the_session_are_refused_by_name(sagemaker: str, core: str) -> None:
    """A release below the floor of either distribution is refused, and both are named."""
    with pytest.raises(UnsupportedSdkError, match="would ignore the secure session") as refused:
        installed_sdk(distributions(sagemaker=sagemaker, sagemaker_core=core))

    assert f"sagemaker {sagemaker} with sagemaker-core {core}" in str(refused.value)
    assert "sagemaker-core>=2.24" in refused.value.remedy


def test_v3_without_its_core_is_refused() -> None:
    """A v3 whose session cannot be told is not trusted to carry ours."""
    with pytest.raises(UnsupportedSdkError, match="absent"):
        installed_sdk(distributions(sagemaker="3.27.0"))


@pytest.mark.parametrize("sagemaker", ["1.72.0", "4.0.0", "unknown"])
def test_unknown_majors_are_refused(sagemaker: str) -> None:
    """What is not known to carry the session is refused."""
    with pytest.raises(UnsupportedSdkError, match="is not supported"):
        installed_sdk(distributions(sagemaker=sagemaker, sagemaker_core="2.27.0"))


def test_old_v2_is_refused() -> None:
    """A v2 whose configuration schema lacks what is projected is refused."""
    with pytest.raises(UnsupportedSdkError, match=r"2\.244\.9"):
        installed_sdk(distributions(sagemaker="2.244.9"))


def test_missing_sdk_is_said_with_the_command_that_installs_it() -> None:
    """Without an SDK the error says what to install."""
    with pytest.raises(UnsupportedSdkError, match="not installed") as refused:
        installed_sdk(distributions())

    assert "secure-sagemaker[sagemaker]" in refused.value.remedy


def test_what_the_baseline_does_not_say_is_not_projected() -> None:
    """A silent baseline projects role, bucket and telemetry opt-out, and no network or key."""
    config = sagemaker_defaults(SdkDefaults(execution_role=ROLE, default_bucket="bucket-1"))

    text = json.dumps(config)
    assert [
        word for word in ("null", "Vpc", "Isolation", "Kms", "Traffic", "networking") if word in text
    ] == []
    modules = config["SageMaker"]["PythonSDK"]["Modules"]  # type: ignore[index]  # nested dicts
    assert modules["TelemetryOptOut"] is True
    assert modules["Session"] == {"DefaultS3Bucket": "bucket-1"}
    assert text.count(ROLE) == 13


def test_isolation_stays_out_where_it_would_break_clarify() -> None:
    """Processing and monitoring get no network settings from the SDK."""
    config = sagemaker_defaults(
        SdkDefaults(
            execution_role=ROLE,
            default_bucket="bucket-1",
            subnets=("subnet-1",),
            security_group_ids=("sg-1",),
            training_isolation=True,
            model_isolation=False,
        )
    )

    sections = config["SageMaker"]
    assert [
        kind
        for kind, section in sections.items()  # type: ignore[attr-defined]  # nested dicts
        if "NetworkIsolation" in json.dumps(section)
    ] == ["TrainingJob", "Model"]
    assert "NetworkConfig" not in json.dumps(sections)


def test_importing_the_module_loads_no_sdk() -> None:
    """The SDK is loaded when a session is asked for."""
    code = "import sys, secure_sagemaker.sagemaker_sdk; print('sagemaker' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "False"
