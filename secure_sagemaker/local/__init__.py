"""An AWS account in this process: for the demo, for this library's tests, and for a user's own.

    with embedded_aws() as aws:
        session = aws.session()                 # a SecureSession under the account's baseline
        session.client("sagemaker").create_model(...)
        assert aws.requests[-1].principal.startswith("assumed-role/ml-launcher/")

    account        what is in it: roles, keys, a VPC, encrypted buckets
    baseline_file  its baseline, as a commented file
    gateway        the one way a request takes: recorded, refused, answered
    aws_refuses    what AWS refuses and moto accepts: a row a case, with its source
    moto_lacks     what moto lacks or drops: one fix each, with its reason
    transport      botocore in this process, and HTTP on loopback

It stands on moto (``pip install 'secure-sagemaker[local]'``), which is loaded when an account is made.
``python -m secure_sagemaker.local`` serves one in the foreground.
"""

from secure_sagemaker.local.embedded import EmbeddedAWS, LoopbackServer, embedded_aws
from secure_sagemaker.local.endpoints import Endpoint
from secure_sagemaker.local.records import RecordedRequest

__all__ = ["EmbeddedAWS", "Endpoint", "LoopbackServer", "RecordedRequest", "embedded_aws"]
