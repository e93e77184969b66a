"""What administrators deploy beside the guardrail: sound, within its size, and closed to everybody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies import (
    PolicyDocument,
    Projection,
    Task,
    bucket_policy,
    endpoint_policy,
    execution_role,
    execution_role_trust,
    key_policy,
    launcher_role,
    launcher_role_trust,
    permissions_boundary,
    problems,
    service_control_policies,
)
from secure_sagemaker.identity.policies.passed import support_policies
from secure_sagemaker.identity.policies.reference import expanded
from secure_sagemaker.identity.policies.scans import MACIE as MACIE_ACTIONS
from secure_sagemaker.identity.policies.scans import MEMORY, scan_policies
from secure_sagemaker.identity.policies.scans import READS as SCAN_READS
from secure_sagemaker.local.authorization import Policies, authorize
from secure_sagemaker.local.policies import PolicyRequest, allows, denies, permits, prohibits
from tests.controls_support import ACCOUNT, DEFAULT_ROLE, FOREIGN_KEY, FOREIGN_ROLE, S3_KEY, baseline
from tools.golden import TODAY, role

SOURCE = role("ci")
MADE = Projection(
    baseline=baseline(
        data_perimeter__write={"ml-artifacts": ACCOUNT},
        role={
            "arn": role("ml-launcher"),
            "mfa_serial": "GAHT12345678",
            "external_id": "team-7",
            "source_identity": "jane.doe",
            "tags": {"team": "churn"},
        },
    ),
    today=TODAY,
)
BUCKET = "arn:aws:s3:::ml-artifacts"
SCANNED = Projection(
    baseline=baseline(
        data_perimeter__write={"ml-artifacts": ACCOUNT},
        macie={"mode": "scan", "snapshot": "s3://ml-artifacts/cleared/", "memory": "dynamodb:ml-verdicts"},
    ),
    today=TODAY,
)
MACIE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"


def every() -> dict[str, PolicyDocument]:
    scps = service_control_policies(MADE, except_roles=("arn:aws:iam::*:role/admin",))
    return {
        **{f"launcher-{number}": one for number, one in enumerate(launcher_role(MADE))},
        "launcher-trust": launcher_role_trust(MADE, [SOURCE]),
        "execution": execution_role(MADE),
        "execution-trust": execution_role_trust(MADE),
        "boundary": permissions_boundary(MADE),
        **{f"scp-{number}": one for number, one in enumerate(scps)},
        "bucket": bucket_policy(MADE, "ml-artifacts", endpoints=["vpce-0a1b2c3d"]),
        "key": key_policy(MADE),
        **{f"launcher-scanning-{number}": one for number, one in enumerate(launcher_role(SCANNED))},
        "boundary-scanning": permissions_boundary(SCANNED),
        "bucket-scanning": bucket_policy(SCANNED, "ml-artifacts", endpoints=["vpce-0a1b2c3d"]),
        "key-scanning": key_policy(SCANNED),
        "endpoint-macie2": endpoint_policy(SCANNED, "macie2"),
        "endpoint-dynamodb": endpoint_policy(SCANNED, "dynamodb"),
        "endpoint-s3": endpoint_policy(MADE, "s3"),
        "endpoint-sagemaker": endpoint_policy(MADE, "sagemaker"),
        "endpoint-sts": endpoint_policy(MADE, "sts"),
    }


LIMITS = {
    "launcher-trust": 2048,
    "execution-trust": 2048,
    "bucket": 20480,
    "key": 32768,
    "bucket-scanning": 20480,
    "key-scanning": 32768,
}


@pytest.mark.parametrize("name", every())
def test_each_is_sound_and_fits(name: str) -> None:
    """Nothing in it would never match, and AWS takes its size."""
    document = every()[name]
    limit = LIMITS.get(name, 5120 if name.startswith("scp") else 6144)
    assert () == problems(document)
    assert document.characters <= limit


def asked(action: str, source: str = SOURCE, service: str = "", **context: str) -> PolicyRequest:
    return PolicyRequest(
        action=action,
        caller_arn=source,
        caller_account=source.split(":")[4],
        service=service,
        context={name.replace("__", ":").lower(): value for name, value in context.items()},
    )


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"aws__MultiFactorAuthPresent": "false"}, False),
        ({"aws__MultiFactorAuthPresent": None}, False),
        ({"sts__ExternalId": "team-8"}, False),
        ({"sts__SourceIdentity": None}, False),
        ({"source": role("other")}, False),
    ],
    ids=str,
)
def test_the_launchers_role_is_assumed_as_the_baseline_says(
    changes: dict[str, str | None], allowed: bool
) -> None:
    """By the named sources, with MFA, the external id and a source identity."""
    context = {
        "aws__MultiFactorAuthPresent": "true",
        "sts__ExternalId": "team-7",
        "sts__SourceIdentity": "jane.doe",
        **changes,
    }
    given = {name: value for name, value in context.items() if value is not None}
    assert allowed is allows(
        launcher_role_trust(MADE, [SOURCE]).to_mapping(), asked("sts:AssumeRole", **given)
    )


def test_session_tags_are_the_baselines() -> None:
    """No other tag, and no other value."""
    trust = launcher_role_trust(MADE, [SOURCE]).to_mapping()
    tagged = PolicyRequest(
        action="sts:TagSession",
        caller_arn=SOURCE,
        caller_account=ACCOUNT,
        context={"aws:requesttag/team": "churn", "aws:tagkeys": ("team",)},
    )
    more = PolicyRequest(
        action="sts:TagSession",
        caller_arn=SOURCE,
        caller_account=ACCOUNT,
        context={"aws:requesttag/team": "churn", "aws:tagkeys": ("team", "admin")},
    )
    assert allows(trust, tagged)
    assert not allows(trust, more)
    assert allows(trust, asked("sts:SetSourceIdentity"))


def test_nobody_is_trusted_unnamed() -> None:
    """A trust policy without a source is an error, never one that everybody may use."""
    with pytest.raises(PolicyError, match="nobody"):
        launcher_role_trust(MADE, [])


def test_only_this_accounts_sagemaker_assumes_the_execution_role() -> None:
    """The service, for work of this account: another account's is a confused deputy."""
    trust = execution_role_trust(MADE).to_mapping()
    arn = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/churn-1"
    own = {"aws__SourceAccount": ACCOUNT, "aws__SourceArn": arn}
    other = {"aws__SourceAccount": "999988887777", "aws__SourceArn": arn.replace(ACCOUNT, "999988887777")}
    assert allows(trust, asked("sts:AssumeRole", service="sagemaker.amazonaws.com", **own))
    assert not allows(trust, asked("sts:AssumeRole", service="sagemaker.amazonaws.com", **other))
    assert not allows(trust, asked("sts:AssumeRole", service="ec2.amazonaws.com", **own))


def test_a_launcher_within_its_walls_does_its_work() -> None:
    """Role, boundary and organisation together let a good job through, and an admin's role through none of them."""
    job = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/churn-1"
    policies = Policies(
        role=[one.to_mapping() for one in launcher_role(MADE, [Task.TRAIN])],
        boundary=permissions_boundary(MADE).to_mapping(),
    )
    assert authorize(PolicyRequest(action="sagemaker:CreateTrainingJob", resource=job), policies).allowed
    passed = {"iam:passedtoservice": "sagemaker.amazonaws.com"}
    for arn, allowed in ((DEFAULT_ROLE, True), (FOREIGN_ROLE, False)):
        request = PolicyRequest(action="iam:PassRole", resource=arn, context=passed)
        assert allowed is authorize(request, policies).allowed
        assert allowed is permits(permissions_boundary(MADE).to_mapping(), request)


def test_an_scp_leaves_the_excepted_roles_and_other_services_alone() -> None:
    """It denies SageMaker's unsafe requests to everybody but the roles that are named."""
    scps = service_control_policies(MADE, except_roles=("arn:aws:iam::*:role/admin",))

    def denied(action: str, principal: str) -> bool:
        context = {"aws:principalarn": principal}
        request = PolicyRequest(action=action, resource="*", context=context)
        return any(prohibits(one.to_mapping(), request) for one in scps)

    assert denied("sagemaker:CreateTrainingJob", role("anybody"))
    assert not denied("sagemaker:CreateTrainingJob", role("admin"))
    assert not denied("s3:PutObject", role("anybody"))


@pytest.mark.parametrize(
    ("changes", "denied"),
    [
        ({}, False),
        ({"aws__SecureTransport": "false"}, True),
        ({"s3__x-amz-server-side-encryption-aws-kms-key-id": FOREIGN_KEY}, True),
        ({"s3__x-amz-server-side-encryption": "AES256"}, True),
        ({"s3__x-amz-server-side-encryption": None}, False),  # a part of an upload says nothing
        ({"aws__PrincipalAccount": "999988887777"}, True),
        ({"aws__SourceVpce": "vpce-0f0f0f0f"}, True),
        ({"aws__SourceVpce": None}, True),
        ({"aws__SourceVpce": None, "aws__ViaAWSService": "true"}, False),
    ],
    ids=str,
)
def test_a_bucket_is_closed_to_what_the_baseline_does_not_name(
    changes: dict[str, str | None], denied: bool
) -> None:
    """TLS, the keys, the accounts and the endpoints, each by itself."""
    context = {
        "aws__SecureTransport": "true",
        "aws__PrincipalAccount": ACCOUNT,
        "aws__PrincipalIsAWSService": "false",
        "aws__ViaAWSService": "false",
        "aws__SourceVpce": "vpce-0a1b2c3d",
        "s3__x-amz-server-side-encryption": "aws:kms",
        "s3__x-amz-server-side-encryption-aws-kms-key-id": S3_KEY,
        **changes,
    }
    given = {name.replace("__", ":").lower(): value for name, value in context.items() if value is not None}
    made = bucket_policy(MADE, "ml-artifacts", endpoints=["vpce-0a1b2c3d"]).to_mapping()
    request = PolicyRequest(action="s3:PutObject", resource=f"{BUCKET}/x", caller_arn=SOURCE, context=given)
    assert denied is denies(made, request)


def test_where_privatelink_is_required_the_role_may_find_out_the_vpc() -> None:
    """Whatever its tasks, and within its boundary."""
    private = Projection(baseline=baseline(privatelink={"required": True}), today=TODAY)
    reads = PolicyRequest(action="ec2:DescribeVpcEndpoints", resource="*")
    for projection, allowed in ((private, True), (MADE, False)):
        policies = Policies(
            role=[one.to_mapping() for one in launcher_role(projection, [Task.READ_ONLY])],
            boundary=permissions_boundary(projection).to_mapping(),
        )
        assert allowed is authorize(reads, policies).allowed


def test_a_policy_is_made_for_the_baselines_buckets_alone() -> None:
    """Another's bucket, or a directory bucket, has none."""
    for name in ("elsewhere", "ml-express--euw1-az1--x-s3"):
        with pytest.raises(PolicyError, match=name):
            bucket_policy(MADE, name)


def test_a_key_is_used_through_s3_and_sagemaker_alone() -> None:
    """The baseline's roles use it, and nobody by KMS itself."""
    made = key_policy(MADE).to_mapping()
    own = {"source": role("ml-execution")}
    assert allows(made, asked("kms:Decrypt", **own, kms__ViaService="s3.eu-west-1.amazonaws.com"))
    assert not allows(made, asked("kms:Decrypt", **own))
    assert not allows(made, asked("kms:Decrypt", role("ci"), kms__ViaService="s3.eu-west-1.amazonaws.com"))
    assert not allows(made, asked("kms:CreateGrant", **own, kms__GrantIsForAWSResource="false"))


def test_an_endpoint_of_sts_tells_its_own_callers_who_they_are() -> None:
    """Who one is, is about no resource: it is answered to the account's principals, and to nobody else's."""
    document = endpoint_policy(MADE, "sts").to_mapping()

    def lets(action: str, **context: str) -> bool:
        told = {name.replace("_", ":"): value for name, value in context.items()}
        caller = f"arn:aws:iam::{ACCOUNT}:role/ml-launcher"
        return allows(document, PolicyRequest(action=action, caller_arn=caller, resource="*", context=told))

    assert lets("sts:GetCallerIdentity", aws_principalaccount=ACCOUNT)
    assert not lets("sts:GetCallerIdentity", aws_principalaccount="999999999999")
    assert not lets("sts:AssumeRole", aws_principalaccount=ACCOUNT)
    assert lets("sts:AssumeRole", aws_principalaccount=ACCOUNT, aws_resourceaccount=ACCOUNT)


def test_the_launcher_finds_out_its_network() -> None:
    """Where calls go privately, the role may read by what; and S3's prefix list where the gateway is the way."""
    stated: tuple[dict[str, object], ...] = (
        {},
        {"privatelink__required": True},
        {"privatelink__required": True, "privatelink__services": {"s3": "gateway"}},
    )
    plain, required, gateway = (
        _actions(launcher_role(Projection(baseline=baseline(**one), today=TODAY))) for one in stated
    )
    assert required - plain == {"ec2:DescribeRouteTables", "ec2:DescribeVpcEndpoints"}
    assert {"ec2:DescribeSubnets", "ec2:DescribeVpcs"} <= required
    assert gateway - required == {"ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"}


def test_the_boundary_lets_preflight_read() -> None:
    """What the support session is given to read is within the boundary: settings, and the baseline's own roles."""
    boundary = permissions_boundary(MADE)
    support = support_policies().document
    assert support is not None
    resources = {
        "iam:GetPolicy": f"arn:aws:iam::{ACCOUNT}:policy/team",
        "iam:GetPolicyVersion": "arn:aws:iam::aws:policy/any",
    }
    read = {row.name for pattern in _actions([support]) for row in expanded(pattern)}
    assert "iam:GetRolePolicy" in read
    for action in read:
        resource = resources.get(action, DEFAULT_ROLE if action.startswith("iam:") else "*")
        request = PolicyRequest(action=action, resource=resource)
        assert permits(boundary.to_mapping(), request), action
    assert not permits(boundary.to_mapping(), PolicyRequest(action="iam:GetRole", resource=FOREIGN_ROLE))


def _actions(documents: Iterable[PolicyDocument]) -> set[str]:
    return {action for document in documents for one in document.statements for action in one.actions}


def _role_requests() -> list[PolicyRequest]:
    """What a scan asks of the role behind its session, each within what the baseline lists."""
    artifacts, cleared = f"{BUCKET}/churn/train.csv", f"{BUCKET}/cleared/0/ml-artifacts/churn/train.csv"
    table = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/ml-verdicts"
    via = {"kms__ViaService": "s3.eu-west-1.amazonaws.com"}
    return [
        *(replace(asked(action), resource="*") for action in MACIE_ACTIONS),
        *(replace(asked(action), resource=BUCKET) for action in SCAN_READS if action != "s3:GetObject"),
        replace(asked("s3:GetObject"), resource=artifacts),
        replace(asked("s3:PutObject"), resource=cleared),
        replace(asked("s3:AbortMultipartUpload"), resource=cleared),
        replace(asked("s3:GetBucketPolicy"), resource=BUCKET),
        *(replace(asked(action), resource=table) for action in MEMORY),
        *(
            replace(asked(action, **via), resource=S3_KEY)
            for action in ("kms:Decrypt", "kms:GenerateDataKey")
        ),
    ]


def test_a_scan_may_do_what_it_does_within_its_session_its_role_and_its_boundary() -> None:
    """What is asked is allowed by all three; without scans in the baseline neither by the role nor the boundary."""
    session = scan_policies(SCANNED.baseline).document
    assert session is not None
    role_, off = launcher_role(SCANNED), launcher_role(MADE)
    for request in _role_requests():
        assert permits(session.to_mapping(), request), request
        assert permits(permissions_boundary(SCANNED).to_mapping(), request), request
        assert any(permits(one.to_mapping(), request) for one in role_), request
    starts = replace(asked("macie2:CreateClassificationJob"), resource="*")
    assert not any(permits(one.to_mapping(), starts) for one in off)
    assert not permits(permissions_boundary(MADE).to_mapping(), starts)
    foreign = replace(asked("s3:GetObject"), resource="arn:aws:s3:::elsewhere/key")
    assert not any(permits(one.to_mapping(), foreign) for one in role_)


def test_macies_role_reads_buckets_and_decrypts_where_inputs_are_scanned() -> None:
    """The bucket's endpoints do not keep it out; the key's policy names it, and Macie's service for results."""
    reads = replace(
        asked("s3:GetObject", MACIE, aws__PrincipalArn=MACIE, aws__PrincipalAccount=ACCOUNT),
        resource=f"{BUCKET}/k",
    )
    reads = replace(
        reads,
        context={
            **reads.context,
            "aws:securetransport": "true",
            "aws:viaawsservice": "false",
            "aws:principalisawsservice": "false",
        },
    )
    closed = (bucket_policy(one, "ml-artifacts", endpoints=["vpce-0a1b2c3d"]) for one in (SCANNED, MADE))
    assert [False, True] == [denies(one.to_mapping(), reads) for one in closed]
    decrypts = replace(asked("kms:Decrypt", MACIE), resource="*")
    assert [True, False] == [allows(key_policy(one).to_mapping(), decrypts) for one in (SCANNED, MADE)]
    for account, wanted in ((ACCOUNT, True), ("999999999999", False)):
        results = asked("kms:GenerateDataKey", service="macie.amazonaws.com", aws__SourceAccount=account)
        assert wanted is allows(key_policy(SCANNED).to_mapping(), replace(results, resource="*"))
