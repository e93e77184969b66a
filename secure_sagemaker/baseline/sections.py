"""The parts of a SecurityBaseline, frozen and validated.

section              what each of them is
patterns             the forms of their values
identity_sections    roles and session policies
data_sections        keys, buckets, secrets
macie_section        what Macie must have said of data
network_sections     the VPC, isolation, PrivateLink
work_sections        what workloads may do: hardening, images, pipelines, references
provenance           waivers, and the layers that a baseline is made of
"""

from secure_sagemaker.baseline.data_sections import DataPerimeter, KmsKeys, Secrets
from secure_sagemaker.baseline.identity_sections import ExecutionRoles, Role, SessionPolicy
from secure_sagemaker.baseline.macie_section import Accepted, DataClass, Macie, MacieSeverity, Safeguard
from secure_sagemaker.baseline.network_sections import NetworkIsolation, PrivateLink, Vpc
from secure_sagemaker.baseline.patterns import InstanceFamily, Region, TagKey, TagValue
from secure_sagemaker.baseline.provenance import LayerRecord, Waiver
from secure_sagemaker.baseline.section import ReadOnly, Section, contradiction, in_one_order, listed
from secure_sagemaker.baseline.work_sections import Hardening, Images, Pipelines, References

__all__ = [
    "Accepted",
    "DataClass",
    "DataPerimeter",
    "ExecutionRoles",
    "Hardening",
    "Images",
    "InstanceFamily",
    "KmsKeys",
    "LayerRecord",
    "Macie",
    "MacieSeverity",
    "NetworkIsolation",
    "Pipelines",
    "PrivateLink",
    "ReadOnly",
    "References",
    "Region",
    "Role",
    "Safeguard",
    "Secrets",
    "Section",
    "SessionPolicy",
    "TagKey",
    "TagValue",
    "Vpc",
    "Waiver",
    "contradiction",
    "in_one_order",
    "listed",
]
