"""What work is attached to, and how AWS is reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, assert_never

from pydantic import Field

from secure_sagemaker.baseline.patterns import (
    Network,
    Origin,
    ProxyOrigin,
    SecurityGroupId,
    SubnetId,
    VpcId,
)
from secure_sagemaker.baseline.section import ReadOnly, Section
from secure_sagemaker.baseline.vocabulary import IsolationMode, KindOfWork

__all__ = [
    "NetworkIsolation",
    "PrivateLink",
    "Vpc",
]


class Vpc(Section):
    """The network that jobs, models and notebooks are attached to."""

    subnets: Annotated[tuple[SubnetId, ...], Field(min_length=1, max_length=16)]
    """The subnets. A caller may use a subset of them, never others."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], Field(min_length=1, max_length=5)]
    """The security groups. A caller may use a subset of them, never others."""
    vpc_id: VpcId | None = None
    """The VPC itself: domains and workforces name it."""


class NetworkIsolation(Section):
    """Whether containers have a network, stated for each kind of work: there is no silent default."""

    training: IsolationMode
    """Training jobs."""
    processing: IsolationMode
    """Processing jobs."""
    tuning: IsolationMode
    """The training jobs of hyperparameter tuning."""
    models: IsolationMode
    """Models, and so the endpoints and transform jobs that run in them."""
    monitoring: IsolationMode
    """Monitoring job definitions and schedules."""

    def mode(self, kind: KindOfWork) -> IsolationMode:
        """The mode for a kind of work."""
        match kind:
            case KindOfWork.TRAINING:
                return self.training
            case KindOfWork.PROCESSING:
                return self.processing
            case KindOfWork.TUNING:
                return self.tuning
            case KindOfWork.MODELS:
                return self.models
            case KindOfWork.MONITORING:
                return self.monitoring
            case _:
                assert_never(kind)


class PrivateLink(Section):
    """How AWS is reached."""

    required: bool = False
    """Every call goes over PrivateLink, or not at all: the VPC's own networks alone may answer, unless
    ``allowed_networks`` states others, and no proxy is used but those of ``allowed_proxies``."""
    services: Annotated[Mapping[str, Literal["private-dns", "endpoint", "gateway", "public"]], *ReadOnly] = (
        Field(default_factory=dict, validate_default=True)
    )
    """Per service, as boto3 names it, how it is reached; by its public name where nothing is said. ``gateway`` is
    for S3 alone; ``public`` takes a waiver of ``private-connection``."""
    endpoints: Annotated[Mapping[str, str], *ReadOnly] = Field(default_factory=dict, validate_default=True)
    """Per service, the VPC endpoint's own host name, of S3's what follows ``bucket.`` in it; or its id, which is
    looked up."""
    allowed_networks: tuple[Network, ...] = ()
    """Networks (CIDR) whose addresses may answer, looked at for each connection. Where there are none, any may, or
    with ``required`` those of the VPC of ``vpc.subnets``."""
    allowed_proxies: tuple[ProxyOrigin, ...] = ()
    """Proxies (``http[s]://host:port``) that may be gone by where PrivateLink is required. Their addresses have to lie
    in the networks, too."""
    allowed_endpoint_urls: tuple[Origin, ...] = ()
    """Origins (``https://host[:port]``) beside AWS's own that a client may be pointed to; ``http``
    for this very machine only."""
