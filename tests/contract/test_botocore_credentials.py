"""What the library borrows from botocore about who signs: credentials, providers, their refresh."""

from __future__ import annotations

import threading

from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import (
    DeferredRefreshableCredentials,
    ReadOnlyCredentials,
)

from tests.contract.test_botocore import MODEL, provided
from tests.wire import ACCOUNT, REGION, SOURCE_KEY, Wire

SECRET = "contract-secret"


def refreshable(account_id: str | None = None) -> tuple[DeferredRefreshableCredentials, list[str]]:
    told: list[str] = []

    def refresh() -> dict[str, str | None]:
        told.append("refreshed")
        return {
            "access_key": SOURCE_KEY,
            "secret_key": SECRET,
            "token": "token",
            "expiry_time": "2999-01-01T00:00:00Z",
            "account_id": account_id,
        }

    return DeferredRefreshableCredentials(refresh_using=refresh, method="ours"), told


def test_the_credential_provider_component_signs(wire: Wire) -> None:
    """A resolver registered as the component is the session's only credentials, asked at the first signature."""
    credentials, told = refreshable()
    client = provided(credentials).create_client("sagemaker", REGION)
    assert [] == told
    client.create_model(**MODEL)
    client.create_model(**MODEL)
    assert ["refreshed"] == told
    assert [SOURCE_KEY] * 2 == [sent.access_key_id for sent in wire.requests]


def test_explicit_keys_and_unsigned_go_round_it(wire: Wire) -> None:
    """create_client's own keys and UNSIGNED never ask the component."""
    credentials, told = refreshable()
    core = provided(credentials)
    own = core.create_client("sagemaker", REGION, aws_access_key_id="AKIAOWN", aws_secret_access_key="s")
    own.create_model(**MODEL)
    core.create_client("sagemaker", REGION, config=Config(signature_version=UNSIGNED)).create_model(**MODEL)
    assert ["AKIAOWN", ""] == [sent.access_key_id for sent in wire.requests]
    assert [] == told


def test_set_credentials_goes_round_it(wire: Wire) -> None:
    """Credentials set on a botocore session outrank the component."""
    credentials, told = refreshable()
    core = provided(credentials)
    core.set_credentials("AKIAOWN", "s")
    core.create_client("sagemaker", REGION).create_model(**MODEL)
    assert ("AKIAOWN", []) == (wire.one("CreateModel").access_key_id, told)


def test_account_endpoints_ask_the_credentials_early(wire: Wire) -> None:
    """Services with endpoints per account take the account from the credentials, and so ask for them first."""
    credentials, _ = refreshable(ACCOUNT)
    provided(credentials).create_client("dynamodb", REGION).list_tables()
    assert f"{ACCOUNT}.ddb.{REGION}.amazonaws.com" == wire.one("ListTables").host


def test_threads_refresh_once(wire: Wire) -> None:
    """Credentials that are not there yet are fetched by one thread, and the others wait for it."""
    calls, begun, go = list[str](), threading.Barrier(9), threading.Event()

    def refresh() -> dict[str, str]:
        calls.append("refreshed")
        go.wait(10)
        return {
            "access_key": SOURCE_KEY,
            "secret_key": SECRET,
            "token": "token",
            "expiry_time": "2999-01-01T00:00:00Z",
        }

    credentials = DeferredRefreshableCredentials(refresh_using=refresh, method="ours")
    got: list[ReadOnlyCredentials] = []

    def ask() -> None:
        begun.wait(10)
        got.append(credentials.get_frozen_credentials())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    go.set()
    for thread in threads:
        thread.join()
    assert (["refreshed"], 8) == (calls, len(got))


def test_refreshable_credentials_go_by_what_a_subclass_says() -> None:
    """Whether to refresh is asked of `refresh_needed` with the two timeouts of the instance, under its own lock."""
    asked: list[int | None] = []

    class Ours(DeferredRefreshableCredentials):
        def refresh_needed(self, refresh_in: int | None = None) -> bool:
            asked.append(refresh_in)
            return super().refresh_needed(refresh_in)

    def refresh() -> dict[str, str]:
        assert credentials._refresh_lock.locked()
        return {
            "access_key": SOURCE_KEY,
            "secret_key": SECRET,
            "token": "token",
            "expiry_time": "2999-01-01T00:00:00Z",
        }

    credentials = Ours(refresh_using=refresh, method="ours")
    credentials._advisory_refresh_timeout, credentials._mandatory_refresh_timeout = 77, 7
    credentials._refresh_lock = threading.Lock()
    credentials.get_frozen_credentials()
    assert {77, 7} <= set(asked)
    asked.clear()
    credentials.get_frozen_credentials()
    assert [77] == asked
