"""Serve an embedded AWS account on loopback until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from secure_sagemaker.local.embedded import embedded_aws

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Print the environment that points a program to the account, then serve it."""
    parser = argparse.ArgumentParser(prog="python -m secure_sagemaker.local", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port to listen on; by default a free one")
    parser.add_argument("--region", default="eu-west-1", help="the region everything is in")
    parser.add_argument(
        "--tls", action="store_true", help="answer by TLS; AWS_CA_BUNDLE names its certificate"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="write the account's baseline there")
    options = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with embedded_aws(region=options.region) as aws, aws.serve(port=options.port, tls=options.tls) as server:
        if options.baseline is not None:
            options.baseline.write_text(server.aws.baseline_toml(), encoding="utf-8")
        for name, value in server.environment().items():
            sys.stdout.write(f"export {name}={value}\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
