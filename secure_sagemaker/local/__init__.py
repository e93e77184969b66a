"""An AWS account in this process: for the demo, for this library's tests, and for a user's own.

    with embedded_aws() as aws:
        session = aws.session()                 # a SecureSession under the account's baseline
        session.client("sagemaker").create_model(...)
        assert aws.requests[-1].principal.startswith("assumed-role/ml-launcher/")

    account        what is in it: roles, keys, a VPC, encrypted buckets
    baseline_file  its baseline, as a commented file
    gateway        the one way a request takes: recorded, refused, answered
    refusals       what AWS refuses and moto accepts: a row a case, with its source
    moto_lacks     what moto lacks or drops: one fix each, with its reason
    sagemaker/     SageMaker's control plane, kept by one store that botocore's model drives
    macie/         Macie's jobs, which really read the objects in S3
    endpoints, invocations      functions that stand for models, and the runtime that asks them
    jobs, job_logs              functions that stand for containers, and what they log
    feature_store, training_metrics     the other services of the data plane
    inside         what the services ask of one another
    records, calls              what was sent, and what was decided about it
    transport      botocore in this process, and HTTP on loopback, by TLS with its certificates
    pytest_plugin  fixtures

It stands on moto (``pip install 'secure-sagemaker[local]'``), which is loaded when an account is made.
``python -m secure_sagemaker.local`` serves one in the foreground.
"""

from secure_sagemaker.local.calls import RecordedCall, RecordedCalls
from secure_sagemaker.local.embedded import EmbeddedAWS, LoopbackServer, embedded_aws
from secure_sagemaker.local.endpoints import Endpoint, Invocation
from secure_sagemaker.local.jobs import Job, Jobs
from secure_sagemaker.local.macie.control import EmbeddedMacie
from secure_sagemaker.local.records import RecordedRequest

__all__ = [
    "EmbeddedAWS",
    "EmbeddedMacie",
    "Endpoint",
    "Invocation",
    "Job",
    "Jobs",
    "LoopbackServer",
    "RecordedCall",
    "RecordedCalls",
    "RecordedRequest",
    "embedded_aws",
]
