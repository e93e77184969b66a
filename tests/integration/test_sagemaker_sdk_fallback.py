"""What the SDK v3 falls back to where a call names no session, and what else it keeps once a process."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from secure_sagemaker.exceptions import RegionError, SessionError
from secure_sagemaker.sagemaker_sdk import installed_sdk, make_sagemaker_session
from secure_sagemaker.sagemaker_sdk.fallback import release_fallback
from secure_sagemaker.sagemaker_sdk.process import adopt_process
from tests.integration.wire import ACCESS_KEY, BARE, BUCKET, EXECUTION_ROLE, FULL, IMAGE, REGION, Wire

pytestmark = [
    pytest.mark.sdk(3),
    # The SDK uses what it and others have deprecated.
    pytest.mark.filterwarnings("ignore:sagemaker.train.configs has been moved:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Importing from sagemaker:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic V1 style:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Support for class-based `config`:DeprecationWarning"),
]

_UTILS = "sagemaker.core.utils.utils"
_PIPELINES = "sagemaker.core.workflow.pipeline_context"
_SESSIONS = "sagemaker.core.helper.session_helper"


@pytest.fixture
def ambient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and a region of the process's own."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


def test_a_session_of_nobody_is_the_latest_secure_one(boto_session: boto3.Session) -> None:
    """The SDK's own `Session()` carries the latest secure session, whichever was made before."""
    sessions = importlib.import_module(_SESSIONS)
    make_sagemaker_session(boto3.Session("AKIAOTHER", "not-a-secret", region_name=REGION), BARE)
    make_sagemaker_session(boto_session, BARE)

    assert sessions.Session().boto_session is boto_session


@pytest.mark.parametrize("named", [True, False], ids=["over-it", "over-none"])
@pytest.mark.parametrize(
    "kind", [f"{_SESSIONS}.Session", f"{_PIPELINES}.PipelineSession"], ids=["plain", "pipeline"]
)
def test_the_sdks_own_sessions_have_the_defaults(
    boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, named: bool
) -> None:
    """A session that the SDK makes over the secure one, or over none, reads no file and reports to nobody."""
    secure = make_sagemaker_session(boto_session, FULL)
    file = tmp_path / "config.yaml"
    file.write_text(
        'SchemaVersion: "1.0"\nSageMaker: {PythonSDK: {Modules: {Session: {DefaultS3Bucket: other}}}}\n'
    )
    monkeypatch.setenv("SAGEMAKER_USER_CONFIG_OVERRIDE", str(file))
    module, _, name = kind.rpartition(".")

    made = getattr(importlib.import_module(module), name)(**({"boto_session": boto_session} if named else {}))

    assert made.sagemaker_config == secure.sagemaker_config
    assert made.default_bucket() == BUCKET


def test_a_session_that_is_named_is_left_alone(boto_session: boto3.Session) -> None:
    """Whoever names another session, or other keys, gets what was asked for."""
    sessions = importlib.import_module(_SESSIONS)
    make_sagemaker_session(boto_session, BARE)
    own = boto3.Session("AKIAOWN", "not-a-secret", region_name=REGION)

    assert sessions.Session(boto_session=own).boto_session is own
    other = sessions.boto3.Session(
        aws_access_key_id="AKIAOTHER", aws_secret_access_key="not-a-secret", region_name=REGION
    )
    credentials = other.get_credentials()
    assert credentials is not None
    assert (other is boto_session, credentials.access_key) == (False, "AKIAOTHER")


def test_copies_of_a_sessions_keys_are_the_session(ambient: None, boto_session: boto3.Session) -> None:
    """A session that the SDK makes of keys that the secure session has, or had, is that session, with its guard."""
    make_sagemaker_session(boto_session, BARE, issued={ACCESS_KEY, "ASIAEARLIER"}.__contains__)
    uploader = importlib.import_module("sagemaker.serve.utils.uploader")

    for key in (ACCESS_KEY, "ASIAEARLIER"):
        copied = uploader.boto3.session.Session(
            region_name=REGION, aws_access_key_id=key, aws_secret_access_key="not-a-secret"
        )
        assert copied is boto_session
        assert isinstance(copied, uploader.boto3.Session)


def test_another_region_is_refused(boto_session: boto3.Session) -> None:
    """Where no session is named, there is none for a region that the secure one is not for."""
    sessions = importlib.import_module(_SESSIONS)
    make_sagemaker_session(boto_session, BARE)

    with pytest.raises(RegionError, match="us-west-2") as refused:
        sessions.boto3.Session(region_name="us-west-2")
    assert refused.value.remedy


def test_the_rest_of_boto3_is_the_users(ambient: None, boto_session: boto3.Session) -> None:
    """Only the SDK's modules fall back to it: what a program itself makes stays its own."""
    make_sagemaker_session(boto_session, BARE)

    assert boto3.DEFAULT_SESSION is None
    assert boto3.Session() is not boto_session
    assert boto3.client("s3").meta.region_name == REGION
    assert importlib.import_module(_SESSIONS).boto3.__version__ == boto3.__version__


def test_clients_that_an_import_made_are_replaced(
    ambient: None, wire: Wire, boto_session: boto3.Session
) -> None:
    """A class that made clients when it was imported, before or after, gets the session's."""
    make_sagemaker_session(boto_session, BARE)
    hub = importlib.import_module("sagemaker.ai_registry.air_hub").AIRHub
    wire.requests.clear()

    hub._s3_client.list_buckets()

    assert wire.operations == ["ListBuckets"]
    assert wire.signers == {ACCESS_KEY}


@pytest.fixture
def late_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module of the SDK's that nobody has imported yet."""
    package = importlib.import_module("sagemaker.core")
    (tmp_path / "late.py").write_text("import boto3\nfrom boto3 import Session\n")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    yield "sagemaker.core.late"
    sys.modules.pop("sagemaker.core.late", None)


def test_modules_imported_later_fall_back_too(late_module: str, boto_session: boto3.Session) -> None:
    """A module that is imported after the session was made falls back to it as the others do."""
    make_sagemaker_session(boto_session, BARE)

    late = importlib.import_module(late_module)

    assert late.Session() is boto_session
    assert late.boto3.client("s3").meta.region_name == REGION
    assert late.boto3.resource("s3").meta.client.meta.region_name == REGION
    assert late.boto3.DEFAULT_SESSION is boto_session


def test_released_the_sdk_falls_back_as_before(
    ambient: None, late_module: str, boto_session: boto3.Session
) -> None:
    """Without a secure session the SDK's modules make sessions of the ambient credentials again."""
    make_sagemaker_session(boto_session, BARE)
    late = importlib.import_module(late_module)

    release_fallback()

    assert late.Session() is not boto_session
    assert late.boto3.DEFAULT_SESSION is None
    assert late.boto3.client("s3").meta.region_name == REGION
    assert late.boto3.resource("s3").meta.client.meta.region_name == REGION


def test_a_default_that_nobody_named_is_replaced(
    ambient: None, wire: Wire, boto_session: boto3.Session
) -> None:
    """The process default that the SDK made of ambient credentials goes; calls are the session's then."""
    utils = importlib.import_module(_UTILS)
    before = utils.SageMakerClient()

    make_sagemaker_session(boto_session, FULL)

    assert utils.SageMakerClient() is not before
    assert utils.SageMakerClient().session is boto_session
    assert utils.SageMakerClient(region_name=REGION).session is boto_session


def test_a_session_named_later_does_not_become_the_default(boto_session: boto3.Session) -> None:
    """A call that names another session afterwards changes nothing for the calls that name none."""
    utils = importlib.import_module(_UTILS)
    make_sagemaker_session(boto_session, FULL)

    utils.SageMakerClient(session=boto3.Session("AKIAOTHER", "not-a-secret", region_name=REGION))

    assert utils.SageMakerClient().session is boto_session


def test_the_sessions_own_clients_are_kept(boto_session: boto3.Session) -> None:
    """Another SDK session over the same secure session makes no clients anew."""
    utils = importlib.import_module(_UTILS)
    make_sagemaker_session(boto_session, FULL)
    first = utils.SageMakerClient()

    make_sagemaker_session(boto_session, FULL)

    assert utils.SageMakerClient() is first


@pytest.mark.parametrize(
    ("said", "sent"), [(None, {}), (False, {"EnableNetworkIsolation": False})], ids=["unsaid", "said"]
)
def test_isolation_is_sent_where_it_was_said(
    boto_session: boto3.Session, said: bool | None, sent: dict[str, object]
) -> None:
    """A network config that is not told about isolation says nothing of it; a False of the user's stays."""
    from sagemaker.core.network import NetworkConfig

    make_sagemaker_session(boto_session, FULL)

    assert NetworkConfig(enable_network_isolation=said)._to_request_dict() == sent


def test_credentials_of_a_plain_session_still_reach_local_mode(boto_session: boto3.Session) -> None:
    """Only a secure session's credentials are kept from containers on this machine."""
    image = importlib.import_module("sagemaker.core.local.image")
    make_sagemaker_session(boto_session, BARE)

    with pytest.raises(SessionError, match="container on this machine"):
        image._aws_credentials(boto_session)
    plain = image._aws_credentials(boto3.Session("AKIAOWN", "not-a-secret", region_name=REGION))
    assert "AWS_ACCESS_KEY_ID=AKIAOWN" in plain


def test_other_defaults_are_validated_as_ever(boto_session: boto3.Session) -> None:
    """The SDK takes a secure session's defaults as valid, and nobody else's."""
    config = importlib.import_module("sagemaker.core.config.config_manager").SageMakerConfig
    session = make_sagemaker_session(boto_session, BARE)

    config.validate_sagemaker_config(session.sagemaker_config)
    with pytest.raises(importlib.import_module("jsonschema").ValidationError):
        config.validate_sagemaker_config({"SchemaVersion": "no version"})


MOVED = {
    "telemetry": ("sagemaker.core.telemetry.telemetry_logging", "_get_default_sagemaker_session"),
    "NetworkConfig": ("sagemaker.core.network", "NetworkConfig._to_request_dict"),
    "local container": ("sagemaker.core.local.image", "_aws_credentials"),
    "session_helper": (_SESSIONS, "boto3"),
    "validation": ("sagemaker.core.config.config_manager", "SageMakerConfig.validate_sagemaker_config"),
}


@pytest.mark.parametrize(("said", "where"), MOVED.items(), ids=MOVED)
def test_what_a_release_keeps_elsewhere_is_said(
    boto_session: boto3.Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    said: str,
    where: tuple[str, str],
) -> None:
    """An SDK that no longer has what is set in it is not passed over in silence."""
    module, name = where
    make_sagemaker_session(boto_session, FULL)  # the SDK itself needs one of them to make a session
    importlib.import_module(module)
    assert said not in caplog.text
    monkeypatch.delattr(f"{module}.{name}")

    adopt_process(installed_sdk(), boto_session, {}, issued=set().__contains__)

    assert said in caplog.text


def test_a_function_that_is_elsewhere_is_said(
    boto_session: boto3.Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """So is a module without the function that imports boto3 for itself, once it is imported."""
    package = importlib.import_module("sagemaker.train")
    name = "recipe_resolver"
    (tmp_path / f"{name}.py").write_text("")
    monkeypatch.setattr(package, name, None, raising=False)  # what an import sets is put back as well
    monkeypatch.setattr(package, "__path__", [str(tmp_path), *package.__path__])
    monkeypatch.delitem(sys.modules, f"sagemaker.train.{name}", raising=False)
    make_sagemaker_session(boto_session, FULL)

    try:
        importlib.import_module(f"sagemaker.train.{name}")
    finally:
        sys.modules.pop(f"sagemaker.train.{name}", None)  # not by monkeypatch, which would put it back
    assert "_load_user_recipe" in caplog.text


def test_a_session_that_is_made_otherwise_is_said(
    boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """So is an SDK whose sessions are given other things."""
    session = importlib.import_module(_SESSIONS).Session
    made = session.__init__
    monkeypatch.setattr(session, "__init__", lambda self, **named: made(self, **named))

    make_sagemaker_session(boto_session, FULL)

    assert "its Session" in caplog.text


def test_a_default_client_that_is_kept_otherwise_is_said(
    boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """So is an SDK that keeps its clients in another way."""

    class OtherClient:
        def __init__(self, **_: object) -> None:
            """Keep nothing."""

        @staticmethod
        def reset() -> None:
            """Forget nothing."""

    monkeypatch.setattr(f"{_UTILS}.SageMakerClient", OtherClient)

    make_sagemaker_session(boto_session, FULL)

    assert "its default client" in caplog.text


def test_nothing_is_said_of_the_release_that_is_known(
    ambient: None, boto_session: boto3.Session, caplog: pytest.LogCaptureFixture
) -> None:
    """Every name that is set is where this release has it."""
    for module in ("sagemaker.train.evaluate", "sagemaker.train.common_utils.job_wait"):
        importlib.import_module(module)
    make_sagemaker_session(boto_session, FULL)

    assert [one.message for one in caplog.records if one.name.startswith("secure_sagemaker")] == []


def test_a_trainer_of_nobody_trains_as_the_session(wire: Wire, boto_session: boto3.Session) -> None:
    """A trainer that is given no session signs as the latest secure one."""
    from sagemaker.core.training.configs import InputData
    from sagemaker.train import ModelTrainer

    make_sagemaker_session(boto_session, FULL)

    ModelTrainer(
        training_image=IMAGE,
        role=EXECUTION_ROLE,
        base_job_name="job",
    ).train(
        input_data_config=[InputData(channel_name="train", data_source=f"s3://{BUCKET}/data/")], wait=False
    )

    assert wire.signers == {ACCESS_KEY}
