"""How who answers is looked at: on the connected socket, for each connection once, before a byte is sent.

No event of botocore's is where a connection is made: the connection classes of the client's own HTTP session are
replaced by ones that look. Through a proxy, the proxy is the peer.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from secure_sagemaker.exceptions import SecureSageMakerError, SessionError
from secure_sagemaker.network.peers import Peers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

__all__ = ["hold_connections"]


def hold_connections(session: object, peers: Peers) -> Callable[[], None]:
    """Have a client's HTTP session use no connection but to these peers; those that are open are closed.

    Args:
        session: What the client sends by.
        peers: Who may answer.

    Returns:
        Leaves the session as it was found.

    Raises:
        SessionError: It makes its connections otherwise than botocore does, or would take TLS below 1.2.
    """
    if not isinstance(session, URLLib3Session):
        raise SessionError(
            f"a client sends by {type(session).__name__}, whose peers are not known, and the baseline says which"
            " networks may answer",
            remedy="use clients of boto3 and botocore in this process: asynchronous ones (aiobotocore, s3fs) make their"
            " connections by another library",
        )
    held: Any = session
    least = held._manager.connection_pool_kw["ssl_context"].minimum_version  # noqa: SLF001  # what is checked is what is used
    if least < ssl.TLSVersion.TLSv1_2:
        raise SessionError(
            f"a client would take {least.name}, and the least that is private is TLS 1.2",
            remedy="leave botocore's and urllib3's TLS contexts as they are",
        )
    before: Mapping[str, type] = held._pool_classes_by_scheme  # noqa: SLF001  # botocore has no seam where it connects
    _use(held, MappingProxyType({scheme: _looking(pool, peers) for scheme, pool in before.items()}))
    held.send = partial(_send, session)

    def restore() -> None:
        _use(held, before)
        del held.send

    return restore


def _use(session: Any, pools: Mapping[str, type]) -> None:
    managers = (session._manager, *session._proxy_managers.values())  # noqa: SLF001  # as above
    # Those of proxies that come later have them from here.
    session._pool_classes_by_scheme = pools  # noqa: SLF001  # as above
    for manager in managers:
        manager.pool_classes_by_scheme = pools
        manager.clear()


class _Looks:
    """What a connection class has that looks who answers."""

    peers: Peers
    host: str

    def _new_conn(self) -> socket.socket:
        self.peers.prepare()
        # Before TLS, and before a proxy is told where to go.
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]  # of urllib3's class, which it is mixed into
        try:
            self.peers.check(self.host, str(connected.getpeername()[0]))
        except BaseException:  # whatever it is, an interrupt too: no socket stays open, and it is raised on
            connected.close()
            raise
        return connected


def _looking(pool: Any, peers: Peers) -> type:
    connection = type("PeerCheckedConnection", (_Looks, pool.ConnectionCls), {"peers": peers})
    return type("PeerCheckedPool", (pool,), {"ConnectionCls": connection})


def _send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
    """Send a request, with our refusal as it is: botocore wraps it into what is tried again."""
    try:
        # By the class, in whose place the embedded AWS may stand.
        return type(session).send(session, request)
    except HTTPClientError as failed:
        refused = failed.kwargs.get("error")
        if isinstance(refused, SecureSageMakerError):
            raise refused from None
        raise
