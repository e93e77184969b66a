"""The SageMaker Python SDK v3: ModelTrainer, then a hosted model, with nothing said about security."""

import tempfile
from pathlib import Path

from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant
from sagemaker.core.training.configs import Compute, InputData, SourceCode
from sagemaker.train import ModelTrainer

from secure_sagemaker import SecureSession
from secure_sagemaker.local import embedded_aws


def train(session: SecureSession, image: str, source: Path) -> None:
    """Train with the SDK's own class and the session's SDK session."""
    trainer = ModelTrainer(
        sagemaker_session=session.sagemaker_session(),
        training_image=image,
        source_code=SourceCode(source_dir=str(source), entry_script="train.py"),
        compute=Compute(instance_type="ml.g5.xlarge", instance_count=1),
        base_job_name="churn",
    )
    data = InputData(channel_name="train", data_source=f"s3://{session.default_bucket}/data/")
    trainer.train(input_data_config=[data], wait=False, logs=False)


def host(session: SecureSession, image: str) -> bytes:
    """Host a model with the SDK's resource classes: they take the boto3 session itself."""
    Model.create(
        model_name="churn",
        primary_container=ContainerDefinition(
            image=image, model_data_url=f"s3://{session.default_bucket}/churn/model.tar.gz"
        ),
        execution_role_arn=session.execution_role,
        session=session,
    )
    EndpointConfig.create(
        endpoint_config_name="churn",
        production_variants=[
            ProductionVariant(
                variant_name="all", model_name="churn", initial_instance_count=1, instance_type="ml.m5.large"
            )
        ],
        session=session,
    )
    endpoint = Endpoint.create(endpoint_name="churn", endpoint_config_name="churn", session=session)
    answer: bytes = endpoint.invoke(body=b"1,2,3", content_type="text/csv").body.read()
    return answer


def main() -> None:
    """Run it on the embedded AWS."""
    with embedded_aws() as aws, tempfile.TemporaryDirectory() as directory:
        source = Path(directory)
        source.joinpath("train.py").write_text("print('training')\n")
        session = aws.session()
        image = f"{aws.account.account}.dkr.ecr.{aws.region}.amazonaws.com/churn:7"
        for key in ("data/train.csv", "churn/model.tar.gz"):
            session.client("s3").put_object(Bucket=session.default_bucket, Key=key, Body=b"1,2,3")
        train(session, image, source)
        print("the endpoint answered", host(session, image))
        print(session.report())


if __name__ == "__main__":
    main()
