"""Real sockets on this machine's loopback addresses, and names that lead to them, as the network of a test."""

from __future__ import annotations

import contextlib
import queue
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from tests.wire import Sent, Wire

PATIENCE = 10
"""For how many seconds a test waits for what is to happen at once."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a server listens."""

    address: str
    port: int


@dataclass(kw_only=True)
class Names:
    """What names resolve to: each time the next answer, and the last one from then on.

    A name's port is its server's, so that a test may use AWS's own names without the right to their port.
    """

    answers: dict[str, list[Sequence[Place]]] = field(default_factory=dict)

    def lead(self, host: str, *answers: Place | Sequence[Place]) -> None:
        """Have a host resolve to a place, or to several at once; and the next time to the next."""
        self.answers[host] = [[answer] if isinstance(answer, Place) else answer for answer in answers]

    def resolve(self, host: str) -> list[tuple[object, ...]]:
        """The answer to a question."""
        answers = self.answers[host]
        places = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place.address, place.port)) for place in places]


def named(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Put names in front of the machine's resolver."""
    names, own = Names(), socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: object, **options: object) -> object:
        return names.resolve(host) if host in names.answers else own(host, *arguments, **options)  # type: ignore[arg-type]  # its own

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


class Witness:
    """Accepts connections, says nothing, and tells what each of them brought until it was closed."""

    def __init__(self, place: Place, heard: queue.Queue[bytes]) -> None:
        self.place = place
        self._heard = heard

    def heard(self) -> bytes:
        """All that the next connection brought."""
        return self._heard.get(timeout=PATIENCE)

    @property
    def silent(self) -> bool:
        """Whether no other connection was closed."""
        return self._heard.empty()


@contextlib.contextmanager
def witness(address: str) -> Iterator[Witness]:
    """One that listens at an address."""
    heard: queue.Queue[bytes] = queue.Queue()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            parts = []
            with contextlib.suppress(ConnectionError):
                while part := self.request.recv(65536):
                    parts.append(part)
            heard.put(b"".join(parts))

    with _serving(_Server((address, 0), Handler)) as place:
        yield Witness(place, heard)


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Who vouches for the test's servers."""

    ca: trustme.CA
    bundle: Path

    def context(self, *names: str, **options: object) -> ssl.SSLContext:
        """A server's TLS with a certificate for names."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names, **options).configure_cert(made)  # type: ignore[arg-type]  # trustme's own
        return made


def authority(folder: Path) -> Authority:
    """A new one, whose bundle is a file of the folder."""
    ca, bundle = trustme.CA(), folder / "ca.pem"
    ca.cert_pem.write_to_path(bundle)
    return Authority(ca=ca, bundle=bundle)


@contextlib.contextmanager
def tls_server(
    wire: Wire, context: ssl.SSLContext, address: str, *, keep_alive: bool = True
) -> Iterator[Place]:
    """A server that hands requests to a wire."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keep_alive else "HTTP/1.0"

        def setup(self) -> None:
            self.request.do_handshake()
            super().setup()

        def _answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            url = f"https://{headers.get('host', '')}{self.path}"
            answer = wire.handle(Sent(method=self.command, url=url, headers=headers, body=body))
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's signature
            """Say nothing: the wire records."""

    server = _HttpServer((address, 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _serving(server) as place:
        yield place


@contextlib.contextmanager
def tunnelling_proxy(address: str, places: Mapping[str, Place]) -> Iterator[tuple[Place, list[str]]]:
    """A proxy that connects to hosts as it alone knows them; and the hosts that it was asked for."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            host = self.rfile.readline().decode().split()[1].rpartition(":")[0]
            while self.rfile.readline().strip():
                pass
            asked.append(host)
            there = places[host]
            with socket.create_connection((there.address, there.port)) as onward:
                self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_relay, args=(onward, self.connection), daemon=True)
                back.start()
                _relay(self.connection, onward)
                back.join(PATIENCE)

    with _serving(_Server((address, 0), Handler)) as place:
        yield place, asked


def _relay(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)


class _Quiet:
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the client tells what went wrong."""


class _Server(_Quiet, socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


class _HttpServer(_Quiet, ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[Place]:
    serve: Callable[..., None] = server.serve_forever
    thread = threading.Thread(target=serve, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Place(address=str(server.server_address[0]), port=server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
