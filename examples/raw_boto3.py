"""Raw boto3: the calls you have, on a session that holds them to the baseline.

On a real account the first two lines of ``main`` become ``session = SecureSession()``.
"""

from secure_sagemaker import ControlError, SecureSession
from secure_sagemaker.local import embedded_aws


def train(session: SecureSession) -> None:
    """Start a training job: no key, no subnet, no isolation flag is named here."""
    sagemaker = session.client("sagemaker")
    sagemaker.create_training_job(
        TrainingJobName="churn-2026-11",
        AlgorithmSpecification={
            "TrainingImage": f"{session.baseline.account}.dkr.ecr.{session.region_name}.amazonaws.com/churn:7",
            "TrainingInputMode": "File",
        },
        RoleArn=session.execution_role,
        OutputDataConfig={"S3OutputPath": f"s3://{session.default_bucket}/churn"},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 50},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    job = sagemaker.describe_training_job(TrainingJobName="churn-2026-11")
    print("network:", job["VpcConfig"]["Subnets"], "isolated:", job["EnableNetworkIsolation"])


def try_a_foreign_subnet(session: SecureSession) -> None:
    """Ask what would happen, without calling AWS; then be refused."""
    subnets, groups = ["subnet-0fedcba9876543210"], ["sg-0fedcba9876543210"]
    foreign = {"Subnets": subnets, "SecurityGroupIds": groups}
    told = session.explain("create_model", ModelName="churn", VpcConfig=foreign)
    print("explained:", [decision.path for decision in told.refusals])
    try:
        session.client("sagemaker").create_model(
            ModelName="churn", VpcConfig={"Subnets": subnets, "SecurityGroupIds": groups}
        )
    except ControlError as refused:
        print("refused:", refused.control_id, "at", refused.path)
        print("remedy:", refused.remedy)


def main() -> None:
    """Run it on the embedded AWS."""
    with embedded_aws() as aws:
        session = aws.session()
        print(session.verify())
        train(session)
        try_a_foreign_subnet(session)
        print(session.report())


if __name__ == "__main__":
    main()
