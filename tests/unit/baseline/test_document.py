"""The layers of a project, by environment, region and call, and the waivers they may add."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from secure_sagemaker.baseline import SecurityBaseline, read_document
from secure_sagemaker.exceptions import BaselineError, LoosenedBaselineError
from tests.unit.baseline.resolving import resolved, under
from tests.unit.baseline.stated import COMPLETE, REGIONS, TODAY, WAIVER, changed, parsed

# --- environments and regions


def test_an_environment_tightens() -> None:
    """The section of the environment joins after what stands outside of any."""
    text = COMPLETE + "\n[env.prod.hardening]\nvpc_image_repositories_only = true\n"
    assert not resolved(text).hardening.vpc_image_repositories_only
    assert resolved(text, env="prod").hardening.vpc_image_repositories_only
    assert ["project", "project[env.prod]"] == [layer.name for layer in resolved(text, env="prod").layers]


def test_an_environment_may_not_loosen() -> None:
    """Within one file too, the section that loosens is named beside the place that it loosens."""
    text = COMPLETE + '\n[env.dev.network_isolation]\ntraining = "off"\n'
    with pytest.raises(LoosenedBaselineError, match='"off" does not stay within "require"') as refused:
        resolved(text, env="dev")
    assert "env.dev.network_isolation.training" == refused.value.field
    assert ("mapping (project)", "mapping (project[env.dev])") == (
        refused.value.earlier_source,
        refused.value.later_source,
    )


def test_an_environment_that_is_not_stated() -> None:
    """Asking for one that the file lacks names those it has."""
    with pytest.raises(BaselineError, match=r"no \[env.prd\] section") as refused:
        resolved(REGIONS, env="prd")
    assert ("env.prd", "add it, or choose among those stated: prod") == (
        refused.value.field,
        refused.value.remedy,
    )


def test_what_only_environments_state_asks_for_one() -> None:
    """A required field that only environments state is missed with their names."""
    text = changed('arn = "arn:aws:iam::111122223333:role/ml-launcher"\n', "")
    text += '[env.dev.role]\narn = "arn:aws:iam::111122223333:role/dev"\n'
    with pytest.raises(BaselineError, match="required") as refused:
        resolved(text)
    assert refused.value.remedy.endswith("or choose an environment that states it: dev")
    assert "arn:aws:iam::111122223333:role/dev" == resolved(text, env="dev").role.arn


def test_a_region_has_what_its_section_states() -> None:
    """Each region is resolved with its own section, chosen by argument or by environment."""
    assert ("subnet-0c1d2e3f",) == resolved(REGIONS, region="us-east-1").vpc.subnets
    assert ("subnet-0a1b2c3d",) == resolved(REGIONS, env="prod").vpc.subnets
    assert ["project", "project[env.prod]", "project[region.eu-west-1]"] == [
        layer.name for layer in resolved(REGIONS, env="prod").layers
    ]


def test_nothing_says_which_region() -> None:
    """Sections for several regions and no choice: an error that names them."""
    with pytest.raises(
        BaselineError, match="stated for eu-west-1, us-east-1, and nothing says which"
    ) as refused:
        resolved(REGIONS)
    assert ("region", True) == (refused.value.field, "pass region=" in refused.value.remedy)


@pytest.mark.parametrize("text", [COMPLETE, REGIONS], ids=["one-region", "sections"])
def test_a_region_without_a_section(text: str) -> None:
    """A region of which nothing is stated is refused, whatever else the file holds."""
    with pytest.raises(BaselineError, match="has no section for ap-south-1") as refused:
        resolved(text, region="ap-south-1")
    assert "[region.ap-south-1]" in refused.value.remedy


def test_a_file_without_region_takes_the_one_that_is_asked_for() -> None:
    """Where nothing is stated of regions at all, the caller's is the region."""
    text = changed('region = "eu-west-1"\n', "")
    assert resolved() == resolved(text, region="eu-west-1")
    with pytest.raises(BaselineError, match="required") as refused:
        resolved(text)
    assert "region" == refused.value.field


def test_moving_to_another_region_keeps_environment_and_calls() -> None:
    """For another region the same environment applies, and what calls have tightened stays tightened."""
    made = resolved(REGIONS, env="prod").tightened({"unknown_members": "refuse"}, today=TODAY)
    moved = made.for_region("us-east-1", today=TODAY)
    assert made is made.for_region("eu-west-1")
    assert ("us-east-1", ("subnet-0c1d2e3f",), "refuse", True) == (
        moved.region,
        moved.vpc.subnets,
        moved.unknown_members,
        moved.hardening.vpc_image_repositories_only,
    )
    assert ["project", "project[env.prod]", "project[region.us-east-1]", "call"] == [
        layer.name for layer in moved.layers
    ]
    assert made == moved.for_region("eu-west-1", today=TODAY)


@pytest.mark.parametrize("keyword", [True, False], ids=["by-keyword", "from-a-file"])
def test_moving_where_nothing_is_stated(keyword: bool) -> None:
    """A baseline does not go where nothing is stated for it."""
    made = SecurityBaseline.model_validate(parsed()) if keyword else resolved()
    with pytest.raises(BaselineError, match="is for eu-west-1 and states nothing for us-east-1") as refused:
        made.for_region("us-east-1")
    assert ("region", True) == (refused.value.field, "[region.us-east-1]" in refused.value.remedy)


def test_an_organisations_region_binds() -> None:
    """A project's section for another region does not move what the organisation keeps in one."""
    assert "eu-west-1" == under('region = "eu-west-1"', parsed(REGIONS), region="eu-west-1").region
    with pytest.raises(
        LoosenedBaselineError, match='"us-east-1" does not stay within "eu-west-1"'
    ) as refused:
        under('region = "eu-west-1"', parsed(REGIONS), region="us-east-1")
    assert ("organisation.toml (organisation)", "region.us-east-1.region") == (
        refused.value.earlier_source,
        refused.value.field,
    )


# --- what a call adds


def test_a_call_tightens() -> None:
    """A stricter copy has one more layer; the first stays as it was."""
    made = resolved()
    stricter = made.tightened({"vpc": {"subnets": ["subnet-0b1c2d3e"]}}, source="notebook", today=TODAY)
    assert (("subnet-0b1c2d3e",), 2) == (stricter.vpc.subnets, len(made.vpc.subnets))
    assert [("project", "mapping"), ("call", "notebook")] == [
        (layer.name, layer.source) for layer in stricter.layers
    ]


def test_tightening_by_nothing_changes_nothing() -> None:
    """A call that states nothing, or None, leaves the baseline equal."""
    made = resolved(COMPLETE + WAIVER)
    assert made == made.tightened({}, today=TODAY) == made.tightened({"kms": {"volume": None}}, today=TODAY)


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"modes": {"vpc-config": "observe"}}, "modes"),
        ({"kms": {"volume": "alias/mine"}}, "kms.volume"),
        ({"kms": {"allowed": ["alias/mine"]}}, "kms.allowed"),
        ({"hardening": {"allow_root_access": True}}, "hardening.allow_root_access"),
        ({"execution_roles": {"allowed": ["arn:aws:iam::111122223333:role/x"]}}, "execution_roles.allowed"),
        ({"network_isolation": {"training": "default"}}, "network_isolation.training"),
        ({"data_perimeter": {"read": {"elsewhere": "444455556666"}}}, "data_perimeter.read"),
        ({"waivable_controls": ["vpc-config"]}, "waivers"),
        ({"region": "us-east-1"}, "region"),
        (
            {"privatelink": {"allowed_endpoint_urls": ["https://x.example.com"]}},
            "privatelink.allowed_endpoint_urls",
        ),
    ],
)
def test_a_call_may_not_loosen(stated: dict[str, object], field: str) -> None:
    """Against a finished baseline every default counts as stated."""
    with pytest.raises(LoosenedBaselineError) as refused:
        resolved().tightened(stated, today=TODAY)
    assert (field, "mapping (baseline)", "call (call)") == (
        refused.value.field,
        refused.value.earlier_source,
        refused.value.later_source,
    )


def test_a_call_tightens_a_baseline_made_by_keyword() -> None:
    """Without layers of its own a baseline is the first layer."""
    made = SecurityBaseline.model_validate(parsed()).tightened({"unknown_members": "refuse"}, today=TODAY)
    assert ("refuse", ["call"]) == (made.unknown_members, [layer.name for layer in made.layers])


# --- waivers


def test_a_layer_that_lists_waivers_lists_all_that_hold() -> None:
    """Waivers are a set that shrinks: what the later list leaves out no longer holds."""
    text = 'waivable_controls = ["network-isolation", "vpc-config"]\n' + COMPLETE + WAIVER
    other = WAIVER.replace("network-isolation", "vpc-config").replace("[[waivers]]", "[[env.dev.waivers]]")
    assert ["network-isolation"] == [waiver.control for waiver in resolved(text).waivers]
    assert ["vpc-config"] == [waiver.control for waiver in resolved(text + other, env="dev").waivers]


def test_delegation_ends_where_it_is_not_passed_on() -> None:
    """A layer that lists a waiver without waivable_controls lets no later layer add one."""
    project = (
        COMPLETE + WAIVER + WAIVER.replace("[[waivers]]", "[[env.dev.waivers]]").replace("churn", "fraud")
    )
    with pytest.raises(LoosenedBaselineError) as refused:
        under('waivable_controls = ["network-isolation"]', parsed(project), env="dev")
    assert "project.toml (project)" == refused.value.earlier_source


def test_an_expired_waiver_is_told_where_it_stands() -> None:
    """The layer and the entry are named, in an environment's section too."""
    expired = WAIVER.replace("[[waivers]]", "[[env.dev.waivers]]").replace("2026-12-31", "2026-10-31")
    text = COMPLETE + expired.replace("churn", "kept").replace("2026-10-31", "2027-01-01") + expired
    assert () == resolved(text).waivers
    with pytest.raises(BaselineError, match="expired on 2026-10-31") as refused:
        resolved(text, env="dev")
    assert ("mapping (project[env.dev])", "env.dev.waivers[1].expires") == (
        refused.value.source,
        refused.value.field,
    )


def test_a_waiver_expires_while_a_baseline_lives() -> None:
    """The day is asked again whenever layers are joined again."""
    made = resolved(REGIONS + WAIVER, env="prod")
    after = date(2027, 1, 1)
    with pytest.raises(BaselineError, match="expired on 2026-12-31; today is 2027-01-01"):
        made.for_region("us-east-1", today=after)
    with pytest.raises(BaselineError, match="expired"):
        made.tightened({}, today=after)


def test_the_day_is_today_where_none_is_given(nowhere: Path, tmp_path: Path) -> None:
    """Without `today` the calendar counts: a waiver of the past is refused, one of a far day holds."""
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(COMPLETE + WAIVER.replace("2026-12-31", "2020-01-01"), encoding="utf-8")
    with pytest.raises(BaselineError, match="expired on 2020-01-01"):
        read_document(path, environ={}, organisation_path=nowhere).resolve()
    path.write_text(COMPLETE + WAIVER.replace("2026-12-31", "9999-12-31"), encoding="utf-8")
    made = read_document(path, environ={}, organisation_path=nowhere).resolve()
    assert () == made.expired_waivers(datetime.now(UTC).date())
