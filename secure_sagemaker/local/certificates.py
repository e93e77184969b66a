"""TLS for loopback: a certificate for this machine's own names, and the authority that vouches for it."""

from __future__ import annotations

import contextlib
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import trustme

__all__ = ["certified"]


@contextlib.contextmanager
def certified() -> Iterator[tuple[ssl.SSLContext, Path]]:
    """A server's TLS, and the bundle that its clients need, a file for as long as this stands.

    Keys are made here and now, and the authority's own is kept nowhere: the bundle trusts nothing else.
    """
    authority = trustme.CA(organization_name="embedded AWS")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    with tempfile.TemporaryDirectory(prefix="embedded-aws-") as folder:
        bundle = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(bundle)
        yield context, bundle
