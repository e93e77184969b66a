"""``endpoints``: the section of a baseline file that has services reached by the VPC's endpoints."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.ec2 import endpoint, says_list, vpc
from tests.unit.cli.running import baseline_file, run
from tests.wire import SOURCE_KEY, SOURCE_SECRET, SOURCE_TOKEN, Wire, stretched

NAME = "vpce-02-1a2b.sts.eu-west-1.vpce.amazonaws.com"
ZONAL = "vpce-02-1a2b-eu-west-1b.sts.eu-west-1.vpce.amazonaws.com"


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """AWS with one endpoint, and the source's credentials in the environment."""
    wire = stretched(monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SOURCE_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SOURCE_SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", SOURCE_TOKEN)
    wire.answers |= vpc("10.0.0.0/16")
    found = endpoint("vpce-02", "com.amazonaws.eu-west-1.sts", NAME, ZONAL)
    wire.answers["DescribeVpcEndpoints"] = says_list("DescribeVpcEndpoints", "vpcEndpointSet", [found])
    return wire


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize(("options", "name"), [((), NAME), (("--zone", "eu-west-1b"), ZONAL)])
def test_it_prints_what_a_file_takes(options: tuple[str, ...], name: str, tmp_path: Path) -> None:
    """TOML on stdout, in which services without an endpoint are a remark; JSON has them as a list."""
    file = baseline_file(tmp_path)
    ran = run("endpoints", "--baseline", file, *options)
    wanted = {"privatelink": {"services": {"sts": "endpoint"}, "endpoints": {"sts": name}}}
    assert (0, wanted) == (ran.code, tomllib.loads(ran.stdout))
    assert "# No endpoint of this VPC serves sagemaker, " in ran.stdout
    told = json.loads(run("endpoints", "--baseline", file, *options, "--format", "json").stdout)
    assert "kms" in told.pop("missing")
    assert wanted == told
