"""What workloads may do, whatever they are."""

from __future__ import annotations

from typing import Literal

from secure_sagemaker.baseline.images import ImageSources
from secure_sagemaker.baseline.patterns import (
    Listed,
)
from secure_sagemaker.baseline.section import Section

__all__ = [
    "Hardening",
    "Images",
    "Pipelines",
    "References",
]


class Hardening(Section):
    """Settings that are on or off whatever the workload is."""

    inter_container_encryption: bool = True
    """Traffic between the containers of a distributed job is encrypted."""
    allow_remote_debug: bool = False
    """A shell into running training containers."""
    allow_ssm_access: bool = False
    """A shell into endpoint instances through Systems Manager."""
    allow_remote_access: bool = False
    """Connections from a local IDE into a Studio space."""
    allow_docker_access: bool = False
    """Docker inside Studio applications."""
    allow_root_access: bool = False
    """Root for the users of a notebook instance."""
    allow_direct_internet_access: bool = False
    """Notebook instances and domains with internet access outside the VPC."""
    allow_public_workforce: bool = False
    """Labeling and review by the public workforce (Amazon Mechanical Turk)."""
    minimum_imds_version: Literal[1, 2] = 2
    """The lowest instance metadata service version of notebook instances."""
    vpc_image_repositories_only: bool = False
    """Images come from private registries reached through the VPC, never from ECR's public side."""


class Images(Section):
    """Where container images may come from."""

    allowed: ImageSources = ()
    """The accounts, registries and repositories whose images may run; any may when it is empty. An account
    stands for its private ECR registries, its algorithms and its model packages; a registry may be narrowed
    by the beginning of a repository's path; ``aws`` stands for SageMaker's own images."""
    require_digest: bool = False
    """Images are named by their digest, so that their content cannot change."""


class Pipelines(Section):
    """What the steps of a pipeline may do outside of SageMaker, where nothing is examined."""

    targets: tuple[Listed, ...] = ()
    """What steps may call: the ARNs of Lambda functions, the URLs of callback queues, the ids of EMR clusters
    and EMR Serverless applications, the instance profiles and images of EMR's nodes. Each by its exact name."""
    emr_security_configurations: tuple[Listed, ...] = ()
    """The security configurations, which hold the encryption, of the clusters that EMR steps make."""
    step_types: tuple[Listed, ...] = ()
    """Types of steps that this library does not know and that somebody has looked at."""


class References(Section):
    """What calls name instead of carry: described before the call is sent, and held to the controls."""

    invoke: bool = False
    """Calls of the data plane too (``InvokeEndpoint``, ``PutRecord`` and the like): one Describe more for each."""
