"""The assumed role: what is asked of STS, when, and that nothing else ever signs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from secure_sagemaker import IdentityError, SecureSession
from secure_sagemaker.identity.policies.reference import expanded
from tests.unit.baseline.stated import COMPLETE, KEY, changed
from tests.unit.secured import BY_ALIAS, LAUNCHER, TWO_REGIONS, baseline, secured, training_job
from tests.wire import (
    ISSUED_SECRET,
    ISSUED_TOKEN,
    NEAR,
    REGION,
    SOURCE_SECRET,
    Answer,
    Sent,
    Wire,
    refuses,
    says,
)

ROLE = 'arn = "arn:aws:iam::111122223333:role/ml-launcher"'
THREADS = 32


def with_role(stated: str, text: str = COMPLETE) -> str:
    return changed(ROLE, f"{ROLE}\n{stated}", text)


def in_threads(call: Callable[[], object], threads: int = THREADS) -> list[BaseException]:
    """Make the call in many threads at one moment; what they raised."""
    start, failed = threading.Barrier(threads), list[BaseException]()

    def run() -> None:
        start.wait(30)
        try:
            call()
        except BaseException as error:  # noqa: BLE001  # a thread's error is the test's
            failed.append(error)

    started = [threading.Thread(target=run) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(60)
    return failed


def test_the_role_is_assumed_when_it_is_needed(wire: Wire) -> None:
    """Neither a session nor a client of it calls STS; the first signature does, and once has it say whose it is."""
    session = secured(wire)
    client = session.client("sagemaker")
    session.resource("s3")
    assert [] == wire.requests
    client.list_models()
    client.list_models()
    session.client("sagemaker").list_models()
    assert ["AssumeRole", "GetCallerIdentity", *["ListModels"] * 3] == wire.operations


def test_the_role_signs_everything(wire: Wire) -> None:
    """Every request but AssumeRole carries the role's key and token; the source signs AssumeRole alone."""
    session = secured(wire)
    session.client("sagemaker").list_models()
    session.client("s3").put_object(Bucket="ml-artifacts", Key="k", Body=b"x")
    session.client("sts").get_caller_identity()
    assume, *others = wire.requests
    assert ("AssumeRole", "arn:aws:iam::111122223333:user/source") == (assume.operation, wire.signer(assume))
    assert [LAUNCHER] * 4 == [wire.signer(sent) for sent in others]
    assert {ISSUED_TOKEN} == {sent.headers["x-amz-security-token"] for sent in others}


def test_credentials_refresh_before_they_expire(wire: Wire) -> None:
    """Credentials that end soon are replaced at the next signature, and the new key signs."""
    wire.lifetimes = [NEAR]
    client = secured(wire).client("sagemaker")
    for _ in range(3):
        client.list_models()
    operations = ["AssumeRole", "GetCallerIdentity", "ListModels", "AssumeRole", "ListModels", "ListModels"]
    assert operations == wire.operations
    keys = [sent.access_key_id for sent in wire.of("ListModels")]
    assert ["ASIASESSION00000", "ASIASESSION00001", "ASIASESSION00001"] == keys


def test_a_request_on_its_way_outlives_a_refresh(wire: Wire) -> None:
    """What was signed before another call refreshed the credentials is still the role's own, and goes out."""
    wire.lifetimes = [NEAR]
    session = secured(wire)
    other = session.client("sts")

    def meanwhile(**_: object) -> None:
        other.get_caller_identity()

    session.events.register("before-send.sagemaker", meanwhile)
    session.client("sagemaker").list_models()
    keys = [(sent.operation, sent.access_key_id) for sent in wire.requests if sent.operation != "AssumeRole"]
    assert [("GetCallerIdentity", "ASIASESSION00001"), ("ListModels", "ASIASESSION00000")] == keys[1:]


def test_a_refresh_that_fails_sends_nothing(wire: Wire) -> None:
    """When STS no longer gives the role, the call fails; neither old nor ambient credentials step in."""
    wire.lifetimes = [NEAR]
    client = secured(wire).client("sagemaker")
    client.list_models()
    wire.answers["AssumeRole"] = refuses("AccessDenied", status=403)
    with pytest.raises(IdentityError, match="AccessDenied"):
        client.list_models()
    assert 1 == len(wire.of("ListModels"))


def test_threads_assume_the_role_once(wire: Wire) -> None:
    """Many threads at the first use of one client make one AssumeRole."""
    client = secured(wire).client("sagemaker")
    assert [] == in_threads(client.list_models)
    assert (1, THREADS) == (len(wire.of("AssumeRole")), len(wire.of("ListModels")))


def test_threads_with_clients_of_their_own_assume_it_once(wire: Wire) -> None:
    """Also when each of them makes its own client at that moment."""
    session = secured(wire)
    assert [] == in_threads(lambda: session.client("sagemaker").list_models())
    assert (1, THREADS) == (len(wire.of("AssumeRole")), len(wire.of("ListModels")))


def test_threads_across_an_expiry_assume_it_once(wire: Wire) -> None:
    """Many threads whose credentials are about to end make one further AssumeRole; all sign with the new key."""
    wire.lifetimes = [NEAR]
    client = secured(wire).client("sagemaker")
    client.list_models()
    assert [] == in_threads(client.list_models)
    assert 2 == len(wire.of("AssumeRole"))
    assert {"ASIASESSION00001"} == {sent.access_key_id for sent in wire.of("ListModels")[1:]}


def test_threads_in_another_region_assume_it_once(wire: Wire) -> None:
    """The session of another region is made once, however many threads ask for it first."""
    session = secured(wire, TWO_REGIONS)
    assert [] == in_threads(lambda: session.client("sagemaker", region_name="us-east-1").list_models())
    assert 1 == len(wire.of("AssumeRole"))


# --- what is asked


def test_what_the_baseline_states_is_asked(wire: Wire) -> None:
    """Session name, source identity, external id, tags, duration and managed policies are on the wire."""
    text = (
        with_role("""\
session_name = "jane"
source_identity = "jane.doe"
external_id = "ext-1"
tags = { team = "fraud", cost = "42" }
transitive_tags = ["team"]
duration_seconds = 7200
""")
        + '\n[session_policy]\npolicy_arns = ["arn:aws:iam::111122223333:policy/guardrail"]\n'
    )
    secured(wire, text).client("sagemaker").list_models()
    form = dict(wire.one("AssumeRole").form)
    assert {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::111122223333:role/ml-launcher",
        "RoleSessionName": "jane",
        "SourceIdentity": "jane.doe",
        "ExternalId": "ext-1",
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "fraud",
        "Tags.member.2.Key": "cost",
        "Tags.member.2.Value": "42",
        "TransitiveTagKeys.member.1": "team",
        "DurationSeconds": "7200",
        "PolicyArns.member.1.arn": "arn:aws:iam::111122223333:policy/guardrail",
    } == form


def test_what_it_does_not_state_is_not_asked(wire: Wire) -> None:
    """A plain baseline asks for the role, a session name and an hour, and no more."""
    secured(wire).client("sagemaker").list_models()
    asked = {"Action", "Version", "RoleArn", "RoleSessionName", "DurationSeconds"}
    assert asked == set(wire.one("AssumeRole").form)
    assert "3600" == wire.one("AssumeRole").form["DurationSeconds"]


def test_the_support_session_is_narrower(wire: Wire) -> None:
    """It has its own name and a read-only policy, and no managed policy that would add to it."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    text = BY_ALIAS + '\n[session_policy]\npolicy_arns = ["arn:aws:iam::111122223333:policy/guardrail"]\n'
    secured(wire, text).client("sagemaker").create_training_job(**training_job())
    support, own = wire.of("AssumeRole")
    assert ("secure-sagemaker-support", "secure-sagemaker") == (
        support.form["RoleSessionName"],
        own.form["RoleSessionName"],
    )
    (statement,) = json.loads(support.form["Policy"])["Statement"]
    assert ("Allow", "*") == (statement["Effect"], statement["Resource"])
    named = [row for pattern in statement["Action"] for row in expanded(pattern)]
    assert [] == [row.name for row in named if row.changes_something]
    assert [] == [
        pattern
        for pattern in statement["Action"]
        if not re.fullmatch(r"\w+:(\*ForExecution|(Describe|Get|List)\w*\*?)", pattern)
        or re.fullmatch(r"(s3|iam|kms|macie2):.*\*", pattern)  # whose reads may be of data
        or pattern == "s3:GetObject"
    ]
    services = {"ec2", "iam", "kms", "macie2", "s3", "sagemaker"}
    assert services == {action.partition(":")[0] for action in statement["Action"]}
    assert len(support.form["Policy"]) <= 2048  # what STS takes
    assert "PolicyArns.member.1.arn" not in support.form
    assert "PolicyArns.member.1.arn" in own.form
    assert "Policy" not in own.form


@pytest.mark.parametrize(
    ("environment", "workload"),
    [
        ({}, "jane-doe"),
        ({"TRAINING_JOB_NAME": "churn-2026"}, "churn-2026"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "score"}, "score"),
        ({"GITHUB_REPOSITORY": "team/churn", "GITHUB_RUN_ID": "42"}, "team-churn-42"),
        ({"GITHUB_REPOSITORY": "team/churn"}, "jane-doe"),
        ({"CI_PROJECT_PATH": "bank/ml/churn", "CI_JOB_ID": "7"}, "bank-ml-churn-7"),
        ({"CODEBUILD_BUILD_ID": "churn:1-2"}, "churn-1-2"),
        ({"BUILD_TAG": "jenkins-churn main-3"}, "jenkins-churn-main-3"),
        ({"AIRFLOW_CTX_DAG_ID": "é" + "d" * 70}, "d" * 64),
    ],
    ids=lambda value: "+".join(value) or "nothing" if isinstance(value, dict) else None,
)
def test_the_session_says_for_whom_it_is(
    environment: dict[str, str], workload: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user, and the workload that the environment names, in the characters and the length that STS takes."""
    monkeypatch.setenv("LOGNAME", "jane doe")
    for name in (
        "GITHUB_REPOSITORY",
        "GITHUB_RUN_ID",
        "CI_PROJECT_PATH",
        "CI_JOB_ID",
        "CODEBUILD_BUILD_ID",
        "BUILD_TAG",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stated = 'session_name = "{workload}"\nsource_identity = "{user}"\ntags = { by = "{user} in {workload}" }'
    secured(wire, with_role(stated)).client("sagemaker").list_models()
    form = wire.one("AssumeRole").form
    assert (workload, "jane-doe") == (form["RoleSessionName"], form["SourceIdentity"])
    assert f"jane-doe in {workload}"[-64:] == form["Tags.member.1.Value"]


def test_the_session_says_under_which_baseline_it_is(wire: Wire) -> None:
    """Where the baseline names a tag for it, AWS is told its digest, and keeps it where it is transitive."""
    session = secured(wire, with_role('digest_tag = "baseline"\ntransitive_tags = ["baseline"]'))
    session.client("sagemaker").list_models()
    form = wire.one("AssumeRole").form
    told = (form["Tags.member.1.Key"], form["Tags.member.1.Value"], form["TransitiveTagKeys.member.1"])
    assert ("baseline", session.baseline.digest, "baseline") == told


def test_a_long_session_name_keeps_its_suffix(wire: Wire) -> None:
    """The support session is told apart in CloudTrail whatever the session name's length."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    session = secured(wire, with_role(f'session_name = "{"n" * 64}"', BY_ALIAS))
    session.client("sagemaker").create_training_job(**training_job())
    names = [sent.form["RoleSessionName"] for sent in wire.of("AssumeRole")]
    assert ["n" * 56 + "-support", "n" * 64] == names


# --- where it is asked


def test_sts_is_the_regions_own(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """AssumeRole goes to the STS of the baseline's region, in botocore's legacy mode too."""
    for mode in ("regional", "legacy"):
        monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", mode)
        secured(wire).client("sagemaker").list_models()
    hosts = [(sent.host, sent.credential[1]) for sent in wire.of("AssumeRole")]
    assert [(f"sts.{REGION}.amazonaws.com", REGION)] * 2 == hosts


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
def test_assume_role_is_not_redirected(name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint from the environment gets no AssumeRole: the error names where it would have gone."""
    client = secured(wire).client("sagemaker")
    monkeypatch.setenv(name, "https://sts.example.com")
    with pytest.raises(IdentityError, match=r"https://sts\.example\.com"):
        client.list_models()
    assert [] == wire.requests


def test_a_listed_endpoint_may_answer(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """An origin that the baseline lists is where AssumeRole goes when the environment says so."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")
    text = COMPLETE + '\n[privatelink]\nallowed_endpoint_urls = ["http://127.0.0.1:5000"]\n'
    secured(wire, text).client("sagemaker").list_models()
    assert {"127.0.0.1"} == {sent.host for sent in wire.requests}


# --- when it cannot be had


def test_without_a_source_there_is_no_call(wire: Wire) -> None:
    """No source credentials: a clear error, nothing sent, not even unsigned."""
    client = secured(wire, source=boto3.Session(region_name=REGION)).client("sagemaker")
    with pytest.raises(IdentityError, match="no source credentials") as caught:
        client.list_models()
    assert "network isolation" in caught.value.remedy
    assert [] == wire.requests


def test_ambient_credentials_never_stand_in(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """When STS denies, credentials in the environment sign nothing."""
    client = secured(wire).client("sagemaker")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAAMBIENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ambient")
    wire.answers["AssumeRole"] = refuses("AccessDenied", "not you", status=403)
    with pytest.raises(IdentityError, match="AccessDenied: not you"):
        client.list_models()
    assert {"AssumeRole"} == set(wire.operations)
    assert "ASIAAMBIENT" not in {sent.access_key_id for sent in wire.requests}


def test_the_environment_is_the_default_source(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without source= the default chain signs AssumeRole, and only that."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAAMBIENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ambient")
    SecureSession(baseline()).client("sagemaker").list_models()
    ambient, *others = [sent.access_key_id for sent in wire.requests]
    assert ("ASIAAMBIENT", {"ASIASESSION00000"}) == (ambient, set(others))


DENIED = 'source_identity = "jane"\nexternal_id = "ext-1"\ntags = { team = "fraud" }'


@pytest.mark.parametrize(
    ("code", "message", "stated", "told"),
    [
        pytest.param(
            "AccessDenied",
            "no",
            DENIED,
            ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "external id"],
            id="denied",
        ),
        pytest.param(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration",
            "duration_seconds = 7200",
            ["role.duration_seconds (now 7200)", "3600"],
            id="too-long",
        ),
        pytest.param("ExpiredToken", "old", "", ["sign in again"], id="expired"),
        pytest.param("InvalidClientTokenId", "bad", "", ["sign in again"], id="unknown-key"),
        pytest.param(
            "AccessDenied",
            "User: arn:aws:sts::111122223333:assumed-role/ci/run is not authorized to perform: sts:TagSession on "
            "resource: arn:aws:iam::111122223333:role/ml-launcher",
            DENIED,
            [
                "trust policy of arn:aws:iam::111122223333:role/ml-launcher",
                '{"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": "sts:TagSession"}',
            ],
            id="tags-forbidden",
        ),
        pytest.param(
            "AccessDenied",
            "User: arn:aws:iam::111122223333:user/jane is not authorized to perform: sts:SetSourceIdentity on "
            "resource: arn:aws:iam::111122223333:role/ml-launcher",
            DENIED,
            ['{"AWS": "arn:aws:iam::111122223333:user/jane"}, "Action": "sts:SetSourceIdentity"}'],
            id="source-identity-forbidden",
        ),
        pytest.param(
            "AccessDenied",
            "Roles may not be assumed by root accounts.",
            "",
            ["root user", "sign in as somebody else"],
            id="root",
        ),
        pytest.param(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            "duration_seconds = 7200",
            ["3600"],
            id="chained",
        ),
        pytest.param("PackedPolicyTooLarge", "105%", "", ["role.tags", "policy_arns"], id="too-large"),
        pytest.param("Throttling", "Rate exceeded", "", ["share it"], id="throttled"),
        pytest.param("RegionDisabledException", "off", "", ["activate STS"], id="region-off"),
        pytest.param("IDPCommunicationError", "later", "", ["mend what STS names"], id="other"),
    ],
)
def test_a_refusal_of_sts_says_what_to_change(
    code: str, message: str, stated: str, told: list[str], wire: Wire
) -> None:
    """What STS says becomes an IdentityError with the code, the message and a remedy that fits."""
    wire.answers["AssumeRole"] = refuses(code, message, status=403)
    with pytest.raises(IdentityError, match=re.escape(f"{code}: {message}")) as caught:
        secured(wire, with_role(stated)).client("sagemaker").list_models()
    assert [] == [part for part in told if part not in caught.value.remedy]


def test_sts_out_of_reach_is_an_identity_error(wire: Wire) -> None:
    """A network failure is told as such, with the role."""

    def unreachable(sent: Sent) -> Answer:
        raise EndpointConnectionError(endpoint_url=sent.url)

    wire.answers["AssumeRole"] = unreachable
    source = boto3.Session(aws_access_key_id="ASIA", aws_secret_access_key="s", region_name=REGION)
    source._session.set_config_variable("max_attempts", 1)
    with pytest.raises(IdentityError, match=r"role/ml-launcher could not be assumed: Could not connect"):
        secured(wire, source=source).client("sagemaker").list_models()


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sts::999988887777:assumed-role/ml-launcher/secure-sagemaker",
        "arn:aws:sts::111122223333:assumed-role/ml-launcher-2/secure-sagemaker",
        "arn:aws-cn:sts::111122223333:assumed-role/ml-launcher/secure-sagemaker",
        "arn:aws:iam::111122223333:user/:assumed-role/ml-launcher/jane",
    ],
    ids=["account", "role", "partition", "user"],
)
def test_the_credentials_of_another_are_not_signed_with(arn: str, wire: Wire) -> None:
    """When what answers for STS gives another principal's credentials, nothing is sent with them."""
    answered = wire.answers["AssumeRole"]

    def another(sent: Sent) -> Answer:
        body = answered(sent).body.replace(LAUNCHER.encode(), arn.encode())
        return Answer(body=body)

    wire.answers["AssumeRole"] = another
    with pytest.raises(IdentityError, match=re.escape(arn)) as caught:
        secured(wire).client("sagemaker").list_models()
    assert "in STS's place" in caught.value.remedy
    assert ["AssumeRole"] == wire.operations


def test_no_secret_is_told(wire: Wire) -> None:
    """Neither the session, its role nor an error of either shows a secret or a token."""
    session = secured(wire)
    verified = session.verify()
    wire.answers["AssumeRole"] = refuses("AccessDenied", status=403)
    with pytest.raises(IdentityError) as caught:
        secured(wire).client("sagemaker").list_models()
    shown = "\n".join([repr(session), str(session), repr(session._role), repr(caught.value), str(verified)])
    for secret in (SOURCE_SECRET, ISSUED_SECRET, ISSUED_TOKEN):
        assert secret not in shown
