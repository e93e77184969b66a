"""How requests get to the gateway: from botocore in this process, and over loopback HTTP.

In this process the seam is ``URLLib3Session.send``, the one place where botocore hands a request to the
network: it is behind every event handler, and every client goes through it, also one that was made
before. (moto's own seam is a ``before-send`` handler of sessions made later, in front of which no guard
on the connection can be seen to work.)
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from secure_sagemaker.local.gateway import Gateway
from secure_sagemaker.local.records import HttpRequest
from secure_sagemaker.local.wire import is_aws

__all__ = ["OutsideEmbeddedAWSError", "in_process", "loopback"]

_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})


class OutsideEmbeddedAWSError(RuntimeError):
    """Something in the process wanted to reach a host that the embedded AWS does not stand for."""


class _Raw(io.BytesIO):
    """A response body as botocore reads it."""

    def stream(self, amt: int = 1024, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: FBT001, ARG002  # urllib3's signature
        while chunk := self.read(amt):
            yield chunk


@contextlib.contextmanager
def in_process(gateway: Gateway) -> Iterator[None]:
    """Have the gateway answer every botocore client of this process."""
    network = URLLib3Session.send

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        if not is_aws(request.url):
            if _is_loopback(request.url):
                return network(session, request)
            raise OutsideEmbeddedAWSError(
                f"{request.method} {request.url}: while the embedded AWS stands, only AWS and loopback "
                "are reached; end it, or point the client to one of those"
            )
        answer = gateway.handle(_received(request))
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Raw(answer.body))  # type: ignore[arg-type]  # botocore reads it by `stream` and `read`

    with patch.object(URLLib3Session, "send", send):
        yield


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _received(request: AWSPreparedRequest) -> HttpRequest:
    body = request.body
    content = b"" if body is None else body.read() if hasattr(body, "read") else body
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    return HttpRequest(method=request.method, url=request.url, headers=headers, body=_bytes(content))


def _bytes(value: str | bytes | bytearray) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Say nothing of a client that went away or does not trust the certificate: it knows."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def loopback(gateway: Gateway, *, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Have the gateway answer HTTP on loopback, by TLS where a context is given: yields the origin."""
    scheme = "http" if tls is None else "https"
    server = _Server(("127.0.0.1", port), _handler(gateway, scheme))
    if tls is not None:
        # The handshake is the connection's own thread's to do: a client that stalls holds up nobody.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="embedded-aws", daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(gateway: Gateway, scheme: str) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            if isinstance(self.request, ssl.SSLSocket):
                self.request.do_handshake()
            super().setup()

        def _answer(self) -> None:
            host = self.headers.get("Host", "localhost")
            request = HttpRequest(
                method=self.command,
                url=f"{scheme}://{host}{self.path}",
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self._body(),
            )
            answer = gateway.handle(request)
            self.send_response(answer.status)
            head = self.command == "HEAD"
            for name, value in answer.headers.items():
                if name.lower() not in _HOP_BY_HOP or (head and name.lower() == "content-length"):
                    self.send_header(name, value)
            if not head and answer.status not in (204, 304):
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if not head:
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer  # noqa: N815  # http.server's names

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(chunks)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's signature
            """Say nothing: the recorded requests are the log."""

    return Handler
