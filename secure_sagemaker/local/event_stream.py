"""Messages of AWS's event streams (``application/vnd.amazon.eventstream``), as a service writes them."""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Mapping

__all__ = ["CONTENT_TYPE", "event", "exception"]

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7


def event(kind: str, payload: bytes, *, content_type: str = "application/octet-stream") -> bytes:
    """An event of the stream."""
    return _message({":message-type": "event", ":event-type": kind, ":content-type": content_type}, payload)


def exception(kind: str, payload: bytes) -> bytes:
    """An error within the stream, its members as JSON."""
    headers = {
        ":message-type": "exception",
        ":exception-type": kind,
        ":content-type": "application/json",
    }
    return _message(headers, payload)


def _message(headers: Mapping[str, str], payload: bytes) -> bytes:
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    # Two lengths and their checksum, the headers, the payload, and the checksum of it all.
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value
