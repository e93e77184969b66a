"""`baseline check`, `show`, `schema` and `diff`."""

import hashlib
import json
import tomllib
from pathlib import Path

import pytest

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.baseline import Hardening, json_schema
from secure_sagemaker.baseline.comparison import Change, changes
from secure_sagemaker.baseline.fields import EXAMPLES, leaf_fields
from secure_sagemaker.cli.baseline_check import SWITCHES, weakenings
from tests.unit.baseline.stated import COMPLETE, KEY, REGIONS, WAIVER, changed
from tests.unit.cli.running import baseline_file, run

STRICT = changed('monitoring = "off"', 'monitoring = "require"', changed('"default"', '"require"'))
"""The complete baseline, with isolation required for all work."""
WAIVED = changed("2026-12-31", "2099-12-31", WAIVER)
EXPIRED = changed("2026-12-31", "2000-01-01", WAIVER)


def resolved(text: str) -> SecurityBaseline:
    return SecurityBaseline.from_mapping(tomllib.loads(text))


# --- check


def test_a_baseline_that_holds(tmp_path: Path) -> None:
    """It exits clean and names the layers with the digest of what was read."""
    path = baseline_file(tmp_path, STRICT)
    ran = run("baseline", "check", path)
    assert (0, "") == (ran.code, ran.stderr)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in ran.stdout
    assert resolved(STRICT).digest in ran.stdout
    assert "No control is weakened." in ran.stdout


def test_the_organisation_is_a_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layers are listed in their order, each with its source."""
    organisation = baseline_file(
        tmp_path, 'schema_version = 1\nunknown_members = "refuse"\n', "organisation.toml"
    )
    monkeypatch.setenv("SECURE_SAGEMAKER_ORGANISATION", str(organisation))
    text = STRICT + "\n[env.prod.hardening]\nvpc_image_repositories_only = true\n"
    told = run("baseline", "check", baseline_file(tmp_path, text), "--env", "prod").stdout
    layers = told.partition("\nLayers")[2].splitlines()[1:7:2]
    assert ["organisation", "project", "project[env.prod]"] == [line.split()[0] for line in layers]
    assert str(organisation) in layers[0]


def test_every_switch_belongs_to_a_control() -> None:
    """A new setting of [hardening] must be given its control, so that weakening it shows."""
    assert set(Hardening.model_fields) == set(SWITCHES)


WEAKER = {
    "inter_container_encryption": "false",
    "minimum_imds_version": "1",
    **{name: "true" for name in Hardening.model_fields if name.startswith("allow_")},
}


@pytest.mark.parametrize(
    ("field", "extra"),
    [
        *((f"hardening.{name}", f"[hardening]\n{name} = {value}") for name, value in WEAKER.items()),
        ("modes.vpc-config", '[modes]\nvpc-config = "observe"'),
        ("modes.s3-encryption", '[modes]\ns3-encryption = "observe"'),
    ],
)
def test_what_is_weakened_is_told(field: str, extra: str, tmp_path: Path) -> None:
    """Each switch that is on, and each mode below its default, is listed, and nothing else."""
    text = f"{STRICT}\n{extra}\n"
    assert [field] == [one.field for one in weakenings(resolved(text))]
    ran = run("baseline", "check", baseline_file(tmp_path, text))
    assert 0 == ran.code
    assert field in [line.split()[0] for line in ran.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("network_isolation.training", changed('training = "require"', 'training = "off"', STRICT)),
        ("network_isolation.models", changed('models = "require"', 'models = "default"', STRICT)),
        ("kms.aws_managed", changed("[vpc]", 'aws_managed = ["kms-volume-key"]\n\n[vpc]', STRICT)),
        ("kms.endpoint_local_storage", changed("[vpc]", 'endpoint_local_storage = "omit"\n\n[vpc]', STRICT)),
        (
            "data_perimeter.aws_public_buckets",
            changed(
                "default_bucket", 'aws_public_buckets = ["sagemaker-sample-files"]\ndefault_bucket', STRICT
            ),
        ),
        (
            "data_perimeter.create_buckets",
            changed("default_bucket", "create_buckets = true\ndefault_bucket", STRICT),
        ),
        (
            "data_perimeter.presigned_seconds",
            changed("default_bucket", "presigned_seconds = 3601\ndefault_bucket", STRICT),
        ),
        ("secrets.allow", f'{STRICT}\n[secrets.allow]\nJOIN_TOKEN = "the separator of a join"\n'),
    ],
)
def test_isolation_keys_and_secrets_can_be_weakened_too(field: str, text: str) -> None:
    """Isolation that is not required, keys that are AWS's, and names that are no secret's, are weakenings."""
    assert [field] == [one.field for one in weakenings(resolved(text))]


CUSTOMERS = '[macie.classes.customers]\nplaces = ["s3://ml-artifacts/customers"]'


@pytest.mark.parametrize(
    ("weakened", "extra"),
    [
        (None, ""),
        (None, CUSTOMERS),
        (("macie.mode", "observe"), 'mode = "observe"'),
        (("macie.minimum_coverage", 0.9), "minimum_coverage = 0.9"),
        (("macie.maximum_age_days", 31), "maximum_age_days = 31"),
        (("macie.sampling_percentage", 50), "sampling_percentage = 50"),
        (("macie.identifiers", "none"), 'identifiers = "none"\ninclude_identifiers = ["NAME"]'),
        (("macie.exclude_identifiers", ("NAME",)), 'identifiers = "all"\nexclude_identifiers = ["NAME"]'),
        (("macie.allow_lists", ("mine",)), 'allow_lists = ["mine"]'),
        (("macie.code_channels", "train"), 'code_channels = ["code", "train"]'),
        (("macie.classes.customers", "is not scanned"), f"{CUSTOMERS}\nscan = false"),
        (
            ("macie.classes.customers", "accepts CREDENTIALS, PERSONAL_INFORMATION"),
            f'{CUSTOMERS}\naccept = [{{ category = "PERSONAL_INFORMATION" }}, {{ category = "CREDENTIALS" }}]',
        ),
    ],
)  # fmt: skip
def test_what_a_scan_lets_pass_is_a_weakening(weakened: tuple[str, object] | None, extra: str) -> None:
    """Where scans are asked for, whatever of [macie] accepts or reads less is listed; where not, nothing."""
    mode = "" if extra.startswith("mode") else 'mode = "require"\n'
    found = [(one.field, one.states) for one in weakenings(resolved(f"{STRICT}\n[macie]\n{mode}{extra}\n"))]
    assert [weakened] * (weakened is not None) == found
    if mode:
        assert [] == list(weakenings(resolved(f"{STRICT}\n[macie]\n{extra}\n")))


@pytest.mark.parametrize(
    "extra", ['[modes]\ns3-encryption = "refuse"', "[hardening]\nvpc_image_repositories_only = true"]
)
def test_stricter_than_the_default_is_no_weakening(extra: str) -> None:
    """What is stricter is not listed."""
    assert [] == list(weakenings(resolved(f"{STRICT}\n{extra}\n")))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        pytest.param(0, STRICT, id="nothing"),
        pytest.param(11, f"{STRICT}\n[hardening]\nallow_root_access = true\n", id="medium"),
        pytest.param(12, COMPLETE, id="high"),
        pytest.param(12, STRICT + WAIVED, id="waived"),
    ],
)
def test_strict_exits_by_severity(code: int, text: str, tmp_path: Path) -> None:
    """With --strict a weakened or waived control is a finding; without, it is a statement."""
    path = baseline_file(tmp_path, text)
    assert code == run("baseline", "check", path, "--strict").code
    assert 0 == run("baseline", "check", path).code


def test_waivers_are_listed(tmp_path: Path) -> None:
    """Who excused what, until when."""
    told = run("baseline", "check", baseline_file(tmp_path, STRICT + WAIVED)).stdout
    (row,) = [line for line in told.splitlines() if line.startswith("network-isolation")]
    assert all(part in row for part in ("CreateTrainingJob", "churn-*", "SEC-101", "jane.doe", "2099-12-31"))
    assert "expired" not in row


def test_all_expired_waivers_are_told_at_once(tmp_path: Path) -> None:
    """An expired waiver is a configuration error; the listing marks each, and spares those that hold."""
    other = changed("SEC-101", "SEC-102", EXPIRED)
    third = changed("SEC-101", "SEC-103", WAIVED)
    ran = run("baseline", "check", baseline_file(tmp_path, STRICT + EXPIRED + other + third))
    assert 3 == ran.code
    assert "SEC-101" in ran.stderr
    assert "SEC-102" in ran.stderr
    assert "SEC-103" not in ran.stderr
    assert 2 == ran.stdout.count("2000-01-01, expired")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        pytest.param("kms.defualt", changed("[kms]\ndefault", "[kms]\ndefualt"), id="unknown-key"),
        pytest.param("role.arn", changed("role/ml-launcher", "user/ml-launcher"), id="malformed"),
        pytest.param(
            "env.prod.network_isolation.training",
            COMPLETE + '\n[env.prod.network_isolation]\ntraining = "off"\n',
            id="loosened",
        ),
    ],
)
def test_a_baseline_that_does_not_hold(field: str, text: str, tmp_path: Path) -> None:
    """It exits 3 and names the field and the remedy."""
    environment = ["--env", "prod"] if "[env.prod" in text else []
    ran = run("baseline", "check", baseline_file(tmp_path, text), *environment)
    assert 3 == ran.code
    assert field in ran.stderr
    assert "\n  remedy: " in ran.stderr


def test_placeholders_are_all_told_with_their_lines(tmp_path: Path) -> None:
    """What `init` left open is listed whole: line, field, and how it is written."""
    text = changed(KEY, "REPLACE-ME", changed('"arn:aws:iam::111122223333:role/ml-launcher"', '"REPLACE-ME"'))
    text += '\n[env.prod.vpc]\nsubnets = [\n  "REPLACE-ME",  # which?\n]\n# arn = "REPLACE-ME"\n'
    ran = run("baseline", "check", baseline_file(tmp_path, text))
    assert (3, "") == (ran.code, ran.stdout)
    lines = text.splitlines()
    told = [line.strip() for line in ran.stderr.splitlines() if line.startswith("  line ")]
    assert ["role.arn", "kms.default", "env.prod.vpc.subnets"] == [
        line.split()[2].rstrip(",") for line in told
    ]
    for line in told:
        number = int(line.split()[1].rstrip(":"))
        assert "REPLACE-ME" in lines[number - 1]
    assert f"such as {EXAMPLES['vpc.subnets']}" in told[2]


def test_a_profile_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS settings that name nothing are told in words."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    ran = run("baseline", "check", baseline_file(tmp_path))
    assert 3 == ran.code
    assert "nobody" in ran.stderr


# --- show

ODD = """
[required_tags]
team = ["churn", "fraud"]
"cost centre" = []
"größe.x" = ["a b"]

[modes]
vpc-config = "observe"

[instance_families]
ml-x9 = "no-local-storage"
"""


@pytest.mark.parametrize(
    ("text", "env", "region"),
    [
        pytest.param(COMPLETE, None, None, id="complete"),
        pytest.param(REGIONS, "prod", None, id="environment"),
        pytest.param(REGIONS, None, "us-east-1", id="region"),
        pytest.param(COMPLETE + ODD + WAIVED + changed("SEC-101", 'S\\"C', WAIVED), None, None, id="odd"),
    ],
)
def test_what_is_shown_is_the_baseline(
    text: str, env: str | None, region: str | None, tmp_path: Path
) -> None:
    """As TOML it can be read again, and says the same."""
    options = [*(("--env", env) if env else ()), *(("--region", region) if region else ())]
    ran = run("baseline", "show", baseline_file(tmp_path, text), *options)
    assert (0, "") == (ran.code, ran.stderr)
    wanted = SecurityBaseline.from_mapping(tomllib.loads(text), env, region=region)
    assert wanted == resolved(ran.stdout)
    assert f"# digest {wanted.digest}\n" in ran.stdout


def test_every_value_says_where_it_came_from(tmp_path: Path) -> None:
    """Organisation, project, environment, region or default; of tables key by key."""
    text = (
        REGIONS
        + '\n[modes]\nvpc-config = "correct"\n[env.prod.modes]\nvpc-config = "refuse"\ns3-encryption = "refuse"\n'
    )
    path = baseline_file(tmp_path, text)
    told = json.loads(run("baseline", "show", path, "--env", "prod", "--format", "json").stdout)
    fields = told["fields"]
    assert {"value": "alias/ml", "from": ["project"]} == fields["kms.default"]
    assert ["project[region.eu-west-1]"] == fields["vpc.subnets"]["from"]
    assert ["project[env.prod]"] == fields["hardening.vpc_image_repositories_only"]["from"]
    assert ["default"] == fields["hardening.allow_root_access"]["from"]
    assert ["project", "project[env.prod]"] == fields["modes.vpc-config"]["from"]
    assert ["project[env.prod]"] == fields["modes.s3-encryption"]["from"]
    assert ["default"] == fields["modes.remote-debug"]["from"]
    assert ["project", "project[env.prod]", "project[region.eu-west-1]"] == [
        layer["name"] for layer in told["layers"]
    ]


def test_nothing_stated_is_left_out(tmp_path: Path) -> None:
    """Every field that has a value is shown."""
    shown = json.loads(run("baseline", "show", baseline_file(tmp_path), "--format", "json").stdout)["fields"]
    absent = {
        "kms.volume",
        "kms.output",
        "kms.s3",
        "vpc.vpc_id",
        "macie.maximum_bucket_score",
        "macie.maximum_cost_usd",
        "macie.memory",
        "macie.snapshot",
    }
    absent |= {
        f"role.{name}"
        for name in ("session_name", "source_identity", "external_id", "digest_tag", "mfa_serial")
    }
    tables = {"modes", "required_tags", "instance_families"}
    assert leaf_fields().keys() - absent - tables == {path for path in shown if not path.startswith("modes.")}


# --- schema


def test_the_schema_is_the_library_s() -> None:
    """On stdout, whole, and nothing else."""
    ran = run("baseline", "schema")
    assert (0, "") == (ran.code, ran.stderr)
    assert json_schema() == json.loads(ran.stdout)


# --- diff

VPC_IMAGES = "\n[hardening]\nvpc_image_repositories_only = true\n"
OPPOSITE = {
    Change.TIGHTER: Change.LOOSER,
    Change.LOOSER: Change.TIGHTER,
    Change.CHANGED: Change.CHANGED,
}


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ("tighter", "network_isolation.models", changed('"default"', '"require"')),
        ("tighter", "hardening.vpc_image_repositories_only", COMPLETE + VPC_IMAGES),
        ("looser", "hardening.allow_root_access", COMPLETE + "\n[hardening]\nallow_root_access = true\n"),
        ("looser", "modes.vpc-config", COMPLETE + '\n[modes]\nvpc-config = "observe"\n'),
        ("tighter", "modes.remote-debug", COMPLETE + '\n[modes]\nremote-debug = "refuse"\n'),
        ("tighter", "vpc.subnets", changed(', "subnet-0b1c2d3e"', "")),
        ("changed", "vpc.security_groups", changed("sg-0a1b2c3d", "sg-0c1d2e3f")),
        ("changed", "kms.default", changed(KEY, "alias/ml")),
        ("changed", "kms.volume", changed("[vpc]", 'volume = "alias/v"\n\n[vpc]')),
        ("looser", "kms.allowed", changed("[vpc]", 'allowed = ["alias/v"]\n\n[vpc]')),
        ("tighter", "required_tags.team", COMPLETE + '\n[required_tags]\nteam = ["churn"]\n'),
        ("looser", "data_perimeter.read.ml-data", COMPLETE + '\nread = { ml-data = "111122223333" }\n'),
        ("looser", "waivers", COMPLETE + WAIVED),
        ("tighter", "macie.maximum_cost_usd", COMPLETE + "\n[macie]\nmaximum_cost_usd = 5.0\n"),
        ("looser", "macie.maximum_age_days", COMPLETE + "\n[macie]\nmaximum_age_days = 60\n"),
        ("tighter", "role.duration_seconds", changed("[role]\n", "[role]\nduration_seconds = 900\n")),
    ],
)  # fmt: skip
def test_a_difference_has_a_direction(change: str, field: str, text: str, tmp_path: Path) -> None:
    """What B asks beside A is tighter, looser or changed; the other way round it is the opposite."""
    (found,) = changes(resolved(COMPLETE), resolved(text))
    assert (field, change) == (found.field, found.change.value)
    (back,) = changes(resolved(text), resolved(COMPLETE))
    assert (field, OPPOSITE[found.change]) == (back.field, back.change)
    one, other = baseline_file(tmp_path, name="a.toml"), baseline_file(tmp_path, text, "b.toml")
    ran = run("baseline", "diff", one, other)
    assert (0, "") == (ran.code, ran.stderr)
    (row,) = [line for line in ran.stdout.splitlines() if line.startswith(field)]
    assert change == row.split()[-1]


def test_a_waiver_until_another_day_is_another_waiver(tmp_path: Path) -> None:
    """A waiver that was changed is another waiver, and shows with its day."""
    one = baseline_file(tmp_path, COMPLETE + WAIVED, "a.toml")
    other = baseline_file(tmp_path, COMPLETE + changed("2099-12-31", "2098-12-31", WAIVED), "b.toml")
    told = run("baseline", "diff", one, other).stdout
    assert "until 2099-12-31" in told
    assert "until 2098-12-31" in told
    assert "1 changed" in told


@pytest.mark.parametrize("text", [COMPLETE, COMPLETE + ODD + WAIVED])
def test_the_same_is_no_difference(text: str, tmp_path: Path) -> None:
    """A baseline beside itself differs in nothing, whatever the layout of the file."""
    one = baseline_file(tmp_path, text, "a.toml")
    other = baseline_file(tmp_path, text.replace("\n[", "\n# a comment\n["), "b.toml")
    assert (0, "They ask the same.\n") == (
        run("baseline", "diff", one, other).code,
        run("baseline", "diff", one, other).stdout,
    )


def test_two_environments_of_one_file(tmp_path: Path) -> None:
    """--env and --to-env compare the sections of one file; an environment never shows as looser."""
    text = COMPLETE + (
        '\n[env.test.modes]\ns3-encryption = "refuse"\n'
        '[env.prod.modes]\ns3-encryption = "refuse"\n[env.prod.hardening]\nvpc_image_repositories_only = true\n'
    )
    path = baseline_file(tmp_path, text)
    told = run("baseline", "diff", path, path, "--env", "test", "--to-env", "prod").stdout
    assert "1 tighter, 0 looser, 0 changed" in told
    assert "hardening.vpc_image_repositories_only" in told
    assert "They ask the same.\n" == run("baseline", "diff", path, path, "--env", "prod").stdout
