"""The stacks of ``template``: judged by cfn-lint, deployed on the embedded account, and then looked at by preflight."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker import SecureSession, SecurityBaseline
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from secure_sagemaker.preflight import CHECKS, Status
from secure_sagemaker.preflight.services import INTERFACES
from secure_sagemaker.templates import Environment, cloudformation, environment, terraform
from secure_sagemaker.templates.skipped import SKIPPED
from tests.integration.embedded import client
from tests.integration.templates.deployment import Stack, deploy
from tools.scan_templates import EXAMPLE

pytestmark = pytest.mark.once

TODAY = date(2026, 11, 1)
STATED = tomllib.loads(EXAMPLE)
BASELINE = SecurityBaseline.from_mapping(STATED, source="the example")
GATEWAYS = ("s3", "dynamodb")
LAUNCHER = "arn:aws:iam::111122223333:user/launcher"


def made(stated: Mapping[str, Any] = STATED, *, zones: int = 2, network: str = "10.0.0.0/16") -> Environment:
    baseline = SecurityBaseline.from_mapping(stated, source="a test")
    return environment(baseline, sources=(LAUNCHER,), today=TODAY, zones=zones, network=network)


STACK: dict[str, Any] = cloudformation(made())
CONFIGURATION: dict[str, Any] = terraform(made())


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from (key, *texts(one))
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    """The template is valid CloudFormation, by AWS's own linter, whose warnings count."""
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(STACK, indent=1), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "cfn-lint"), str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (ran.returncode, ran.stdout), ran.stderr


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAWS]:
    with embedded_aws() as standing:
        yield standing


@pytest.fixture(scope="module")
def stack(aws: EmbeddedAWS) -> Stack:
    """The example's, deployed."""
    listed = client(aws, "ec2").describe_managed_prefix_lists()["PrefixLists"]
    lists = {one["PrefixListName"].rpartition(".")[2]: one["PrefixListId"] for one in listed}
    return deploy(aws, STACK, {"S3PrefixList": lists["s3"], "DynamodbPrefixList": lists["dynamodb"]})


@pytest.fixture(scope="module")
def results(aws: EmbeddedAWS) -> str:
    """The bucket of Macie's results: Macie is the account's, and not the stack's."""
    bucket = aws.macie.enable()
    client(aws, "macie2").update_automated_discovery_configuration(status="ENABLED")
    return bucket


@pytest.fixture(scope="module")
def baseline(stack: Stack, results: str) -> SecurityBaseline:
    """The example's, with what the stack gave; the others' bucket is in no account here, and they are trusted alone."""
    told = stack.outputs
    read = dict.fromkeys(("ml-stack-data", results), "111122223333")
    perimeter = {**STATED["data_perimeter"], "read": read, "trusted_accounts": ["444455556666"]}
    network = {
        "vpc_id": told["VpcId"],
        "subnets": told["Subnets"].split(","),
        "security_groups": [told["SecurityGroups"]],
    }
    stated = {**STATED, "vpc": network, "data_perimeter": perimeter}
    return SecurityBaseline.from_mapping(stated, source="the example")


def test_preflight_passes_on_what_the_template_makes(aws: EmbeddedAWS, baseline: SecurityBaseline) -> None:
    """Not one check finds a problem, nor leaves open whether there is one, and each has looked at something."""
    report = aws.session(baseline).preflight()
    assert () == report.open
    assert CHECKS.keys() == {one.id for one in report.findings}


def test_a_scan_and_its_copies_pass_the_walls(
    aws: EmbeddedAWS,
    baseline: SecurityBaseline,
    results: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The role, the buckets and the keys of the stack let a session scan, remember for the team, and copy."""
    # Macie's results are the account's, under a key of its own.
    bucket = f"arn:aws:s3:::{results}"
    reads = {
        "Effect": "Allow",
        "Action": ["s3:ListBucket", "s3:GetObject"],
        "Resource": [bucket, f"{bucket}/*"],
    }
    decrypts = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": aws.account.key_arn}
    role = {"RoleName": "ml-stack-launcher", "PolicyName": "results"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reads, decrypts]})
    client(aws, "iam").put_role_policy(**role, PolicyDocument=document)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    client(aws, "dynamodb").create_table(
        TableName="ml-stack-verdicts",
        KeySchema=[{"AttributeName": "about", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "about", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    session = SecureSession(baseline, source=aws.source, sleep=lambda _: None)
    session.client("s3").put_object(Bucket="ml-stack-work", Key="churn/train.csv", Body=b"x,y\n1,2\n")
    uri = "s3://ml-stack-work/churn/"
    assert session.scan([uri]).is_accepted
    copies = session.snapshot([uri])
    assert copies[uri].startswith("s3://ml-stack-work/cleared/")
    assert session.snapshot([copies[uri]]) == {copies[uri]: copies[uri]}
    client(aws, "iam").delete_role_policy(**role)


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "back", "named"),
    [
        (
            "s3",
            "put_bucket_versioning",
            {"VersioningConfiguration": {"Status": "Suspended"}},
            {"VersioningConfiguration": {"Status": "Enabled"}},
            "bucket-versioning",
        ),
        ("kms", "disable_key_rotation", {}, "enable_key_rotation", "key-rotation"),
        ("kms", "disable_key", {}, "enable_key", "key-enabled"),
        ("kms", "schedule_key_deletion", {}, "cancel_key_deletion", "key-enabled"),
        ("iam", "put_role_policy", "iam:*", "delete_role_policy", "execution-role-reach"),
        ("iam", "put_role_policy", "s3:GetObject", "delete_role_policy", "execution-role-reach"),
    ],
)
def test_a_fault_of_the_account_is_named(
    aws: EmbeddedAWS,
    stack: Stack,
    baseline: SecurityBaseline,
    service: str,
    operation: str,
    arguments: Any,
    back: Any,
    named: str,
) -> None:
    """One thing is changed beside what was deployed, and that one check tells of it."""
    api = client(aws, service)
    subject: dict[str, Any]
    if service == "s3":
        subject, undo = {"Bucket": "ml-stack-work"}, (operation, back)
    elif service == "kms":
        subject, undo = {"KeyId": stack.resources["Key1"]}, (back, {})
    else:
        subject = {"RoleName": "ml-stack-execution", "PolicyName": "more"}
        allowed = {"Effect": "Allow", "Action": arguments, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        arguments, undo = {"PolicyDocument": document}, (back, {})
    getattr(api, operation)(**subject, **arguments)
    report = aws.session(baseline).preflight()
    getattr(api, undo[0])(**subject, **undo[1])
    if undo[0] == "cancel_key_deletion":
        api.enable_key(**subject)
    assert {(named, Status.PROBLEM)} == {(one.id, one.status) for one in report.open}


def test_what_the_policies_deny_to_preflight_is_unknown(aws: EmbeddedAWS, baseline: SecurityBaseline) -> None:
    """Without the role's policies, nothing is well but what STS and the keys' own policies let it see."""
    iam = client(aws, "iam")
    attached = iam.list_attached_role_policies(RoleName="ml-stack-launcher")["AttachedPolicies"]
    for one in attached:
        iam.detach_role_policy(RoleName="ml-stack-launcher", PolicyArn=one["PolicyArn"])
    report = aws.session(baseline).preflight()
    for one in attached:
        iam.attach_role_policy(RoleName="ml-stack-launcher", PolicyArn=one["PolicyArn"])
    seen = {"role-assumable", "key-exists", "key-enabled", "key-kind"}
    assert seen == {one.id for one in report.findings if one.status is Status.OK}
    assert {Status.OK, Status.UNKNOWN} == {one.status for one in report.findings}


# --- both forms -------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", [STACK, CONFIGURATION], ids=["cloudformation", "terraform"])
def test_nothing_is_left_that_stands_for_another(template: dict[str, Any]) -> None:
    """Subnets, groups and keys are referred to, and not named by ids that are none."""
    said = " ".join(texts(template))
    assert not re.search(r"(subnet|sg)-0|key/0000|REPLACE", said)


def test_every_reference_of_terraform_leads_to_something() -> None:
    """What is referred to is declared, and each policy is JSON with actions in it."""
    declared = {
        *(f"{kind}.{name}" for kind, named in CONFIGURATION["resource"].items() for name in named),
        *(f"data.{kind}.{name}" for kind, named in CONFIGURATION["data"].items() for name in named),
    }
    referred = {
        re.match(r"(?:data\.)?\w+\.\w+", found)[0]  # type: ignore[index]  # each is an address
        for text in texts(CONFIGURATION)
        for found in re.findall(r"(?<!\$)\$\{([^}]+)\}", text)
    }
    assert referred
    assert referred <= declared
    policies = [
        json.loads(block[member])
        for named in CONFIGURATION["resource"].values()
        for block in named.values()
        for member in ("policy", "assume_role_policy")
        if member in block
    ]
    assert all("Action" in statement for policy in policies for statement in policy["Statement"])


def test_both_forms_say_the_same_policies() -> None:
    """A policy is one document, whatever it is written for: the same statements, references aside."""

    def plain(document: object) -> str:
        text = json.dumps(document, sort_keys=True)
        text = re.sub(r'\{"Fn::Sub": ("[^"]*")\}', r"\1", text)
        return re.sub(r"\$\{[^}]*\}", "REFERENCE", text)

    stack = sorted(
        plain(resource["Properties"][member])
        for resource in STACK["Resources"].values()
        for member in ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy")
        if member in resource["Properties"]
    )
    stack += [
        plain(one["PolicyDocument"])
        for resource in STACK["Resources"].values()
        for one in resource["Properties"].get("Policies", [])
    ]
    configuration = [
        plain(json.loads(block[member]))
        for named in CONFIGURATION["resource"].values()
        for block in named.values()
        for member in ("policy", "assume_role_policy")
        if member in block
    ]
    assert sorted(stack) == sorted(configuration)


def test_what_is_skipped_is_explained_where_it_is() -> None:
    """Each skip of a tool has a reason, in the resource, and is of a type that there is."""
    kinds = {one["Type"] for one in STACK["Resources"].values()} | CONFIGURATION["resource"].keys()
    for one in SKIPPED:
        assert one.reason
        assert set(one.kinds) <= kinds
        said = [
            *(res["Metadata"] for res in STACK["Resources"].values() if res["Type"] in one.kinds),
            *(
                block["//"]
                for kind in one.kinds
                for block in CONFIGURATION["resource"].get(kind, {}).values()
            ),
        ]
        assert said
        assert all(one.id in json.dumps(each) and one.reason in json.dumps(each) for each in said)


@pytest.mark.parametrize("zones", [2, 3, 6])
def test_each_zone_has_a_subnet_and_each_service_an_endpoint(zones: int) -> None:
    """As many subnets as zones, apart from one another; an interface endpoint for each service, and gateways."""
    environment_ = made(zones=zones, network="172.20.0.0/20")
    assert zones == len(environment_.subnets)
    assert not any(
        one.overlaps(other)
        for one in environment_.subnets
        for other in environment_.subnets
        if one is not other
    )
    resources: dict[str, Any] = cloudformation(environment_)["Resources"]  # type: ignore[assignment]  # what JSON has
    services = [
        one["Properties"]["ServiceName"]
        for one in resources.values()
        if one["Type"] == "AWS::EC2::VPCEndpoint"
    ]
    assert [f"com.amazonaws.eu-west-1.{name}" for name in (*INTERFACES, "macie2", *GATEWAYS)] == services


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"zones": 1}, "1 availability zones"),
        ({"zones": 7}, "7 availability zones"),
        ({"network": "8.8.0.0/16"}, "no network for a private VPC"),
        ({"network": "10.0.0.0/24"}, "no network for a private VPC"),
        ({"network": "10.0.0.1/16"}, "is no network"),
        ({"network": "fd00::/20"}, "no network for a private VPC"),
    ],
)
def test_what_no_vpc_can_be_is_refused(changes: Any, message: str) -> None:
    """Before anything is written."""
    with pytest.raises(PolicyError, match=message):
        made(**changes)


def test_names_of_endpoints_that_are_not_known_are_not_guessed() -> None:
    """China's partition names some services otherwise: no template is written for it."""
    stated = json.loads(json.dumps(STATED).replace("arn:aws:", "arn:aws-cn:"))
    with pytest.raises(PolicyError, match="aws-cn"):
        made({**stated, "region": "cn-north-1"})


def test_nobody_may_assume_the_role_where_nobody_is_named() -> None:
    """Whoever deploys it says whom it is for."""
    with pytest.raises(PolicyError, match="who may assume"):
        environment(BASELINE, sources=(), today=TODAY)
