"""`explain`: what would be decided about a call."""

import json
from pathlib import Path

import pytest

from secure_sagemaker import SecureSession
from tests.unit.baseline.stated import COMPLETE, KEY, REGIONS, changed
from tests.unit.cli.running import Ran, baseline_file, params_file, run, training_job

TAGGED = COMPLETE + '\n[required_tags]\nteam = ["churn"]\n'
PUBLIC_POLICY = {
    "ModelPackageGroupName": "churn",
    "ResourcePolicy": json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sagemaker:*", "Resource": "*"}]}
    ),
}


def explain(folder: Path, params: object, *more: str, text: str = COMPLETE, operation: str = "") -> Ran:
    return run(
        *("explain", operation or "create_training_job", "--params", params_file(folder, params)),
        *("--baseline", baseline_file(folder, text), *more),
    )


@pytest.mark.parametrize(
    ("code", "operation", "params", "text"),
    [
        pytest.param(0, "", training_job(), COMPLETE, id="clean"),
        pytest.param(
            *(0, "", training_job(EnableInterContainerTrafficEncryption=False), COMPLETE), id="corrected"
        ),
        pytest.param(
            *(0, "", training_job(EnableNetworkIsolation=False)),
            COMPLETE + '\n[modes]\nnetwork-isolation = "observe"\n',
            id="observed",
        ),
        pytest.param(*(10, "", training_job(Tags=[{"Key": "team", "Value": "fraud"}]), TAGGED), id="low"),
        pytest.param(
            *(11, "", training_job(EnableInterContainerTrafficEncryption=False)),
            COMPLETE + '\n[modes]\ninter-container-encryption = "refuse"\n',
            id="medium",
        ),
        pytest.param(12, "", training_job(EnableNetworkIsolation=False), COMPLETE, id="high"),
        pytest.param(
            *(12, "", training_job(EnableNetworkIsolation=False, Tags=[{"Key": "team", "Value": "fraud"}])),
            TAGGED,
            id="the-highest",
        ),
        pytest.param(13, "put_model_package_group_policy", PUBLIC_POLICY, COMPLETE, id="critical"),
    ],
)
def test_it_exits_by_the_highest_severity_refused(
    code: int, operation: str, params: dict[str, object], text: str, tmp_path: Path
) -> None:
    """0 where the call would be let through, else by the worst refusal; what is corrected or observed is clean."""
    assert code == explain(tmp_path, params, text=text, operation=operation).code


def test_it_tells_each_decision(tmp_path: Path) -> None:
    """A row a member: what was there, what the baseline wants, and why; a refusal has its remedy."""
    ran = explain(tmp_path, training_job(EnableNetworkIsolation=False))
    rows = {line.split()[0]: line for line in ran.stdout.splitlines() if line and not line.startswith(" ")}
    assert "refused" in rows["EnableNetworkIsolation"]
    assert "injected" in rows["OutputDataConfig.KmsKeyId"]
    assert "(absent)" in rows["VpcConfig.Subnets"]
    assert (
        "\nrefused: EnableNetworkIsolation (network-isolation, high)\n  remedy: leave the member out"
        in ran.stdout
    )
    assert "" == ran.stderr


def test_json_says_what_the_session_says(tmp_path: Path) -> None:
    """Decision by decision, it is the session's own Enforcement."""
    params = training_job(EnableNetworkIsolation=False)
    ran = explain(tmp_path, params, "--format", "json")
    session = SecureSession(baseline_file(tmp_path))
    wanted = session.explain("create_training_job", **params)
    told = json.loads(ran.stdout)
    assert [
        (one.path, one.action.value, one.control_id.value, one.got, one.wanted, one.why, one.remedy)
        for one in wanted.decisions
    ] == [
        tuple(one[key] for key in ("path", "action", "control", "got", "wanted", "why", "remedy"))
        for one in told["decisions"]
    ]
    assert ("sagemaker", "CreateTrainingJob", True) == (told["service"], told["operation"], told["refused"])


def test_the_diff_shows_what_changes_and_nothing_else(tmp_path: Path) -> None:
    """Each member that is sent otherwise, before and after; never what the request holds besides."""
    secret = "hunter2-hunter2"
    params = training_job(EnableInterContainerTrafficEncryption=False, Environment={"PASSWORD": secret})
    told = explain(tmp_path, params, "--diff").stdout
    assert "  - EnableInterContainerTrafficEncryption = false\n" in told
    assert "  + EnableInterContainerTrafficEncryption = true\n" in told
    assert f'  + OutputDataConfig.KmsKeyId = "{KEY}"\n' in told
    assert secret not in told
    machine = json.loads(explain(tmp_path, params, "--diff", "--format", "json").stdout)["diff"]
    assert {"path": "EnableInterContainerTrafficEncryption", "before": False, "after": True} in machine
    assert {"path": "OutputDataConfig.KmsKeyId", "after": KEY} in machine
    assert secret not in json.dumps(machine)


def test_the_diff_applied_is_what_the_session_sends(tmp_path: Path) -> None:
    """Nothing that changes is left out of it."""
    params = training_job(EnableInterContainerTrafficEncryption=False)
    machine = json.loads(explain(tmp_path, params, "--diff", "--format", "json").stdout)["diff"]
    for change in machine:
        *outer, name = change["path"].split(".")
        within = params
        for part in outer:
            inner = within[part]
            assert isinstance(inner, dict)
            within = inner
        within[name] = change["after"]
    sent = SecureSession(baseline_file(tmp_path)).explain("create_training_job", **training_job())
    assert sent.parameters == params


def test_an_unresolved_alias_is_a_lookup(tmp_path: Path) -> None:
    """Nothing is asked of AWS; what only AWS can say is named."""
    ran = explain(tmp_path, training_job(), text=changed(KEY, "alias/ml-data"))
    assert 0 == ran.code
    assert "  alias/ml-data\n" in ran.stdout.partition("Only AWS can say which key is meant")[2]


def test_what_stands_behind_a_name_is_named(tmp_path: Path) -> None:
    """Nothing is asked of AWS; what a session would look at is told."""
    named = {"EndpointName": "churn", "EndpointConfigName": "churn-1"}
    ran = explain(tmp_path, named, operation="create_endpoint")
    assert 0 == ran.code
    told = ran.stdout.partition("Made elsewhere; a session looks at it before it sends:\n")[2]
    assert "  EndpointConfigName -> endpoint-config/churn-1\n" == told
    as_json = explain(tmp_path, named, "--format", "json", operation="create_endpoint")
    assert ["EndpointConfigName -> endpoint-config/churn-1"] == json.loads(as_json.stdout)["references"]


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_the_region_is_chosen(region: str, tmp_path: Path) -> None:
    """--region applies that region's section."""
    subnet = {"eu-west-1": "subnet-0a1b2c3d", "us-east-1": "subnet-0c1d2e3f"}[region]
    assert subnet in explain(tmp_path, training_job(), "--region", region, text=REGIONS).stdout


def test_the_environment_is_chosen(tmp_path: Path) -> None:
    """--env applies that environment's section, which here refuses what is corrected elsewhere."""
    text = COMPLETE + '\n[env.prod.modes]\ninter-container-encryption = "refuse"\n'
    params = training_job(EnableInterContainerTrafficEncryption=False)
    assert 0 == explain(tmp_path, params, text=text).code
    assert 11 == explain(tmp_path, params, "--env", "prod", text=text).code


def test_a_malformed_request_is_no_clean_one(tmp_path: Path) -> None:
    """What botocore would not take exits as misuse, by member and type, never with the value."""
    ran = explain(tmp_path, training_job(VpcConfig="hunter2", Nonsense=1))
    assert (2, "") == (ran.code, ran.stdout)
    assert "VpcConfig" in ran.stderr
    assert "Nonsense" in ran.stderr
    assert "hunter2" not in ran.stderr


def test_what_is_missing_is_a_note(tmp_path: Path) -> None:
    """A request may be explained before it is complete; what a control injects is not missing."""
    ran = explain(tmp_path, {})
    assert 0 == ran.code
    assert '"TrainingJobName"' in ran.stderr
    assert "RoleArn" not in ran.stderr


@pytest.mark.parametrize(
    ("params", "told"),
    [
        pytest.param('{"A":\n hunter2}', "not valid JSON at line 2", id="not-json"),
        pytest.param('["hunter2"]', "holds no JSON object", id="no-object"),
    ],
)
def test_params_that_are_none(params: str, told: str, tmp_path: Path) -> None:
    """Malformed parameters are misuse; the message says where, and never what stands there."""
    ran = run(
        "explain", "create_training_job", "--params", "-", "--baseline", baseline_file(tmp_path), stdin=params
    )
    assert 2 == ran.code
    assert told in ran.stderr
    assert "hunter2" not in ran.stderr


def test_params_that_are_not_there(tmp_path: Path) -> None:
    """A file that can't be read is misuse."""
    ran = run("explain", "create_training_job", "--params", tmp_path / "absent.json")
    assert 2 == ran.code
    assert "absent.json" in ran.stderr


def test_an_operation_that_is_none(tmp_path: Path) -> None:
    """An unknown operation is misuse, and says how one is written."""
    ran = explain(tmp_path, {}, operation="create_something")
    assert 2 == ran.code
    assert "'create_something'" in ran.stderr


def test_another_service(tmp_path: Path) -> None:
    """Operations of other services are written with their service."""
    ran = explain(tmp_path, {"Bucket": "ml-artifacts", "Key": "a"}, operation="s3.put_object")
    assert 0 == ran.code
    assert "SSEKMSKeyId" in ran.stdout


def test_a_baseline_that_does_not_hold(tmp_path: Path) -> None:
    """A baseline that cannot be used exits 3, whatever the request."""
    ran = explain(tmp_path, training_job(), text=changed('training = "require"', 'training = "sometimes"'))
    assert (3, "") == (ran.code, ran.stdout)
    assert "network_isolation.training" in ran.stderr
