"""`init`: a commented baseline, from a VPC, a role and a key."""

import os
import pty
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure_sagemaker import IsolationMode, KindOfWork, SecurityBaseline
from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from tests.unit.cli.running import SCRIPT, Ran, run

pytestmark = pytest.mark.once

ROLE = "arn:aws:iam::111122223333:role/ml-launcher"
OFFLINE = {
    "region": '"eu-west-1"',
    "default": '"arn:aws:iam::111122223333:role/ml-execution"',
    "subnets": '["subnet-0a1b2c3d"]',
    "security_groups": '["sg-0a1b2c3d"]',
}


@pytest.fixture
def aws() -> Iterator[EmbeddedAWS]:
    """An account, and its user's credentials in the environment."""
    with embedded_aws() as aws:
        yield aws


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secure-sagemaker.toml"


def init(path: Path, *arguments: str) -> Ran:
    return run("init", "--path", path, *arguments)


def asked(path: Path, aws: EmbeddedAWS, *arguments: str) -> Ran:
    return init(path, "--vpc", aws.vpc_id, "--role", aws.role_arn, "--key", aws.key_alias, *arguments)


def baseline(path: Path) -> SecurityBaseline:
    return SecurityBaseline.from_file(path)


# --- asked of AWS


def test_a_vpc_a_role_and_a_key_are_enough(path: Path, aws: EmbeddedAWS) -> None:
    """What follows from them is found: private subnets, the group, the key's ARN, the execution role."""
    ran = asked(path, aws)
    assert (0, f"{path}\n") == (ran.code, ran.stdout)
    written = baseline(path)
    assert (aws.region, aws.role_arn) == (written.region, written.role.arn)
    assert aws.execution_role_arn == written.execution_roles.default
    assert aws.key_arn == written.kms.default
    assert (aws.vpc_id, set(aws.subnets)) == (written.vpc.vpc_id, set(written.vpc.subnets))
    assert aws.security_groups == written.vpc.security_groups
    assert 0 == run("baseline", "check", path).code


def test_nothing_is_changed_in_the_account(path: Path, aws: EmbeddedAWS) -> None:
    """Every request reads."""
    aws.forget_requests()
    asked(path, aws, "--bucket", aws.default_bucket)
    operations = {request.operation for request in aws.requests}
    assert "DescribeSubnets" in operations
    assert set() == {name for name in operations if not re.match("Describe|Get|Head|List", name)}


def test_the_bucket_s_owner_is_held(path: Path, aws: EmbeddedAWS) -> None:
    """The bucket is stated with the account that AWS confirmed to own it."""
    assert 0 == asked(path, aws, "--bucket", aws.default_bucket).code
    perimeter = baseline(path).data_perimeter
    assert {aws.default_bucket: "111122223333"} == dict(perimeter.write)
    assert aws.default_bucket == perimeter.default_bucket
    (head,) = [request for request in aws.requests if request.operation == "HeadBucket"]
    assert "111122223333" == head.headers["x-amz-expected-bucket-owner"]


def test_a_subnet_with_a_way_to_the_internet_is_left_out(path: Path, aws: EmbeddedAWS) -> None:
    """Neither its own route table nor the VPC's main one may lead to an internet gateway."""
    ec2 = aws.source.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=aws.vpc_id)
    (main,) = [
        table["RouteTableId"]
        for table in ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [aws.vpc_id]}])[
            "RouteTables"
        ]
        if any(association.get("Main") for association in table["Associations"])
    ]
    own = ec2.create_route_table(VpcId=aws.vpc_id)["RouteTable"]["RouteTableId"]
    for table in (main, own):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    by_main, by_own = (
        ec2.create_subnet(VpcId=aws.vpc_id, CidrBlock=f"10.20.{number}.0/24")["Subnet"]["SubnetId"]
        for number in (100, 101)
    )
    ec2.associate_route_table(RouteTableId=own, SubnetId=by_own)
    assert 0 == asked(path, aws).code
    assert set(aws.subnets) == set(baseline(path).vpc.subnets)
    assert not {by_main, by_own} & set(re.findall(r"subnet-\w+", path.read_text(encoding="utf-8")))


def test_a_nat_gateway_is_told(path: Path, aws: EmbeddedAWS) -> None:
    """A private subnet that reaches the internet all the same is taken, and a person is told."""
    ec2 = aws.source.client("ec2")
    nat = ec2.create_nat_gateway(SubnetId=aws.subnets[0])["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=aws.vpc_id)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    subnet = ec2.create_subnet(VpcId=aws.vpc_id, CidrBlock="10.20.100.0/24")["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert f"{subnet} still reaches the internet through {nat}\n" in asked(path, aws).stderr
    assert subnet in baseline(path).vpc.subnets


def refused(ran: Ran, path: Path) -> str:
    """What is told of a run that must not write."""
    assert not path.exists()
    assert "" == ran.stdout
    assert "Traceback" not in ran.stderr
    return ran.stderr


def test_a_vpc_of_public_subnets_is_refused(path: Path, aws: EmbeddedAWS) -> None:
    """No baseline is written that puts jobs into public subnets."""
    ec2 = aws.source.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.30.0.0/24")
    ran = init(path, "--vpc", vpc, "--role", aws.role_arn, "--key", aws.key_alias)
    assert 2 == ran.code
    assert f"{vpc} has no private subnet" in refused(ran, path)


def group(aws: EmbeddedAWS, name: str, *, cidr: str | None = None) -> str:
    ec2 = aws.source.client("ec2")
    id_: str = ec2.create_security_group(GroupName=name, Description=name, VpcId=aws.vpc_id)["GroupId"]
    if cidr is not None:
        ec2.authorize_security_group_ingress(
            GroupId=id_,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}]}
            ],
        )
    return id_


def test_a_group_that_is_open_to_anyone_is_not_chosen(path: Path, aws: EmbeddedAWS) -> None:
    """Of several groups the one that nobody may enter from anywhere is meant."""
    group(aws, "web", cidr="0.0.0.0/0")
    assert 0 == asked(path, aws).code
    assert aws.security_groups == baseline(path).vpc.security_groups


def test_several_groups_are_the_user_s_choice(path: Path, aws: EmbeddedAWS) -> None:
    """Nothing is guessed: the candidates are listed, and an option settles it."""
    other = group(aws, "other", cidr="10.20.0.0/16")
    told = refused(asked(path, aws), path)
    assert all(id_ in told for id_ in (other, *aws.security_groups))
    assert "--security-group" in told
    assert 0 == asked(path, aws, "--security-group", other).code
    assert (other,) == baseline(path).vpc.security_groups


def test_a_group_of_another_vpc_is_refused(path: Path, aws: EmbeddedAWS) -> None:
    """A security group that is named must be of the VPC."""
    ran = asked(path, aws, "--security-group", "sg-0a1b2c3d")
    assert 2 == ran.code
    assert f"sg-0a1b2c3d: no security group of {aws.vpc_id}" in refused(ran, path)


def test_several_execution_roles_are_the_user_s_choice(path: Path, aws: EmbeddedAWS) -> None:
    """Of several roles that SageMaker may assume none is guessed."""
    trust = (
        '{"Statement": {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com",'
        ' "sagemaker.amazonaws.com"]}, "Action": "sts:AssumeRole"}}'
    )
    made = aws.source.client("iam").create_role(RoleName="second", AssumeRolePolicyDocument=trust)
    told = refused(asked(path, aws), path)
    assert made["Role"]["Arn"] in told
    assert aws.execution_role_arn in told
    assert aws.role_arn not in told
    assert 0 == asked(path, aws, "--execution-role", made["Role"]["Arn"]).code
    assert made["Role"]["Arn"] == baseline(path).execution_roles.default


def test_a_key_that_is_disabled_is_refused(path: Path, aws: EmbeddedAWS) -> None:
    """A key must be usable when it is written down."""
    aws.source.client("kms").disable_key(KeyId=aws.key_arn.rpartition("/")[2])
    ran = asked(path, aws)
    assert 2 == ran.code
    assert "its state is Disabled" in refused(ran, path)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["--vpc", "vpc-0a1b2c3d4e5f60718"], "DescribeVpcs", id="vpc"),
        pytest.param(["--key", "alias/absent"], "DescribeKey", id="key"),
        pytest.param(["--bucket", "absent-bucket"], "HeadBucket", id="bucket"),
    ],
)
def test_what_aws_does_not_know(arguments: list[str], told: str, path: Path, aws: EmbeddedAWS) -> None:
    """What AWS answers to which call is told, with a remedy, and the run has failed."""
    ran = asked(path, aws, *arguments)
    assert 1 == ran.code
    assert told in refused(ran, path)
    assert "\n  remedy: " in ran.stderr


def test_a_key_of_another_region_is_refused(path: Path, aws: EmbeddedAWS) -> None:
    """What is written resolves; what would not, is not written."""
    there = aws.source.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    ran = asked(path, aws, "--key", there)
    assert ran.code in {1, 3}
    refused(ran, path)


def test_without_credentials_it_says_so(path: Path) -> None:
    """Nobody to ask as is a failure with two ways out."""
    ran = init(path, "--region", "eu-west-1", *("--vpc", "vpc-0a1b2c3d", "--role", ROLE, "--key", "alias/a"))
    assert 1 == ran.code
    assert "--profile" in refused(ran, path)
    assert "--offline" in ran.stderr


@pytest.mark.parametrize("missing", ["--vpc", "--role", "--key"])
def test_what_it_must_know_is_named(missing: str, path: Path) -> None:
    """Without one of the three nothing is asked."""
    given = {"--vpc": "vpc-0a1b2c3d", "--role": ROLE, "--key": "alias/a"}
    del given[missing]
    ran = init(path, "--region", "eu-west-1", *(part for pair in given.items() for part in pair))
    assert 2 == ran.code
    assert f"{missing} must be given too" in refused(ran, path)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--vpc", "subnet-0a1b2c3d"),
        ("--role", "ml-launcher"),
        ("--key", "alias/aws/s3"),
        ("--execution-role", "arn:aws:iam::1:role/x"),
        ("--bucket", "s3://x"),
        ("--security-group", "default"),
        ("--region", "Ireland"),
    ],
)
def test_a_value_that_is_none_is_refused_by_its_option(option: str, value: str, path: Path) -> None:
    """Before anyone is asked, each value is held to what its field takes."""
    ran = init(path, "--offline", option, value)
    assert 3 == ran.code
    assert refused(ran, path).startswith(f"error: {option}: ")


# --- the embedded AWS


def test_a_newcomer_sees_it_on_the_embedded_aws(path: Path) -> None:
    """Without an account, a name or a network a baseline is written that resolves."""
    ran = init(path, "--embedded")
    assert 0 == ran.code
    assert "embedded AWS" in ran.stderr
    assert 0 == run("baseline", "check", path, "--strict").code


# --- offline


def test_offline_marks_what_is_to_be_filled_in(path: Path) -> None:
    """Every gap is a placeholder that `baseline check` names with its line; filled in, the baseline resolves."""
    assert 0 == init(path, "--offline", "--role", ROLE, "--key", "alias/ml-data").code
    text = path.read_text(encoding="utf-8")
    told = run("baseline", "check", path)
    assert 3 == told.code
    numbered = dict(re.findall(r"  line (\d+): ([\w.]+), such as", told.stderr))
    gaps = {str(number) for number, line in enumerate(text.splitlines(), 1) if '"REPLACE-ME"' in line}
    assert gaps == set(numbered)
    assert {"region", "execution_roles.default", "vpc.subnets", "vpc.security_groups"} == set(
        numbered.values()
    )
    for name, value in OFFLINE.items():
        text = re.sub(rf'(?m)^{name} = \[?"REPLACE-ME"\]?', f"{name} = {value}", text)
    path.write_text(text, encoding="utf-8")
    assert 0 == run("baseline", "check", path).code
    assert (ROLE, "alias/ml-data") == (baseline(path).role.arn, baseline(path).kms.default)


def test_offline_takes_what_a_name_tells(path: Path) -> None:
    """The region is the key's, the bucket's owner the role's account."""
    key = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    init(path, "--offline", "--role", ROLE, "--key", key, "--bucket", "ml-artifacts")
    stated = tomllib.loads(path.read_text(encoding="utf-8"))
    assert "us-east-2" == stated["region"]
    assert {"ml-artifacts": "111122223333"} == stated["data_perimeter"]["write"]


def test_offline_is_not_embedded(path: Path) -> None:
    """Two answers to who is asked are misuse."""
    assert 2 == init(path, "--offline", "--embedded").code


# --- the file


def test_every_setting_that_is_commented_out_can_be_stated(path: Path) -> None:
    """With each of them stated, the file still resolves."""
    init(path, "--embedded")
    commented = path.read_text(encoding="utf-8")
    stated = re.sub(r"(?m)^#(?! )", "", commented)
    assert 60 > commented.count("\n#") - stated.count("\n#") > 20
    written = SecurityBaseline.from_mapping(tomllib.loads(stated), "prod")
    assert written.waivers
    assert written.required_tags
    assert written.hardening.vpc_image_repositories_only


def test_a_file_is_overwritten_on_demand_only(path: Path) -> None:
    """What stands there stays, unless --force is given."""
    path.write_text("mine", encoding="utf-8")
    ran = init(path, "--offline")
    assert 2 == ran.code
    assert "--force" in ran.stderr
    assert "mine" == path.read_text(encoding="utf-8")
    assert 0 == init(path, "--offline", "--force").code
    assert "schema_version = 1" in path.read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is not there is told in words."""
    ran = init(tmp_path / "absent" / "x.toml", "--offline")
    assert 1 == ran.code
    assert "cannot be written" in ran.stderr


def test_a_name_from_aws_stays_within_its_comment(path: Path, aws: EmbeddedAWS) -> None:
    """Whoever names a security group states nothing in the baseline."""
    named = group(aws, 'x"\n[modes]\nvpc-config = "observe"')
    assert 0 == asked(path, aws, "--security-group", named).code
    assert {} == dict(baseline(path).modes)


# --- network isolation


def isolation(path: Path) -> dict[str, str]:
    return dict(tomllib.loads(path.read_text(encoding="utf-8"))["network_isolation"])


def test_isolation_is_required_unless_the_user_says_otherwise(path: Path) -> None:
    """Without a terminal nobody is asked: each kind of work is isolated, and the file says what that breaks."""
    init(path, "--offline")
    assert {kind.value: "require" for kind in KindOfWork} == isolation(path)
    assert "What an isolated container cannot do" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KindOfWork)
@pytest.mark.parametrize("mode", IsolationMode)
def test_isolation_is_stated_per_kind(kind: KindOfWork, mode: IsolationMode, path: Path) -> None:
    """Each kind of work has its option."""
    init(path, "--offline", f"--{kind}-isolation", mode.value)
    assert {one.value: "require" for one in KindOfWork} | {kind.value: mode.value} == isolation(path)


def test_at_a_terminal_the_user_is_asked(path: Path) -> None:
    """What no option states is asked for, one kind after the other, on stderr."""
    ours, theirs = pty.openpty()
    os.write(ours, b"off\n\nnonsense\ndefault\nrequire\n")
    command = [str(SCRIPT), "init", "--offline", "--path", str(path), "--training-isolation", "default"]
    ran = subprocess.run(command, stdin=theirs, capture_output=True, text=True, check=False)
    os.close(ours)
    os.close(theirs)
    assert (0, f"{path}\n") == (ran.returncode, ran.stdout)
    assert 5 == ran.stderr.count("Network isolation of ")
    assert {
        "training": "default",
        "processing": "off",
        "tuning": "require",
        "models": "default",
        "monitoring": "require",
    } == isolation(path)
