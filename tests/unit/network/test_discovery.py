"""Which of a VPC's endpoints each service is reached by."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest

from secure_sagemaker import SecureSession, SessionError
from secure_sagemaker.network.discovery import DiscoveredEndpoints, discovered
from secure_sagemaker.network.vpc import VpcEndpoint
from tests.ec2 import VPC_ID, endpoint, says_list, vpc
from tests.unit.baseline.stated import COMPLETE
from tests.unit.secured import SUPPORT, baseline, secured
from tests.wire import Wire, refuses

IN = "eu-west-1.vpce.amazonaws.com"
AWS = "com.amazonaws.eu-west-1"


def names(id_: str, service: str, *zones: str, suffix: str = IN) -> tuple[str, ...]:
    """An endpoint's names, as EC2 orders them."""
    return (f"{id_}-1a2b.{service}.{suffix}", *(f"{id_}-1a2b-{zone}.{service}.{suffix}" for zone in zones))


def interface(
    id_: str, service: str, *zones: str, private_dns: bool = False, suffix: str = IN
) -> VpcEndpoint:
    return VpcEndpoint(
        id=id_,
        service=f"{AWS}.{service}",
        kind="Interface",
        private_dns=private_dns,
        names=names(id_, service, *zones, suffix=suffix),
    )


GATEWAY = VpcEndpoint(id="vpce-09", service=f"{AWS}.s3", kind="Gateway", private_dns=False)


def found(
    *endpoints: VpcEndpoint, zone: str | None = None, region: str = "eu-west-1"
) -> dict[str, tuple[str, str, str]]:
    """By service: the endpoint, the mode, the host."""
    return {
        one.service: (one.id, one.mode, one.host)
        for one in discovered(endpoints, region=region, zone=zone).endpoints
    }


def test_private_dns_is_used_where_it_is_on() -> None:
    """By the public name; else by the endpoint's own."""
    assert {
        "sagemaker": ("vpce-01", "private-dns", ""),
        "kms": ("vpce-02", "endpoint", f"vpce-02-1a2b.kms.{IN}"),
    } == found(
        interface("vpce-01", "api.sagemaker", private_dns=True), interface("vpce-02", "kms", "eu-west-1a")
    )


def test_the_callers_zone_is_preferred() -> None:
    """Its own name, and the endpoint that has one; where there is none the endpoint's."""
    kms = interface("vpce-02", "kms", "eu-west-1a", "eu-west-1b")
    assert f"vpce-02-1a2b-eu-west-1b.kms.{IN}" == found(kms, zone="eu-west-1b")["kms"][2]
    assert f"vpce-02-1a2b.kms.{IN}" == found(kms, zone="eu-west-1c")["kms"][2]
    nearer = interface("vpce-03", "kms", "eu-west-1c")
    assert "vpce-03" == found(kms, nearer, zone="eu-west-1c")["kms"][0]
    public = interface("vpce-04", "kms", private_dns=True)
    assert ("vpce-04", "private-dns", "") == found(kms, nearer, public, zone="eu-west-1c")["kms"]


def test_fips_is_used_where_there_is_nothing_else() -> None:
    """An endpoint of the plain name serves what asks for no FIPS."""
    fips, plain = interface("vpce-01", "kms-fips"), interface("vpce-02", "kms")
    assert f"vpce-01-1a2b.kms-fips.{IN}" == found(fips)["kms"][2]
    assert "vpce-02" == found(fips, plain)["kms"][0]


def test_s3_is_reached_by_its_gateway_where_there_is_no_interface() -> None:
    """An interface endpoint's address proves who answers, a gateway's does not; S3 control has the interface alone."""
    assert {"s3": ("vpce-09", "gateway", "")} == found(GATEWAY)
    s3 = interface("vpce-01", "s3", "eu-west-1a")
    own = ("vpce-01", "endpoint", f"vpce-01-1a2b.s3.{IN}")
    assert {"s3": own, "s3control": own} == found(GATEWAY, s3)
    assert {} == found(GATEWAY, region="us-east-1")


def test_another_partition_has_names_of_its_own() -> None:
    """Of China, whose suffix is another."""
    suffix = "cn-north-1.vpce.amazonaws.com.cn"
    assert (
        f"vpce-01-1a2b.kms.{suffix}"
        == found(interface("vpce-01", "kms", suffix=suffix), region="cn-north-1")["kms"][2]
    )
    assert {} == found(interface("vpce-01", "kms", suffix=suffix))


def test_what_looks_alike_is_none() -> None:
    """A service of somebody else's, or an endpoint to appliances."""
    theirs = VpcEndpoint(
        id="vpce-01",
        service="com.amazonaws.vpce.eu-west-1.vpce-svc-1",
        kind="Interface",
        private_dns=True,
        names=(
            f"vpce-01-1a2b.vpce-svc-1.{IN}",
            "kms.eu-west-1.amazonaws.com",
            f"vpce-01-1a2b.kms.{IN}.example.com",
        ),
    )
    appliance = VpcEndpoint(
        id="vpce-02",
        service="x",
        kind="GatewayLoadBalancer",
        private_dns=False,
        names=names("vpce-02", "kms"),
    )
    assert {} == found(theirs, appliance)


# --- by a session


def told(wire: Wire, *endpoints: Any) -> SecureSession:
    wire.answers |= vpc("10.0.0.0/16")
    wire.answers["DescribeVpcEndpoints"] = says_list("DescribeVpcEndpoints", "vpcEndpointSet", endpoints)
    return secured(wire)


ENDPOINTS = (
    endpoint("vpce-01", f"{AWS}.sagemaker.api", *names("vpce-01", "api.sagemaker"), private_dns=True),
    endpoint("vpce-02", f"{AWS}.sts", *names("vpce-02", "sts", "eu-west-1a")),
    endpoint("vpce-03", f"{AWS}.s3", *(f"*.{name}" for name in names("vpce-03", "s3", "eu-west-1a"))),
    endpoint("vpce-04", f"{AWS}.kms", *names("vpce-04", "kms"), private_dns=True, state="deleting"),
)


def test_a_session_reads_its_vpcs_endpoints(wire: Wire) -> None:
    """As the support session, of the VPC of the baseline's subnets; what is not available is none."""
    session = told(wire, *ENDPOINTS)
    map_ = session.discover(availability_zone="eu-west-1a")
    assert {
        "sagemaker": "private-dns",
        "sts": "endpoint",
        "s3": "endpoint",
        "s3control": "endpoint",
    } == map_.layer["privatelink"]["services"]
    assert "kms" in map_.missing
    sent = wire.one("DescribeVpcEndpoints")
    assert SUPPORT == wire.signer(sent)
    assert VPC_ID == sent.form["Filter.1.Value.1"]


def test_what_was_found_is_a_layer_and_a_files_section(wire: Wire) -> None:
    """A session of it goes there; its text is the same, in TOML."""
    map_: DiscoveredEndpoints = told(wire, *ENDPOINTS).discover(availability_zone="eu-west-1a")
    section = tomllib.loads(str(map_))
    assert map_.layer == section
    tighter = baseline(f"{COMPLETE}\n[privatelink]\nrequired = true\n").tightened(
        map_.layer, source="discovered", today=date(2026, 11, 1)
    )
    SecureSession(tighter, source=wire.source()).client("sagemaker").list_models()
    own = names("vpce-02", "sts", "eu-west-1a")[1]
    assert own in {sent.host for sent in wire.of("AssumeRole")}


def test_pages_of_endpoints_are_all_read(wire: Wire) -> None:
    """EC2 gives so many at a time."""
    session = told(wire)
    pages = [says_list("DescribeVpcEndpoints", "vpcEndpointSet", [one]) for one in ENDPOINTS[:2]]

    def page(sent: Any) -> Any:
        answer = pages[1 if "NextToken" in sent.form else 0](sent)
        if "NextToken" in sent.form:
            return answer
        more = answer.body.replace(b"</vpcEndpointSet>", b"</vpcEndpointSet><nextToken>more</nextToken>")
        return type(answer)(body=more)

    wire.answers["DescribeVpcEndpoints"] = page
    assert {"sagemaker", "sts"} == {one.service for one in session.discover().endpoints}


def test_denied_is_not_none(wire: Wire) -> None:
    """What may not be read is told, and not taken for absent."""
    session = told(wire)
    wire.answers["DescribeVpcEndpoints"] = refuses("UnauthorizedOperation", status=403)
    with pytest.raises(SessionError, match=r"UnauthorizedOperation[\s\S]*ec2:DescribeVpcEndpoints"):
        session.discover()
