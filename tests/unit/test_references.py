"""What a call names is described before it is sent, and held to the controls, transitively."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

from secure_sagemaker import Action, ControlError, Decision, SecureSession
from tests.unit.baseline.stated import COMPLETE, KEY
from tests.unit.described import (
    IMAGE,
    PACKAGE,
    Account,
    arn,
    config,
    endpoint,
    model,
    package,
    variant,
)
from tests.unit.secured import SUPPORT, Records, secured
from tests.wire import OF_SESSIONS, Answer, Sent, Wire, refuses, says

FOREIGN_KEY = KEY.replace("1234abcd", "ffffffff")
OPEN = {"EnableNetworkIsolation": False}
REQUIRED = COMPLETE.replace('models = "default"', 'models = "require"')
OBSERVED = f'{COMPLETE}\n[modes]\nreferenced-resource = "observe"\n'
IN_VPC = COMPLETE.replace("[vpc]", '[vpc]\nvpc_id = "vpc-0a1b2c3d"')
INVOKED = f"{COMPLETE}\n[references]\ninvoke = true\n"
CHAIN = (
    "EndpointConfigName -> endpoint-config/churn: ProductionVariants[0].ModelName -> model/churn: "
    "PrimaryContainer.ModelPackageName -> model-package/churn/1: "
)
WAIVER = """
[[waivers]]
control = "{control}"
operations = ["{operation}"]
resources = ["{name}"]
reason = "it is an old one"
ticket = "SEC-7"
approver = "jane.doe"
expires = 2099-12-31
"""


@pytest.fixture
def account(wire: Wire) -> Account:
    """A config, its model and the model's package, as they must be."""
    return Account(wire)


def create(session: SecureSession, name: str = "churn") -> None:
    session.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName="churn")


def refusal(session: SecureSession) -> ControlError:
    with pytest.raises(ControlError) as caught:
        create(session)
    return caught.value


def looked(records: Records) -> list[Decision]:
    """The decisions about what the last call named."""
    return [one for one in records[-1].decisions if " -> " in one.path or one.path == "EndpointConfigName"]


# --- the chain


def test_a_chain_that_is_as_it_must_be_is_kept(account: Account) -> None:
    """Each link is described by the support session, before the call is sent, and recorded as kept."""
    records = Records()
    create(secured(account.wire, audit=records))
    sent = [one for one in account.wire.requests if one.operation not in OF_SESSIONS]
    assert ["DescribeEndpointConfig", "DescribeModel", "DescribeModelPackage", "CreateEndpoint"] == [
        one.operation for one in sent
    ]
    assert {SUPPORT} == {account.wire.signer(one) for one in sent[:-1]}
    assert ["endpoint-config/churn", "model/churn", "model-package/churn/1"] == [
        one.got for one in looked(records)
    ]
    assert {Action.KEPT} == {one.action for one in looked(records)}
    assert [one.operation for one in sent] == [one.operation for one in records]


LINKS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "the-config": (
        "DescribeEndpointConfig",
        "churn",
        config(KmsKeyId=FOREIGN_KEY),
        "kms-volume-key",
        "EndpointConfigName -> endpoint-config/churn: KmsKeyId",
    ),
    "the-model": (
        "DescribeModel",
        "churn",
        model(ExecutionRoleArn="arn:aws:iam::111122223333:role/admin"),
        "execution-role",
        "EndpointConfigName -> endpoint-config/churn: ProductionVariants[0].ModelName -> model/churn: "
        "ExecutionRoleArn",
    ),
    "the-package": (
        "DescribeModelPackage",
        PACKAGE,
        package(SecurityConfig={"KmsKeyId": FOREIGN_KEY}),
        "kms-resource-key",
        f"{CHAIN}SecurityConfig.KmsKeyId",
    ),
    "the-bucket": (
        "DescribeModelPackage",
        PACKAGE,
        package(
            InferenceSpecification={
                "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://elsewhere/model.tar.gz"}]
            }
        ),
        "data-perimeter",
        f"{CHAIN}InferenceSpecification.Containers[0].ModelDataUrl",
    ),
}


@pytest.mark.parametrize("link", LINKS)
def test_one_bad_link_is_refused_by_its_control_and_named(link: str, account: Account) -> None:
    """The path is the whole chain, the control that of the link, and nothing is sent."""
    describe, name, thing, control, path = LINKS[link]
    account.put(describe, name, thing)
    records = Records()
    refused = refusal(secured(account.wire, audit=records))
    assert (control, path) == (refused.control_id, refused.path)
    assert "anew through this session" in refused.remedy
    assert [] == account.wire.of("CreateEndpoint")
    assert ("CreateEndpoint", "refused", control) == records.outcomes[-1]
    assert [path] == [one.path for one in looked(records) if one.action is Action.REFUSED]


def test_what_is_missing_there_is_refused(account: Account) -> None:
    """A model without network is not completed, as a call would be, but refused."""
    bare = model()
    del bare["VpcConfig"]
    account.put("DescribeModel", "churn", bare)
    refused = refusal(secured(account.wire))
    assert ("vpc-config", "(absent)") == (refused.control_id, refused.got)
    assert {"vpc-config"} == {one.control_id for one in refused.others}


def test_what_a_correction_would_mend_is_refused(account: Account) -> None:
    """A control that corrects calls cannot correct what stands already."""
    account.put(
        "DescribeEndpointConfig", "churn", config(ProductionVariants=[{**variant(), "EnableSSMAccess": True}])
    )
    assert "ssm-access" == refusal(secured(account.wire)).control_id


def test_how_a_key_is_written_there_does_not_matter(account: Account) -> None:
    """The right key by its id is the right key: only a call has its form mended."""
    account.wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    account.put("DescribeEndpointConfig", "churn", config(KmsKeyId=KEY.rpartition("/")[2]))
    create(secured(account.wire))


def test_a_key_that_nobody_can_resolve_is_a_refusal(account: Account) -> None:
    """What it names cannot be told, so the thing cannot be judged."""
    account.put("DescribeEndpointConfig", "churn", config(KmsKeyId="alias/gone"))
    refused = refusal(secured(account.wire))
    assert "referenced-resource" == refused.control_id
    assert "alias/gone" in refused.got


def test_tags_are_not_judged_there(account: Account) -> None:
    """A Describe shows none."""
    create(secured(account.wire, f'{COMPLETE}\n[required_tags]\nteam = ["churn"]\n'))


# --- what cannot be read


UNREADABLE = {
    "denied": (refuses("AccessDeniedException"), "sagemaker:DescribeEndpointConfig on it to arn:aws:iam::"),
    "not-found": (refuses("ValidationException", "Could not find"), "name one that exists"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_refused(case: str, account: Account) -> None:
    """Which permission or which name is in the refusal."""
    answer, remedy = UNREADABLE[case]
    account.put("DescribeEndpointConfig", "churn", answer)
    refused = refusal(secured(account.wire))
    assert ("referenced-resource", "EndpointConfigName") == (refused.control_id, refused.path)
    assert "endpoint-config/churn" in refused.got
    assert remedy in refused.remedy
    assert [] == account.wire.of("CreateEndpoint")


def test_no_answer_is_a_refusal(account: Account) -> None:
    """A network that does not answer tells nothing of what is behind a name."""

    def silent(sent: Sent) -> Answer:
        raise EndpointConnectionError(endpoint_url=sent.url)

    account.put("DescribeModel", "churn", silent)
    refused = refusal(secured(account.wire))
    assert "referenced-resource" == refused.control_id
    assert refused.path.endswith("ProductionVariants[0].ModelName")


def test_a_later_link_that_is_not_there_is_named(account: Account) -> None:
    """The refusal tells the way to it."""
    account.put("DescribeEndpointConfig", "churn", config(ProductionVariants=[variant("gone")]))
    refused = refusal(secured(account.wire))
    assert "EndpointConfigName -> endpoint-config/churn: ProductionVariants[0].ModelName" == refused.path
    assert "model/gone" in refused.got


def test_observing_what_cannot_be_read_changes_nothing(account: Account) -> None:
    """It is recorded, and the call goes out."""
    del account.things["DescribeModel", "churn"]
    records = Records()
    create(secured(account.wire, OBSERVED, audit=records))
    assert 1 == len(account.wire.of("CreateEndpoint"))
    assert [Action.KEPT, Action.OBSERVED] == [one.action for one in looked(records)]


# --- how often


def test_what_is_unchanged_is_described_once_a_use_and_not_walked_again(account: Account) -> None:
    """The config and what can be changed behind it are read again; what cannot is as it was."""
    session = secured(account.wire)
    create(session)
    assert ["DescribeEndpointConfig", "DescribeModel", "DescribeModelPackage"] == account.described
    create(session)
    assert ["DescribeEndpointConfig", "DescribeModelPackage"] == account.described


def test_what_is_made_anew_under_its_name_is_walked_again(account: Account) -> None:
    """Another ARN, time or content is another thing: what it names is read again."""
    session = secured(account.wire)
    create(session)
    account.put("DescribeEndpointConfig", "churn", config(CreationTime=2))
    account.put("DescribeModel", "churn", model(**OPEN, VpcConfig={"Subnets": ["subnet-0f0f0f0f"]}))
    assert "vpc-config" == refusal(session).control_id
    account.put("DescribeModel", "churn", model(CreationTime=3))
    create(session)


def test_what_can_be_changed_is_seen_behind_what_cannot(account: Account) -> None:
    """A package that was updated is judged anew though config and model are as they were."""
    session = secured(account.wire)
    create(session)
    account.put("DescribeModelPackage", PACKAGE, package(SecurityConfig={"KmsKeyId": FOREIGN_KEY}))
    assert f"{CHAIN}SecurityConfig.KmsKeyId" == refusal(session).path


def test_what_was_found_once_is_found_again(account: Account) -> None:
    """A refusal does not wear off because the way to it is known."""
    account.put("DescribeModel", "churn", model(ExecutionRoleArn="arn:aws:iam::111122223333:role/admin"))
    session = secured(account.wire)
    assert refusal(session).path == refusal(session).path
    del account.things["DescribeModelPackage", PACKAGE]
    account.put("DescribeModel", "churn", model(CreationTime=2))
    account.put("DescribeEndpointConfig", "churn", config(CreationTime=2))
    assert refusal(session).path == refusal(session).path


def test_a_thing_that_is_named_twice_is_described_once(account: Account) -> None:
    """So is one that names itself: the look ends."""
    account.put("DescribeInferenceComponent", "a", {**_component("a"), "EndpointName": "churn"})
    session = secured(account.wire)
    session.client("sagemaker").create_inference_component(
        InferenceComponentName="b",
        EndpointName="churn",
        VariantName="all",
        Specification={
            "BaseInferenceComponentName": "a",
            "Container": {"ArtifactUrl": "s3://ml-artifacts/a"},
        },
    )
    described = account.described
    assert sorted(set(described)) == sorted(described)
    assert "DescribeInferenceComponent" in described


def _component(name: str) -> dict[str, Any]:
    return {
        "InferenceComponentName": name,
        "InferenceComponentArn": arn("inference-component", name),
        "EndpointArn": arn("endpoint", "churn"),
        "CreationTime": 1,
        "LastModifiedTime": 1,
        "Specification": {"BaseInferenceComponentName": name},
    }


# --- whose is excused


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        pytest.param("CreateModel", "churn", id="as-it-was-made"),
        pytest.param("CreateEndpoint", "churn", id="as-it-is-used"),
    ],
)
def test_a_waiver_of_the_links_control_excuses_it(operation: str, name: str, account: Account) -> None:
    """By the operation and name that made the thing, or by those of the call that uses it."""
    account.put("DescribeModel", "churn", model(**OPEN))
    assert "network-isolation" == refusal(secured(account.wire, REQUIRED)).control_id
    waiver = WAIVER.format(control="network-isolation", operation=operation, name=name)
    records = Records()
    create(secured(account.wire, REQUIRED + waiver, audit=records))
    (waived,) = [one for one in looked(records) if one.action is Action.WAIVED]
    assert waived.path.endswith("model/churn: EnableNetworkIsolation")
    assert "SEC-7" in waived.why


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        pytest.param("CreateModel", "other", id="another-name"),
        pytest.param("CreateTransformJob", "*", id="another-call"),
    ],
)
def test_a_waiver_of_something_else_does_not(operation: str, name: str, account: Account) -> None:
    """It is as narrow for what is named as for what is carried."""
    account.put("DescribeModel", "churn", model(**OPEN))
    waiver = WAIVER.format(control="network-isolation", operation=operation, name=name)
    assert "network-isolation" == refusal(secured(account.wire, REQUIRED + waiver)).control_id


def test_a_waiver_can_excuse_what_cannot_be_read(account: Account) -> None:
    """Of the control that is about the chain itself."""
    del account.things["DescribeModel", "churn"]
    waiver = WAIVER.format(control="referenced-resource", operation="CreateModel", name="churn")
    create(secured(account.wire, COMPLETE + waiver))


def test_what_an_observing_control_finds_is_recorded(account: Account) -> None:
    """The control of the link decides what becomes of it."""
    account.put("DescribeModel", "churn", model(**OPEN))
    records = Records()
    create(secured(account.wire, f'{REQUIRED}\n[modes]\nnetwork-isolation = "observe"\n', audit=records))
    (observed,) = [one for one in looked(records) if one.action is Action.OBSERVED]
    assert observed.path.endswith("model/churn: EnableNetworkIsolation")


# --- what is of another account


THEIRS = "arn:aws:sagemaker:eu-west-1:444455556666:model-package/churn/1"


def test_keys_of_another_accounts_package_are_its_own(account: Account) -> None:
    """What it keeps there is not ours to encrypt; what it brings here is judged."""
    theirs = package(ModelPackageArn=THEIRS, SecurityConfig={"KmsKeyId": FOREIGN_KEY})
    account.put("DescribeModelPackage", THEIRS, theirs)
    account.put("DescribeModel", "churn", model(PrimaryContainer={"ModelPackageName": THEIRS}))
    session = secured(account.wire)
    create(session)
    containers = [{"Image": IMAGE, "ModelDataUrl": "s3://elsewhere/model.tar.gz"}]
    account.put(
        "DescribeModelPackage", THEIRS, {**theirs, "InferenceSpecification": {"Containers": containers}}
    )
    assert "data-perimeter" == refusal(session).control_id


def test_what_another_account_keeps_out_of_sight_is_refused(account: Account) -> None:
    """A Describe that takes names would show something of this account under it."""
    flow = "arn:aws:sagemaker:eu-west-1:444455556666:flow-definition/review"
    client = secured(account.wire).client("sagemaker-a2i-runtime")
    with pytest.raises(ControlError) as caught:
        client.start_human_loop(
            HumanLoopName="one", FlowDefinitionArn=flow, HumanLoopInput={"InputContent": "{}"}
        )
    assert ("referenced-resource", flow) == (caught.value.control_id, caught.value.got)
    assert [] == account.described


def test_an_image_of_another_account_is_left_to_its_own_control(account: Account) -> None:
    """Studio's images are AWS's, and none that this account can describe: `container-image` judges whose."""
    account.put("DescribeDomain", "d-1", _domain())
    studios = "arn:aws:sagemaker:eu-west-1:470317259841:image/jupyter-server-3"
    _app(secured(account.wire, IN_VPC), SageMakerImageArn=studios)
    assert ["DescribeDomain"] == account.described


def _domain() -> dict[str, Any]:
    return {
        "DomainId": "d-1",
        "DomainArn": arn("domain", "d-1"),
        "CreationTime": 1,
        "AuthMode": "IAM",
        "VpcId": "vpc-0a1b2c3d",
        "SubnetIds": ["subnet-0a1b2c3d"],
        "KmsKeyId": KEY,
        "AppNetworkAccessType": "VpcOnly",
        "DefaultUserSettings": {
            "ExecutionRole": "arn:aws:iam::111122223333:role/ml-execution",
            "SecurityGroups": ["sg-0a1b2c3d"],
        },
    }


# --- a version


def _app(session: SecureSession, **spec: str) -> None:
    session.client("sagemaker").create_app(
        DomainId="d-1",
        AppType="KernelGateway",
        AppName="lab",
        ResourceSpec={"SageMakerImageArn": arn("image", "lab"), **spec},
    )


@pytest.mark.parametrize(
    ("spec", "asked"),
    [
        pytest.param({}, {"ImageName": "lab"}, id="the-newest"),
        pytest.param(
            {"SageMakerImageVersionAlias": "1.2"}, {"ImageName": "lab", "Alias": "1.2"}, id="an-alias"
        ),
    ],
)
def test_the_version_that_was_looked_at_is_the_one_that_runs(
    spec: dict[str, str], asked: dict[str, str], account: Account
) -> None:
    """An app's image that leaves its version open is named by the version that was described."""
    version = arn("image-version", "lab/7")
    account.put("DescribeDomain", "d-1", _domain())
    account.put(
        "DescribeImage", "lab", {"ImageName": "lab", "RoleArn": "arn:aws:iam::111122223333:role/ml-execution"}
    )
    for name in ("lab", "lab/1.2", "lab/7"):
        account.put(
            "DescribeImageVersion", name, {"BaseImage": IMAGE, "ImageVersionArn": version, "Version": 7}
        )
    records = Records()
    _app(secured(account.wire, IN_VPC, audit=records), **spec)
    assert version == account.wire.one("CreateApp").json["ResourceSpec"]["SageMakerImageVersionArn"]
    assert asked == account.wire.of("DescribeImageVersion")[0].json
    assert {"ImageName": "lab", "Version": 7} == account.wire.of("DescribeImageVersion")[-1].json
    (pinned,) = [
        one for one in records[-1].decisions if one.action is Action.INJECTED and "Image" in one.path
    ]
    assert ("ResourceSpec.SageMakerImageVersionArn", version) == (pinned.path, pinned.wanted)


# --- which calls


def test_invocations_are_looked_at_where_it_is_asked_for(account: Account) -> None:
    """By default they are not; with `references.invoke` once each, and the walk when the endpoint was changed."""
    secured(account.wire).client("sagemaker-runtime").invoke_endpoint(EndpointName="churn", Body=b"1")
    assert [] == account.described
    client = secured(account.wire, INVOKED).client("sagemaker-runtime")
    walked = ["DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel", "DescribeModelPackage"]
    client.invoke_endpoint(EndpointName="churn", Body=b"1")
    assert walked == account.described
    client.invoke_endpoint(EndpointName="churn", Body=b"1")
    assert ["DescribeEndpoint", "DescribeModelPackage"] == account.described
    account.put("DescribeEndpoint", "churn", endpoint(LastModifiedTime=2))
    account.put("DescribeEndpointConfig", "churn", config(CreationTime=2))
    client.invoke_endpoint(EndpointName="churn", Body=b"1")
    assert walked == account.described


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.stop_notebook_instance(NotebookInstanceName="explore"),
        lambda client: client.delete_endpoint(EndpointName="churn"),
        lambda client: client.describe_endpoint(EndpointName="churn"),
        lambda client: client.update_endpoint_weights_and_capacities(
            EndpointName="churn", DesiredWeightsAndCapacities=[{"VariantName": "all", "DesiredWeight": 1}]
        ),
    ],
    ids=["stop", "delete", "describe", "scale"],
)
def test_other_calls_make_no_look(call: Callable[[Any], object], account: Account) -> None:
    """What takes nothing into use asks for nothing more than itself."""
    call(secured(account.wire).client("sagemaker"))
    assert 1 == len([one for one in account.wire.requests if one.operation not in OF_SESSIONS])


def test_explaining_makes_no_call(account: Account) -> None:
    """It names what would be looked at."""
    explained = secured(account.wire).explain("create_endpoint", EndpointName="x", EndpointConfigName="churn")
    assert ("EndpointConfigName -> endpoint-config/churn",) == explained.references
    assert [] == account.wire.requests


def test_a_stubbed_call_makes_no_look(account: Account) -> None:
    """Nothing is sent, so nothing is asked: a program's own tests need no network."""
    client = secured(account.wire).client("sagemaker")
    with Stubber(client) as stubber:
        stubber.add_response("create_endpoint", {"EndpointArn": arn("endpoint", "churn")})
        client.create_endpoint(EndpointName="churn", EndpointConfigName="churn")
    assert [] == account.wire.requests


def test_a_name_that_a_handler_puts_in_is_looked_at(account: Account) -> None:
    """The look is at what is sent, not at what the caller wrote."""
    session = secured(account.wire)

    def exchange(params: dict[str, Any], **_: object) -> None:
        params["EndpointConfigName"] = "other"

    session.events.register("before-parameter-build.sagemaker.CreateEndpoint", exchange)
    assert "endpoint-config/other" in refusal(session).got


def test_a_retried_call_is_looked_at_once(account: Account) -> None:
    """The second attempt is the same call."""
    tries = iter([refuses("ThrottlingException"), says({"EndpointArn": arn("endpoint", "churn")})])
    account.wire.answers["CreateEndpoint"] = lambda sent: next(tries)(sent)
    create(secured(account.wire))
    assert 2 == len(account.wire.of("CreateEndpoint"))
    assert 1 == len(account.wire.of("DescribeEndpointConfig"))


def test_aws_own_refusals_stay_as_they_are(account: Account) -> None:
    """A look that finds nothing changes nothing about the call's own answer."""
    account.wire.answers["CreateEndpoint"] = refuses("ResourceLimitExceeded")
    with pytest.raises(ClientError, match="ResourceLimitExceeded"):
        create(secured(account.wire))


def test_a_presigned_call_is_looked_at(account: Account) -> None:
    """A URL is never sent from here, so what it names is looked at when it is signed."""
    client = secured(account.wire, INVOKED).client("sagemaker-runtime")
    del account.things["DescribeEndpoint", "churn"]
    with pytest.raises(ControlError) as caught:
        client.generate_presigned_url("invoke_endpoint", {"EndpointName": "churn", "Body": b"1"})
    assert "referenced-resource" == caught.value.control_id
