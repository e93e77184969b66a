"""Roles, keys, buckets and scans: what is said of each fact, and that what is not read is never fine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from secure_sagemaker.preflight import CHECKS, Finding, Status
from secure_sagemaker.preflight.account import READS, decide_account
from secure_sagemaker.preflight.account_facts import (
    AccountFacts,
    BucketFacts,
    Encryption,
    Key,
    KeyFacts,
    RoleFacts,
    WantedAccount,
    WantedBucket,
)
from secure_sagemaker.preflight.facts import Answer
from secure_sagemaker.preflight.network import DECISIONS
from tests.unit.preflight.documents import policy

pytestmark = pytest.mark.once

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/ml-launcher"
EXECUTION = f"arn:aws:iam::{ACCOUNT}:role/ml-execution"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def allow(action: object, resource: object = "*", **members: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **members}


def principal(who: object, action: object = "sts:AssumeRole", **members: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": who, "Action": action, **members}


SAGEMAKER = {"Service": "sagemaker.amazonaws.com"}
OURS_ALONE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
WORK = ["arn:aws:s3:::ml-work", "arn:aws:s3:::ml-work/*"]
NARROW = policy(allow(["s3:GetObject", "s3:PutObject"], WORK), allow("kms:*", KEY))
TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": WORK,
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
WANTED = WantedAccount(
    region="eu-west-1",
    partition="aws",
    account=ACCOUNT,
    role=ROLE,
    execution_roles=(EXECUTION,),
    keys=("alias/ml",),
    buckets=(WantedBucket(name="ml-work", owner=ACCOUNT, written=True),),
)


def answer(value: Any) -> Answer[Any]:
    return Answer(value=value)


def denied(value: Any = None, code: str = "AccessDenied") -> Answer[Any]:
    return Answer(value=value, unread=f"it was answered with {code}", code=code)


def role(arn: str, **changes: Answer[Any]) -> RoleFacts:
    trust = policy(principal(SAGEMAKER, Condition=OURS_ALONE))
    stated: dict[str, Any] = {
        "trust": answer(trust),
        "policies": answer((NARROW,)),
        "boundary": answer(""),
        **changes,
    }
    return RoleFacts(arn=arn, **stated)


ENABLED = Key(arn=KEY, state="Enabled", spec="SYMMETRIC_DEFAULT", origin="AWS_KMS", customer_managed=True)


def key(described: Key | None = ENABLED, **changes: Answer[Any]) -> KeyFacts:
    delegated = policy(principal(ROOT, "kms:*", Resource="*"))
    stated: dict[str, Any] = {
        "key": answer(described),
        "rotates": answer(True),
        "policy": answer(delegated),
        **changes,
    }
    return KeyFacts(reference="alias/ml", **stated)


def bucket(owner: str = ACCOUNT, *, written: bool = True, **changes: Answer[Any]) -> BucketFacts:
    stated: dict[str, Any] = {
        "region": answer("eu-west-1"),
        "encryption": answer(Encryption(algorithm="aws:kms", key=KEY)),
        "blocks": answer(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        ),
        "policy": answer(policy(TLS)),
        "versioning": answer("Enabled"),
        **changes,
    }
    return BucketFacts(wanted=WantedBucket(name="ml-work", owner=owner, written=written), **stated)


CALLER = answer(f"arn:aws:sts::{ACCOUNT}:assumed-role/ml-launcher/me-support")
GOOD = AccountFacts(
    caller=CALLER,
    keys=(key(),),
    buckets=(bucket(),),
    roles={ROLE: role(ROLE), EXECUTION: role(EXECUTION)},
)

MACIE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
USERS = principal(ROOT, "kms:*", Resource="*")
_COPIES = {"Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::ml-work/cleared/*"}
KEEPS: tuple[dict[str, object], ...] = (
    {**_COPIES, "Action": ["s3:DeleteObject*", "s3:Replicate*"]},
    {
        **_COPIES,
        "Action": "s3:PutObject",
        "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    },
    {**_COPIES, "Action": "s3:PutObject", "Condition": {"ArnNotLike": {"aws:PrincipalArn": ROLE}}},
)
SCANS = replace(WANTED, macie=True, bucket_scores=True, snapshots="s3://ml-work/cleared/")
SCANNED = replace(
    GOOD,
    keys=(key(policy=answer(policy(USERS, principal({"AWS": MACIE}, "kms:Decrypt", Resource="*")))),),
    buckets=(bucket(policy=answer(policy(TLS, *KEEPS))),),
    macie=answer("ENABLED"),
    macie_results=answer("ml-work"),
    discovery=answer("ENABLED"),
)


def troubles(facts: AccountFacts, wanted: WantedAccount = WANTED) -> dict[str, Status]:
    return {one.id: one.status for one in decide_account(facts, wanted) if one.status is not Status.OK}


def with_role(arn: str, **changes: Answer[Any]) -> AccountFacts:
    return replace(GOOD, roles={**GOOD.roles, arn: role(arn, **changes)})


def only(findings: Iterable[Finding], id_: str) -> Finding:
    (found,) = (one for one in findings if one.id == id_ and one.status is not Status.OK)
    return found


PROBLEM, UNKNOWN = Status.PROBLEM, Status.UNKNOWN


def test_what_is_as_it_should_be_is_let_alone() -> None:
    """Every check says ok; those of scans where scans are asked for, and nowhere else."""
    assert {} == troubles(GOOD)
    said = {one.id for one in decide_account(GOOD, WANTED)}
    of_scans = {
        "macie-enabled",
        "macie-results",
        "macie-discovery",
        "macie-key",
        "macie-bucket",
        "snapshot-policy",
    }
    assert READS.keys() - of_scans == said
    assert {} == troubles(SCANNED, SCANS)
    assert READS.keys() == {one.id for one in decide_account(SCANNED, SCANS)}


def test_each_check_is_decided_by_one_of_both() -> None:
    """The catalogue is what the network's decisions and the account's decide, and nothing else."""
    network = {id_ for decision in DECISIONS for id_ in decision.checks}
    assert not network & READS.keys()
    assert CHECKS.keys() == network | READS.keys()


# --- roles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caller", "wanted"),
    [
        (CALLER, {}),
        (answer(f"arn:aws:sts::{ACCOUNT}:assumed-role/other/me"), {"role-assumable": PROBLEM}),
        (answer(f"arn:aws:iam::{ACCOUNT}:user/me"), {"role-assumable": PROBLEM}),
        (denied("", "IdentityError"), {"role-assumable": PROBLEM}),
        (denied("", "EndpointConnectionError"), {"role-assumable": UNKNOWN}),
    ],
)
def test_the_role_is_the_one_that_signs(caller: Answer[Any], wanted: dict[str, Status]) -> None:
    """STS's own word; a role that is not assumed is a problem, STS out of reach is unknown."""
    assert wanted == troubles(replace(GOOD, caller=caller))


@pytest.mark.parametrize(
    ("statements", "wanted"),
    [
        pytest.param([allow("*")], PROBLEM, id="everything"),
        pytest.param([allow("s3:*")], PROBLEM, id="every-bucket"),
        pytest.param([allow("s3:GetObject", "arn:aws:s3:::*")], PROBLEM, id="every-bucket-by-arn"),
        pytest.param([allow(["s3:Get*", "s3:Put*"], WORK)], None, id="its-own-bucket"),
        pytest.param([allow("kms:Decrypt", "arn:aws:kms:*:*:key/*")], PROBLEM, id="every-key"),
        pytest.param([allow("sts:*")], PROBLEM, id="every-role"),
        pytest.param([allow("iam:PassRole")], PROBLEM, id="passes-every-role"),
        pytest.param(
            [
                allow(
                    "iam:PassRole",
                    Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
                )
            ],
            None,
            id="passes-to-sagemaker-alone",
        ),
        pytest.param([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], PROBLEM, id="all-but-iam"),
        pytest.param(
            [{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": WORK}],
            PROBLEM,
            id="all-but-its-own",
        ),
        pytest.param(
            [
                allow("s3:*"),
                {"Effect": "Deny", "Action": "s3:*", "NotResource": WORK},
            ],
            None,
            id="denied-beyond",
        ),
        pytest.param(
            [allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/x": "y"}})], UNKNOWN, id="a-tag"
        ),
        pytest.param(
            [allow("s3:*", Condition={"StringEquals": {"aws:ResourceAccount": OTHER}})],
            None,
            id="another-account",
        ),
        pytest.param([], None, id="nothing"),
    ],
)
def test_a_roles_reach_is_evaluated(statements: list[dict[str, object]], wanted: Status | None) -> None:
    """However it is written, what reaches beyond the baseline's own is found; for both kinds of roles."""
    documents = answer((NARROW, policy(*statements)))
    for arn, id_ in ((ROLE, "role-reach"), (EXECUTION, "execution-role-reach")):
        assert ({} if wanted is None else {id_: wanted}) == troubles(with_role(arn, policies=documents))


def test_boundaries_and_session_policies_take_away() -> None:
    """What either does not allow is not reached; a boundary alone gives nothing, and an unread one tells nothing."""
    wide = answer((policy(allow("*")),))
    assert {} == troubles(with_role(EXECUTION, policies=wide, boundary=answer(NARROW)))
    assert {"execution-role-reach": UNKNOWN, "key-use": UNKNOWN} == troubles(
        with_role(EXECUTION, policies=wide, boundary=denied(""))
    )
    assert {"key-use": PROBLEM} == troubles(
        with_role(EXECUTION, policies=answer(()), boundary=answer(policy(allow("*"))))
    )
    narrowed = with_role(ROLE, policies=wide)
    assert {"role-reach": PROBLEM} == troubles(narrowed)
    assert {} == troubles(replace(narrowed, session_policies=answer((NARROW,))))
    assert {"role-reach": PROBLEM} == troubles(
        replace(narrowed, session_policies=answer((NARROW, policy(allow("s3:*")))))
    )
    assert {"role-reach": UNKNOWN} == troubles(replace(narrowed, session_policies=denied(())))


@pytest.mark.parametrize(
    ("statements", "wanted"),
    [
        pytest.param([principal(SAGEMAKER)], {"execution-role-deputy": PROBLEM}, id="for-anybody"),
        pytest.param(
            [
                principal(
                    SAGEMAKER, Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:*:{ACCOUNT}:*"}}
                )
            ],
            {},
            id="by-source-arn",
        ),
        pytest.param(
            [principal({"Service": "ec2.amazonaws.com"})],
            {"execution-role-trust": PROBLEM},
            id="not-sagemaker",
        ),
        pytest.param(
            [principal(SAGEMAKER, Condition=OURS_ALONE), principal("*")],
            {"execution-role-trust": PROBLEM, "execution-role-deputy": PROBLEM},
            id="everybody",
        ),
        pytest.param(
            [principal(SAGEMAKER, Condition=OURS_ALONE), principal(ROOT)], {}, id="the-account-as-well"
        ),
        pytest.param(
            [principal(SAGEMAKER, Condition={"StringEquals": {"aws:SourceOrgPaths": "o-a/r-b/"}})],
            {"execution-role-trust": UNKNOWN, "execution-role-deputy": UNKNOWN},
            id="by-what-is-not-known",
        ),
    ],
)
def test_whom_an_execution_role_trusts(
    statements: list[dict[str, object]], wanted: dict[str, Status]
) -> None:
    """SageMaker, for this account; no stranger; a condition that is not known is not taken for either."""
    assert wanted == troubles(with_role(EXECUTION, trust=answer(policy(*statements))))


NAMED = (
    pytest.param({"AWS": OTHER}, {}, id="an-account"),
    pytest.param({"AWS": f"arn:aws:iam::{OTHER}:root"}, {}, id="its-root"),
    pytest.param({"AWS": [ROLE, f"arn:aws:iam::{OTHER}:role/x"]}, {}, id="a-role-of-it"),
    pytest.param("*", {"Condition": {"StringEquals": {"aws:PrincipalAccount": OTHER}}}, id="by-a-condition"),
)
TRUSTING = replace(WANTED, trusted_accounts=(OTHER,))


@pytest.mark.parametrize(("who", "further"), NAMED)
def test_no_other_account_is_trusted_by_name(who: object, further: dict[str, object]) -> None:
    """By a role, a key or a bucket; but for one that the baseline trusts."""
    own = principal(SAGEMAKER, Condition=OURS_ALONE)
    trusts = with_role(EXECUTION, trust=answer(policy(own, principal(who, **further))))
    used = key(
        policy=answer(
            policy(principal(ROOT, "kms:*", Resource="*"), principal(who, "kms:Decrypt", **further))
        )
    )
    shared = bucket(
        policy=answer(policy(TLS, principal(who, "s3:GetObject", Resource=f"{WORK[0]}/out/*", **further)))
    )
    facts = replace(trusts, keys=(used,), buckets=(shared,))
    wanted = dict.fromkeys(("execution-role-trust", "key-policy", "bucket-policy"), PROBLEM)
    # Whether a condition for principals lets a service in as well is another check's business.
    said, trusting = troubles(facts), troubles(facts, TRUSTING)
    assert wanted == {id_: said[id_] for id_ in said if id_ != "execution-role-deputy"}
    for id_ in wanted:
        assert OTHER in only(decide_account(facts, WANTED), id_).why
    assert not wanted.keys() & trusting.keys()


def test_sagemaker_assumes_a_role_for_no_account_that_is_named() -> None:
    """A condition that names another account beside our own lets its work in; but for a trusted one."""
    both = principal(SAGEMAKER, Condition={"StringEquals": {"aws:SourceAccount": [ACCOUNT, OTHER]}})
    facts = with_role(EXECUTION, trust=answer(policy(both)))
    assert {"execution-role-deputy": PROBLEM} == troubles(facts)
    assert {} == troubles(facts, TRUSTING)


def test_an_owner_is_no_stranger_to_what_it_owns() -> None:
    """Another account's key and bucket, which the baseline names, may let that account in, and no third one."""
    root = {"AWS": f"arn:aws:iam::{OTHER}:root"}
    third = {"AWS": "777788889999"}
    arn = KEY.replace(ACCOUNT, OTHER)
    for who, said in ((root, {}), (third, dict.fromkeys(("key-policy", "bucket-policy"), PROBLEM))):
        named = policy(
            principal({"AWS": [ROLE, EXECUTION]}, USES, Resource="*"), principal(who, "kms:*", Resource="*")
        )
        stored = Encryption(algorithm="aws:kms", key=arn)
        let_in = answer(policy(TLS, principal(who, "s3:*", Resource=WORK)))
        facts = replace(
            GOOD,
            keys=(key(replace(ENABLED, arn=arn), policy=answer(named)),),
            buckets=(bucket(OTHER, policy=let_in, encryption=answer(stored)),),
        )
        assert said == troubles(facts)


def test_a_role_that_is_not_there_is_a_problem_and_one_not_read_is_unknown() -> None:
    """NoSuchEntity is an answer; a denial is none."""
    nothing = {"policies": denied(()), "boundary": denied("")}
    assert {
        "execution-role-trust": PROBLEM,
        "execution-role-reach": UNKNOWN,
        "key-use": UNKNOWN,
    } == troubles(with_role(EXECUTION, trust=answer(None), **nothing))
    unread = {
        "execution-role-trust": UNKNOWN,
        "execution-role-deputy": UNKNOWN,
        "execution-role-reach": UNKNOWN,
        "key-use": UNKNOWN,
    }
    assert unread == troubles(with_role(EXECUTION, trust=denied(), **nothing))
    assert unread == troubles(replace(GOOD, roles={ROLE: role(ROLE)}))


def test_a_policy_that_is_none_is_unknown() -> None:
    """Malformed is not closed."""
    assert {"execution-role-reach": UNKNOWN, "key-use": UNKNOWN} == troubles(
        with_role(EXECUTION, policies=answer(("[]",)))
    )
    assert {"execution-role-trust": UNKNOWN} == troubles(with_role(EXECUTION, trust=answer("[]")))
    assert {"key-use": UNKNOWN, "key-policy": UNKNOWN} == troubles(
        replace(GOOD, keys=(key(policy=answer("{")),))
    )
    assert {"bucket-tls": UNKNOWN, "bucket-policy": UNKNOWN} == troubles(
        replace(GOOD, buckets=(bucket(policy=answer("{")),))
    )


# --- keys -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"state": "Disabled"}, {"key-enabled": PROBLEM}),
        ({"state": "PendingDeletion"}, {"key-enabled": PROBLEM}),
        ({"state": "PendingImport"}, {"key-enabled": PROBLEM}),
        ({"arn": KEY.replace("eu-west-1", "us-east-1")}, {"key-kind": PROBLEM}),
        ({"spec": "RSA_2048"}, {"key-kind": PROBLEM}),
        ({"origin": "EXTERNAL"}, {"key-rotation": PROBLEM}),
        ({"customer_managed": False, "origin": "EXTERNAL"}, {}),
    ],
)
def test_a_key_serves_as_it_is_described(changes: dict[str, Any], wanted: dict[str, Status]) -> None:
    """State, region, spec, origin: each by its own check."""
    described = replace(ENABLED, **changes)
    facts = replace(GOOD, keys=(key(described),))
    if "arn" in changes:  # which the bucket and the roles do not name
        wanted = {**wanted, "bucket-encryption": PROBLEM, "key-use": PROBLEM}
    assert wanted == troubles(facts)


def test_the_fix_of_a_key_is_that_of_its_state() -> None:
    """Deletion is cancelled before the key is enabled; what no command mends has none."""
    fixes = {
        state: only(
            decide_account(replace(GOOD, keys=(key(replace(ENABLED, state=state)),)), WANTED), "key-enabled"
        ).fix
        for state in ("Disabled", "PendingDeletion", "Unavailable")
    }
    assert f"aws kms enable-key --key-id {KEY}" == fixes["Disabled"]
    assert fixes["PendingDeletion"].startswith("aws kms cancel-key-deletion")
    assert not fixes["Unavailable"]


def test_a_key_that_is_not_there_or_not_told() -> None:
    """NotFoundException is a problem; a denial is unknown, and what depends on the key with it."""
    assert {"key-exists": PROBLEM, "bucket-encryption": PROBLEM} == troubles(replace(GOOD, keys=(key(None),)))
    assert {"key-exists": UNKNOWN, "bucket-encryption": UNKNOWN} == troubles(
        replace(GOOD, keys=(key(key=denied()),))
    )
    assert {"key-rotation": UNKNOWN} == troubles(replace(GOOD, keys=(key(rotates=denied()),)))
    assert {"key-rotation": PROBLEM} == troubles(replace(GOOD, keys=(key(rotates=answer(False)),)))
    assert {"key-use": UNKNOWN, "key-policy": UNKNOWN} == troubles(
        replace(GOOD, keys=(key(policy=denied()),))
    )


USES = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant"]
BY_S3 = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}


@pytest.mark.parametrize(
    ("statements", "role_policies", "wanted"),
    [
        pytest.param([principal({"AWS": [ROLE, EXECUTION]}, USES)], (), {}, id="named-by-the-key"),
        pytest.param([principal(ROOT, "kms:*")], (policy(allow(USES, KEY)),), {}, id="left-to-the-role"),
        pytest.param(
            [principal(ROOT, "kms:*")], (policy(),), {"key-use": PROBLEM}, id="left-to-a-role-that-may-not"
        ),
        pytest.param([principal({"AWS": ROLE}, USES)], (), {"key-use": PROBLEM}, id="one-role-alone"),
        pytest.param(
            [principal({"AWS": [ROLE, EXECUTION]}, USES, Condition=BY_S3)],
            (),
            {"key-use": PROBLEM},
            id="by-s3-alone",
        ),
        pytest.param(
            [
                principal({"AWS": [ROLE, EXECUTION]}, USES),
                {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt"},
            ],
            (),
            {"key-use": PROBLEM},
            id="denied",
        ),
        pytest.param(
            [
                principal(
                    {"AWS": [ROLE, EXECUTION]}, USES, Condition={"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}}
                )
            ],
            (),
            {"key-use": UNKNOWN},
            id="by-what-is-not-known",
        ),
        pytest.param([principal("*", "kms:*")], (), {"key-policy": PROBLEM}, id="everybody"),
        pytest.param(
            [
                principal({"AWS": [ROLE, EXECUTION]}, USES),
                principal("*", "kms:*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
            ],
            (),
            {"key-policy": UNKNOWN},
            id="everybody-by-what-is-not-known",
        ),
        pytest.param(
            [principal(ROOT, "kms:*")],
            (policy(allow("kms:*", KEY, Condition={"StringEquals": {"aws:PrincipalTag/x": "y"}})),),
            {"key-use": UNKNOWN},
            id="left-to-a-role-by-what-is-not-known",
        ),
        pytest.param(
            [principal("*", "kms:*", Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}})],
            (),
            {},
            id="everybody-of-the-account",
        ),
        pytest.param(
            [
                principal({"AWS": [ROLE, EXECUTION]}, USES),
                principal({"AWS": "*"}, "kms:PutKeyPolicy"),
            ],
            (),
            {"key-policy": PROBLEM},
            id="everybody-may-change-it",
        ),
    ],
)
def test_who_may_use_a_key_is_evaluated(
    statements: list[dict[str, object]], role_policies: tuple[str, ...], wanted: dict[str, Status]
) -> None:
    """By the key's policy where that names the role, and by both where it names the account."""
    of_roles = {arn: role(arn, policies=answer(role_policies)) for arn in (ROLE, EXECUTION)}
    facts = replace(GOOD, keys=(key(policy=answer(policy(*statements))),), roles=of_roles)
    assert wanted == troubles(facts)


# --- buckets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"region": answer(None)}, {"bucket-exists": PROBLEM}),
        ({"region": denied()}, {"bucket-exists": UNKNOWN, "bucket-region": UNKNOWN}),
        ({"region": answer("us-east-1")}, {"bucket-region": PROBLEM}),
        ({"encryption": answer(None)}, {"bucket-encryption": PROBLEM}),
        ({"encryption": answer(Encryption(algorithm="AES256"))}, {"bucket-encryption": PROBLEM}),
        ({"encryption": answer(Encryption(algorithm="aws:kms"))}, {"bucket-encryption": PROBLEM}),
        ({"encryption": answer(Encryption(algorithm="aws:kms", key="alias/ml"))}, {}),
        (
            {
                "encryption": answer(
                    Encryption(algorithm="aws:kms", key=f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/ml")
                )
            },
            {},
        ),
        (
            {"encryption": answer(Encryption(algorithm="aws:kms", key=KEY.replace(ACCOUNT, OTHER)))},
            {"bucket-encryption": PROBLEM},
        ),
        ({"encryption": answer(Encryption(algorithm="aws:kms:dsse", key=ENABLED.id))}, {}),
        (
            {"encryption": answer(Encryption(algorithm="aws:kms", key=KEY.replace("1234abcd", "9234abcd")))},
            {"bucket-encryption": PROBLEM},
        ),
        ({"encryption": denied()}, {"bucket-encryption": UNKNOWN}),
        ({"versioning": answer("")}, {"bucket-versioning": PROBLEM}),
        ({"versioning": answer("Suspended")}, {"bucket-versioning": PROBLEM}),
        ({"versioning": denied("")}, {"bucket-versioning": UNKNOWN}),
        ({"blocks": answer(())}, {"bucket-public-access": PROBLEM}),
        ({"blocks": answer(("BlockPublicAcls", "IgnorePublicAcls"))}, {"bucket-public-access": PROBLEM}),
        ({"blocks": denied(())}, {"bucket-public-access": UNKNOWN}),
        ({"policy": answer("")}, {"bucket-tls": PROBLEM}),
        ({"policy": denied("")}, {"bucket-tls": UNKNOWN, "bucket-policy": UNKNOWN}),
        (
            {"policy": answer(policy({**TLS, "Action": "s3:PutObject"}))},
            {"bucket-tls": PROBLEM},
        ),
        ({"policy": answer(policy({**TLS, "Resource": WORK[1]}))}, {"bucket-tls": PROBLEM}),
        (
            {"policy": answer(policy(TLS, principal("*", "s3:GetObject", Resource=WORK)))},
            {"bucket-policy": PROBLEM},
        ),
        (
            {
                "policy": answer(
                    policy(
                        TLS,
                        principal(
                            "*",
                            "s3:GetObject",
                            Resource=WORK,
                            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-ours123456"}},
                        ),
                    )
                )
            },
            {},
        ),
        (
            {
                "policy": answer(
                    policy(
                        TLS,
                        principal(
                            "*",
                            "s3:GetObject",
                            Resource=WORK,
                            Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}},
                        ),
                    )
                )
            },
            {"bucket-policy": UNKNOWN},
        ),
    ],
)
def test_a_bucket_is_as_it_is_set(changes: dict[str, Any], wanted: dict[str, Status]) -> None:
    """Each setting by its own check; what S3 denies is unknown."""
    assert wanted == troubles(replace(GOOD, buckets=(bucket(**changes),)))


def test_what_is_anothers_to_set_is_not_asked_for() -> None:
    """A bucket that is read alone need not be encrypted or versioned; another account's is there, and no more."""
    open_ = {
        "encryption": answer(None),
        "versioning": answer(""),
        "blocks": answer(()),
        "policy": answer(""),
    }
    read = replace(GOOD, buckets=(bucket(written=False, **open_),))
    assert {"bucket-public-access": PROBLEM, "bucket-tls": PROBLEM} == troubles(read)
    assert {} == troubles(replace(GOOD, buckets=(bucket(OTHER, written=False, **open_),)))


def test_the_baseline_may_leave_buckets_to_s3s_own_key() -> None:
    """Where kms.aws_managed says so, and for SSE-KMS alone."""
    wanted = replace(WANTED, managed_storage_key=True)
    for algorithm, said in (("aws:kms", {}), ("AES256", {"bucket-encryption": PROBLEM})):
        facts = replace(GOOD, buckets=(bucket(encryption=answer(Encryption(algorithm=algorithm))),))
        assert said == troubles(facts, wanted)


def test_what_is_no_general_purpose_bucket_is_unknown() -> None:
    """Access points and directory buckets are not looked at, and not said to be fine."""
    assert {"bucket-exists": UNKNOWN} == troubles(GOOD, replace(WANTED, others=("ml--euw1-az1--x-s3",)))


# --- scans ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"macie": answer("PAUSED")}, {"macie-enabled": PROBLEM}),
        ({"macie": answer("")}, {"macie-enabled": PROBLEM}),
        ({"macie": denied("")}, {"macie-enabled": UNKNOWN}),
        ({"macie_results": answer("")}, {"macie-results": PROBLEM}),
        ({"macie_results": answer("elsewhere")}, {"macie-results": PROBLEM}),
        ({"macie_results": denied("")}, {"macie-results": UNKNOWN}),
        ({"discovery": answer("DISABLED")}, {"macie-discovery": PROBLEM}),
        ({"discovery": answer("")}, {"macie-discovery": PROBLEM}),
        ({"discovery": denied("")}, {"macie-discovery": UNKNOWN}),
    ],
)
def test_macie_is_set_up_where_scans_are_asked_for(facts: dict[str, Any], wanted: dict[str, Status]) -> None:
    """And it is not looked at where they are not; nor are scores where none is asked for."""
    assert wanted == troubles(replace(SCANNED, **facts), SCANS)
    assert {} == troubles(replace(GOOD, **facts))
    unscored = replace(SCANS, bucket_scores=False)
    assert {} == troubles(replace(SCANNED, discovery=answer("")), unscored)


@pytest.mark.parametrize(
    ("statements", "wanted"),
    [
        ([principal(ROOT, "kms:*", Resource="*")], {"macie-key": PROBLEM}),
        ([principal({"AWS": MACIE}, "kms:Decrypt", Resource="*"), USERS], {}),
        ([principal({"AWS": MACIE}, "kms:Encrypt", Resource="*"), USERS], {"macie-key": PROBLEM}),
        (
            [
                principal({"AWS": MACIE}, "kms:Decrypt", Resource="*"),
                {**principal({"AWS": MACIE}, "kms:Decrypt", Resource="*"), "Effect": "Deny"},
                USERS,
            ],
            {"macie-key": PROBLEM},
        ),
        (
            [
                principal(
                    {"AWS": MACIE}, "kms:Decrypt", Resource="*", Condition={"Bool": {"aws:Strange": "true"}}
                ),
                USERS,
            ],
            {"macie-key": UNKNOWN},
        ),
        (
            [
                principal(
                    {"AWS": MACIE},
                    "kms:Decrypt",
                    Resource="*",
                    Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
                ),
                USERS,
            ],
            {},
        ),
    ],
)
def test_a_keys_own_policy_lets_macies_role_decrypt(
    statements: list[dict[str, object]], wanted: dict[str, Status]
) -> None:
    """What it grants to the account leaves it to the role's own policy, which says nothing of KMS."""
    facts = replace(SCANNED, keys=(key(policy=answer(policy(*statements))),))
    assert wanted == troubles(facts, SCANS)


def test_a_key_of_awss_serves_macie_and_one_that_was_not_read_is_unknown() -> None:
    """AWS's own lets the services of the account use it."""
    of_aws = replace(ENABLED, customer_managed=False)
    assert {} == troubles(replace(SCANNED, keys=(key(of_aws),)), SCANS)
    for unread in (denied(""), answer("no policy")):
        said = troubles(replace(SCANNED, keys=(key(policy=unread),)), SCANS)
        assert UNKNOWN is said["macie-key"]
    assert "macie-key" not in troubles(replace(SCANNED, keys=(key(None),)), SCANS)


def _denying(condition: dict[str, object]) -> dict[str, object]:
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": WORK, "Condition": condition}


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}, {"macie-bucket": PROBLEM}),
        (
            {
                "StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"},
                "ArnNotLike": {
                    "aws:PrincipalArn": "arn:aws:iam::*:role/aws-service-role/macie.amazonaws.com/*"
                },
            },
            {},
        ),
        ({"StringNotEquals": {"aws:PrincipalAccount": OTHER}}, {"macie-bucket": PROBLEM}),
        ({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, {}),
        ({"StringEquals": {"aws:Strange": "x"}}, {"macie-bucket": UNKNOWN}),
    ],
)
def test_a_buckets_policy_does_not_keep_macies_role_out(
    condition: dict[str, object], wanted: dict[str, Status]
) -> None:
    """A statement that denies what comes through no endpoint denies it to Macie too, unless it is excepted."""
    kept = policy(TLS, *KEEPS, _denying(condition))
    facts = replace(SCANNED, buckets=(bucket(policy=answer(kept)),))
    assert wanted == {
        id_: status
        for id_, status in troubles(facts, SCANS).items()
        if "bucket-" not in id_ or id_ == "macie-bucket"
    }


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        (answer(policy(TLS)), {"snapshot-policy": PROBLEM}),
        (answer(policy(TLS, *KEEPS[:2])), {"snapshot-policy": PROBLEM}),
        (denied(""), {"snapshot-policy": UNKNOWN, "macie-bucket": UNKNOWN}),
        (answer("none"), {"snapshot-policy": PROBLEM, "macie-bucket": UNKNOWN}),
    ],
)
def test_copies_of_data_are_kept_by_their_buckets_policy(
    stated: Answer[Any], wanted: dict[str, Status]
) -> None:
    """What is not sure to deny every change is a problem; and it is not looked at where no copies are made."""
    facts = replace(SCANNED, buckets=(bucket(policy=stated),))
    said = troubles(facts, SCANS)
    assert wanted == {id_: said[id_] for id_ in said if id_ in ("macie-bucket", "snapshot-policy")}
    assert "snapshot-policy" not in troubles(facts, replace(SCANS, snapshots=""))
