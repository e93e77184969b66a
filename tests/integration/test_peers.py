"""Who may answer: names that lead inside, outside, both, or elsewhere the next time; on real sockets, by real TLS."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, SSLError

from secure_sagemaker import IdentityError, PeerError, SecureSession, SessionError
from secure_sagemaker.handlers import hold_way
from tests.ec2 import VPC_ID, endpoint, says_list, vpc
from tests.listening import (
    Authority,
    Names,
    Place,
    Witness,
    authority,
    named,
    tls_server,
    tunnelling_proxy,
    witness,
)
from tests.unit.baseline.stated import COMPLETE
from tests.unit.secured import SUPPORT, baseline
from tests.wire import OF_SESSIONS, Wire, read_models_once, refuses, says

HOST, STS = "api.sagemaker.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com"
EC2 = "ec2.eu-west-1.amazonaws.com"
RUNTIME, S3 = "runtime.sagemaker.eu-west-1.amazonaws.com", "ml-artifacts.s3.eu-west-1.amazonaws.com"
CERTIFIED = ("*.eu-west-1.amazonaws.com", "*.sagemaker.eu-west-1.amazonaws.com", S3)
INSIDE, INSIDE_TOO, OUTSIDE = "127.0.5.1", "127.0.5.2", "127.0.6.1"
NETWORKS = f'{COMPLETE}\n[privatelink]\nallowed_networks = ["127.0.5.0/24"]\n'
REQUIRED = f"{NETWORKS}required = true\n"
ONCE = Config(retries={"total_max_attempts": 1})


@dataclass(frozen=True, kw_only=True)
class Net:
    """Servers inside of the allowed network, a witness outside of it, and the names of both."""

    names: Names
    trusted: Authority
    wire: Wire
    inside: Place
    outside: Witness
    standing: ExitStack

    def session(self, text: str = NETWORKS) -> SecureSession:
        return SecureSession(baseline(text), source=self.wire.source())

    def client(self, service: str = "sagemaker", text: str = NETWORKS, **options: Any) -> Any:
        return self.session(text).client(service, **options)

    def server(self, *names: str, keep_alive: bool = True, **options: Any) -> Place:
        """Another one inside."""
        context = self.trusted.context(*(names or CERTIFIED), **options)
        return self.standing.enter_context(tls_server(self.wire, context, INSIDE_TOO, keep_alive=keep_alive))

    @property
    def work(self) -> list[str]:
        """What arrived of the caller's own."""
        return [operation for operation in self.wire.operations if operation not in OF_SESSIONS]


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for the module: keys take a while."""
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def net(trusted: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """AWS's own names, which lead inside."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(trusted.bundle))
    read_models_once(monkeypatch)
    names, wire = named(monkeypatch), Wire()
    with ExitStack() as standing:
        inside = standing.enter_context(tls_server(wire, trusted.context(*CERTIFIED), INSIDE))
        outside = standing.enter_context(witness(OUTSIDE))
        for host in (HOST, STS, EC2, RUNTIME, S3):
            names.lead(host, inside)
        yield Net(names=names, trusted=trusted, wire=wire, inside=inside, outside=outside, standing=standing)


def test_what_is_answered_from_inside_goes(net: Net) -> None:
    """Where names resolve to allowed addresses, everything is as ever."""
    net.client(text=REQUIRED).list_models()
    net.client("sagemaker-runtime").invoke_endpoint(EndpointName="churn", Body=b"x")
    assert ["ListModels", "POST"] == net.work
    assert net.outside.silent


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_what_is_answered_from_outside_is_refused_once(mode: str, net: Net) -> None:
    """Our own error reaches the caller, no byte leaves, not even a TLS hello, and nothing is tried again."""
    net.names.lead(HOST, net.outside.place)
    client = net.client(config=Config(retries={"mode": mode, "total_max_attempts": 3}))
    with pytest.raises(PeerError, match=r"127\.0\.6\.1") as caught:
        client.list_models()
    assert (HOST, OUTSIDE) == (caught.value.host, caught.value.address)
    assert "127.0.5.0/24" in str(caught.value)
    assert b"" == net.outside.heard()
    assert net.outside.silent
    assert [] == net.work


def test_the_role_is_assumed_inside_or_not_at_all(net: Net) -> None:
    """The source's signature goes nowhere else either."""
    net.names.lead(STS, net.outside.place)
    with pytest.raises(PeerError, match=STS):
        net.client().list_models()
    assert b"" == net.outside.heard()
    assert [] == net.wire.requests


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "host"),
    [
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"payload"}, RUNTIME),
        (
            "sagemaker-runtime",
            "invoke_endpoint_async",
            {"EndpointName": "e", "InputLocation": "s3://ml-artifacts/in"},
            RUNTIME,
        ),
        (
            "sagemaker-runtime",
            "invoke_endpoint_with_response_stream",
            {"EndpointName": "e", "Body": b"payload"},
            RUNTIME,
        ),
        ("s3", "put_object", {"Bucket": "ml-artifacts", "Key": "k", "Body": b"payload"}, S3),
        ("s3", "put_object", {"Bucket": "ml-artifacts", "Key": "k", "Body": b"p" * 2_000_000}, S3),
    ],
    ids=["invocation", "async", "stream", "object", "large-object"],
)
def test_no_payload_leaves(
    net: Net, service: str, operation: str, parameters: dict[str, Any], host: str
) -> None:
    """What carries data is held like what carries settings."""
    net.names.lead(host, net.outside.place)
    with pytest.raises(PeerError, match=host):
        getattr(net.client(service), operation)(**parameters)
    assert b"" == net.outside.heard()


@pytest.mark.sdk(2)
@pytest.mark.filterwarnings("ignore:.*SageMaker Python SDK v2")
def test_a_predictor_of_the_sdk_is_held_too(net: Net) -> None:
    """What the SDK v2 invokes an endpoint by is a client of the session; so it is asynchronously, and for streams."""
    from sagemaker.predictor import Predictor

    predictor = Predictor("churn", sagemaker_session=net.session().sagemaker_session())
    assert b"" == predictor.predict(b"payload")
    net.names.lead(RUNTIME, net.outside.place)
    predictor = Predictor("churn", sagemaker_session=net.session().sagemaker_session())
    with pytest.raises(PeerError, match=RUNTIME):
        predictor.predict(b"payload")
    assert b"" == net.outside.heard()
    with pytest.raises(PeerError, match=RUNTIME):
        predictor.predict_stream(b"payload")
    assert b"" == net.outside.heard()


@pytest.mark.sdk(3)
def test_an_endpoint_of_the_sdk_is_held_too(net: Net) -> None:
    """What the SDK v3 invokes an endpoint by is a client of the session."""
    from sagemaker.core.resources import Endpoint

    session = net.session()
    with session.activate():
        session.sagemaker_session()
        net.names.lead(RUNTIME, net.outside.place)
        with pytest.raises(PeerError, match=RUNTIME):
            Endpoint(endpoint_name="churn").invoke(body=b"payload")
    assert b"" == net.outside.heard()


def test_a_transfers_threads_are_held_too(net: Net, tmp_path: Path) -> None:
    """What boto3 uploads by threads of its own meets the same."""
    net.names.lead(S3, net.outside.place)
    file = tmp_path / "data"
    file.write_bytes(b"payload")
    with pytest.raises(PeerError):
        net.client("s3").upload_file(str(file), "ml-artifacts", "k")
    assert b"" == net.outside.heard()


def test_a_name_that_leads_both_ways_is_good_for_the_inside_alone(net: Net) -> None:
    """Of several addresses the one that answers is looked at, whichever it is."""
    net.names.lead(HOST, [net.inside, net.outside.place], [net.outside.place, net.inside])
    client = net.client()
    client.list_models()
    client._endpoint.http_session.close()  # so that the next call connects anew
    with pytest.raises(PeerError):
        client.list_models()
    assert b"" == net.outside.heard()
    assert ["ListModels"] == net.work


def test_a_name_that_leads_elsewhere_the_next_time_is_found_out(net: Net) -> None:
    """Each new connection is looked at: an earlier one that was fine proves nothing about it."""
    once = net.server(keep_alive=False)
    net.names.lead(HOST, once, net.outside.place)
    client = net.client()
    client.list_models()
    with pytest.raises(PeerError):
        client.list_models()
    assert b"" == net.outside.heard()
    assert ["ListModels"] == net.work


def test_a_connection_that_stands_is_used_on(net: Net) -> None:
    """After a name has moved, what goes over the connection that was looked at goes where it went."""
    net.names.lead(HOST, net.inside, net.outside.place)
    client = net.client()
    client.list_models()
    client.list_models()
    assert ["ListModels", "ListModels"] == net.work
    assert net.outside.silent


def test_a_moved_endpoint_is_followed_within(net: Net) -> None:
    """A name may move from one allowed address to another."""
    net.names.lead(HOST, net.server(keep_alive=False), net.inside)
    client = net.client()
    client.list_models()
    client.list_models()
    assert ["ListModels", "ListModels"] == net.work


def test_an_endpoint_is_reached_by_its_own_name(net: Net) -> None:
    """The server's name and the certificate's are the endpoint's; an address outside is no better under it."""
    own = "vpce-0a1b2c3d4e5f60718-1a2b3c4d.api.sagemaker.eu-west-1.vpce.amazonaws.com"
    text = f'{REQUIRED}endpoints = {{ sagemaker = "{own}" }}\n'
    net.names.lead(HOST, net.outside.place)
    net.names.lead(own, net.server(own))
    net.client(text=text).list_models()
    assert own == net.wire.one("ListModels").host
    net.names.lead(own, net.inside)
    with pytest.raises(SSLError, match=r"Hostname mismatch|doesn't match"):
        net.client(text=text, config=ONCE).list_models()
    net.names.lead(own, net.outside.place)
    with pytest.raises(PeerError, match=own):
        net.client(text=text).list_models()
    assert b"" == net.outside.heard()
    assert net.outside.silent


# --- networks that are found out

FINDING = {"DescribeSubnets", "DescribeVpcs"}
LEARNT = f"{COMPLETE}\n[privatelink]\nrequired = true\n"


def test_the_vpcs_own_networks_are_the_default(net: Net) -> None:
    """They are read once, signed by the support session, before anything of the caller's goes anywhere."""
    net.wire.answers |= vpc("127.0.5.0/24", "2001:db8:1::/56")
    session = net.session(LEARNT)
    client = session.client("sagemaker")
    client.list_models()
    session.client("sagemaker-runtime").invoke_endpoint(EndpointName="churn", Body=b"x")
    assert ["DescribeSubnets", "DescribeVpcs", "ListModels", "POST"] == net.work
    readers = {net.wire.signer(sent) for sent in net.wire.requests if sent.operation in FINDING}
    assert {SUPPORT} == readers
    net.names.lead(HOST, net.outside.place)
    with pytest.raises(PeerError, match=r"the networks of vpc-0a1b2c3d \(127\.0\.5\.0/24, 2001:db8:1::/56\)"):
        session.client("sagemaker").list_models()
    assert b"" == net.outside.heard()


def test_a_network_that_is_no_longer_the_vpcs_is_none(net: Net) -> None:
    """A block that was taken from the VPC is not one of its own."""
    net.wire.answers |= vpc("10.0.0.0/16", gone=["127.0.5.0/24"])
    with pytest.raises(PeerError, match="which lies outside"):
        net.client(text=LEARNT).list_models()
    assert "ListModels" not in net.work


@pytest.mark.parametrize("host", [STS, EC2])
def test_who_answered_before_the_networks_were_known_is_looked_at_again(host: str, net: Net) -> None:
    """A private address that is none of the VPC's has answered for credentials or networks: nothing else is sent."""
    elsewhere = tls_server(net.wire, net.trusted.context(*CERTIFIED), OUTSIDE)
    net.names.lead(host, net.standing.enter_context(elsewhere))
    net.wire.answers |= vpc("127.0.5.0/24")
    client = net.client(text=LEARNT)
    for _ in range(2):
        with pytest.raises(PeerError, match=rf"{host} is answered from {OUTSIDE}"):
            client.list_models()
    assert "ListModels" not in net.work


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (
            {"DescribeSubnets": refuses("UnauthorizedOperation", "not you", status=403)},
            "UnauthorizedOperation: not you",
        ),
        (vpc("127.0.5.0/24", subnets=("vpc-1", "vpc-2")), "vpc-1 and vpc-2"),
    ],
    ids=["denied", "two-vpcs"],
)
@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_networks_that_cannot_be_found_out_let_nobody_answer(
    answers: Any, told: str, mode: str, net: Net
) -> None:
    """The error says what was asked for, and how to do without; it is not tried again."""
    net.wire.answers |= answers
    with pytest.raises(SessionError, match=told):
        net.client(text=LEARNT, config=Config(retries={"mode": mode, "total_max_attempts": 3})).list_models()
    assert ["DescribeSubnets"] == net.work


def test_threads_find_the_networks_out_once(net: Net) -> None:
    """Whoever connects first asks; the others wait for the answer."""
    net.wire.answers |= vpc("127.0.5.0/24")
    client = net.client(text=LEARNT)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.list_models(), range(8)))
    assert 1 == len(net.wire.of("DescribeVpcs"))
    assert 8 == len(net.wire.of("ListModels"))


# --- S3's gateway endpoint

GATEWAY = f'{REQUIRED}services = {{ s3 = "gateway" }}\n'


def gateway(*routes: tuple[str, str], owner: str = "AWS") -> dict[str, Any]:
    """What EC2 says of a VPC with a gateway endpoint for S3, whose addresses are those outside."""
    table = {
        "routeTableId": "rtb-1",
        "vpcId": VPC_ID,
        "associationSet": [{"main": True, "associationState": {"state": "associated"}}],
        "routeSet": [
            {
                "destinationPrefixListId" if to.startswith("pl-") else "destinationCidrBlock": to,
                "gatewayId": target,
                "state": "active",
            }
            for to, target in routes
        ],
    }
    return {
        **vpc("127.0.5.0/24"),
        "DescribeRouteTables": says_list("DescribeRouteTables", "routeTableSet", [table]),
        "DescribeVpcEndpoints": says_list(
            "DescribeVpcEndpoints",
            "vpcEndpointSet",
            [endpoint("vpce-0a", "com.amazonaws.eu-west-1.s3", kind="Gateway")],
        ),
        "DescribeManagedPrefixLists": says_list(
            "DescribeManagedPrefixLists",
            "prefixListSet",
            [{"prefixListId": "pl-s3", "prefixListName": "com.amazonaws.eu-west-1.s3", "ownerId": owner}],
        ),
        "GetManagedPrefixListEntries": says_list(
            "GetManagedPrefixListEntries", "entrySet", [{"cidr": "127.0.6.0/24"}]
        ),
    }


def test_s3_may_answer_from_its_own_addresses_where_they_are_routed_to_the_gateway(net: Net) -> None:
    """And nobody else from there; what was seen of the routes is not asked again."""
    net.wire.answers |= gateway(("pl-s3", "vpce-0a"))
    place = net.standing.enter_context(tls_server(net.wire, net.trusted.context(*CERTIFIED), OUTSIDE))
    net.names.lead(S3, place)
    session = net.session(GATEWAY)
    for _ in range(2):
        session.client("s3").put_object(Bucket="ml-artifacts", Key="k", Body=b"payload")
    assert 2 == len(net.wire.of("PUT"))
    assert 1 == len(net.wire.of("DescribeRouteTables"))
    net.names.lead(HOST, net.outside.place)
    with pytest.raises(PeerError):
        session.client("sagemaker").list_models()
    assert b"" == net.outside.heard()


@pytest.mark.parametrize(
    ("told", "answers"),
    [
        ("no route of its VPC", gateway(("0.0.0.0/0", "nat-1"))),
        ("rtb-1, of subnet-0a1b2c3d, has no route", gateway(("pl-s3", "igw-1"))),
        ("which is nearer", gateway(("pl-s3", "vpce-0a"), ("127.0.6.0/25", "igw-1"))),
        ("no route of its VPC", gateway(("pl-s3", "vpce-0a"), owner="111122223333")),
        (
            "UnauthorizedOperation",
            {**gateway(), "DescribeRouteTables": refuses("UnauthorizedOperation", status=403)},
        ),
    ],
    ids=["no-route", "elsewhere", "nearer", "somebodys-list", "denied"],
)
def test_the_addresses_alone_prove_nothing(told: str, answers: Any, net: Net) -> None:
    """Without the route, as seen in the subnets' tables, nothing is sent."""
    net.wire.answers |= answers
    net.names.lead(S3, net.outside.place)
    with pytest.raises(SessionError, match=told):
        net.client("s3", text=GATEWAY).put_object(Bucket="ml-artifacts", Key="k", Body=b"payload")
    assert net.outside.silent
    assert [] == net.wire.of("PUT")


# --- who gives credentials, and the baseline

CHAINED = """
[profile chained]
role_arn = arn:aws:iam::111122223333:role/source
source_profile = base
region = eu-west-1

[profile base]
aws_access_key_id = ASIASOURCE
aws_secret_access_key = secret
aws_session_token = token
"""


def test_the_sources_own_role_is_assumed_inside_or_not_at_all(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore's providers make clients of their own: those are looked at as well, and the caller's are not."""
    path = tmp_path / "config"
    path.write_text(CHAINED)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    source = boto3.Session(profile_name="chained")
    client = SecureSession(baseline(NETWORKS), source=source).client("sagemaker")
    net.names.lead(STS, net.outside.place)
    with pytest.raises(PeerError, match=STS):
        client.list_models()
    assert b"" == net.outside.heard()
    assert [] == net.wire.requests
    net.names.lead(STS, net.inside)
    client.list_models()
    assert ["source", "ml-launcher"] == [
        sent.form["RoleArn"].rpartition("/")[2] for sent in net.wire.of("AssumeRole")
    ]
    assert "send" not in vars(source.client("sts")._endpoint.http_session)  # type: ignore[attr-defined]  # no public way


def test_a_layer_is_taken_from_nobody_outside(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be read before it is known who may answer; then that is looked at, before it is used."""
    ssm, parameter = "ssm.eu-west-1.amazonaws.com", {"Parameter": {"Value": "schema_version = 1\n"}}
    net.wire.answers["GetParameter"] = says(parameter)
    monkeypatch.setenv("SECURE_SAGEMAKER_ORGANISATION", "ssm:/ml/baseline")
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(NETWORKS)
    net.names.lead(ssm, net.inside)
    SecureSession(path, source=net.wire.source())
    elsewhere = tls_server(net.wire, net.trusted.context(*CERTIFIED), OUTSIDE)
    net.names.lead(ssm, net.standing.enter_context(elsewhere))
    with pytest.raises(PeerError, match=ssm):
        SecureSession(path, source=net.wire.source())
    assert ["GetParameter", "GetParameter"] == net.wire.operations


# --- certificates


@pytest.mark.parametrize(
    ("names", "options", "told"),
    [
        (("api.sagemaker.us-east-1.amazonaws.com",), {}, "Hostname mismatch|doesn't match"),
        ((HOST,), {"not_after": datetime(2020, 1, 1, tzinfo=UTC)}, "expired"),
    ],
    ids=["wrong-name", "expired"],
)
def test_an_allowed_address_is_not_enough(
    net: Net, names: tuple[str, ...], options: dict[str, Any], told: str
) -> None:
    """The certificate is verified as ever, for the name that was to be reached."""
    if "not_after" in options:
        options = {"not_before": datetime(2019, 1, 1, tzinfo=UTC), **options}
    net.names.lead(HOST, net.server(*names, **options))
    with pytest.raises(SSLError, match=told):
        net.client(config=ONCE).list_models()
    assert [] == net.work


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_an_empty_bundle_turns_nothing_off(variable: str, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Earlier releases of botocore check no certificate where the variable is set and empty."""
    monkeypatch.delenv("AWS_CA_BUNDLE")
    monkeypatch.setenv(variable, "")
    with pytest.raises((SessionError, BotoCoreError), match=r"TLS certificates|CA bundle"):
        net.client()


# --- proxies


def test_a_proxy_outside_is_told_nothing(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a proxy the proxy is the peer: it does not learn where the request was to go."""
    place = net.outside.place
    client = net.client(config=Config(proxies={"https": f"http://{place.address}:{place.port}"}))
    with pytest.raises(PeerError, match=OUTSIDE):
        client.list_models()
    assert b"" == net.outside.heard()
    monkeypatch.setenv("HTTPS_PROXY", f"http://{place.address}:{place.port}")
    with pytest.raises(PeerError, match=OUTSIDE):
        net.client().list_models()
    assert b"" == net.outside.heard()


def test_a_proxy_inside_may_pass_it_on(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PrivateLink is not required, an allowed address may be a proxy's."""
    with tunnelling_proxy(INSIDE_TOO, {HOST: net.inside, STS: net.inside}) as (proxy, asked):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}:{proxy.port}")
        net.client().list_models()
        assert {STS, HOST} == set(asked)
    assert ["ListModels"] == net.work


def test_where_privatelink_is_required_no_proxy_is_used(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says who named it, and keeps its password."""
    url = f"http://jane:s3cr3t-word@{INSIDE}:3128"
    with pytest.raises(SessionError, match=rf"http://{INSIDE}:3128, from proxies=") as given:
        net.client(text=REQUIRED, config=Config(proxies={"https": url}))
    made_before = net.client(text=REQUIRED)
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(SessionError, match="HTTPS_PROXY") as found:
        net.client(text=REQUIRED)
    with pytest.raises(IdentityError, match="HTTPS_PROXY") as assuming:
        made_before.list_models()
    for caught in (given, found, assuming):
        assert "s3cr3t-word" not in str(caught.value)
    assert [] == net.wire.requests


def test_a_proxy_that_is_listed_may_be_gone_by(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly that origin; and it has to answer from inside."""
    places = {HOST: net.inside, STS: net.inside}
    with tunnelling_proxy(INSIDE_TOO, places) as (proxy, asked):
        url = f"http://{proxy.address}:{proxy.port}"
        monkeypatch.setenv("HTTPS_PROXY", url.replace("http://", "http://jane:s3cr3t-word@"))
        net.client(text=f'{REQUIRED}allowed_proxies = ["{url}"]\n').list_models()
        assert {STS, HOST} == set(asked)
        with pytest.raises(SessionError, match="allowed_proxies"):
            net.client(text=f'{REQUIRED}allowed_proxies = ["http://{proxy.address}:1"]\n')
    assert ["ListModels"] == net.work
    place = net.outside.place
    outside = f"http://{place.address}:{place.port}"
    monkeypatch.setenv("HTTPS_PROXY", outside)
    with pytest.raises(PeerError, match=OUTSIDE):
        net.client(text=f'{REQUIRED}allowed_proxies = ["{outside}"]\n').list_models()
    assert b"" == net.outside.heard()


# --- an activated process


def test_in_an_activated_process_any_client_is_held(net: Net) -> None:
    """A client that another session makes, and one from before that is adopted, connect inside or not at all."""
    anybodys = boto3.Session(region_name="eu-west-1")
    keyless = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "s", "region_name": "eu-west-1"}
    earlier = boto3.client("sagemaker", **keyless)  # type: ignore[call-overload]  # no literals
    earlier._request_signer._credentials.method = "env"
    with net.session().activate(earlier="adopt"):
        for client in (anybodys.client("sagemaker"), earlier):
            net.names.lead(HOST, net.outside.place)
            with pytest.raises(PeerError):
                client.list_models()
            assert b"" == net.outside.heard()
            net.names.lead(HOST, net.inside)
            client.list_models()
    assert ["ListModels", "ListModels"] == net.work
    assert "send" not in vars(earlier._endpoint.http_session)


def test_an_earlier_client_that_is_adopted_connects_anew(net: Net) -> None:
    """Connections from before the activation are not used, and it is let go as it was found."""
    client = boto3.client(
        "sagemaker", region_name="eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="s", config=ONCE
    )
    elsewhere = tls_server(net.wire, net.trusted.context(*CERTIFIED), OUTSIDE)
    net.names.lead(HOST, net.standing.enter_context(elsewhere))
    client.list_models()
    http_session = client._endpoint.http_session
    before = dict(http_session._pool_classes_by_scheme)
    policy = net.session()._guard.network
    restore = hold_way(client, policy)
    net.names.lead(HOST, net.outside.place)
    with pytest.raises(PeerError):
        client.list_models()
    assert b"" == net.outside.heard()
    restore()
    assert before == http_session._pool_classes_by_scheme
    assert "send" not in vars(http_session)
    net.names.lead(HOST, net.inside)
    client.list_models()
    assert ["ListModels", "ListModels"] == net.work
