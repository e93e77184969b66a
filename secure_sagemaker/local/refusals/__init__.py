"""What AWS refuses and moto accepts: one row a case, with AWS's error code and where AWS says so.

A rule reads the call and the account and answers what AWS would, or nothing. A wrong injection of ours
must fail here and not in production.

    rule                 what a row is
    signers              every service: who signed
    sts, iam, kms, s3    a service's rows each
    s3_access            S3's rows about public access and access control lists
    s3_conditions        S3's rows about conditional writes and copies
    sagemaker            roles, keys, networks and limits, wherever a request names them
    sagemaker_work       jobs, models, endpoints: combinations that SageMaker does not do
    constraints          the limits that a service model sets to values
    keys                 KMS keys that cannot be used
    session_policies     a session's policies and tags, and their packed size
    post_policies        the form of a presigned POST
    requests, history    what the rows read: a request by its model, and what the account remembers
"""

from __future__ import annotations

from secure_sagemaker.local.refusals.history import History
from secure_sagemaker.local.refusals.refusals import RULES, Refusals
from secure_sagemaker.local.refusals.rule import Rule, Wording

__all__ = ["RULES", "History", "Refusals", "Rule", "Wording"]
