"""The fixtures that users' tests are given: what they hold, how clean they are, and what can be said of a call."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from secure_sagemaker import Action, ControlError, JsonLinesSink, Outcome, SecureSession, SecurityBaseline
from secure_sagemaker.local import EmbeddedAWS, RecordedCalls, embedded_aws
from tests.integration.embedded import FOREIGN_KEY, IMAGE, cluster, run, training_job

pytestmark = pytest.mark.once

NOBODY = "arn:aws:iam::111122223333:role/nobody"
DATA = "ml-data-111122223333-eu-west-1"

pytest_plugins = ["pytester", "secure_sagemaker.local.pytest_plugin"]


# --- what a test can say of a call


def start(session: boto3.Session, aws: EmbeddedAWS, name: str = "churn", **members: object) -> None:
    """Stand for code under test."""
    sagemaker: Any = session.client("sagemaker")
    sagemaker.create_training_job(**training_job(aws, name, **members))


def test_a_call_shows_what_was_decided(
    embedded_aws: EmbeddedAWS, secure_session: SecureSession, recorded_calls: RecordedCalls
) -> None:
    """What was injected, kept and corrected stands by member path, with the value that was on the wire."""
    start(
        secure_session,
        embedded_aws,
        ResourceConfig=cluster("ml.m5.xlarge", embedded_aws.other_key_arn),
        EnableInterContainerTrafficEncryption=False,
    )
    call = recorded_calls.last("CreateTrainingJob")
    assert call.injected["VpcConfig.Subnets"] == list(embedded_aws.subnets)
    assert embedded_aws.key_arn == call.injected["OutputDataConfig.KmsKeyId"]
    assert call.injected["EnableNetworkIsolation"] is True
    assert embedded_aws.other_key_arn == call.kept["ResourceConfig.VolumeKmsKeyId"]
    assert {"EnableInterContainerTrafficEncryption": True} == call.corrected
    assert ("sagemaker", (), False) == (call.service, call.refusals, call.was_refused)


def test_a_member_of_a_list_has_its_place(
    embedded_aws: EmbeddedAWS, secure_session: SecureSession, recorded_calls: RecordedCalls
) -> None:
    """A path into a list finds the value of that entry."""
    secure_session.client("sagemaker").create_model(ModelName="m", PrimaryContainer={"Image": IMAGE})
    variant = {"ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker: Any = secure_session.client("sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName="two",
        ProductionVariants=[
            {**variant, "VariantName": "a"},
            {**variant, "VariantName": "b", "EnableSSMAccess": True},
        ],
    )
    call = recorded_calls.last("CreateEndpointConfig")
    assert {"ProductionVariants[1].EnableSSMAccess": False} == call.corrected
    assert "sagemaker.CreateEndpointConfig (succeeded)" == str(call)


ENDS = (Outcome.SUCCEEDED, Outcome.FAILED)
# For each protocol a call that is answered, and one that is an error.
PROTOCOLS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("s3", "list_buckets", "get_object", {"Bucket": DATA, "Key": "none"}),
    ("s3", "list_buckets", "head_object", {"Bucket": DATA, "Key": "none"}),
    ("kms", "list_keys", "describe_key", {"KeyId": FOREIGN_KEY}),
    ("iam", "list_roles", "get_role", {"RoleName": "nobody"}),
    ("ec2", "describe_vpcs", "describe_vpcs", {"VpcIds": ["vpc-0"]}),
    ("sts", "get_caller_identity", "assume_role", {"RoleArn": NOBODY, "RoleSessionName": "me"}),
    ("sagemaker", "list_models", "describe_model", {"ModelName": "nobody"}),
    ("logs", "describe_log_groups", "get_log_events", {"logGroupName": "g", "logStreamName": "s"}),
)


def test_every_protocol_pairs_a_request_with_its_record(
    secure_session: SecureSession, recorded_calls: RecordedCalls
) -> None:
    """A request and the record of its call have one id, whichever protocol says it, for errors too."""
    for service, operation, failing, asked in PROTOCOLS:
        client: Any = secure_session.client(service)  # type: ignore[call-overload]  # a service by its name
        recorded_calls.forget()
        answer = getattr(client, operation)()
        with pytest.raises(ClientError) as failed:
            getattr(client, failing)(**asked)
        said = [told["ResponseMetadata"]["RequestId"] for told in (answer, failed.value.response)]
        calls = [(call.request, call.record) for call in recorded_calls if call.record is not None]
        assert said == [request.request_id for request, _ in calls if request is not None]
        assert [(id_, outcome) for id_, outcome in zip(said, ENDS, strict=True)] == [
            (record.request_id, record.outcome) for _, record in calls
        ]
        assert 2 == len(set(said))


def test_a_refused_call_stands_without_a_request(
    embedded_aws: EmbeddedAWS, secure_session: SecureSession, recorded_calls: RecordedCalls
) -> None:
    """A refusal shows the control, the member and the remedy; nothing was sent, so nothing was injected."""
    with pytest.raises(ControlError):
        start(secure_session, embedded_aws, ResourceConfig=cluster("ml.m5.xlarge", FOREIGN_KEY))
    (call,) = recorded_calls.refused
    assert recorded_calls.last("CreateTrainingJob") == call
    assert (None, {}, {}) == (call.request, call.parameters, call.injected)
    (decision,) = call.refusals
    assert ("ResourceConfig.VolumeKmsKeyId", Action.REFUSED) == (decision.path, decision.action)
    assert decision.remedy
    assert "CreateTrainingJob" not in [request.operation for request in embedded_aws.requests]


def test_a_call_of_another_session_has_no_record(
    embedded_aws: EmbeddedAWS, secure_session: SecureSession, recorded_calls: RecordedCalls
) -> None:
    """A request that no secured session made shows as that: it was sent, and nobody decided about it."""
    start(boto3.Session(), embedded_aws, "stray")
    start(secure_session, embedded_aws, "secured")
    stray, secured = recorded_calls.of("CreateTrainingJob")
    assert (None, {}, ()) == (stray.record, stray.injected, stray.decisions)
    assert "stray" == stray.parameters["TrainingJobName"]
    assert secured.record is not None
    assert [stray] == [call for call in recorded_calls if call.service == "sagemaker" and call.record is None]


def test_every_secured_session_is_recorded(
    embedded_aws: EmbeddedAWS, baseline_file: Path, recorded_calls: RecordedCalls, tmp_path: Path
) -> None:
    """A session that code under test makes is recorded like the fixture's, and its own sink is written all the same."""
    start(SecureSession(audit=JsonLinesSink(tmp_path / "audit.jsonl")), embedded_aws)
    assert (
        embedded_aws.key_arn == recorded_calls.last("CreateTrainingJob").injected["OutputDataConfig.KmsKeyId"]
    )
    assert '"CreateTrainingJob"' in (tmp_path / "audit.jsonl").read_text()
    baseline_file.write_text(embedded_aws.baseline_toml().replace('training = "require"', 'training = "off"'))
    start(SecureSession(), embedded_aws, "open")
    assert "EnableNetworkIsolation" not in recorded_calls.last("CreateTrainingJob").injected


def test_calls_are_a_sequence(embedded_aws: EmbeddedAWS, recorded_calls: RecordedCalls) -> None:
    """Counted, iterated, sliced and forgotten; what is not there is named beside what is."""
    sagemaker = embedded_aws.source.client("sagemaker")
    sagemaker.list_models()
    sagemaker.list_endpoints()
    assert ["ListModels", "ListEndpoints"] == [call.operation for call in recorded_calls]
    assert (2, "ListEndpoints", 1) == (
        len(recorded_calls),
        recorded_calls[-1].operation,
        len(recorded_calls[:1]),
    )
    assert "sagemaker.ListModels (not of a secured session)" == str(recorded_calls[0])
    with pytest.raises(
        LookupError, match="no call of CreateModel was recorded; calls that were: ListModels, ListE"
    ):
        recorded_calls.last("CreateModel")
    recorded_calls.forget()
    assert (0, ()) == (len(recorded_calls), embedded_aws.requests)


def test_a_signed_url_has_a_record(
    embedded_aws: EmbeddedAWS, secure_session: SecureSession, recorded_calls: RecordedCalls
) -> None:
    """A URL that was signed and not used yet is a call without a request."""
    params = {"Bucket": embedded_aws.default_bucket, "Key": "later"}
    secure_session.client("s3").generate_presigned_url("put_object", Params=params)
    call = recorded_calls.last("PutObject")
    assert call.record is not None
    assert (None, Outcome.SIGNED, False) == (call.request, call.record.outcome, call.was_refused)


# --- how it behaves in a project of its own

CONFTEST = 'pytest_plugins = ["secure_sagemaker.local.pytest_plugin"]'


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that uses the plugin, with warnings as errors."""
    with embedded_aws():
        pass  # moto is imported once for the process; the project's runs would each import it anew
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-config --strict-markers")
    pytester.makeconftest(CONFTEST)
    return pytester


LEAVES_A_MODEL = """
    import os

    import pytest

    def models(aws):
        return {model["ModelName"] for model in aws.source.client("sagemaker").list_models()["Models"]}

    @pytest.mark.parametrize("name", ["first", "second"])
    def test_leaves(embedded_aws, secure_session, recorded_calls, name):
        assert not recorded_calls
        secure_session.client("sagemaker").create_model(ModelName=name, PrimaryContainer={"Image": "%s"})
        assert recorded_calls.last("CreateModel").injected
        assert models(embedded_aws) == %s

    def test_without_it():
        assert %s ("AWS_ACCESS_KEY_ID" in os.environ)
"""


def test_each_test_has_an_account_of_its_own(project: pytest.Pytester) -> None:
    """What one test leaves another does not see, and a test that asks for nothing has no account around it."""
    project.makepyfile(LEAVES_A_MODEL % (IMAGE, "{name}", "not"))
    project.runpytest_inprocess().assert_outcomes(passed=3)


def test_an_account_may_stand_for_longer(project: pytest.Pytester) -> None:
    """By the project's setting tests share an account, and still each sees only its own calls."""
    project.makeini("[pytest]\nfilterwarnings = error\nembedded_aws_scope = session")
    project.makepyfile(LEAVES_A_MODEL % (IMAGE, "{'first', name}", ""))
    project.runpytest_inprocess().assert_outcomes(passed=3)


def test_a_wrong_setting_is_told(project: pytest.Pytester) -> None:
    """A scope that pytest does not have is refused with those that it has."""
    project.makeini("[pytest]\nembedded_aws_scope = forever")
    project.makepyfile("def test_it(embedded_aws): pass")
    told = project.runpytest_inprocess()
    told.stderr.fnmatch_lines(["ERROR: embedded_aws_scope = 'forever': it is one of function, class*"])
    assert pytest.ExitCode.USAGE_ERROR == told.ret


def test_the_baseline_may_be_another(project: pytest.Pytester) -> None:
    """A project redefines one fixture, and its sessions are under its own baseline."""
    project.makepyfile(
        f"""
        import pytest

        @pytest.fixture
        def security_baseline(embedded_aws):
            return embedded_aws.baseline.tightened({{"vpc": {{"subnets": list(embedded_aws.subnets[:1])}}}})

        def test_it(embedded_aws, secure_session, recorded_calls):
            secure_session.client("sagemaker").create_model(
                ModelName="m", PrimaryContainer={{"Image": "{IMAGE}"}}
            )
            sent = recorded_calls.last("CreateModel").injected["VpcConfig.Subnets"]
            assert sent == [embedded_aws.subnets[0]]
        """
    )
    project.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_run_without_fixtures_imports_no_moto() -> None:
    """The plugin alone costs what the library costs; moto waits for the first account."""
    done = run("import sys, secure_sagemaker.local.pytest_plugin; sys.exit('moto' in sys.modules)")
    assert (0, "") == (done.returncode, done.stderr)


# --- the SDK's waiting


def test_the_sdk_waits_for_no_one(
    sdk: None,
    embedded_aws: EmbeddedAWS,
    secure_session: SecureSession,
    security_baseline: SecurityBaseline,
    impatient_sdk: None,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Both SDKs wait for a job, print its log, and are done at once."""
    embedded_aws.jobs.answer(lambda job: [f"{job.name}: loss=0.1"])
    start(secure_session, embedded_aws, "waited-for")
    session = secure_session.sagemaker_session()
    caplog.set_level("INFO")
    if hasattr(session, "logs_for_job"):
        session.logs_for_job("waited-for", wait=True)
    else:
        resources = importlib.import_module("sagemaker.core.resources")
        job = resources.TrainingJob.get("waited-for", session=secure_session)
        job.wait(logs=True)
    assert "waited-for: loss=0.1" in capfd.readouterr().out + caplog.text
