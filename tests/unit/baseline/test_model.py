"""SecurityBaseline as a value: what it refuses, that it never changes, how it compares and travels."""

import copy
import json
import pickle
from datetime import date
from pathlib import Path

import botocore
import pytest
from pydantic import ValidationError

from secure_sagemaker.baseline import (
    DEFAULT_MODES,
    ControlId,
    Hardening,
    IsolationMode,
    KeyReference,
    KindOfWork,
    Mode,
    NetworkIsolation,
    SecurityBaseline,
    Waiver,
    parse_arn,
)
from secure_sagemaker.baseline.arns import partition_of
from secure_sagemaker.exceptions import BaselineError
from tests.unit.baseline.stated import COMPLETE, KEY, REGIONS, TODAY, WAIVER, changed, parsed


def baseline(text: str = COMPLETE, **how: str) -> SecurityBaseline:
    return SecurityBaseline.from_mapping(parsed(text), today=TODAY, **how)


def test_what_is_left_out_takes_the_strict_default() -> None:
    """Switches that a file leaves out stand at the secure value, and every control has its default mode."""
    made = baseline()
    assert Hardening() == made.hardening
    assert made.hardening.inter_container_encryption
    assert not any(value for name, value in made.hardening if name.startswith("allow_"))
    assert 2 == made.hardening.minimum_imds_version
    assert dict(DEFAULT_MODES) == {control: made.mode(control) for control in ControlId}


def test_isolation_is_told_for_each_kind_of_work() -> None:
    """Each kind of work has the mode that was stated for it."""
    stated = {
        "training": "require",
        "processing": "require",
        "tuning": "require",
        "models": "default",
        "monitoring": "off",
    }
    assert stated == {kind.value: baseline().network_isolation.mode(kind).value for kind in KindOfWork}


@pytest.mark.parametrize("kind", list(KindOfWork))
def test_isolation_has_no_silent_default(kind: KindOfWork) -> None:
    """Leaving one kind of work out is an error that names it."""
    modes = {other.value: IsolationMode.REQUIRE for other in KindOfWork if other is not kind}
    with pytest.raises(ValidationError) as refused:
        NetworkIsolation.model_validate(modes)
    assert [(kind.value,)] == [error["loc"] for error in refused.value.errors()]


# What is changed in the complete file; the field; of message; of remedy.
CONTRADICTIONS = [
    pytest.param(
        f'default = "{KEY}"',
        f'default = "{KEY.replace("eu-west-1", "us-east-1")}"',
        "kms.default",
        "is in region us-east-1, the baseline in eu-west-1",
        "keys of us-east-1 belong in [region.us-east-1]",
        id="key-of-another-region",
    ),
    pytest.param(
        f'default = "{KEY}"',
        'default = "alias/ml"\nallowed = ["alias/a", "arn:aws-cn:kms:cn-north-1:111122223333:alias/b"]',
        "kms.allowed[1]",
        "is in partition aws-cn, the role in aws",
        "name one of partition aws",
        id="key-of-another-partition",
    ),
    pytest.param(
        '"eu-west-1"\n',
        '"us-gov-west-1"\n',
        "region",
        "us-gov-west-1 is in partition aws-us-gov, the role in aws",
        "a region and a role of one partition",
        id="region-of-another-partition",
    ),
    pytest.param(
        "111122223333:role/ml-execution",
        "444455556666:role/ml-execution",
        "execution_roles.default",
        "is in account 444455556666, the role in 111122223333",
        "IAM passes no role from one account to another",
        id="execution-role-of-another-account",
    ),
    pytest.param(
        "arn:aws:iam::111122223333:role/ml-execution",
        "arn:aws-cn:iam::111122223333:role/ml-execution",
        "execution_roles.default",
        "is in partition aws-cn",
        "name one of partition aws",
        id="execution-role-of-another-partition",
    ),
    pytest.param(
        "[vpc]",
        '[session_policy]\ntasks = ["train"]\npolicy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]\n[vpc]',
        "session_policy.policy_arns",
        "what either policy allows is allowed",
        "guardrail_arns where they deny alone",
        id="tasks-beside-what-allows",
    ),
    pytest.param(
        "[vpc]",
        '[session_policy]\nnames = ["churn-*"]\n[vpc]',
        "session_policy.names",
        "it narrows tasks, and none are stated",
        "state session_policy.tasks",
        id="names-of-no-task",
    ),
    pytest.param(
        "[vpc]",
        "[session_policy]\n"
        + "".join(
            f"{field} = {[f'arn:aws:iam::aws:policy/{letter}{number}' for number in range(6)]}\n"
            for field, letter in (("policy_arns", "a"), ("guardrail_arns", "b"))
        )
        + "[vpc]",
        "session_policy.guardrail_arns",
        "12 managed policies",
        "10 at most",
        id="more-policies-than-sts-takes",
    ),
    pytest.param(
        "[vpc]",
        '[session_policy]\npolicy_arns = ["arn:aws-cn:iam::aws:policy/ReadOnlyAccess"]\n[vpc]',
        "session_policy.policy_arns[0]",
        "is in partition aws-cn",
        "name one of partition aws",
        id="policy-of-another-partition",
    ),
    pytest.param(
        f'default = "{KEY}"',
        'volume = "alias/v"\noutput = "alias/o"',
        "kms.s3",
        "nothing says which key s3-encryption takes",
        "state kms.default, which serves wherever nothing more particular is stated, or kms.s3",
        id="no-key-for-one-purpose",
    ),
    pytest.param(
        f'default = "{KEY}"',
        'volume = "alias/v"\noutput = "alias/o"\ns3 = "alias/s"',
        "kms.default",
        "nothing says which key kms-resource-key takes",
        "state kms.default",
        id="no-default-key",
    ),
    pytest.param(
        f'default = "{KEY}"',
        'default = "alias/ml"\nvolume = "alias/v"\naws_managed = ["kms-volume-key"]',
        "kms.volume",
        "kms.aws_managed says that kms-volume-key has none",
        "keep one of the two",
        id="key-and-aws-managed",
    ),
    pytest.param(
        f'default = "{KEY}"',
        'default = "alias/ml"\naws_managed = ["vpc-config"]',
        "kms.aws_managed",
        "vpc-config: no key belongs to it",
        "choose among kms-output-key, kms-resource-key, kms-volume-key, s3-encryption",
        id="aws-managed-without-key",
    ),
    pytest.param(
        'default_bucket = "ml-artifacts"',
        'default_bucket = "elsewhere"',
        "data_perimeter.default_bucket",
        "'elsewhere' is not in data_perimeter.write",
        "add it there with its owner",
        id="default-bucket-outside",
    ),
    pytest.param(
        'default_bucket = "ml-artifacts"',
        'read = { ml-artifacts = "444455556666" }',
        "data_perimeter.read",
        "data_perimeter.write names another owner of ml-artifacts",
        "state each bucket once",
        id="bucket-of-two-owners",
    ),
    pytest.param(
        'default_bucket = "ml-artifacts"',
        'aws_public_buckets = ["ml-artifacts"]',
        "data_perimeter.aws_public_buckets",
        "the owner of ml-artifacts is stated in data_perimeter.read or write",
        "name it there alone, so that the owner is verified",
        id="public-bucket-with-an-owner",
    ),
    pytest.param(
        'default_bucket = "ml-artifacts"',
        'read = { "arn:aws-cn:s3:cn-north-1:111122223333:accesspoint/data" = "111122223333" }',
        "data_perimeter.read",
        "is in partition aws-cn",
        "name one of partition aws",
        id="access-point-of-another-partition",
    ),
    pytest.param(
        'role/ml-launcher"',
        'role/ml-launcher"\ntransitive_tags = ["team"]',
        "role.transitive_tags",
        "no tags of the role are team",
        "state them in role.tags too",
        id="transitive-tag-unknown",
    ),
    pytest.param(
        'role/ml-launcher"',
        'role/ml-launcher"\ntags = {' + ", ".join(f'k{index} = "v"' for index in range(51)) + "}",
        "role.tags",
        "51 session tags",
        "state 50 at most",
        id="too-many-tags",
    ),
]


@pytest.mark.parametrize(("old", "new", "field", "message", "remedy"), CONTRADICTIONS)
def test_values_that_contradict_each_other(old: str, new: str, field: str, message: str, remedy: str) -> None:
    """Each valid, not together: the error names the field, the layer that states it, and the way out."""
    with pytest.raises(BaselineError) as refused:
        baseline(changed(old, new))
    stating = "mapping" if message.startswith("nothing says") else "mapping (project)"
    assert (stating, field) == (refused.value.source, refused.value.field)
    assert message in str(refused.value)
    assert remedy in refused.value.remedy


def test_the_constructor_checks_the_same() -> None:
    """Made by keyword, the same contradiction is pydantic's own error with the same words."""
    stated = parsed(changed("111122223333:role/ml-execution", "444455556666:role/ml-execution"))
    with pytest.raises(ValidationError, match=r"execution_roles\.default: .* IAM passes no role"):
        SecurityBaseline.model_validate(stated)


def test_nothing_in_it_can_be_assigned() -> None:
    """Fields, fields of sections and entries of mappings are read-only."""
    made = baseline()
    with pytest.raises(ValidationError, match="frozen"):
        made.region = "us-east-1"  # type: ignore[misc]  # that is the point
    with pytest.raises(ValidationError, match="frozen"):
        made.hardening.allow_root_access = True  # type: ignore[misc]  # and here
    with pytest.raises(TypeError, match="mappingproxy"):
        made.data_perimeter.write["mine"] = "111122223333"  # type: ignore[index]  # that is the point


def test_a_changed_copy_leaves_the_original_as_it_was() -> None:
    """`model_copy(update=...)` gives a new value, validated, and never writes through to the first."""
    made = baseline()
    before = made.digest
    other = made.model_copy(update={"required_tags": {"team": ("churn",)}})
    assert (before, {}) == (made.digest, dict(made.required_tags))
    assert {"team": ("churn",)} == dict(other.required_tags)
    with pytest.raises(ValidationError, match="Extra inputs"):
        made.model_copy(update={"no_such": 1})
    with pytest.raises(ValidationError, match="region"):
        made.model_copy(update={"region": "nowhere"})


def test_copies_are_the_value_itself() -> None:
    """Copying what cannot change gives it back."""
    made = baseline()
    assert made is copy.copy(made) is copy.deepcopy(made) is made.model_copy()


def test_every_part_can_be_a_key() -> None:
    """Equal parts have equal hashes, parts with mappings too, whatever order those were written in."""
    one = baseline(changed('role/ml-launcher"', 'role/ml-launcher"\ntags = { a = "1", b = "2" }'))
    other = baseline(changed('role/ml-launcher"', 'role/ml-launcher"\ntags = { b = "2", a = "1" }'))
    assert one.role == other.role
    assert 1 == len({one.role, other.role}) == len({one, other})
    assert len(dict(one)) == len({hash(value) for value in dict(one) if hash(value) is not None})


def test_equal_baselines_have_equal_digests() -> None:
    """The digest tells what is stated, not where or with which defaults written out."""
    spelled_out = COMPLETE + '\n[hardening]\nallow_root_access = false\n[modes]\nvpc-config = "refuse"\n'
    assert baseline() == baseline(spelled_out)
    assert baseline().digest == baseline(spelled_out, source="elsewhere").digest
    assert baseline().digest != baseline(changed('monitoring = "off"', 'monitoring = "default"')).digest
    assert baseline() != "a baseline"


def test_the_digest_is_sha_256_of_the_canonical_text() -> None:
    """The canonical text is JSON of everything but modes that the defaults say anyway."""
    made = baseline(COMPLETE + '\n[modes]\nvpc-config = "observe"\nroot-access = "correct"\n')
    assert {"vpc-config": "observe"} == json.loads(made.canonical())["modes"]
    assert 64 == len(made.digest)


@pytest.mark.parametrize(
    "text", [COMPLETE, COMPLETE + WAIVER, REGIONS], ids=["complete", "waiver", "regions"]
)
def test_a_baseline_travels_between_processes(text: str) -> None:
    """Pickled and read back, it is equal, knows its layers, and still resolves its other regions."""
    made = baseline(text, **({"env": "prod"} if text == REGIONS else {})).tightened(
        {"unknown_members": "refuse"}
    )
    back = pickle.loads(pickle.dumps(made))  # noqa: S301  # our own bytes
    assert (made, made.layers, hash(made)) == (back, back.layers, hash(back))
    if text == REGIONS:
        assert made.for_region("us-east-1") == back.for_region("us-east-1")


def test_parts_travel_too() -> None:
    """A section with a read-only mapping is pickled by what it states."""
    section = baseline().data_perimeter
    assert section == pickle.loads(pickle.dumps(section))  # noqa: S301  # our own bytes


def test_a_waiver_holds_through_its_last_day() -> None:
    """On the day it names a waiver holds; on the next it does not."""
    made = baseline(COMPLETE + WAIVER)
    assert () == made.expired_waivers(date(2026, 12, 31))
    assert made.waivers == made.expired_waivers(date(2027, 1, 1))


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        pytest.param({"resources": []}, (), id="excuses-everything"),
        pytest.param({"resources": [""]}, ("resources", 0), id="empty-pattern"),
        pytest.param({"operations": []}, ("operations",), id="no-operation"),
        pytest.param({"operations": ["create_training_job"]}, ("operations", 0), id="python-name"),
        pytest.param({"reason": "  "}, ("reason",), id="no-reason"),
        pytest.param({"ticket": ""}, ("ticket",), id="no-ticket"),
        pytest.param({"approver": ""}, ("approver",), id="no-approver"),
        pytest.param({"control": "everything"}, ("control",), id="unknown-control"),
        pytest.param({"expires": "never"}, ("expires",), id="no-day"),
    ],
)
def test_a_waiver_says_what_why_who_and_until_when(
    change: dict[str, object], loc: tuple[object, ...]
) -> None:
    """A waiver that leaves one of them open is none."""
    whole = {
        "control": "network-isolation",
        "operations": ["CreateTrainingJob"],
        "resources": ["churn-*"],
        "reason": "reads a feature store",
        "ticket": "SEC-101",
        "approver": "jane.doe",
        "expires": "2026-12-31",
    }
    assert ControlId.NETWORK_ISOLATION is Waiver.model_validate(whole).control
    with pytest.raises(ValidationError) as refused:
        Waiver.model_validate(whole | change)
    assert loc == refused.value.errors()[0]["loc"]


def test_a_mode_that_is_stated_replaces_the_default() -> None:
    """The stated mode counts for its control, and no other."""
    made = baseline(COMPLETE + '\n[modes]\nvpc-config = "observe"\n')
    assert Mode.OBSERVE == made.mode(ControlId.VPC_CONFIG)
    assert Mode.REFUSE == made.mode(ControlId.DATA_PERIMETER)
    assert Mode.CORRECT == made.mode(ControlId.ROOT_ACCESS)


def test_a_role_is_allowed_when_it_is_named() -> None:
    """The default and the further roles are in, another is not."""
    roles = baseline(
        changed(
            'role/ml-execution"', 'role/ml-execution"\nallowed = ["arn:aws:iam::111122223333:role/ml-gpu"]'
        )
    ).execution_roles
    assert "arn:aws:iam::111122223333:role/ml-execution" in roles
    assert "arn:aws:iam::111122223333:role/ml-gpu" in roles
    assert "arn:aws:iam::111122223333:role/other" not in roles


def test_a_bucket_has_the_owner_that_is_stated() -> None:
    """Buckets to write and to read have their owners, others none."""
    perimeter = baseline(
        changed('default_bucket = "ml-artifacts"', 'read = { datasets = "444455556666" }')
    ).data_perimeter
    assert ("111122223333", "444455556666", None) == tuple(
        perimeter.owner(bucket) for bucket in ("ml-artifacts", "datasets", "elsewhere")
    )


def test_keys_are_named_once_each() -> None:
    """Every reference that is stated is told once, the default first."""
    kms = baseline(
        changed(
            f'default = "{KEY}"', 'default = "alias/a"\nvolume = "alias/b"\nallowed = ["alias/b", "alias/c"]'
        )
    ).kms
    assert ["alias/a", "alias/b", "alias/c"] == list(kms.references())


@pytest.mark.parametrize(
    ("text", "key_arn"),
    [
        (KEY, KEY),
        (
            KEY.replace("1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-" + 32 * "a"),
            KEY[:-36] + "mrk-" + 32 * "a",
        ),
        ("arn:aws:kms:eu-west-1:111122223333:alias/ml/volumes", None),
        ("alias/ml", None),
        ("1234abcd-12ab-34cd-56ef-1234567890ab", None),
    ],
)
def test_what_names_a_key(text: str, key_arn: str | None) -> None:
    """Key ARN, alias ARN, alias and id name a key; only the first needs no looking up."""
    reference = KeyReference.parse(text)
    assert reference is not None
    assert (text, key_arn) == (reference.text, reference.key_arn)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alias/",
        "alias/ml\n",
        "ml",
        "1234abcd",
        f"{KEY}\n",
        KEY.replace("eu-west-1", ""),
        KEY.replace("111122223333", "1111"),
        KEY.replace("kms", "s3"),
        KEY.replace("arn:aws", "arn:was"),
        KEY.replace("key/", "grant/"),
    ],
)
def test_what_names_no_key(text: str) -> None:
    """A text that KMS would not take for a key is none, not even with a line break after it."""
    assert KeyReference.parse(text) is None


def test_an_arn_is_told_as_it_was_written() -> None:
    """Parsing and telling are each other's inverse."""
    arn = parse_arn(KEY)
    assert arn is not None
    assert (KEY, "aws", "kms", "eu-west-1", "111122223333") == (
        str(arn),
        arn.partition,
        arn.service,
        arn.region,
        arn.account,
    )
    assert parse_arn("arn:aws:kms") is None


def test_the_account_is_the_roles() -> None:
    """The role's ARN tells the account that the baseline works in."""
    assert ("111122223333", "role/ml-launcher") == (baseline().account, baseline().role_arn.resource)


def test_partitions_are_botocores() -> None:
    """Every region that botocore knows is put into the partition that botocore puts it into."""
    data = json.loads((Path(botocore.__file__).parent / "data/partitions.json").read_text(encoding="utf-8"))
    known = {
        region: partition["id"]
        for partition in data["partitions"]
        for region in partition["regions"]
        if not region.endswith("-global")
    }
    assert len(known) > 30
    assert known == {region: partition_of(region) for region in known}
    assert [] == [region for region in known if "region" in _invalid(region)]


def _invalid(region: str) -> set[object]:
    try:
        SecurityBaseline.model_validate({"region": region})
    except ValidationError as refused:
        return {error["loc"][0] for error in refused.errors() if error["type"] != "missing"}
    return set()
