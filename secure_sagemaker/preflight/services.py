"""Which services must have an interface endpoint, as PrivateLink names them.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from __future__ import annotations

from collections.abc import Mapping

from secure_sagemaker.baseline import SecurityBaseline

__all__ = ["INTERFACES", "action_prefix", "interfaces"]

INTERFACES = ("sagemaker.api", "sagemaker.runtime", "sts", "kms", "logs")
"""What a session and its jobs call always, beside S3."""
_NAMES: Mapping[str, str] = {
    "cloudwatch": "monitoring",
    "ecr": "ecr.api",
    "sagemaker": "sagemaker.api",
    "sagemaker-featurestore-runtime": "sagemaker.featurestore-runtime",
    "sagemaker-metrics": "sagemaker.metrics",
    "sagemaker-runtime": "sagemaker.runtime",
}
"""By boto3's name of the service; others are called alike."""
_PREFIXES: Mapping[str, str] = {"monitoring": "cloudwatch"}
_S3 = frozenset({"s3", "s3control"})
"""Looked at by a check of their own, as a gateway serves as well."""


def interfaces(baseline: SecurityBaseline) -> tuple[str, ...]:
    """What must be reached by interface endpoints: what always is, and what the baseline says is.

    What a waiver lets out publicly need not be.
    """
    modes = {
        _NAMES.get(name, name): mode
        for name, mode in baseline.privatelink.services.items()
        if name not in _S3
    }
    stated = [name for name, mode in modes.items() if mode in {"private-dns", "endpoint"}]
    scans = ["macie2"] if baseline.macie.mode != "off" else []
    named = dict.fromkeys((*INTERFACES, *stated, *scans))
    return tuple(name for name in named if modes.get(name) != "public")


def action_prefix(service: str) -> str:
    """What IAM calls the service of an endpoint, such as ``ecr`` for ``ecr.api``."""
    first = service.partition(".")[0]
    return _PREFIXES.get(first, first)
