"""What SageMaker's containers would do: the embedded AWS has none, so the script runs in a child process."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from secure_sagemaker.local.embedded import EmbeddedAWS

__all__ = ["load_model", "run_training"]

SOURCE = Path(__file__).parent / "source"


def run_training(aws: EmbeddedAWS, job_name: str, *, channel: str = "train") -> tuple[str, str]:
    """Run the script on the job's data, and put the model where SageMaker would.

    Returns:
        The model artifact's S3 URI, and the last line that the script printed.
    """
    job = aws.source.client("sagemaker").describe_training_job(TrainingJobName=job_name)
    s3 = aws.source.client("s3")
    with tempfile.TemporaryDirectory() as directory:
        data, model = Path(directory, "data"), Path(directory, "model")
        data.mkdir()
        model.mkdir()
        for row in job["InputDataConfig"]:
            if row["ChannelName"] == channel:
                bucket, prefix = _split(row["DataSource"]["S3DataSource"]["S3Uri"])
                for found in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
                    s3.download_file(bucket, found["Key"], str(data / Path(found["Key"]).name))
        finished = subprocess.run(  # noqa: S603  # our own script, with arguments of our own
            [sys.executable, str(SOURCE / "train.py"), "--train", str(data), "--model-dir", str(model)],
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": os.environ.get("PATH", "")},
        )
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as packed:
            packed.add(model / "model.joblib", arcname="model.joblib")
    output = job["OutputDataConfig"]
    uri = f"{output['S3OutputPath'].rstrip('/')}/{job_name}/output/model.tar.gz"
    bucket, key = _split(uri)
    # As SageMaker itself writes it: with the key of the job's output configuration.
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=archive.getvalue(),
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=output["KmsKeyId"],
    )
    return uri, finished.stdout.strip().splitlines()[-1]


def load_model(aws: EmbeddedAWS, uri: str, endpoint_name: str) -> None:
    """Have an endpoint answer with the model of an artifact: rows of CSV in, one probability a line out."""
    import joblib

    bucket, key = _split(uri)
    archive = aws.source.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
        member = packed.extractfile("model.joblib")
        if member is None:
            raise FileNotFoundError("model.joblib")
        model = joblib.load(io.BytesIO(member.read()))

    def predict(body: bytes) -> bytes:
        rows = [[float(cell) for cell in line.split(",")] for line in body.decode().splitlines()]
        return "\n".join(f"{row[1]:.3f}" for row in model.predict_proba(rows)).encode()

    aws.endpoint(endpoint_name).answer(predict, content_type="text/csv")


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
