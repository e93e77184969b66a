"""Which VPC endpoint a service is reached by: its names, and what goes there."""

from __future__ import annotations

import functools
import tomllib
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from secure_sagemaker import BaselineError, PeerError, SecurityBaseline, SessionError
from secure_sagemaker.network.discovery import SERVICES
from secure_sagemaker.network.privatelink import Route, own_names, public_host, routes
from secure_sagemaker.network.vpc import VpcEndpoint
from tests.ec2 import endpoint, says_list, vpc
from tests.unit.baseline.stated import COMPLETE
from tests.unit.secured import SUPPORT, secured
from tests.wire import Wire, read_models_once

pytestmark = pytest.mark.once

ENDPOINT = "vpce-0a1b2c3d4e5f60718-1a2b3c4d"
IN = "eu-west-1.vpce.amazonaws.com"
SAGEMAKER, STS, S3 = (f"{ENDPOINT}.{name}.{IN}" for name in ("api.sagemaker", "sts", "s3"))
IN_TIME = datetime(2026, 12, 31, 23, tzinfo=UTC)
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso"}


def stated(**endpoints: str) -> str:
    lines = (f'{service.replace("_", "-")} = "{host}"' for service, host in endpoints.items())
    return f"{COMPLETE}\n[privatelink.endpoints]\n" + "\n".join(lines) + "\n"


def routed(wire: Wire, service: str = "sagemaker", **options: Any) -> Any:
    return secured(wire, stated(sagemaker=SAGEMAKER, sts=STS, s3=S3)).client(service, **options)


def nobody(id_: str) -> VpcEndpoint:
    raise AssertionError(id_)


# --- names


@pytest.mark.parametrize("fips", [False, True], ids=["plain", "fips"])
@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("eu-west-1", "amazonaws.com"),
        ("us-east-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("us-gov-west-1", "amazonaws.com"),
        ("us-iso-east-1", "c2s.ic.gov"),
    ],
)
def test_public_names_are_those_of_botocores_clients(
    region: str, suffix: str, fips: bool, monkeypatch: pytest.MonkeyPatch
) -> None:  # a case
    """In each partition, with FIPS and without, a client that nobody routes would go there."""
    read_models_once(monkeypatch)
    session = boto3.Session("AKIA", "s", region_name=region)
    for service in sorted(
        {*SERVICES} & {*session.get_available_services()} - {"s3control"}
    ):  # it wants an account
        client = session.client(service, config=Config(use_fips_endpoint=fips))
        operations = client.meta.service_model.operation_names
        operation = "ListBuckets" if service == "s3" else operations[0]
        resolve = partial(
            client._ruleset_resolver.construct_endpoint,
            operation_model=client.meta.service_model.operation_model(operation),
            call_args={},
            request_context={},
        )
        try:
            host = public_host(service, region, fips=fips)
        except BaselineError:  # a partition without FIPS
            assert region == "cn-north-1"
            with pytest.raises(BotoCoreError, match="does not support FIPS"):
                resolve()
            continue
        if (service, region, fips) == ("s3", "us-east-1", False):
            assert ("s3.us-east-1.amazonaws.com", "https://s3.amazonaws.com") == (host, resolve().url)
        else:
            assert f"https://{host}" == resolve().url
        assert host.endswith(f".{suffix}") or ".api." in host  # a name for both stacks


@pytest.mark.parametrize(
    ("region", "service", "name", "fips"),
    [
        ("eu-west-1", "sagemaker", "api.sagemaker.eu-west-1.vpce.amazonaws.com", False),
        ("us-east-1", "sagemaker", "api-fips.sagemaker.us-east-1.vpce.amazonaws.com", True),
        ("us-east-1", "sagemaker-runtime", "runtime-fips.sagemaker.us-east-1.vpce.amazonaws.com", True),
        ("cn-north-1", "ecr", "api.ecr.cn-north-1.vpce.amazonaws.com.cn", False),
        ("us-gov-west-1", "kms", "kms-fips.us-gov-west-1.vpce.amazonaws.com", True),
        ("eu-west-1", "cloudwatch", "monitoring.eu-west-1.vpce.amazonaws.com", False),
        ("us-east-1", "s3", "s3.us-east-1.vpce.amazonaws.com", False),
        ("us-iso-east-1", "ecr", "api.ecr.us-iso-east-1.vpce.c2s.ic.gov", False),
    ],
)
@pytest.mark.parametrize("zone", ["", "-us-east-1a"], ids=["region", "zone"])
def test_an_endpoints_name_is_told_from_others(
    region: str,
    service: str,
    name: str,
    fips: bool,
    zone: str,  # a case
) -> None:
    """The region's or a zone's; whether FIPS may be asked of it is seen from it."""
    host = f"{ENDPOINT}{zone}.{name}"
    partition = next((key for part, key in PARTITIONS.items() if region.startswith(part)), "aws")
    text = stated(**{service: host.upper()})
    there = text.replace("arn:aws:", f"arn:{partition}:").replace('"eu-west-1"', f'"{region}"')
    document = tomllib.loads(there.replace("kms:eu-west-1", f"kms:{region}"))
    model = SecurityBaseline.from_mapping(document, region=region, source="test")
    assert Route(service=service, host=host, fips=fips) == routes(model, endpoint=nobody)[service]


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("sagemaker", "api.sagemaker.eu-west-1.amazonaws.com"),
        ("sagemaker", f"{ENDPOINT}.api.sagemaker.us-east-1.vpce.amazonaws.com"),
        ("sagemaker", f"{ENDPOINT}.runtime.sagemaker.{IN}"),
        ("sagemaker", f"{SAGEMAKER}.example.com"),
        ("sagemaker", f"{ENDPOINT}.apixsagemaker.{IN}"),
        ("sagemaker", f"https://{SAGEMAKER}"),
        ("sagemaker", "vpce-evil.example.com"),
        ("s3", f"bucket.{S3}"),
        ("s3outposts", S3),
        ("sts", "vpce-0a1b2c3d4e5f60718"),
        ("ec2", "vpce-0a1b2c3d4e5f60718"),
        ("sagemakr", SAGEMAKER),
    ],
)
def test_what_is_no_endpoint_of_the_service_is_an_error(service: str, host: str, wire: Wire) -> None:
    """Public names, other regions' and other services' endpoints, look-alikes; the error names the field."""
    with pytest.raises(BaselineError, match=f"privatelink.*{service}"):
        secured(wire, f'{COMPLETE}\n[privatelink.endpoints]\n{service} = "{host}"\n')
    assert [] == wire.requests


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[privatelink.services]\nsagemaker = "endpoint"', "no endpoint is named"),
        ('[privatelink.services]\nsagemaker = "private-dns"', "any may"),
        (
            f'[privatelink]\nallowed_networks = ["10.0.0.0/16"]\nservices = {{ sts = "private-dns" }}\n'
            f'endpoints = {{ sts = "{STS}" }}',
            "reached otherwise",
        ),
    ],
)
def test_what_contradicts_itself_is_an_error(text: str, told: str, wire: Wire) -> None:
    """A mode without what it needs, or an endpoint that the mode does not use."""
    with pytest.raises(BaselineError, match=told):
        secured(wire, f"{COMPLETE}\n{text}\n")


def test_s3_alone_has_a_gateway(wire: Wire) -> None:
    """Another service that is to be reached by one is an error."""
    with pytest.raises(BaselineError, match="S3 alone"):
        secured(wire, f'{COMPLETE}\n[privatelink]\nrequired = true\nservices = {{ kms = "gateway" }}\n')


@functools.cache
def partitions() -> Any:
    return botocore.loaders.create_loader().load_data("endpoints")["partitions"]


@pytest.mark.parametrize("partition", partitions(), ids=lambda one: one["partition"])
def test_services_have_names_in_every_partition(partition: Any) -> None:
    """Botocore's endpoint data says which services a region has and where; endpoints are named after that."""
    suffix = partition["dnsSuffix"]
    for service in sorted(
        {*SERVICES} & {*botocore.loaders.create_loader().list_available_services("service-2")}
    ):
        data = partition["services"].get(boto3_prefix(service), {})
        for region in sorted({*data.get("endpoints", ())} & {*partition["regions"]}):
            said = data["endpoints"][region].get("hostname")
            host = public_host(service, region)
            assert host.endswith(f".{suffix}")
            if said is not None and service != "s3control":
                assert host in (said, said.replace("s3.amazonaws", "s3.us-east-1.amazonaws"))
            *_, plain = own_names(service, region)
            assert plain.fits(f"{ENDPOINT}.{plain.name}")
            assert plain.name.endswith(f".vpce.{suffix}")
            assert region in plain.name


def boto3_prefix(service: str) -> str:
    """What the endpoint data calls a service."""
    return str(
        botocore.loaders.create_loader().load_service_model(service, "service-2")["metadata"][
            "endpointPrefix"
        ]
    )


# --- what goes there


def test_calls_go_to_the_endpoint_signed_for_the_service(wire: Wire) -> None:
    """SageMaker's, and the AssumeRole call itself; a service that none is named for goes as ever."""
    routed(wire).list_models()
    routed(wire, "kms").list_keys()
    sent = wire.one("ListModels")
    assert (SAGEMAKER, "eu-west-1", "sagemaker") == (sent.host, *sent.credential[1:])
    assert {STS} == {request.host for request in wire.of("AssumeRole")}
    assert {STS} == {request.host for request in wire.of("GetCallerIdentity")}
    assert "kms.eu-west-1.amazonaws.com" == wire.one("ListKeys").host


def test_a_service_of_its_own_goes_nowhere_else(wire: Wire) -> None:
    """Dual-stack changes nothing, an endpoint that is given is outranked, and what the caller hooks in is refused."""
    routed(wire, config=Config(use_dualstack_endpoint=True)).list_models()
    routed(wire, endpoint_url="https://api.sagemaker.eu-west-1.amazonaws.com").list_models()
    assert [SAGEMAKER, SAGEMAKER] == [sent.host for sent in wire.of("ListModels")]

    def redirect(builtins: dict[str, object], **_: object) -> None:
        builtins["SDK::Endpoint"] = "https://runtime.sagemaker.eu-west-1.amazonaws.com"

    hooked = routed(wire)
    hooked.meta.events.register_last("before-endpoint-resolution", redirect)
    with pytest.raises(SessionError, match=r"would go to runtime\.sagemaker"):
        hooked.list_models()
    assert 2 == len(wire.of("ListModels"))


def test_fips_is_never_given_up(wire: Wire) -> None:
    """A call that asks for FIPS does not go to an endpoint that is none of it, and goes to one that is."""
    asked = Config(use_fips_endpoint=True)
    with pytest.raises(SessionError, match="api-fips"):
        routed(wire, config=asked).list_models()
    assert [] == wire.of("ListModels")
    host = f"{ENDPOINT}.api-fips.sagemaker.{IN}"
    secured(wire, stated(sagemaker=host)).client("sagemaker", config=asked).list_models()
    assert host == wire.one("ListModels").host


def test_s3_is_reached_by_what_is_named(wire: Wire) -> None:
    """Buckets and access points have hosts of their own under the endpoint's, by name or by path."""
    s3 = routed(wire, "s3")
    s3.put_object(Bucket="ml-artifacts", Key="k", Body=b"")
    assert f"https://ml-artifacts.bucket.{S3}/k" == wire.of("PUT")[0].url
    by_path = routed(wire, "s3", config=Config(s3={"addressing_style": "path"}))
    by_path.put_object(Bucket="ml-artifacts", Key="k", Body=b"")
    assert f"https://bucket.{S3}/ml-artifacts/k" == wire.of("PUT")[1].url
    s3.list_buckets()
    assert f"bucket.{S3}" == wire.of("GET")[-1].host
    assert f"https://ml-artifacts.bucket.{S3}/k?" in s3.generate_presigned_url(
        "get_object", {"Bucket": "ml-artifacts", "Key": "k"}
    )
    assert {("eu-west-1", "s3")} == {sent.credential[1:] for sent in wire.of("PUT")}


def test_s3_control_is_reached_by_s3s_endpoint(wire: Wire) -> None:
    """Under a name of its own, with the account before it."""
    control = secured(wire, stated(s3control=S3)).client("s3control")
    control.get_public_access_block(AccountId="111122223333")
    assert (
        f"https://111122223333.control.{S3}/v20180820/configuration/publicAccessBlock"
        == wire.of("GET")[-1].url
    )
    route = Route(service="s3control", host=S3, fips=False)
    for url in (f"https://bucket.{S3}/", f"https://111122223333.s3-control.{IN}/", f"https://xcontrol.{S3}/"):
        assert not route.admits(url)


# --- by an endpoint's id

ID = "vpce-0a1b2c3d4e5f60718"


def by_id(wire: Wire, *endpoints: Any) -> Any:
    wire.answers |= vpc("10.0.0.0/16")
    wire.answers["DescribeVpcEndpoints"] = says_list("DescribeVpcEndpoints", "vpcEndpointSet", endpoints)
    return secured(wire, stated(sagemaker=ID)).client("sagemaker")


def test_an_id_is_looked_up_when_something_goes_there(wire: Wire) -> None:
    """Once, by the support session; what is used is the endpoint's own name, not one of its zones'."""
    zonal = SAGEMAKER.replace(".api", "-eu-west-1a.api")
    client = by_id(wire, endpoint(ID, "com.amazonaws.eu-west-1.sagemaker.api", zonal, SAGEMAKER))
    assert [] == wire.requests
    client.list_models()
    client.list_models()
    assert [SAGEMAKER, SAGEMAKER] == [sent.host for sent in wire.of("ListModels")]
    assert SUPPORT == wire.signer(wire.one("DescribeVpcEndpoints"))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((), f"no available endpoint {ID}"),
        ((endpoint(ID, "x", SAGEMAKER, state="pending"),), "no available"),
        ((endpoint(ID, "com.amazonaws.eu-west-1.kms", f"{ENDPOINT}.kms.{IN}"),), "serves no sagemaker"),
    ],
)
def test_an_id_that_leads_nowhere_is_refused(found: Any, told: str, wire: Wire) -> None:
    """Nothing goes by the public name instead."""
    with pytest.raises(SessionError, match=told):
        by_id(wire, *found).list_models()
    assert [] == wire.of("ListModels")


# --- access points


def test_an_access_point_is_reached_by_its_own(wire: Wire) -> None:
    """The access point's name and account stand before it, as AWS writes them."""
    arn = "arn:aws:s3:eu-west-1:111122223333:accesspoint/data"
    text = (
        stated(s3=S3)
        .replace('write = { ml-artifacts = "111122223333" }', "")
        .replace('default_bucket = "ml-artifacts"', f'write = {{ "{arn}" = "111122223333" }}')
    )
    secured(wire, text).client("s3").get_object(Bucket=arn, Key="k")
    assert f"https://data-111122223333.accesspoint.{S3}/k" == wire.of("GET")[-1].url


def test_what_the_endpoint_does_not_serve_is_refused() -> None:
    """Directory buckets have an endpoint of their own, and multi-region access points none in a region."""
    route, builtins = Route(service="s3", host=S3, fips=False), dict[str, object]()
    route.resolve(builtins=builtins, params={"Bucket": "express--euw1-az1--x-s3"})
    assert {} == builtins
    for url in (
        "https://express--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com/k",
        "https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/k",
        f"https://{S3}/k",
        f"https://ml-artifacts.control.{S3}/k",
        f"https://xbucket.{S3}/k",
        f"http://bucket.{S3}/k",
        f"https://bucket.{S3}:8443/k",
        f"https://bucket.{S3}@example.com/k",
        f"https://bucket.{S3}.example.com/k",
    ):
        assert not route.admits(url)


# --- where it is required


def required(endpoints: str = "", listed: str = "") -> str:
    return (
        f'{COMPLETE}\n[privatelink]\nrequired = true\nallowed_networks = ["10.0.0.0/16"]\n'
        f"endpoints = {{ {endpoints} }}\nallowed_endpoint_urls = [{listed}]\n"
    )


def test_the_file_that_points_elsewhere_is_named(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The shared config's endpoint_url, of a profile or of a section of services."""
    path, url = tmp_path / "config", f"https://{SAGEMAKER}"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    for text in (
        f"[default]\nendpoint_url = {url}\n",
        f"[default]\nservices = mine\n[services mine]\nsagemaker =\n  endpoint_url = {url}\n",
    ):
        path.write_text(text)
        with pytest.raises(SessionError, match=f"{url}, which endpoint_url says in {path}, and PrivateLink"):
            secured(wire, required()).client("sagemaker")


@pytest.mark.parametrize("how", ["argument", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER"])
def test_an_endpoint_of_somebodys_own_is_refused(
    how: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one of AWS's, unless the baseline names exactly that host."""
    url = f"https://{SAGEMAKER}"
    options = {"endpoint_url": url} if how == "argument" else {}
    if not options:
        monkeypatch.setenv(how, url)
    named = "" if options else f", which {how} says in the environment"
    with pytest.raises(SessionError, match=f"{url}{named}, and PrivateLink is required"):
        secured(wire, required()).client("sagemaker", **options)
    for text in (required(endpoints=f'sagemaker = "{SAGEMAKER}"'), required(listed=f'"{url}"')):
        secured(wire, text).client("sagemaker", **options)
    assert [] == wire.requests


def test_a_setting_for_the_global_sts_is_no_endpoint_of_somebodys_own(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role is assumed in the region, as ever."""
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    secured(wire, required()).client("sagemaker").list_models()
    assert {"sts.eu-west-1.amazonaws.com"} == {sent.host for sent in wire.of("AssumeRole")}


@pytest.mark.parametrize("network", ["0.0.0.0/0", "0.0.0.0/1", "::/0", "2000::/3"])
def test_the_whole_internet_is_no_private_network(network: str, wire: Wire) -> None:
    """Where PrivateLink is required, what is wider than any private range is refused; without, it is as stated."""
    text = required().replace("10.0.0.0/16", network)
    with pytest.raises(BaselineError, match="wider than any private network"):
        secured(wire, text)
    for fine in (required().replace("10.0.0.0/16", "10.0.0.0/8"), text.replace("required = true\n", "")):
        secured(wire, fine).client("sts")


# --- services that are let out

PUBLIC = """
[privatelink]
required = true
allowed_networks = ["10.0.0.0/16"]
services = { logs = "public" }
"""
WAIVED = """
[[waivers]]
control = "private-connection"
operations = ["*"]
resources = ["logs"]
reason = "the VPC has no endpoint for it yet"
ticket = "SEC-7"
approver = "jane.doe"
expires = 2026-12-31
"""


def test_nothing_goes_publicly_without_a_waiver(wire: Wire) -> None:
    """The error names the control; a waiver of another service, operation or control is none."""
    for waiver in (
        "",
        WAIVED.replace('["logs"]', '["kms"]'),
        WAIVED.replace('["*"]', '["GetLogEvents"]'),
        WAIVED.replace("private-connection", "vpc-config"),
    ):
        with pytest.raises(BaselineError, match="no waiver of private-connection") as caught:
            secured(wire, COMPLETE + PUBLIC + waiver, clock=lambda: IN_TIME)
        assert "privatelink.services.logs" == caught.value.field


def test_what_a_waiver_names_is_let_out_and_said(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """While it holds anybody may answer that service, and nobody else; the session warns of it."""
    with caplog.at_level("WARNING"):
        session = secured(wire, COMPLETE + PUBLIC + WAIVED, clock=lambda: IN_TIME)
    assert "private-connection is waived" in caplog.text
    policy = session._guard.network
    policy.others["logs"].check("logs.eu-west-1.amazonaws.com", "52.94.0.1")
    assert {"logs"} == set(policy.others)
    assert policy.peers is not None
    with pytest.raises(PeerError):
        policy.peers.check("kms.eu-west-1.amazonaws.com", "52.94.0.1")


def test_observing_lets_out_and_says_so(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """As a warning, when the session is made."""
    with caplog.at_level("WARNING"):
        secured(wire, f'{COMPLETE}{PUBLIC}\n[modes]\nprivate-connection = "observe"\n')
    assert "privatelink.services.logs is 'public'" in caplog.text


def test_a_waiver_ends_for_connections_too(wire: Wire) -> None:
    """A session that outlives it connects privately from the next day on."""
    days = [IN_TIME]
    session = secured(wire, COMPLETE + PUBLIC + WAIVED, clock=lambda: days[-1])
    days.append(datetime(2027, 1, 1, tzinfo=UTC))
    with pytest.raises(PeerError):
        session._guard.network.others["logs"].check("logs.eu-west-1.amazonaws.com", "52.94.0.1")
