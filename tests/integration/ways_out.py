"""A program that tries to connect to nobody's address in many ways, under a guard, and tells what became of it."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import urllib3

from secure_sagemaker import EgressError
from secure_sagemaker.network import EgressGuard, PeerPolicy

PUBLIC = "192.0.2.1"  # RFC 5737: nobody's, so that a guard that fails reaches nobody
ALLOWED = PeerPolicy.of(["10.0.0.0/16"])
THREADS = 4
PATIENCE = 5


def by_socket(address: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as one:
        one.settimeout(5)
        one.connect((address, 443))


def by_connect_ex(address: str) -> None:
    with socket.socket() as one:
        one.connect_ex((address, 443))


def by_datagram(address: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"question", (address, 53))


def by_message(address: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendmsg([b"question"], [], 0, (address, 53))


def by_urllib(address: str) -> None:
    urllib.request.urlopen(f"http://{address}/", timeout=5)


def by_urllib3(address: str) -> None:
    urllib3.PoolManager(retries=False, timeout=5).request("GET", f"http://{address}/")


def by_asyncio(address: str) -> None:
    asyncio.run(asyncio.wait_for(asyncio.open_connection(address, 443), 5))


def by_asyncio_datagram(address: str) -> None:
    async def send() -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(address, 53)
        )
        transport.close()

    asyncio.run(send())


WAYS = [
    by_socket,
    by_connect_ex,
    by_datagram,
    by_message,
    by_urllib,
    by_urllib3,
    by_asyncio,
    by_asyncio_datagram,
]


def outcome(address: str = PUBLIC) -> str:
    """Of a datagram's socket that is given an address: nothing is sent by that."""
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as one:
            one.connect((address, 9))
    except EgressError:
        return "refused"
    except OSError:
        return "let through"  # a machine without a route
    return "let through"


def of_ways() -> dict[str, str]:
    """Each way, under one guard."""
    told = {}
    with EgressGuard(ALLOWED):
        for way in WAYS:
            try:
                way(PUBLIC)
            except EgressError as refused:
                told[way.__name__] = f"refused {refused.address}"
            except OSError:
                told[way.__name__] = "let through"
    return told


def of_nesting() -> dict[str, str]:
    """Before, within and after."""
    guard, told = EgressGuard(ALLOWED), {"before": outcome()}
    with guard:
        told["within"] = outcome()
        with guard:
            told["within again"] = outcome()
        told["after the inner one"] = outcome()
        try:
            with EgressGuard(ALLOWED):
                raise RuntimeError
        except RuntimeError:
            told["after an error"] = outcome()
    return {**told, "after": outcome()}


def of_two() -> dict[str, str]:
    """Two guards that allow different things."""
    with EgressGuard(ALLOWED), EgressGuard(PeerPolicy.of(["192.0.2.0/24", "10.0.1.0/24"])):
        return {
            "first of two": outcome("10.0.0.1"),
            "second of two": outcome(PUBLIC),
            "both of two": outcome("10.0.1.1"),
        }


def of_threads() -> dict[str, str]:
    """Threads that enter and leave at once."""
    entered, left = threading.Barrier(THREADS), threading.Barrier(THREADS)

    def work(_: int) -> str:
        with EgressGuard(ALLOWED):
            entered.wait(PATIENCE)
            told = outcome()
            left.wait(PATIENCE)
        return told

    with ThreadPoolExecutor(THREADS) as pool:
        return {"threads": " ".join(pool.map(work, range(THREADS)))}


def of_another_process() -> dict[str, str]:
    """One that is started meanwhile."""
    code = "from tests.integration.ways_out import outcome; print(outcome(), end='')"
    with EgressGuard(ALLOWED):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {"another process": done.stdout}


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps({**of_ways(), **of_nesting(), **of_two(), **of_threads(), **of_another_process()})
    )
