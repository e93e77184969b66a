"""The SageMaker Python SDK v2: an Estimator and a deployed Model, with nothing said about security."""

import tempfile
from pathlib import Path

from sagemaker.estimator import Estimator
from sagemaker.model import Model

from secure_sagemaker import SecureSession
from secure_sagemaker.local import embedded_aws


def train(session: SecureSession, image: str, source: Path) -> None:
    """Train with the SDK's own class and the session's SDK session."""
    estimator = Estimator(
        image_uri=image,
        role=session.execution_role,
        instance_count=1,
        instance_type="ml.m5.xlarge",
        source_dir=str(source),
        entry_point="train.py",
        base_job_name="churn",
        sagemaker_session=session.sagemaker_session(),
    )
    estimator.fit({"train": f"s3://{session.default_bucket}/data/"}, wait=False, logs=False)


def host(session: SecureSession, image: str) -> bytes:
    """Deploy a model, and ask it through the session's runtime client."""
    model = Model(
        image_uri=image,
        model_data=f"s3://{session.default_bucket}/churn/model.tar.gz",
        role=session.execution_role,
        name="churn",
        sagemaker_session=session.sagemaker_session(),
    )
    model.deploy(initial_instance_count=1, instance_type="ml.m5.large", endpoint_name="churn", wait=False)
    runtime = session.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName="churn", Body=b"1,2,3", ContentType="text/csv")
    return answer["Body"].read()


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
