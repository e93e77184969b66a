"""A program that knows nothing of this library, run by the tests with ``secure-sagemaker run``.

Each argument names a thing to do; what came of it is printed as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

BUCKET = os.environ.get("PROGRAM_BUCKET", "")
WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def who(_: object = None) -> str:
    import boto3

    return str(boto3.client("sts").get_caller_identity()["Arn"])


def own() -> object:
    import boto3

    boto3.client("s3").put_object(Bucket=BUCKET, Key="by-the-program", Body=b"1")
    return who()


def refused() -> object:
    import boto3

    put = boto3.client("s3").put_object
    with ThreadPoolExecutor() as threads:  # whatever is raised, its name is the answer
        return type(threads.submit(put, Bucket="somebody-elses", Key="x", Body=b"1").exception()).__name__


def spawned() -> object:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(who, [0])


def forked() -> object:
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.map(who, [0])


def python(*options: str) -> Callable[[], object]:
    return lambda: subprocess.run(
        [sys.executable, *options], capture_output=True, text=True, check=True
    ).stdout.strip()


def secure_session() -> object:
    from secure_sagemaker import SecureSession

    session = SecureSession()
    with session.activate():
        return [session.client("sts").get_caller_identity()["Arn"], session.verify().principal, who()]


def once() -> object:
    import boto3
    import botocore.session

    client = botocore.session.Session().create_client("sts", "eu-west-1")
    return [
        boto3.session.botocore is botocore is sys.modules["botocore"],
        botocore.UNSIGNED is botocore.client.UNSIGNED,  # type: ignore[attr-defined]  # as botocore imports it
        isinstance(client, botocore.client.BaseClient),
        "_Imported" in type(botocore.__loader__).__name__ or "_Imported" in repr(botocore.__spec__),
    ]


def arrow() -> object:
    from pyarrow.fs import S3FileSystem  # type: ignore[import-untyped]  # it has no types

    endpoint = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    files = S3FileSystem(
        endpoint_override=endpoint, scheme="http", region="eu-west-1", force_virtual_addressing=False
    )
    with files.open_input_stream(f"{BUCKET}/seed") as stream:
        return stream.read().decode()


def until_told() -> object:
    def told(*_: object) -> None:
        os.write(1, b"told\n")  # it may arrive within a print, which cannot be entered twice
        os._exit(5)

    signal.signal(signal.SIGTERM, told)
    say("ready")
    while True:
        signal.pause()


DOES: dict[str, Callable[[], object]] = {
    "arguments": lambda: sys.argv[1:],
    "environment": lambda: sorted(name for name in os.environ if "KEY" in name or "TOKEN" in name),
    "modules": lambda: sorted({"boto3", "botocore", "secure_sagemaker"} & set(sys.modules)),
    "sitecustomize": lambda: getattr(sys.modules["sitecustomize"], "OF_THE_PROJECT", None),
    "once": once,
    "own": own,
    "refused": refused,
    "spawned": spawned,
    "forked": forked,
    "child": python("-c", WHO),
    "module": python("-m", "tests.integration.activation.program", "own"),
    "without-environment": python("-E", "-c", WHO),
    "secure-session": secure_session,
    "arrow": arrow,
    "until-told": until_told,
}


def main() -> int:
    """Do what is asked; a number is the exit status."""
    status = 0
    said = {}
    for asked in sys.argv[1:]:
        if asked.isdigit():
            status = int(asked)
        elif asked in DOES:
            said[asked] = DOES[asked]()
    say(json.dumps(said))
    return status


if __name__ == "__main__":
    sys.exit(main())
