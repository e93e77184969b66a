"""InvokeEndpoint over TLS on this machine, with the look at who answers and without."""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import quantiles
from typing import Any
from unittest.mock import patch

import trustme
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from benchmarks.network import of_sts
from benchmarks.pairs import Figure, Sampler, compared
from benchmarks.sessions import BASELINE, plain_session
from secure_sagemaker import SecureSession, SecurityBaseline

__all__ = ["figures"]

_CALLS = 100
"""How many calls a percentile is taken over."""
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_BODY = b"x" * 1024


def figures(samples: int, calls: int = _CALLS) -> Iterator[Figure]:
    """Percentiles over a connection that stands, and what a new connection takes."""
    with _standing() as (url, bundle):
        looked, plain = _client(url, bundle, 'allowed_networks = ["127.0.0.0/8"]'), _client(url, bundle, "")
        for percent in (50, 99):
            yield compared(
                f"InvokeEndpoint, p{percent} of {calls} calls",
                _percentile(looked, percent, calls),
                _percentile(plain, percent, calls),
                samples=samples,
            )
        yield compared(
            "InvokeEndpoint over a new connection",
            _percentile(looked, 50, max(calls // 10, 2), anew=True),
            _percentile(plain, 50, max(calls // 10, 2), anew=True),
            samples=samples,
        )


def _client(url: str, bundle: Path, privatelink: str) -> Any:
    stated = f'{BASELINE}\n[privatelink]\nallowed_endpoint_urls = ["{url}"]\n{privatelink}\n'
    session = SecureSession(SecurityBaseline.from_mapping(tomllib.loads(stated)), source=plain_session())
    client = session.client("sagemaker-runtime", endpoint_url=url, verify=str(bundle))
    client.invoke_endpoint(EndpointName="churn", Body=_BODY)
    return client


def _percentile(client: Any, percent: int, calls: int, *, anew: bool = False) -> Sampler:
    def sample() -> float:
        took = []
        for _ in range(calls):
            if anew:
                client.close()
            began = time.perf_counter_ns()
            client.invoke_endpoint(EndpointName="churn", Body=_BODY)
            took.append((time.perf_counter_ns() - began) / 1000)
        return quantiles(took, n=100, method="inclusive")[percent - 1]

    return sample


@contextlib.contextmanager
def _standing() -> Iterator[tuple[str, Path]]:
    """A server, and the bundle of who vouches for it; STS is answered in this process."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    own: Callable[[URLLib3Session, AWSPreparedRequest], AWSResponse] = URLLib3Session.send

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        return of_sts(request) if request.url.startswith("https://sts.") else own(session, request)

    with (
        tempfile.TemporaryDirectory() as folder,
        _Server(("127.0.0.1", 0), _Handler) as server,
        patch.object(URLLib3Session, "send", send),
    ):
        authority.cert_pem.write_to_path(bundle := Path(folder) / "ca.pem")
        server.context = context
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"https://localhost:{server.server_address[1]}", bundle
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    context: ssl.SSLContext

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that connects anew drops what it had."""


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        with (
            self.server.context.wrap_socket(self.request, server_side=True) as talking,
            talking.makefile("rb") as heard,
        ):
            while heard.readline():
                length = 0
                while header := heard.readline().strip().lower():
                    if header.startswith(b"content-length:"):
                        length = int(header.partition(b":")[2])
                heard.read(length)
                talking.sendall(_ANSWER)
