"""The guardrail, statement by statement: each denies something that no other one does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

import pytest

from secure_sagemaker.baseline import ControlId, SecurityBaseline
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies.documents import (
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Quantifier,
    Statement,
)
from secure_sagemaker.identity.policies.guardrail import Guardrail, guardrail
from secure_sagemaker.identity.policies.lint import problems
from secure_sagemaker.identity.policies.reference import expanded
from secure_sagemaker.local.policies import PolicyRequest, prohibits
from tests.controls_support import (
    ACCOUNT,
    DEFAULT_ROLE,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    GROUPS,
    OUTPUT_KEY,
    SUBNETS,
    VOLUME_KEY,
    baseline,
)
from tools.golden import TODAY

Context = Mapping[str, str | tuple[str, ...]]

ONE_BUCKET = {"data_perimeter__write": {"ml-artifacts": ACCOUNT}}
STRICT = baseline(**ONE_BUCKET)
OWN = "arn:aws:sagemaker:eu-west-1:111122223333:"

# What a request says that breaks nothing, by key: where a statement is looked at, one thing of it is changed.
GOOD: Context = {
    "sagemaker:volumekmskeyarn": VOLUME_KEY,
    "sagemaker:outputkmskeyarn": OUTPUT_KEY,
    "sagemaker:domainsharingoutputkmskeyarn": OUTPUT_KEY,
    "sagemaker:featuregroupofflinestorekmskeyarn": OUTPUT_KEY,
    "sagemaker:featuregrouponlinestorekmskeyarn": OUTPUT_KEY,
    "sagemaker:featuregroupofflinestores3uri": "s3://ml-artifacts/x",
    "sagemaker:featuregroupofflinestoreconfig": "true",
    "sagemaker:featuregroupenableonlinestore": "true",
    "sagemaker:instancetypes": ("ml.m5.xlarge",),
    "sagemaker:vpcsubnets": tuple(SUBNETS),
    "sagemaker:vpcsecuritygroupids": tuple(GROUPS),
    "sagemaker:networkisolation": "true",
    "sagemaker:intercontainertrafficencryption": "true",
    "sagemaker:enableremotedebug": "false",
    "sagemaker:remoteaccess": "DISABLED",
    "sagemaker:directinternetaccess": "Disabled",
    "sagemaker:appnetworkaccesstype": "VpcOnly",
    "sagemaker:rootaccess": "Disabled",
    "sagemaker:minimuminstancemetadataserviceversion": "2",
    "sagemaker:workteamtype": "private-crowd",
    "sagemaker:modelarn": f"{OWN}model/churn",
    "aws:requesttag/team": "churn",
    "aws:tagkeys": ("stage",),
    "iam:passedtoservice": "sagemaker.amazonaws.com",
    "aws:securetransport": "true",
    "aws:currenttime": "2026-11-01T12:00:00Z",
    "aws:resourceaccount": ACCOUNT,
    "s3:x-amz-server-side-encryption": "aws:kms",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": OUTPUT_KEY,
    "s3:x-amz-acl": "private",
}


@cache
def rail(stated: SecurityBaseline = STRICT) -> Guardrail:
    return guardrail(stated, today=TODAY)


def denying(made: Guardrail, action: str, resource: str, context: Context) -> set[str]:
    request = PolicyRequest(action=action, resource=resource, context=context)
    return {one.sid for one in made.statements if prohibits({"Statement": one.to_mapping()}, request)}


def accepted(action: str) -> dict[str, str | tuple[str, ...]]:
    """The good keys that a request of an action can have."""
    (reference,) = expanded(action)
    everywhere = ("aws:securetransport", "aws:currenttime", "aws:resourceaccount")
    return {key: value for key, value in GOOD.items() if key in everywhere or reference.accepts(key)}


def _known(patterns: tuple[str, ...]) -> list[str]:
    return [action.name for pattern in patterns for action in expanded(pattern)]


def broken(condition: Condition, context: dict[str, str | tuple[str, ...]]) -> None:
    """Make a condition of a Deny hold, by changing its key alone."""
    key, many = condition.key.lower(), condition.quantifier is Quantifier.FOR_ANY_VALUE
    match condition.operator:
        case Operator.NULL if condition.values == ("true",):
            context.pop(key, None)
        case Operator.NULL:
            context.setdefault(key, ("foreign",) if many else "foreign")
        case Operator.STRING_EQUALS | Operator.STRING_LIKE | Operator.BOOL:
            value = condition.values[0].replace("*", "xlarge")
            context[key] = (value,) if many else value
        case Operator.ARN_NOT_LIKE:
            context[key] = FOREIGN_KEY
        case _ if key == "sagemaker:instancetypes":
            context[key] = ("ml.g5.xlarge", "ml.m5.xlarge")
        case _:
            before = context.get(key, ())
            context[key] = (*before, "foreign") if many and isinstance(before, tuple) else "foreign"


def witness(statement: Statement) -> tuple[str, str, Context]:
    """A request that breaks what one statement is about, and nothing else."""
    named = _known(statement.actions)
    asked = {one.key for one in statement.conditions if one.operator is not Operator.DATE_GREATER_THAN_EQUALS}
    having = [
        name
        for name in named
        if all(
            key.startswith("aws:S") or key == "aws:ResourceAccount" or _accepts(name, key) for key in asked
        )
    ]
    # An object's own action, where there is one: a bucket's is denied for other reasons too.
    action = next((name for name in PREFERRED if name in having), having[0])
    context = accepted(action)
    for condition in statement.conditions:
        broken(condition, context)
    if statement.resources not in ((), ("*",)):
        resource = statement.resources[-1].replace("*", "x")
    else:
        resource = RESOURCES.get(action, "*")
    if action.startswith("s3:") and statement.not_resources:
        resource = "arn:aws:s3:::elsewhere/x"
    if statement.sid == "RoleForeign":
        resource = FOREIGN_ROLE
    return action, resource, context


def _accepts(action: str, key: str) -> bool:
    (reference,) = expanded(action)
    return reference.accepts(key)


PREFERRED = ("s3:GetObject", "s3:PutObject")
RESOURCES = {
    "iam:PassRole": DEFAULT_ROLE,
    "s3:GetObject": "arn:aws:s3:::ml-artifacts/x",
    "s3:PutObject": "arn:aws:s3:::ml-artifacts/x",
    "s3:PutObjectAcl": "arn:aws:s3:::ml-artifacts/x",
    "s3:PutBucketAcl": "arn:aws:s3:::ml-artifacts",
    "s3:AbortMultipartUpload": "arn:aws:s3:::ml-artifacts/x",
    "s3:DeleteBucketPolicy": "arn:aws:s3:::ml-artifacts",
}


@pytest.mark.parametrize("sid", [one.sid for one in rail().statements])
def test_each_statement_denies_what_no_other_does(sid: str) -> None:
    """Without any one of them, some request would pass that the guardrail is there to deny."""
    made = rail()
    (statement,) = (one for one in made.statements if one.sid == sid)
    action, resource, context = witness(statement)
    found = denying(made, action, resource, context)
    assert found == {sid}, (action, resource, context)


BANNED = {
    *("sagemaker:StartSession", "s3:CreateBucket", "s3express:CreateBucket", "s3express:CreateSession"),
    *("s3:DeleteBucketPolicy", "s3:PutBucketWebsite"),
}
"""Denied whatever the request says."""


@pytest.mark.parametrize(
    "action",
    sorted(
        {name for one in rail().statements for name in _known(one.actions) if len(accepted(name)) > 5}
        - BANNED
    ),
)
def test_a_request_that_breaks_nothing_is_not_denied(action: str) -> None:
    """Whatever the action, good keys pass: it is the one change that each statement finds."""
    (reference,) = expanded(action)
    resource = RESOURCES.get(action, "*")
    if action.startswith("s3:"):
        resource = f"arn:aws:s3:::ml-artifacts{'/x' if 'object' in reference.resource_types else ''}"
    assert set() == denying(rail(), action, resource, accepted(action))


def jobs(**changes: str | tuple[str, ...] | None) -> Context:
    context = {**accepted("sagemaker:CreateTrainingJob")}
    for name, value in changes.items():
        key = f"sagemaker:{name}"
        if value is None:
            context.pop(key, None)
        else:
            context[key] = value
    return context


@pytest.mark.parametrize(
    ("context", "sid"),
    [
        pytest.param(jobs(volumekmskeyarn=None), "VolumeKeyAbsentWithoutLocalStorage", id="no-key"),
        pytest.param(jobs(volumekmskeyarn=None, instancetypes=("ml.g5.xlarge",)), None, id="local-storage"),
        pytest.param(
            jobs(volumekmskeyarn=None, instancetypes=("ml.g5.xlarge", "ml.m5.xlarge")),
            "VolumeKeyAbsentWithoutLocalStorage",
            id="local-storage-and-another",
        ),
        pytest.param(
            jobs(volumekmskeyarn=None, instancetypes=("ml.g5g.xlarge",)),
            "VolumeKeyAbsentWithoutLocalStorage",
            id="a-family-with-a-longer-name",
        ),
        pytest.param(jobs(volumekmskeyarn=FOREIGN_KEY), "VolumeKeyForeign", id="foreign-key"),
        pytest.param(
            jobs(volumekmskeyarn=None, volumekmskey=VOLUME_KEY),
            "VolumeKeyAbsentWithoutLocalStorage",
            id="deprecated-key",
        ),
        pytest.param(jobs(vpcsubnets=(SUBNETS[0],)), None, id="a-subset"),
        pytest.param(jobs(vpcsubnets=(*SUBNETS, "subnet-0f0f0f0f")), "SubnetsForeign", id="a-superset"),
        pytest.param(jobs(vpcsubnets=(SUBNETS[0], "subnet-0f0f0f0f")), "SubnetsForeign", id="a-mixture"),
        pytest.param(jobs(vpcsubnets=None), "SubnetsAbsent", id="no-subnets"),
        pytest.param(jobs(vpcsecuritygroupids=(*GROUPS, "sg-0f0f0f0f")), "SecurityGroupsForeign", id="group"),
        pytest.param(jobs(networkisolation="false"), "NotIsolated", id="not-isolated"),
        pytest.param(jobs(networkisolation=None), "NotIsolated", id="isolation-unsaid"),
        pytest.param(jobs(enableremotedebug="true"), "RemoteDebug", id="a-shell"),
        pytest.param(jobs(enableremotedebug=None), None, id="no-shell"),
    ],
)
def test_a_training_job_is_held_to_its_keys(context: Context, sid: str | None) -> None:
    """Absent, foreign, too much, a mixture, a deprecated name: each is denied by the one statement it is about."""
    found = denying(rail(), "sagemaker:CreateTrainingJob", f"{OWN}training-job/churn-1", context)
    assert found == ({sid} if sid else set())


def test_a_schedule_by_the_name_of_its_definition_is_let_through() -> None:
    """It holds no job, so nothing is asked of one; with one inside, all is."""
    schedule = ("sagemaker:CreateMonitoringSchedule", f"{OWN}monitoring-schedule/churn")
    tag: Context = {"aws:requesttag/team": "churn"}
    assert set() == denying(rail(), *schedule, tag)
    held = denying(rail(), *schedule, {**tag, "sagemaker:instancetypes": ("ml.m5.xlarge",)})
    assert held == {
        *("OutputKeyAbsentOfSchedule", "ScheduleNotIsolated", "SecurityGroupsAbsentOfSchedule"),
        *("SubnetsAbsentOfSchedule", "TrafficOfScheduleNotEncrypted", "VolumeKeyAbsentWithoutLocalStorage"),
    }


def test_an_endpoint_of_models_has_no_network_of_its_own() -> None:
    """Isolation and network are asked of endpoint configs for inference components alone."""
    config = ("sagemaker:CreateEndpointConfig", f"{OWN}endpoint-config/churn")
    context = {"sagemaker:volumekmskeyarn": VOLUME_KEY, "aws:requesttag/team": "churn"}
    assert set() == denying(rail(), *config, {**context, "sagemaker:modelarn": "churn"})
    assert denying(rail(), *config, context) == {
        *("EndpointNotIsolated", "SecurityGroupsAbsentOnEndpoint", "SubnetsAbsentOnEndpoint"),
    }
    serverless = {**context, "sagemaker:modelarn": "churn", "sagemaker:serverlessmaxconcurrency": "5"}
    assert {"Serverless"} == denying(rail(), *config, serverless)


@pytest.mark.parametrize(
    ("setting", "types", "key", "denied"),
    [
        ("inject", ("ml.g5.xlarge",), None, True),
        ("inject", ("ml.g5.xlarge",), VOLUME_KEY, False),
        ("omit", ("ml.g5.xlarge", "ml.m5.xlarge"), None, False),
        ("omit", ("ml.m5.xlarge",), None, True),
        ("omit", None, None, True),
        ("refuse", ("ml.g5.xlarge",), VOLUME_KEY, True),
        ("refuse", ("ml.m5.xlarge",), VOLUME_KEY, False),
    ],
)
def test_an_endpoints_local_storage_is_as_the_baseline_says(
    setting: str, types: tuple[str, ...] | None, key: str | None, denied: bool
) -> None:
    """Injected always, left out where any variant has local storage, or such a variant refused."""
    made = rail(baseline(kms__endpoint_local_storage=setting, **ONE_BUCKET))
    context: dict[str, str | tuple[str, ...]] = {
        "sagemaker:modelarn": "churn",
        "aws:requesttag/team": "churn",
    }
    context |= {"sagemaker:instancetypes": types} if types else {}
    context |= {"sagemaker:volumekmskeyarn": key} if key else {}
    found = denying(made, "sagemaker:CreateEndpointConfig", f"{OWN}endpoint-config/churn", context)
    assert bool(found) is denied


def test_what_is_observed_is_not_denied() -> None:
    """A team that adopts by observing is refused nothing by AWS, but for calls without TLS."""
    observing = baseline(modes=dict.fromkeys(ControlId, "observe"), **ONE_BUCKET)
    assert ["WithoutTls"] == [one.sid for one in rail(observing).statements]
    half = baseline(modes={"vpc-config": "observe"}, **ONE_BUCKET)
    assert not [one.sid for one in rail(half).statements if one.sid.startswith(("Subnets", "SecurityGroups"))]
    assert ControlId.VPC_CONFIG not in {one.control for one in rail(half).unguarded}


@pytest.mark.parametrize(
    ("change", "absent"),
    [
        ({"hardening__allow_remote_debug": True}, "RemoteDebug"),
        ({"hardening__allow_root_access": True}, "RootAccess"),
        ({"hardening__allow_direct_internet_access": True}, "NotebookOnTheInternet"),
        ({"hardening__allow_public_workforce": True}, "PublicWorkforce"),
        ({"hardening__allow_remote_access": True}, "RemoteSession"),
        ({"hardening__inter_container_encryption": False}, "TrafficNotEncrypted"),
        ({"hardening__minimum_imds_version": 1}, "MetadataServiceOld"),
        ({"network_isolation__processing": "default"}, "ProcessingNotIsolated"),
        ({"required_tags": {}}, "Tag1"),
    ],
    ids=str,
)
def test_what_the_baseline_permits_is_not_denied(change: dict[str, object], absent: str) -> None:
    """Each permission of a baseline takes its statement away."""
    sids = {one.sid for one in rail().statements}
    without = {one.sid for one in rail(baseline(**{**ONE_BUCKET, **change})).statements}
    assert absent in sids
    assert absent not in without


def test_a_key_that_aws_manages_may_be_absent_and_not_foreign() -> None:
    """Where the baseline chooses AWS's own key the member is left out, and another's is still denied."""
    made = rail(baseline(kms__volume=None, kms__aws_managed=["kms-volume-key"], **ONE_BUCKET))
    job = ("sagemaker:CreateTrainingJob", f"{OWN}training-job/churn-1")
    assert set() == denying(made, *job, jobs(volumekmskeyarn=None))
    assert {"VolumeKeyForeign"} == denying(made, *job, jobs(volumekmskeyarn=FOREIGN_KEY))


def test_a_directory_bucket_takes_no_key_and_that_is_told() -> None:
    """Where outputs may go to one, a missing output key cannot be denied, and the guardrail says so."""
    both = rail(baseline())
    assert "OutputKeyAbsent" not in {one.sid for one in both.statements}
    assert [one for one in both.unguarded if "directory bucket" in one.reason]
    assert not [one for one in rail().unguarded if "directory bucket" in one.reason]


def waiver(**changes: object) -> dict[str, object]:
    return {
        "control": "network-isolation",
        "operations": ["CreateTrainingJob"],
        "resources": ["churn-*"],
        "reason": "reads a feature store",
        "ticket": "SEC-101",
        "approver": "jane.doe",
        "expires": TODAY + timedelta(days=9),
        **changes,
    }


def waived(**changes: object) -> Guardrail:
    return rail(baseline(waivers=[waiver(**changes)], **ONE_BUCKET))


@pytest.mark.parametrize(
    ("name", "changes", "denied"),
    [
        ("churn-1", {}, False),
        ("fraud-1", {}, True),
        ("churn-1", {"today": TODAY + timedelta(days=9)}, False),
        ("churn-1", {"today": TODAY + timedelta(days=10)}, True),
        ("churn-1", {"foreign": True}, True),
    ],
    ids=str,
)
def test_a_waiver_is_a_hole_of_its_own_size(name: str, changes: dict[str, object], denied: bool) -> None:
    """It excuses its control, for its names, until its last day: which stands in the policy itself."""
    day = changes.get("today", TODAY)
    assert isinstance(day, date)
    context = {**jobs(networkisolation=None), "aws:currenttime": f"{day.isoformat()}T23:59:59Z"}
    if changes.get("foreign"):
        context["sagemaker:vpcsubnets"] = ("subnet-0f0f0f0f",)
    found = denying(waived(), "sagemaker:CreateTrainingJob", f"{OWN}training-job/{name}", context)
    assert bool(found) is denied


def test_a_waiver_by_tag_needs_its_tag() -> None:
    """Without the tag that it asks for, nothing is excused."""
    made = waived(resources=[], resource_tags={"stage": "lab"})
    job = ("sagemaker:CreateTrainingJob", f"{OWN}training-job/any")
    context = jobs(networkisolation=None)
    assert set() != denying(made, *job, context)
    assert set() != denying(made, *job, {**context, "aws:requesttag/stage": "prod"})
    assert set() == denying(made, *job, {**context, "aws:requesttag/stage": "lab"})


@pytest.mark.parametrize(
    ("name", "day", "refused"),
    [
        ("churn-batch", "2026-12-31", False),
        ("churn-batch", "2027-01-01", False),  # the later waiver is about it too
        ("churn-batch", "2027-02-01", True),
        ("churn-1", "2027-01-01", True),
        ("fraud-batch", "2027-01-01", False),
        ("fraud-1", "2026-12-31", True),
    ],
)
def test_of_waivers_that_overlap_the_last_one_holds(name: str, day: str, refused: bool) -> None:
    """What two waivers excuse is excused until both have ended."""
    earlier = waiver(resources=["churn-*"], expires="2026-12-31")
    later = waiver(resources=["*-batch"], expires="2027-01-31")
    made = rail(baseline(waivers=[earlier, later], **ONE_BUCKET))
    context = {
        **accepted("sagemaker:CreateTrainingJob"),
        "sagemaker:networkisolation": "false",
        "aws:currenttime": f"{day}T12:00:00Z",
    }
    found = denying(made, "sagemaker:CreateTrainingJob", f"{OWN}training-job/{name}", context)
    assert refused is bool(found)


@pytest.mark.parametrize(
    ("stage", "refused"), [("lab", False), ("test", False), ("live", True), (None, True)]
)
def test_of_waivers_by_tag_any_one_excuses(stage: str | None, refused: bool) -> None:
    """Two waivers for two tags are two ways to be excused, and no third."""
    several = [waiver(resources=[], resource_tags={"stage": each}) for each in ("lab", "test")]
    made = rail(baseline(waivers=several, **ONE_BUCKET))
    tag = {} if stage is None else {"aws:requesttag/stage": stage}
    context = {**accepted("sagemaker:CreateTrainingJob"), "sagemaker:networkisolation": "false", **tag}
    found = denying(made, "sagemaker:CreateTrainingJob", f"{OWN}training-job/x", context)
    assert refused is bool(found)


@pytest.mark.parametrize("name", ["Encryption", "Inventory", "Lifecycle", "Replication"])
def test_other_buckets_are_not_configured(name: str) -> None:
    """S3 names some of the actions that change a bucket otherwise than its operations."""
    action = f"s3:Put{name}Configuration"
    context = {"aws:securetransport": "true", "aws:resourceaccount": ACCOUNT}
    assert {"WritesElsewhere"} == denying(rail(), action, "arn:aws:s3:::elsewhere", context)
    assert set() == denying(rail(), action, "arn:aws:s3:::ml-artifacts", context)


def test_an_expired_waiver_excuses_nothing() -> None:
    """A guardrail that is made after a waiver's last day knows nothing of it."""
    stated = baseline(waivers=[waiver()], **ONE_BUCKET)
    later = guardrail(stated, today=TODAY + timedelta(days=10))
    assert later.policies == rail().policies


@pytest.mark.parametrize(
    "changes",
    [
        {"resources": ["churn-[ab]"]},
        {"control": "vpc-config", "operations": ["CreateCluster"]},
        {"control": "s3-encryption", "operations": ["CopyObject"]},
    ],
    ids=str,
)
def test_a_waiver_that_iam_cannot_tell_is_told(changes: dict[str, object]) -> None:
    """Where neither a resource's name nor a tag tells it, AWS goes on refusing, and the guardrail says which."""
    made = waived(**changes)
    assert [] != [one.action for one in made.overruled]
    assert made.policies == rail().policies or changes["control"] == "vpc-config"


def test_clarify_is_known_by_its_names_or_not_at_all() -> None:
    """IAM sees no image, so a processing job without isolation passes only under a name that was stated for it."""
    job = ("sagemaker:CreateProcessingJob", f"{OWN}processing-job/Clarify-Bias-1")
    context = {**accepted("sagemaker:CreateProcessingJob"), "sagemaker:networkisolation": "false"}
    stating = baseline(session_policy={"clarify_jobs": ["Clarify-*"]}, **ONE_BUCKET)
    named = guardrail(stating, today=TODAY)
    assert {"ProcessingNotIsolated"} == denying(rail(), *job, context)
    assert set() == denying(named, *job, context)
    assert () == tuple(problem for policy in named.policies for problem in problems(policy))


def test_a_bucket_of_another_owner_is_not_the_baselines() -> None:
    """A bucket that was taken over under its name is denied by whose it is; an unlisted one by its name."""
    get = ("s3:GetObject", "arn:aws:s3:::ml-datasets/x")
    assert set() == denying(rail(), *get, {"aws:resourceaccount": "444455556666"})
    assert {"BucketsOf444455556666"} == denying(rail(), *get, {"aws:resourceaccount": "999988887777"})
    other = denying(rail(), "s3:GetObject", "arn:aws:s3:::elsewhere/x", {"aws:resourceaccount": ACCOUNT})
    assert {"ReadsElsewhere"} == other
    assert {"WritesElsewhere"} == denying(
        rail(), "s3:PutObject", "arn:aws:s3:::ml-datasets/x", {"aws:resourceaccount": "444455556666"}
    )


def test_buckets_are_made_only_where_the_baseline_says() -> None:
    """CreateBucket is denied, but for the account's own listed buckets where the baseline lets them be made."""
    making = rail(baseline(data_perimeter__create_buckets=True, **ONE_BUCKET))
    create = ("s3:CreateBucket", "arn:aws:s3:::ml-artifacts")
    own: Context = {"aws:resourceaccount": ACCOUNT}
    assert {"BucketCreation"} == denying(rail(), *create, own)
    assert set() == denying(making, *create, own)
    assert {"BucketCreation"} == denying(making, "s3:CreateBucket", "arn:aws:s3:::other", own)


def test_a_guardrail_only_denies() -> None:
    """One Allow in it would widen every session that holds it beside a task's policy."""
    assert {Effect.DENY} == {one.effect for one in rail().statements}


def test_a_guardrail_too_large_is_told() -> None:
    """More than AssumeRole takes is an error with the size, the largest statement and what to do."""
    many = {f"ml-bucket-of-some-length-{number:04}": ACCOUNT for number in range(400)}
    with pytest.raises(PolicyError, match="Elsewhere") as refused:
        rail(baseline(data_perimeter__write=many, data_perimeter__default_bucket=None))
    assert refused.value.characters is not None


def test_the_policies_are_within_the_managed_size() -> None:
    """AWS counts every character that is not white space, and a policy here has none."""
    for policy in rail().policies:
        assert isinstance(policy, PolicyDocument)
        assert " " not in policy.to_json()
        assert len(policy.to_json()) <= 6144
