"""Asks AWS what a baseline needs to know of an account. Reads only.

What AWS does not answer, or answers in more than one way, is an error that says how to settle it:
a baseline that names the wrong network or role is worse than none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.init_file import BaselineValues, Named
from secure_sagemaker.cli.output import CommandError

__all__ = ["Surveyed", "survey"]

_MOST_SUBNETS = 16
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_MAIN = "main"
_SAGEMAKER = "sagemaker.amazonaws.com"

_Answer = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """What was found, and what a person should know of it."""

    values: BaselineValues
    notes: tuple[str, ...]


def survey(source: boto3.Session, given: BaselineValues) -> Surveyed:
    """Look up what is given, and find what follows from it.

    Raises:
        CommandError: AWS cannot be asked, denies it, or leaves a choice to be made.
    """
    try:
        return _survey(source, given)
    except ClientError as refused:
        error = refused.response.get("Error", {})
        raise CommandError(
            f"AWS answered {error.get('Code')} to {refused.operation_name}: {error.get('Message')}",
            remedy="correct what was given, or let this principal read it; with --offline nothing is asked",
        ) from refused
    except BotoCoreError as failed:
        raise CommandError(
            f"AWS could not be asked: {failed}",
            remedy="name credentials with --profile and a region with --region; with --offline nothing is asked",
        ) from failed


def _survey(source: boto3.Session, given: BaselineValues) -> Surveyed:
    caller = source.client("sts").get_caller_identity()
    account = caller["Account"]
    notes = [f"asked AWS as {caller['Arn']}, region {source.region_name}"]
    if given.role is not None and f":iam::{account}:" not in given.role:
        notes.append(f"the role is not of account {account}, in which network, key and bucket were looked up")
    values = replace(given, region=source.region_name, execution_role=_execution_role(source, given))
    if given.vpc is not None:
        network = _Network(source, given.vpc.id)
        subnets, about = network.private_subnets()
        values = replace(values, subnets=subnets, security_groups=network.groups(given.security_groups))
        notes += about
    if given.key is not None:
        values = replace(values, key=_key(source, given.key.id))
    if given.bucket is not None:
        values = replace(values, bucket_owner=account)
        where = source.client("s3").head_bucket(Bucket=given.bucket, ExpectedBucketOwner=account)
        if (region := where.get("BucketRegion", source.region_name)) != source.region_name:
            notes.append(f"bucket {given.bucket} is in {region}")
    else:
        notes.append("no bucket was named, so none may be used: state data_perimeter, or give --bucket")
    return Surveyed(values=values, notes=tuple(notes))


def _execution_role(source: boto3.Session, given: BaselineValues) -> str:
    """The role that is given, or else the one role of the account that SageMaker may assume."""
    if given.execution_role is not None:
        return given.execution_role
    found = [
        role["Arn"]
        for page in source.client("iam").get_paginator("list_roles").paginate()
        for role in page["Roles"]
        if not role["Path"].startswith("/aws-service-role/")
        and _trusts_sagemaker(role.get("AssumeRolePolicyDocument"))
    ]
    return _the_one(found, what="role that SageMaker may assume", option="--execution-role")


def _trusts_sagemaker(policy: object) -> bool:
    statements = _listed(policy.get("Statement")) if isinstance(policy, Mapping) else ()
    for statement in statements:
        match statement:
            case {"Effect": "Allow", "Principal": {"Service": services}} if _SAGEMAKER in _listed(services):
                return True
    return False


def _key(source: boto3.Session, reference: str) -> Named:
    """The key that is meant, by its ARN: an alias may be pointed elsewhere, and a session need not ask."""
    key = source.client("kms").describe_key(KeyId=reference)["KeyMetadata"]
    problems = {
        "it is managed by AWS": key.get("KeyManager") == "AWS",
        f"its state is {key.get('KeyState')}": key.get("KeyState") != "Enabled",
        f"it is a {key.get('KeySpec')} key": key.get("KeySpec") != "SYMMETRIC_DEFAULT",
    }
    if said := [problem for problem, holds in problems.items() if holds]:
        raise CommandError(
            f"{reference} cannot encrypt what SageMaker stores: {', '.join(said)}",
            remedy="name an enabled, symmetric key that you manage with --key",
            code=ExitCode.USAGE,
        )
    return Named(id=key["Arn"], comment="" if reference == key["Arn"] else reference)


def _the_one(found: Sequence[str], *, what: str, option: str) -> str:
    if len(found) == 1:
        return found[0]
    listing = "".join(f"\n  {one}" for one in found)
    raise CommandError(
        f"which {what} is meant? There are {len(found)}:{listing}" if found else f"there is no {what}",
        remedy=f"name one with {option}",
        code=ExitCode.USAGE,
    )


class _Network:
    """What a VPC has for work that must not reach the internet."""

    def __init__(self, source: boto3.Session, vpc_id: str) -> None:
        self._ec2 = source.client("ec2")
        self._vpc_id = vpc_id
        self._ec2.describe_vpcs(VpcIds=[vpc_id])  # a VPC that is not there has no subnets either

    def _route_tables(self) -> list[_Answer]:
        pages = self._ec2.get_paginator("describe_route_tables").paginate(
            Filters=[{"Name": "vpc-id", "Values": [self._vpc_id]}]
        )
        return [table for page in pages for table in page["RouteTables"]]

    def _subnets(self) -> list[_Answer]:
        pages = self._ec2.get_paginator("describe_subnets").paginate(
            Filters=[{"Name": "vpc-id", "Values": [self._vpc_id]}]
        )
        return [subnet for page in pages for subnet in page["Subnets"]]

    def _groups(self) -> dict[str, _Answer]:
        pages = self._ec2.get_paginator("describe_security_groups").paginate(
            Filters=[{"Name": "vpc-id", "Values": [self._vpc_id]}]
        )
        return {group["GroupId"]: group for page in pages for group in page["SecurityGroups"]}

    def private_subnets(self) -> tuple[tuple[Named, ...], list[str]]:
        """The subnets that have no route to an internet gateway, with notes about them."""
        routes = {
            subnet: _listed(table["Routes"])
            for table in self._route_tables()
            for association in _listed(table["Associations"])
            for subnet in _subnets_of(association)
        }
        found = self._subnets()
        # A subnet whose routes are not known is not private.
        known = {
            str(subnet["SubnetId"]): routes.get(str(subnet["SubnetId"]), routes.get(_MAIN))
            for subnet in found
        }
        private = [
            subnet
            for subnet in found
            if (leading := known[str(subnet["SubnetId"])]) is not None
            and not _gateways(leading, "GatewayId", "igw-")
        ]
        if not private:
            raise CommandError(
                f"{self._vpc_id} has no private subnet: each of its {len(found)} subnets routes to an internet gateway"
                if found
                else f"{self._vpc_id} has no subnet",
                remedy="name a VPC that has private subnets with --vpc",
                code=ExitCode.USAGE,
            )
        private.sort(key=lambda subnet: (str(subnet["AvailabilityZone"]), str(subnet["SubnetId"])))
        notes = []
        if len(private) > _MOST_SUBNETS:
            notes.append(
                f"SageMaker takes {_MOST_SUBNETS} subnets: {len(private) - _MOST_SUBNETS} were left out"
            )
        chosen = private[:_MOST_SUBNETS]
        if len({subnet["AvailabilityZone"] for subnet in chosen}) == 1:
            notes.append("the subnets are in one availability zone; endpoints want two")
        for subnet in chosen:
            if nat := _gateways(known[str(subnet["SubnetId"])] or (), "NatGatewayId", "nat-"):
                notes.append(f"{subnet['SubnetId']} still reaches the internet through {', '.join(nat)}")
        named = tuple(
            Named(id=str(subnet["SubnetId"]), comment=f"{subnet['AvailabilityZone']}, {subnet['CidrBlock']}")
            for subnet in chosen
        )
        return named, notes

    def groups(self, given: Sequence[Named]) -> tuple[Named, ...]:
        """The security groups that are given, or else the one that nobody may enter from anywhere."""
        groups = self._groups()
        if strangers := [group.id for group in given if group.id not in groups]:
            raise CommandError(
                f"{', '.join(strangers)}: no security group of {self._vpc_id}",
                remedy="name groups of that VPC with --security-group",
                code=ExitCode.USAGE,
            )
        if not given:
            closed = [
                f"{id_} ({group['GroupName']})"
                for id_, group in groups.items()
                if group["GroupName"] != "default" and not _is_open(group)
            ]
            what = f"security group of {self._vpc_id}, but the default and those open to anyone,"
            chosen = _the_one(closed, what=what, option="--security-group")
            given = (Named(id=chosen.partition(" ")[0]),)
        return tuple(Named(id=group.id, comment=str(groups[group.id]["GroupName"])) for group in given)


def _subnets_of(association: object) -> Iterator[str]:
    match association:
        case {"SubnetId": str(subnet)}:
            yield subnet
        case {"Main": True}:
            yield _MAIN


def _gateways(routes: Sequence[object], key: str, prefix: str) -> list[str]:
    targets = (route.get(key) for route in routes if isinstance(route, Mapping))
    return [target for target in targets if isinstance(target, str) and target.startswith(prefix)]


def _is_open(group: _Answer) -> bool:
    """Whether anyone may enter."""
    for permission in _listed(group["IpPermissions"]):
        if isinstance(permission, Mapping):
            ranges = [*_listed(permission.get("IpRanges")), *_listed(permission.get("Ipv6Ranges"))]
            cidrs = {one.get("CidrIp", one.get("CidrIpv6")) for one in ranges if isinstance(one, Mapping)}
            if cidrs & _ANYWHERE:
                return True
    return False


def _listed(value: object) -> Sequence[object]:
    """A list as it is; one value alone, which policies may have in a list's place, as a list."""
    if isinstance(value, list):
        return value
    return () if value is None else (value,)
