"""What calls name, in the embedded account: made behind the session's back, and looked at as it is used."""

from __future__ import annotations

import base64
import itertools
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from secure_sagemaker import ControlError, SecureSession, SecurityBaseline
from secure_sagemaker.local import EmbeddedAWS
from tests.integration.chains import ELSEWHERE, LINKS, STARTS, Chain, On, stand, variant
from tests.integration.embedded import client

_NUMBERS = itertools.count()
ORDER = list(LINKS)


@pytest.fixture(scope="module")
def invoking(account: EmbeddedAWS) -> SecureSession:
    """A session whose baseline asks for invocations to be looked at."""
    stated = tomllib.loads(f"{account.baseline_toml()}\n[references]\ninvoke = true\n")
    return account.session(SecurityBaseline.from_mapping(stated, source="test"))


@pytest.fixture
def on(invoking: SecureSession) -> On:
    """The session's clients, loosely typed."""
    made: On = invoking.client
    return made


@pytest.fixture(scope="module")
def chains(account: EmbeddedAWS) -> dict[str, Chain]:
    """A chain for each bad link, and one that is whole."""
    return {bad: stand(account, bad=bad) for bad in ("", *LINKS)}


def _combinations() -> Iterator[object]:
    for start, (first, _) in STARTS.items():
        for bad in ORDER[ORDER.index(first) :]:
            yield pytest.param(start, bad, id=f"{start}-{bad}")


@pytest.mark.parametrize(("start", "bad"), list(_combinations()))
def test_one_bad_link_anywhere_is_refused_and_named(
    start: str, bad: str, chains: dict[str, Chain], on: On, account: EmbeddedAWS
) -> None:
    """Whichever call puts the chain to use: by the link's control, with the way to it, and nothing is sent."""
    chain = chains[bad]
    control, end = LINKS[bad]
    account.forget_requests()
    with pytest.raises(ControlError) as caught:
        STARTS[start][1](on, chain)
    refused = caught.value
    assert (start, control) == (refused.operation, refused.control_id)
    assert refused.path.endswith(end.format(name=chain.name))
    assert [] == list(refused.others)
    assert start not in [
        request.operation for request in account.requests if request.principal != account.launcher
    ]


@pytest.mark.parametrize("start", STARTS)
def test_a_chain_that_is_whole_goes_through(start: str, chains: dict[str, Chain], on: On) -> None:
    """A thing need not have been made through the session."""
    STARTS[start][1](on, chains[""])


# --- other things


def _notebook(plain: Any, aws: EmbeddedAWS, name: str, **members: object) -> None:
    plain.create_notebook_instance(
        NotebookInstanceName=name,
        InstanceType="ml.t3.medium",
        RoleArn=aws.execution_role_arn,
        SubnetId=aws.subnets[0],
        SecurityGroupIds=list(aws.security_groups),
        **{"KmsKeyId": aws.key_arn, "RootAccess": "Disabled", "DirectInternetAccess": "Disabled", **members},
    )


def _rooted(plain: Any, aws: EmbeddedAWS, name: str) -> str:
    _notebook(plain, aws, name, RootAccess="Enabled")
    plain.stop_notebook_instance(NotebookInstanceName=name)
    return name


def _scripted(plain: Any, aws: EmbeddedAWS, name: str) -> str:
    script = base64.b64encode(b"export DB_PASSWORD=hunter2-hunter2-7").decode()
    plain.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name, OnStart=[{"Content": script}]
    )
    _notebook(plain, aws, name, LifecycleConfigName=name)
    plain.stop_notebook_instance(NotebookInstanceName=name)
    return name


def _domain(plain: Any, aws: EmbeddedAWS, name: str) -> str:
    made = plain.create_domain(
        DomainName=name,
        AuthMode="IAM",
        DefaultUserSettings={
            "ExecutionRole": aws.execution_role_arn,
            "SecurityGroups": list(aws.security_groups),
        },
        SubnetIds=list(aws.subnets),
        VpcId=aws.vpc_id,
        KmsKeyId=aws.key_arn,
        AppNetworkAccessType="PublicInternetOnly",
    )
    domain = str(made["DomainArn"]).rpartition("/")[2]
    plain.create_user_profile(DomainId=domain, UserProfileName="ana")
    return domain


def _group(plain: Any, aws: EmbeddedAWS, name: str) -> str:
    plain.create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=[
            {"FeatureName": "id", "FeatureType": "String"},
            {"FeatureName": "at", "FeatureType": "String"},
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
    )
    return name


def _server(plain: Any, aws: EmbeddedAWS, name: str) -> str:
    plain.create_mlflow_tracking_server(
        TrackingServerName=name, ArtifactStoreUri=f"s3://{ELSEWHERE}/runs", RoleArn=aws.execution_role_arn
    )
    return name


OTHERS: dict[str, tuple[Callable[[Any, EmbeddedAWS, str], str], Callable[[On, str], object], str, str]] = {
    "a-notebook-with-root": (
        _rooted,
        lambda on, name: on("sagemaker").start_notebook_instance(NotebookInstanceName=name),
        "root-access",
        "NotebookInstanceName -> notebook-instance/{name}: RootAccess",
    ),
    "a-url-of-a-notebook-with-root": (
        _rooted,
        lambda on, name: on("sagemaker").create_presigned_notebook_instance_url(NotebookInstanceName=name),
        "root-access",
        "NotebookInstanceName -> notebook-instance/{name}: RootAccess",
    ),
    "a-script-with-a-secret": (
        _scripted,
        lambda on, name: on("sagemaker").start_notebook_instance(NotebookInstanceName=name),
        "plaintext-secret",
        "NotebookInstanceName -> notebook-instance/{name}: LifecycleConfigName -> "
        "notebook-instance-lifecycle-config/{name}: OnStart[0].Content",
    ),
    "a-domain-on-the-internet": (
        _domain,
        lambda on, name: on("sagemaker").create_presigned_domain_url(DomainId=name, UserProfileName="ana"),
        "direct-internet-access",
        "DomainId -> domain/{name}: AppNetworkAccessType",
    ),
    "a-profile-in-it": (
        _domain,
        lambda on, name: on("sagemaker").create_user_profile(DomainId=name, UserProfileName="eva"),
        "direct-internet-access",
        "DomainId -> domain/{name}: AppNetworkAccessType",
    ),
    "a-feature-group-without-a-key": (
        _group,
        lambda on, name: on("sagemaker-featurestore-runtime").put_record(
            FeatureGroupName=name, Record=[{"FeatureName": "id", "ValueAsString": "1"}]
        ),
        "kms-resource-key",
        "FeatureGroupName -> feature-group/{name}: OnlineStoreConfig.SecurityConfig.KmsKeyId",
    ),
    "a-tracking-server-elsewhere": (
        _server,
        lambda on, name: on("sagemaker").create_presigned_mlflow_tracking_server_url(TrackingServerName=name),
        "data-perimeter",
        "TrackingServerName -> mlflow-tracking-server/{name}: ArtifactStoreUri",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_things_are_looked_at_as_they_are_used(case: str, account: EmbeddedAWS, on: On) -> None:
    """What starts, opens or fills it is refused for what it is, and the secret is never told."""
    make, use, control, path = OTHERS[case]
    name = make(client(account, "sagemaker"), account, f"other-{next(_NUMBERS)}")
    with pytest.raises(ControlError) as caught:
        use(on, name)
    told = {(one.control_id, one.path) for one in (caught.value, *caught.value.others)}
    assert (control, path.format(name=name)) in {
        (one, where.partition("[line")[0]) for one, where in told
    } | told
    assert "hunter2" not in str(caught.value)


# --- again


def test_a_thing_made_anew_under_its_name_is_seen(account: EmbeddedAWS, on: On) -> None:
    """The session remembers things, not names."""
    chain, plain = stand(account), client(account, "sagemaker")
    start = STARTS["CreateEndpoint"][1]
    start(on, chain)
    plain.delete_endpoint(EndpointName=chain.name)
    plain.delete_endpoint_config(EndpointConfigName=chain.name)
    plain.create_endpoint_config(EndpointConfigName=chain.name, ProductionVariants=[variant(chain)])
    with pytest.raises(ControlError) as caught:
        start(on, chain)
    assert f"EndpointConfigName -> endpoint-config/{chain.name}: KmsKeyId" == caught.value.path


def test_what_is_unchanged_is_described_once_a_use(account: EmbeddedAWS, on: On) -> None:
    """The second use reads the config, and the package, which can be updated; never the model again."""
    chain = stand(account)
    counted = []
    for _ in range(2):
        account.forget_requests()
        STARTS["CreateEndpoint"][1](on, chain)
        counted.append([one.operation for one in account.requests if one.operation.startswith("Describe")])
    assert [
        ["DescribeEndpointConfig", "DescribeModel", "DescribeModelPackage"],
        ["DescribeEndpointConfig", "DescribeModelPackage"],
    ] == counted
