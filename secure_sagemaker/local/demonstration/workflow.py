"""Training and hosting, as somebody writes it who knows the SageMaker Python SDK and nothing of security.

No key, no subnet, no isolation flag, no role: the session's baseline says all of that.
"""

from __future__ import annotations

from secure_sagemaker import SecureSession
from secure_sagemaker.local.demonstration.container import SOURCE

__all__ = ["deploy", "image", "invoke", "train", "upload"]

IMAGE = "{account}.dkr.ecr.{region}.amazonaws.com/team/sklearn:1"


def image(session: SecureSession) -> str:
    """The team's own image in the account's registry."""
    return IMAGE.format(account=session.baseline.account, region=session.region_name)


def upload(session: SecureSession) -> tuple[str, bytes]:
    """Put scikit-learn's breast cancer table into the bucket.

    Returns:
        Its S3 URI, and two rows of it to ask the endpoint about.
    """
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer(as_frame=True)
    frame = table.data.assign(malignant=1 - table.target)
    key = "demo/breast-cancer/table.csv"
    session.client("s3").put_object(
        Bucket=session.default_bucket, Key=key, Body=frame.to_csv(index=False).encode()
    )
    # Row 0 is malignant, row 19 benign.
    rows = table.data.iloc[[0, 19]].to_csv(index=False, header=False)
    return f"s3://{session.default_bucket}/{key.rpartition('/')[0]}/", rows.strip().encode()


def train(session: SecureSession, data: str) -> str:
    """Train with the SDK's ModelTrainer.

    Returns:
        The job's name.
    """
    from sagemaker.core.training.configs import Compute, InputData, SourceCode
    from sagemaker.train import ModelTrainer

    trainer = ModelTrainer(
        sagemaker_session=session.sagemaker_session(),
        training_image=image(session),
        source_code=SourceCode(source_dir=str(SOURCE), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1),
        base_job_name="breast-cancer",
    )
    trainer.train(
        input_data_config=[InputData(channel_name="train", data_source=data)], wait=False, logs=False
    )
    return str(trainer._latest_training_job.training_job_name)  # noqa: SLF001  # the SDK tells it nowhere else


def deploy(session: SecureSession, artifact: str, *, name: str) -> str:
    """Host a model artifact with the SDK's resource classes.

    Returns:
        The endpoint's name.
    """
    from sagemaker.core.resources import Endpoint, EndpointConfig, Model
    from sagemaker.core.shapes import ContainerDefinition, ProductionVariant

    Model.create(
        model_name=name,
        primary_container=ContainerDefinition(image=image(session), model_data_url=artifact),
        execution_role_arn=session.execution_role,
        session=session,
    )
    EndpointConfig.create(
        endpoint_config_name=name,
        production_variants=[
            ProductionVariant(
                variant_name="all", model_name=name, initial_instance_count=1, instance_type="ml.m5.large"
            )
        ],
        session=session,
    )
    Endpoint.create(endpoint_name=name, endpoint_config_name=name, session=session)
    return name


def invoke(session: SecureSession, endpoint_name: str, rows: bytes) -> list[float]:
    """Ask the endpoint, row by row, how likely malignancy is."""
    from sagemaker.core.resources import Endpoint

    endpoint = Endpoint.get(endpoint_name, session=session)
    answer = endpoint.invoke(body=rows, content_type="text/csv")
    return [float(line) for line in answer.body.read().decode().splitlines()]
