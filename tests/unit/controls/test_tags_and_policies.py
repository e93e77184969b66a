"""Tags that resources carry, and whom resource policies name."""

import json

import pytest

from tests.controls_support import (
    ACCOUNT,
    FOREIGN_ACCOUNT,
    Request,
    decided,
    decisions_at,
    enforced,
    needed,
    refused,
    service_model,
)

TEAM = {"Key": "team", "Value": "churn"}
OTHER = {"Key": "project", "Value": "x"}
WRONG = {"Key": "team", "Value": "nobody"}

TAGGED = [
    name
    for name in service_model().operation_names
    if name != "AddTags"
    and (shape := service_model().operation_model(name).input_shape) is not None
    and "Tags" in shape.members
]


@pytest.mark.parametrize("name", [name for name in TAGGED if not name.startswith("Update")])
def test_everything_that_takes_tags_is_given_the_required_ones(name: str) -> None:
    """Whatever can be tagged when it is made gets the tags that have one value."""
    assert [TEAM] == enforced(name, {}).parameters["Tags"]


@pytest.mark.parametrize("name", [name for name in TAGGED if name.startswith("Update")])
def test_an_update_sets_no_tags_that_it_does_not_name(name: str) -> None:
    """An update is given no tags, and does not take a required tag to a value that is not allowed."""
    assert {} == enforced(name, {}).parameters
    assert [OTHER] == enforced(name, {"Tags": [OTHER]}).parameters["Tags"]
    assert [("required-tags", "Tags")] == refused(enforced(name, {"Tags": [WRONG]}))


def test_the_callers_tags_stay_as_they_are() -> None:
    """Required tags are added after the caller's own, which keep their order and form."""
    found = enforced("CreateTrainingJob", {"Tags": [OTHER]})
    assert ("injected", [OTHER, TEAM]) == (decided(found, "Tags"), found.parameters["Tags"])
    found = enforced("CreateTrainingJob", {"Tags": [TEAM, OTHER]})
    assert ("kept", [TEAM, OTHER]) == (decided(found, "Tags"), found.parameters["Tags"])


@pytest.mark.parametrize("malformed", ["x", {"Value": "x"}, {"Key": 5, "Value": "x"}, 7])
def test_a_malformed_tag_is_left_to_botocore(malformed: object) -> None:
    """What is no tag is not made into one: botocore's own validation tells the caller."""
    found = enforced("CreateTrainingJob", {"Tags": [malformed]})
    assert [malformed, TEAM] == found.parameters["Tags"]


def test_tags_that_are_no_list_are_left_to_botocore() -> None:
    """Another shape (a map, a generator) is not replaced by the required tags, as if the caller had named none."""
    found = enforced("CreateTrainingJob", {"Tags": {"project": "x"}})
    assert {"project": "x"} == found.parameters["Tags"]
    assert [] == decisions_at(found, "Tags")


def test_a_wrong_value_is_refused_or_corrected() -> None:
    """A value that is not allowed is refused by default; corrected, it changes alone."""
    found = enforced("CreateTrainingJob", {"Tags": [WRONG, OTHER]})
    assert [("required-tags", "Tags")] == refused(found)
    found = enforced("CreateTrainingJob", {"Tags": [WRONG, OTHER]}, modes={"required-tags": "correct"})
    assert ("corrected", [TEAM, OTHER]) == (decided(found, "Tags"), found.parameters["Tags"])


@pytest.mark.parametrize("allowed", [["a", "b"], []])
def test_an_open_choice_is_the_callers(allowed: list[str]) -> None:
    """Several values, or any value: the caller has to choose, and nothing is guessed even by `correct`."""
    for mode in ("refuse", "correct"):
        changes = {"required_tags": {"cost": allowed}, "modes": {"required-tags": mode}}
        assert [("required-tags", "Tags")] == refused(enforced("CreateTrainingJob", {}, **changes))
        chosen = {"Tags": [{"Key": "cost", "Value": "a"}]}
        assert "kept" == decided(enforced("CreateTrainingJob", chosen, **changes), "Tags")


def test_no_required_tags_no_decision() -> None:
    """Where the baseline requires no tag, tags are nobody's business."""
    found = enforced("CreateTrainingJob", {"Tags": [WRONG]}, required_tags={})
    assert decided(found, "Tags") is None


def test_a_model_package_in_a_group_takes_no_tags() -> None:
    """AWS refuses tags beside ModelPackageGroupName: silence is exempt there, and only there."""
    found = enforced("CreateModelPackage", {"ModelPackageGroupName": "g"})
    assert "exempt" == decided(found, "Tags")
    assert "Tags" not in found.parameters
    assert [TEAM] == enforced("CreateModelPackage", {"ModelPackageName": "p"}).parameters["Tags"]


def test_tags_are_added_and_removed_within_the_rules() -> None:
    """AddTags cannot put a required tag to a wrong value, DeleteTags cannot remove one."""
    arn = {"ResourceArn": "arn:aws:sagemaker:eu-west-1:111122223333:model/m"}
    assert [] == refused(enforced("AddTags", {**arn, "Tags": [OTHER]}))
    assert [OTHER] == enforced("AddTags", {**arn, "Tags": [OTHER]}).parameters["Tags"]
    assert [] == refused(enforced("AddTags", {**arn, "Tags": [TEAM]}))
    assert [("required-tags", "Tags")] == refused(enforced("AddTags", {**arn, "Tags": [OTHER, WRONG]}))
    assert [] == refused(enforced("DeleteTags", {**arn, "TagKeys": ["project"]}))
    assert [("required-tags", "TagKeys")] == refused(
        enforced("DeleteTags", {**arn, "TagKeys": ["project", "team"]})
    )


def statement(**content: object) -> Request:
    return {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*", **content}


def policy(*statements: Request) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


POLICIES = ["PutModelPackageGroupPolicy", *(["PutEndpointPolicy"] if needed("PutEndpointPolicy") else [])]
every_policy = pytest.mark.parametrize("name", POLICIES)


@every_policy
@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": ACCOUNT},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"AWS": ["444455556666", f"arn:aws:iam::{ACCOUNT}:role/x"]},
        {"Service": "sagemaker.amazonaws.com"},
        {"AWS": ACCOUNT, "Service": ["lambda.amazonaws.com"]},
    ],
)
def test_a_policy_may_name_trusted_accounts_and_services(name: str, principal: Request) -> None:
    """The own account, trusted ones and AWS services may be named."""
    text = policy(statement(Principal=principal))
    assert "kept" == decided(enforced(name, {"ResourcePolicy": text}), "ResourcePolicy")


@every_policy
@pytest.mark.parametrize(
    "trusting",
    [
        statement(Principal="*"),
        statement(Principal={"AWS": "*"}),
        statement(Principal={"AWS": [ACCOUNT, "*"]}),
        statement(Principal={"AWS": FOREIGN_ACCOUNT}),
        statement(Principal={"AWS": f"arn:aws:iam::{FOREIGN_ACCOUNT}:root"}),
        statement(Principal={"Federated": "cognito-identity.amazonaws.com"}),
        statement(Principal={"Federated": "accounts.google.com"}),
        statement(Principal={"CanonicalUser": "0" * 64}),
        statement(Principal={"AWS": "sagemaker.amazonaws.com"}),
        statement(Principal={"Service": "evil.com"}),
        statement(Principal={}),
        statement(Principal=5),
        statement(principal={"AWS": "*"}),
        statement(NotPrincipal={"AWS": FOREIGN_ACCOUNT}),
        statement(Principal={"AWS": "*"}, Effect="allow"),
        statement(),
    ],
)
def test_a_policy_that_trusts_others_is_refused(name: str, trusting: Request) -> None:
    """Everybody, another account, a federation, or nobody that can be made out: all are refused."""
    text = policy(statement(Principal={"AWS": ACCOUNT}), trusting)
    assert [("resource-policy", "ResourcePolicy")] == refused(enforced(name, {"ResourcePolicy": text}))


@every_policy
@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"Statement": "x"}',
        '{"Statement": ["x"]}',
        '{"statement": [{"Effect": "Allow", "Principal": "*"}]}',
        '{"Statement": [], "Statement": [{"Effect": "Allow", "Principal": "*"}]}',
        '{"Statement": {"Effect": "Allow", "Principal": "*", "Principal": {"AWS": "' + ACCOUNT + '"}}}',
    ],
)
def test_a_policy_that_cannot_be_read_is_refused(name: str, text: str) -> None:
    """What it would allow is unknown, which is not the same as nothing."""
    assert [("resource-policy", "ResourcePolicy")] == refused(enforced(name, {"ResourcePolicy": text}))


@every_policy
def test_a_denying_statement_may_name_anybody(name: str) -> None:
    """Deny trusts nobody, so it is not looked at; a single statement needs no list."""
    denied = statement(Effect="Deny", Principal="*")
    assert [] == refused(enforced(name, {"ResourcePolicy": policy(denied)}))
    assert [] == refused(enforced(name, {"ResourcePolicy": json.dumps({"Statement": denied})}))


def test_a_foreign_principal_is_named() -> None:
    """The refusal says who is not trusted, and who is."""
    text = policy(statement(Principal={"AWS": [ACCOUNT, FOREIGN_ACCOUNT]}))
    (decision,) = decisions_at(
        enforced("PutModelPackageGroupPolicy", {"ResourcePolicy": text}), "ResourcePolicy"
    )
    assert f"['{FOREIGN_ACCOUNT}']" in decision.why
    assert "444455556666" in decision.wanted
