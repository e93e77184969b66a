"""Adoption: observe first, read what would have been refused, then enforce control by control."""

from secure_sagemaker import Action, ControlId, Mode, SecureSession
from secure_sagemaker.local import embedded_aws


def legacy_job(session: SecureSession, name: str) -> None:
    """A job as it was written before anybody asked for isolation."""
    session.client("sagemaker").create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={
            "TrainingImage": f"{session.baseline.account}.dkr.ecr.{session.region_name}.amazonaws.com/churn:7",
            "TrainingInputMode": "File",
        },
        RoleArn=session.execution_role,
        OutputDataConfig={"S3OutputPath": f"s3://{session.default_bucket}/churn"},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
        EnableNetworkIsolation=False,
    )


def main() -> None:
    """Run it on the embedded AWS."""
    with embedded_aws() as aws:
        observing = aws.baseline.model_copy(update={"modes": dict.fromkeys(ControlId, Mode.OBSERVE)})
        session = aws.session(observing)
        legacy_job(session, "churn-observed")
        report = session.report()
        print(report)
        print(report.count(Action.OBSERVED), "members would have been changed or refused")

        sent = aws.source.client("sagemaker").describe_training_job(TrainingJobName="churn-observed")
        print("sent as it was written:", sent["EnableNetworkIsolation"], "VpcConfig" in sent)


if __name__ == "__main__":
    main()
