"""What the library borrows from botocore and boto3: a release that changes one of these fails here by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tests.wire import ACCOUNT, REGION, Wire, refuses

MODEL = {"ModelName": "churn", "Containers": [{"Image": "team:1"}]}
KEY, SECRET = "AKIACONTRACT", "contract-secret"


class RefusalError(Exception):
    """Stands for an error of ours."""


def session(**options: Any) -> boto3.Session:
    return boto3.Session(aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name=REGION, **options)


def note(told: list[str], name: str) -> Callable[..., None]:
    def handler(**_: object) -> None:
        told.append(name)

    return handler


def raises(error: Exception) -> Callable[..., None]:
    def handler(**_: object) -> None:
        raise error

    return handler


def provided(credentials: Credentials) -> botocore.session.Session:
    class Provider(CredentialProvider):
        METHOD = "ours"

        def load(self) -> Credentials:
            return credentials

    core = botocore.session.Session()
    core.register_component("credential_provider", CredentialResolver([Provider()]))
    return core


# --- the order of handlers


def test_a_longer_key_runs_before_a_shorter_one(wire: Wire) -> None:
    """Whatever register_first and register_last say: they order within one key only."""
    secured, told = session(), list[str]()
    secured.events.register_first("before-parameter-build", note(told, "bare, first"))
    secured.events.register("before-parameter-build.sagemaker", note(told, "service"))
    secured.events.register_last("before-parameter-build.sagemaker.CreateModel", note(told, "longest, last"))
    secured.client("sagemaker").create_model(**MODEL)
    assert ["longest, last", "service", "bare, first"] == told


def test_within_a_key_first_then_plain_then_last(wire: Wire) -> None:
    """Within one key first, plain and last run in that order; a later `last` runs after an earlier one."""
    secured, told = session(), list[str]()
    secured.events.register_last("provide-client-params", note(told, "ours"), "unique")
    secured.events.register_last("provide-client-params", note(told, "a later last"))
    secured.events.register("provide-client-params", note(told, "plain"))
    secured.events.register_first("provide-client-params", note(told, "first"))
    secured.client("sagemaker").create_model(**MODEL)
    assert ["first", "plain", "ours", "a later last"] == told


def test_a_client_copies_the_handlers_when_it_is_made(wire: Wire) -> None:
    """What is registered on the session later does not reach a client that is already there."""
    secured, told = session(), list[str]()
    before = secured.client("sagemaker")
    secured.events.register("provide-client-params", note(told, "late"))
    before.create_model(**MODEL)
    assert [] == told
    secured.client("sagemaker").create_model(**MODEL)
    assert ["late"] == told


def test_one_unique_id_serves_one_event(wire: Wire) -> None:
    """The same unique_id on a second event is silently ignored."""
    secured, told = session(), list[str]()
    secured.events.register("provide-client-params", note(told, "provide"), "same")
    secured.events.register("before-parameter-build", note(told, "build"), "same")
    secured.client("sagemaker").create_model(**MODEL)
    assert ["provide"] == told


# --- what handlers are given


def test_the_first_answer_replaces_the_request(wire: Wire) -> None:
    """At provide-client-params the first handler that returns something wins, and later ones see the old."""
    secured, seen = session(), list[Mapping[str, object]]()

    def replaces(**_: object) -> Mapping[str, object]:
        return {**MODEL, "ModelName": "replaced"}

    def ours(params: dict[str, object], **_: object) -> Mapping[str, object]:
        seen.append(dict(params))
        return {**MODEL, "ModelName": "ours"}

    secured.events.register_last("provide-client-params", ours)
    secured.events.register("provide-client-params.sagemaker.CreateModel", replaces)
    secured.client("sagemaker").create_model(**MODEL)
    assert [MODEL] == seen
    assert "replaced" == wire.one("CreateModel").json["ModelName"]


def test_a_change_in_place_is_sent(wire: Wire) -> None:
    """A handler that changes the top level and returns None has changed the request, not the caller's dict."""
    secured, given = session(), dict(MODEL)

    def ours(params: dict[str, object], **_: object) -> None:
        params["EnableNetworkIsolation"] = True

    secured.events.register("provide-client-params", ours)
    secured.client("sagemaker").create_model(**given)
    assert wire.one("CreateModel").json["EnableNetworkIsolation"] is True
    assert MODEL == given


def test_nested_structures_are_the_callers_own(wire: Wire) -> None:
    """Below the top level a handler is given the very objects of the caller."""
    secured, seen = session(), list[object]()
    containers = [{"Image": "team:1"}]

    def ours(params: dict[str, object], **_: object) -> None:
        seen.append(params["Containers"])

    secured.events.register("provide-client-params", ours)
    secured.client("sagemaker").create_model(ModelName="churn", Containers=containers)
    assert seen[0] is containers


def test_a_presigned_url_hands_over_the_callers_own_dict(wire: Wire) -> None:
    """There even the top level is the caller's, and the context says that it is a presigning."""
    secured, seen, contexts = session(), list[object](), list[Mapping[str, object]]()
    params = {"Bucket": "team-bucket", "Key": "k"}

    def ours(params: dict[str, object], context: Mapping[str, object], **_: object) -> None:
        seen.append(params)
        contexts.append(context)

    secured.events.register("provide-client-params", ours)
    secured.client("s3").generate_presigned_url("put_object", Params=params)
    assert seen[0] is params
    assert contexts[0]["is_presign_request"] is True


def test_a_presigned_url_is_built_like_a_call(wire: Wire) -> None:
    """Presigning runs provide-client-params and before-parameter-build with one context, and nothing after."""
    secured, contexts, told = session(), list[dict[str, object]](), list[str]()

    def provide(context: dict[str, object], **_: object) -> None:
        context["mine"] = "kept"
        contexts.append(context)

    def build(context: dict[str, object], **_: object) -> None:
        contexts.append(context)

    secured.events.register("provide-client-params", provide)
    secured.events.register("before-parameter-build", build)
    for later in ("before-call", "before-send", "after-call", "after-call-error"):
        secured.events.register(later, note(told, later))
    secured.client("s3").generate_presigned_url("get_object", Params={"Bucket": "team-bucket", "Key": "k"})
    assert contexts[0] is contexts[1]
    assert [] == told


def test_presigning_tells_the_method_before_it_signs(wire: Wire) -> None:
    """before-sign is given the call's context and the method that HttpMethod asked for; an error there is final."""
    secured, seen, error = session(), list[tuple[str, object, str]](), RefusalError("ours")

    def provide(context: dict[str, object], **_: object) -> None:
        context["mine"] = "kept"

    def sign(request: AWSRequest, **_: object) -> None:
        seen.append((request.method, request.context["mine"], request.url))
        raise error

    secured.events.register("provide-client-params", provide)
    secured.events.register_last("before-sign", sign)
    params = {"Bucket": "team-bucket", "Key": "k"}
    with pytest.raises(RefusalError) as caught:
        secured.client("s3").generate_presigned_url("get_object", Params=params, HttpMethod="PUT")
    ((method, mine, url),) = seen
    assert (error, "PUT", "kept") == (caught.value, method, mine)
    assert url.startswith("https://team-bucket.s3.")


def test_a_presigned_post_passes_as_create_bucket(wire: Wire) -> None:
    """generate_presigned_post shows the handlers a CreateBucket of its own, not what the form will do."""
    secured, seen = session(), list[str]()

    def ours(model: Any, context: Mapping[str, object], **_: object) -> None:
        assert context["is_presign_request"] is True
        seen.append(model.name)

    secured.events.register("provide-client-params", ours)
    secured.client("s3").generate_presigned_post("team-bucket", "k")
    assert ["CreateBucket"] == seen


def test_the_context_is_one_for_the_whole_call(wire: Wire) -> None:
    """What provide-client-params leaves in the context is there at after-call; another call has its own."""
    secured, found = session(), list[object]()

    def provide(params: Mapping[str, object], context: dict[str, object], **_: object) -> None:
        assert "mine" not in context
        context["mine"] = params["ModelName"]

    def after(context: Mapping[str, object], **_: object) -> None:
        found.append(context["mine"])

    secured.events.register("provide-client-params", provide)
    secured.events.register("after-call", after)
    client = secured.client("sagemaker")
    for name in ("one", "two"):
        client.create_model(**{**MODEL, "ModelName": name})
    assert ["one", "two"] == found


# --- the Stubber


def test_the_stubber_answers_at_before_call(wire: Wire) -> None:
    """Its answer ends before-call: a handler there is not asked; after-call is told all the same."""
    secured, told = session(), list[str]()
    secured.events.register("before-call", note(told, "before-call"))
    secured.events.register("after-call", note(told, "after-call"))
    client = secured.client("sagemaker")
    with Stubber(client) as stub:
        stub.add_response("create_model", {"ModelArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/churn"})
        client.create_model(**MODEL)
    assert ["after-call"] == told
    assert [] == wire.requests


def test_the_stubber_expects_what_was_injected(wire: Wire) -> None:
    """Its expected parameters are compared with what provide-client-params made of the call."""
    secured = session()

    def ours(params: dict[str, object], **_: object) -> None:
        params["EnableNetworkIsolation"] = True

    secured.events.register_last("provide-client-params", ours)
    client = secured.client("sagemaker")
    with Stubber(client) as stub:
        answer = {"ModelArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/churn"}
        stub.add_response("create_model", answer, {**MODEL, "EnableNetworkIsolation": True})
        client.create_model(**MODEL)
        stub.assert_no_pending_responses()


# --- errors


@pytest.mark.parametrize(
    "event", ["provide-client-params", "before-parameter-build", "before-endpoint-resolution", "before-call"]
)
def test_an_error_before_the_request_fires_no_after(event: str, wire: Wire) -> None:
    """An exception raised before the request exists reaches the caller as it is and fires nothing after it."""
    secured, told, error = session(), list[str](), RefusalError("ours")
    secured.events.register(event, raises(error))
    secured.events.register("after-call", note(told, "after-call"))
    secured.events.register("after-call-error", note(told, "after-call-error"))
    with pytest.raises(RefusalError) as caught:
        secured.client("sagemaker").create_model(**MODEL)
    assert caught.value is error
    assert [] == told
    assert [] == wire.requests


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_an_error_before_sending_is_final(mode: Any, wire: Wire) -> None:
    """Raised at before-send it is not retried, fires after-call-error once, and reaches the caller as it is."""
    secured, told, error = session(), list[str](), RefusalError("ours")
    secured.events.register_first("before-send", note(told, "before-send"))
    secured.events.register("before-send", raises(error))
    secured.events.register("after-call", note(told, "after-call"))
    secured.events.register("after-call-error", note(told, "after-call-error"))
    client = secured.client("sagemaker", config=Config(retries={"mode": mode, "max_attempts": 5}))
    with pytest.raises(RefusalError) as caught:
        client.create_model(**MODEL)
    assert caught.value is error
    assert ["before-send", "after-call-error"] == told
    assert [] == wire.requests


def test_credentials_that_fail_fire_after_call_error(wire: Wire) -> None:
    """What a credential provider raises while signing reaches the caller as it is, by after-call-error."""
    error, told = RefusalError("ours"), list[object]()

    def refresh() -> dict[str, str]:
        raise error

    core = provided(DeferredRefreshableCredentials(refresh_using=refresh, method="ours"))
    client = core.create_client("sagemaker", REGION)

    def after(exception: Exception, **_: object) -> None:
        told.append(exception)

    client.meta.events.register("after-call-error", after)
    with pytest.raises(RefusalError) as caught:
        client.create_model(**MODEL)
    assert [caught.value] == told == [error]
    assert [] == wire.requests


def test_every_handler_at_before_send_is_asked(wire: Wire) -> None:
    """Even when one of them answers in AWS's place: a guard there sees every request."""
    secured, told = session(), list[str]()
    secured.events.register("before-send.sagemaker", lambda **_: note(told, "answers")() or object())
    secured.events.register_first("before-send", raises(RefusalError("ours")))
    with pytest.raises(RefusalError):
        secured.client("sagemaker").create_model(**MODEL)
    assert ["answers"] == told


def test_the_answer_is_what_the_caller_gets(wire: Wire) -> None:
    """after-call is given the very object that is returned, or that the ClientError carries."""
    secured, seen = session(), list[object]()

    def after(parsed: object, **_: object) -> None:
        seen.append(parsed)

    secured.events.register("after-call", after)
    client = secured.client("sagemaker")
    assert client.create_model(**MODEL) is seen[0]
    wire.answers["CreateModel"] = refuses("ValidationException")
    with pytest.raises(ClientError) as caught:
        client.create_model(**MODEL)
    assert caught.value.response is seen[1]


# --- where requests go


@pytest.mark.parametrize("endpoint_url", [None, "https://elsewhere.example.com"])
def test_the_endpoint_builtin_outranks_the_client(endpoint_url: str | None, wire: Wire) -> None:
    """builtins["SDK::Endpoint"] sends the call there, signed for its region, whatever endpoint_url says."""
    secured, there = session(), f"https://vpce-0a1b-2c3d.api.sagemaker.{REGION}.vpce.amazonaws.com"

    def resolve(builtins: dict[str, object], **_: object) -> None:
        builtins["SDK::Endpoint"] = there

    secured.events.register("before-endpoint-resolution.sagemaker", resolve)
    secured.client("sagemaker", endpoint_url=endpoint_url).create_model(**MODEL)
    sent = wire.one("CreateModel")
    assert there == sent.url.rstrip("/")
    assert (KEY, REGION, "sagemaker") == sent.credential


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER"])
def test_the_environment_redirects_a_client(name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it is told otherwise, and the client's meta tells where to."""
    monkeypatch.setenv(name, "https://elsewhere.example.com")
    assert "https://elsewhere.example.com" == session().client("sagemaker").meta.endpoint_url
    deaf = session().client("sagemaker", config=Config(ignore_configured_endpoint_urls=True))
    assert f"https://api.sagemaker.{REGION}.amazonaws.com" == deaf.meta.endpoint_url


def test_sts_in_legacy_mode_is_the_global_endpoint(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_STS_REGIONAL_ENDPOINTS=legacy makes a regional STS client global; endpoint_url brings it back."""
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    secured = session()
    assert "https://sts.amazonaws.com" == secured.client("sts").meta.endpoint_url
    regional = f"https://sts.{REGION}.amazonaws.com"
    secured.client("sts", region_name=REGION, endpoint_url=regional).get_caller_identity()
    sent = wire.one("GetCallerIdentity")
    assert (regional, (KEY, REGION, "sts")) == (sent.url.rstrip("/"), sent.credential)


def test_a_config_chooses_a_region(wire: Wire) -> None:
    """Config(region_name=) decides where region_name= is left out, also as the session's default config."""
    core = botocore.session.Session()
    core.set_config_variable("region", REGION)
    elsewhere = Config(region_name="us-east-1")
    assert "us-east-1" == core.create_client("sagemaker", config=elsewhere).meta.region_name
    core.set_default_client_config(elsewhere)
    assert "us-east-1" == core.create_client("sagemaker").meta.region_name


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_partitions_name_their_suffixes(partition: str) -> None:
    """botocore's partition data tells each partition's own DNS suffixes."""
    data = botocore.loaders.create_loader().load_data("partitions")
    (outputs,) = (row["outputs"] for row in data["partitions"] if row["id"] == partition)
    core = boto3.Session()
    (region, *_) = core.get_available_regions("sagemaker", partition_name=partition)
    assert core.client("sagemaker", region_name=region).meta.endpoint_url.endswith(f".{outputs['dnsSuffix']}")
    dual = core.client("s3", region_name=region, config=Config(s3={"use_dualstack_endpoint": True}))
    assert dual.meta.endpoint_url.endswith((f".{outputs['dnsSuffix']}", f".{outputs['dualStackDnsSuffix']}"))


# --- sessions


def test_the_user_agent_carries_the_extra(wire: Wire) -> None:
    """A botocore session's user_agent_extra is on the wire, beside boto3's own and a client's own."""
    core = botocore.session.Session()
    core.set_credentials(KEY, SECRET)
    core.user_agent_extra = "secure-sagemaker/0 baseline/abc"
    made = boto3.Session(botocore_session=core, region_name=REGION)
    made.client("sagemaker", config=Config(user_agent_extra="lib/pipeline")).create_model(**MODEL)
    agent = wire.one("CreateModel").headers["user-agent"]
    for part in ("secure-sagemaker/0 baseline/abc", "Boto3/", "lib/pipeline"):
        assert part in agent


def test_two_boto3_sessions_on_one_botocore_session_break_s3(wire: Wire) -> None:
    """So each has a botocore session of its own."""
    core = botocore.session.Session()
    for _ in range(2):
        made = boto3.Session(botocore_session=core, region_name=REGION)
    with pytest.raises(RuntimeError, match="upload_file"):
        made.client("s3")


def test_botocore_sessions_share_nothing(wire: Wire) -> None:
    """Handlers and credentials of one botocore session do not show in another."""
    told: list[str] = []
    one, other = session(), session()
    one.events.register("provide-client-params", note(told, "one"))
    other.client("sagemaker").create_model(**MODEL)
    assert [] == told
    assert one.get_credentials() is not other.get_credentials()


def test_verify_is_judged_by_truth(wire: Wire) -> None:
    """Every false value, not False alone, turns certificate checks off."""
    client = session().client("sagemaker", verify=0)  # type: ignore[arg-type]  # the case in question
    assert not client._endpoint.http_session._verify
