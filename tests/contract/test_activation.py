"""What an activation borrows from botocore, and the names of it that it replaces: pinned by what they do."""

from __future__ import annotations

import inspect
from typing import Any

import boto3
import botocore
import botocore.session
import pytest
from botocore.client import BaseClient
from botocore.credentials import Credentials

from tests.wire import REGION, Wire

KEY, SECRET = "AKIACONTRACT", "contract-secret"
OPTIONS = (
    *("self", "service_name", "region_name", "api_version", "use_ssl", "verify", "endpoint_url"),
    *("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "config", "aws_account_id"),
)


def session() -> botocore.session.Session:
    made = botocore.session.Session()
    made.set_credentials(KEY, SECRET)
    return made


def test_every_client_is_made_by_one_method(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3's clients and resources, and a new session's, come from ``botocore.session.Session.create_client``."""
    made: list[str] = []
    original = botocore.session.Session.create_client

    def create_client(self: Any, service_name: str, *args: Any, **kwargs: Any) -> BaseClient:
        made.append(service_name)
        return original(self, service_name, *args, **kwargs)  # type: ignore[call-overload]  # any service

    monkeypatch.setattr(botocore.session.Session, "create_client", create_client)
    plain = boto3.Session(KEY, SECRET, region_name=REGION)
    plain.client("s3")
    plain.resource("sqs")
    botocore.session.get_session().create_client("sts", REGION)

    assert made == ["s3", "sqs", "sts"]


def test_the_options_of_a_client_have_these_names() -> None:
    """Its parameters are told by these names, in this order; a new one has to be looked at."""
    assert OPTIONS == tuple(inspect.signature(botocore.session.Session.create_client).parameters)


def test_a_client_asks_its_session_for_credentials(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys of its own a client signs with what ``get_credentials`` answers."""
    monkeypatch.setattr(
        botocore.session.Session, "get_credentials", lambda _: Credentials("AKIAOTHERS", SECRET)
    )

    session().create_client("sts", REGION).get_caller_identity()

    assert wire.one("GetCallerIdentity").access_key_id == "AKIAOTHERS"


def test_keys_of_a_session_are_set_by_one_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """``boto3.Session(aws_access_key_id=...)`` calls ``set_credentials``, the key first."""
    given: list[object] = []
    monkeypatch.setattr(
        botocore.session.Session, "set_credentials", lambda _, *values: given.extend(values[:2])
    )

    boto3.Session(KEY, SECRET, "token", region_name=REGION)

    assert given == [KEY, SECRET]


def test_a_session_remembers_the_keys_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are kept as explicit ones; a session that was given none keeps what it found by another name."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    ambient: Any = botocore.session.Session()
    given: Any = session()
    assert ambient._credentials is None

    ambient.get_credentials()

    assert (ambient._credentials.method, given._credentials.method) == ("env", "explicit")


def test_a_new_session_is_told_to_initializers() -> None:
    """What is registered by ``register_initializer`` sees every session once, whole, until it is taken off."""
    seen: list[object] = []

    def arrived(made: botocore.session.Session) -> None:
        made.get_component("event_emitter")
        seen.append(made)

    botocore.register_initializer(arrived)
    try:
        made = botocore.session.Session()
    finally:
        botocore.unregister_initializer(arrived)
    botocore.session.Session()

    assert seen == [made]


def test_the_user_agent_of_a_session_is_in_its_requests(wire: Wire) -> None:
    """What is set on a session before boto3 adds to it stands in what its clients send."""
    core = session()
    core.user_agent_extra = "contract/1"
    boto3.Session(botocore_session=core, region_name=REGION).client("sts").get_caller_identity()
    assert "contract/1" in wire.one("GetCallerIdentity").headers["user-agent"]


def test_the_events_of_a_client_are_its_own(wire: Wire) -> None:
    """A handler on a client sees its calls and no other client's, and can be taken off by its name."""
    one, other = session().create_client("sts", REGION), session().create_client("sts", REGION)
    seen: list[object] = []
    one.meta.events.register_first("before-send", lambda **_: seen.append("sent"), "contract")
    one.get_caller_identity()
    other.get_caller_identity()
    one.meta.events.unregister("before-send", unique_id="contract")
    one.get_caller_identity()
    assert seen == ["sent"]


def test_what_signs_for_a_client_can_be_swapped(wire: Wire) -> None:
    """A client signs each request anew with what its signer holds then."""
    client: Any = session().create_client("sts", REGION)
    assert client._request_signer._credentials.access_key == KEY
    client._request_signer._credentials = Credentials("AKIASWAPPED", SECRET)

    client.get_caller_identity()

    assert wire.one("GetCallerIdentity").access_key_id == "AKIASWAPPED"


@pytest.mark.parametrize("given", [None, True, False, "/ca.pem"])
def test_a_client_tells_whether_it_verifies(given: bool | str | None) -> None:
    """Its connection holds a false value where it was told not to, and nowhere else."""
    client: Any = session().create_client("sts", REGION, verify=given)
    assert bool(client._endpoint.http_session._verify) is (given is not False)


def test_a_class_of_clients_is_made_while_its_client_is(wire: Wire) -> None:
    """``creating-client-class`` is emitted within ``create_client``, in the same context."""
    core, within = session(), list[bool]()
    core.register("creating-client-class", lambda **_: within.append(True))
    core.create_client("sts", REGION)
    assert within == [True]
