"""The cases in which AWS itself will not take what a control asks.

Each is a function of a site that answers with a verdict, or with None when the case is not given.
The reasons and sources stand in ``catalogue.EXEMPTIONS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from secure_sagemaker.baseline import IsolationMode
from secure_sagemaker.controls.exemptions import ExemptionId
from secure_sagemaker.controls.instance_types import LocalStorage, local_storage
from secure_sagemaker.controls.locations import bucket_of, is_directory_bucket
from secure_sagemaker.controls.verdicts import (
    REMOVE,
    Exempted,
    Kept,
    Rewritten,
    Site,
    Unfit,
    Verdict,
    values_at,
)

__all__ = [
    "clarify_job",
    "cluster_storage",
    "directory_bucket_object",
    "directory_bucket_output",
    "directory_bucket_owner",
    "endpoint_storage",
    "grouped_model_package",
    "job_storage",
    "legacy_domain_key",
    "names_models",
    "remote_function",
]

_REMOTE_FUNCTION = "/sagemaker_remote_function_bootstrap/job_driver.sh"

_REMEDY_UNKNOWN = (
    'state the family in the baseline: instance_families = { "FAMILY" = "local-storage" } '
    '(or "no-local-storage")'
)


_NO_LOCAL_STORAGE = frozenset({LocalStorage.NONE})


def _storage_kinds(site: Site, paths: tuple[str, ...]) -> dict[str, LocalStorage]:
    types = [value for path in paths for value in values_at(site.siblings, path)]
    families = site.baseline.instance_families
    return {str(instance_type): local_storage(str(instance_type), families) for instance_type in types}


def _named(kinds: Mapping[str, LocalStorage], kind: LocalStorage) -> list[str]:
    return sorted(name for name, found in kinds.items() if found is kind)


def _untellable(kinds: Mapping[str, LocalStorage]) -> Unfit | None:
    if unknown := _named(kinds, LocalStorage.UNKNOWN):
        return Unfit(
            wanted="an instance type whose storage is known",
            why=f"it is not known whether {unknown} have local storage, on which the key would be rejected",
            remedy=_REMEDY_UNKNOWN,
        )
    if bare := _named(kinds, LocalStorage.UNENCRYPTED):
        return Unfit(
            wanted="an instance type whose storage is encrypted",
            why=f"the local storage of {bare} is encrypted by nothing, and no key can be given for it",
            remedy="choose a current instance family",
        )
    return None


def job_storage(*paths: str) -> Callable[[Site], Verdict]:
    """The case of jobs, which reject a volume key on instance types with local storage.

    Args:
        paths: Where the structure names instance types.
    """

    def case(site: Site) -> Verdict:
        kinds = _storage_kinds(site, paths)
        if not kinds:
            if site.unchanged_if_absent:
                return None
            return Unfit(
                wanted="an instance type",
                why="no instance type is named, so it is not known whether a volume key would be accepted",
                remedy="name the instance type",
            )
        if _NO_LOCAL_STORAGE.issuperset(kinds.values()):
            return None
        if (problem := _untellable(kinds)) is not None:
            return problem
        local, remote = _named(kinds, LocalStorage.ENCRYPTED), _named(kinds, LocalStorage.NONE)
        if local and remote:
            return Unfit(
                wanted="instance types that all have local storage, or none",
                why=f"{local} take no volume key and {remote} need one, and the request holds one for both",
                remedy="use one kind of instance type in the job",
            )
        if site.present and site.value not in (None, ""):
            return Rewritten(
                value=REMOVE,
                why=f"SageMaker rejects a volume key for {local}: their local storage is encrypted by hardware",
            )
        return Exempted(exemption=ExemptionId.LOCAL_STORAGE)

    return case


def endpoint_storage(*paths: str) -> Callable[[Site], Verdict]:
    """The case of endpoints, where the baseline says what to do about local storage.

    Args:
        paths: Where the structure names instance types.
    """

    def case(site: Site) -> Verdict:
        kinds = _storage_kinds(site, paths)
        local = _named(kinds, LocalStorage.ENCRYPTED)
        setting = site.baseline.kms.endpoint_local_storage
        if (problem := _untellable(kinds)) is not None:
            return problem
        if not local or setting == "inject":
            return None
        if setting == "refuse":
            return Unfit(
                wanted="an instance type without local storage",
                why=f"{local} have local storage, which the endpoint's key does not encrypt",
                remedy="choose another instance type, or change kms.endpoint_local_storage",
            )
        if site.present and site.value not in (None, ""):
            return Rewritten(
                value=REMOVE, why=f"{local} have local storage and kms.endpoint_local_storage is 'omit'"
            )
        return Exempted(exemption=ExemptionId.ENDPOINT_LOCAL_STORAGE)

    return case


def _destinations(content: object) -> Iterator[str]:
    if isinstance(content, str):
        if (bucket := bucket_of(content)) is not None:
            yield bucket
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _destinations(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _destinations(value)


def directory_bucket_output(site: Site) -> Verdict:
    """Outputs on directory buckets take no KMS key."""
    buckets = set(_destinations(site.siblings))
    express = {bucket for bucket in buckets if is_directory_bucket(bucket)}
    if not express:
        return None
    if express != buckets:
        return Unfit(
            wanted="outputs on one kind of bucket",
            why=f"{sorted(express)} take no KMS key and {sorted(buckets - express)} need one",
            remedy="write to one kind of bucket",
        )
    if site.present and site.value not in (None, ""):
        return Rewritten(value=REMOVE, why="SageMaker takes no KMS key for outputs on directory buckets")
    return Exempted(exemption=ExemptionId.DIRECTORY_BUCKET_OUTPUT)


def directory_bucket_object(site: Site) -> Verdict:
    """Objects in directory buckets are encrypted with the bucket's own key."""
    bucket = site.siblings.get("Bucket")
    if not isinstance(bucket, str) or not is_directory_bucket(bucket):
        return None
    return None if site.present else Exempted(exemption=ExemptionId.DIRECTORY_BUCKET_OBJECT)


# By S3's API reference; the calls on objects take the owner for directory buckets too.
_OWNER_UNSUPPORTED = re.compile(
    r"DeleteBucket(Lifecycle)?|(Get|Put)BucketLifecycleConfiguration|(Delete|Get|Put)Bucket(Encryption|Policy)"
    r"|(Delete|Get|Put)Bucket(Inventory|Metrics)Configuration|ListBucket(Inventory|Metrics)Configurations"
)


def directory_bucket_owner(site: Site) -> Verdict:
    """Calls on a directory bucket itself take no expected owner."""
    bucket = site.siblings.get("Bucket")
    if site.present or not isinstance(bucket, str) or not is_directory_bucket(bucket):
        return None
    if site.service != "s3" or _OWNER_UNSUPPORTED.fullmatch(site.operation) is None:
        return None
    return Exempted(exemption=ExemptionId.DIRECTORY_BUCKET_OWNER)


def cluster_storage(site: Site) -> Verdict:
    """Clusters take keys for their volumes where nodes are provisioned continuously, and not in restricted groups."""
    if site.present:
        return None
    around = dict(site.ancestors)
    new = around.get("CreateClusterRequest")
    restricted = "ClusterRestrictedInstanceGroupSpecification" in around
    if not restricted and (new is None or new.get("NodeProvisioningMode") == "Continuous"):
        return None
    return Exempted(exemption=ExemptionId.CLUSTER_VOLUME)


def grouped_model_package(site: Site) -> Verdict:
    """A model package in a group has the group's tags, and its call takes none."""
    if site.present or not site.siblings.get("ModelPackageGroupName"):
        return None
    return Exempted(exemption=ExemptionId.MODEL_PACKAGE_GROUP_TAGS)


def remote_function(site: Site) -> Verdict:
    """``@remote`` and ``@step`` read their payload from S3 in the container: isolated, they hang."""
    entrypoint = values_at(site.siblings, "AlgorithmSpecification.ContainerEntrypoint[]")
    if not any(str(part).endswith(_REMOTE_FUNCTION) for part in entrypoint):
        return None
    kind = site.kind_of_work
    mode = IsolationMode.REQUIRE if kind is None else site.baseline.network_isolation.mode(kind)
    unsaid = mode is IsolationMode.DEFAULT and not site.present
    if mode is IsolationMode.OFF or (mode is IsolationMode.DEFAULT and not unsaid):
        return None
    return Unfit(
        wanted="a job that can be isolated",
        why="the job is a remote function of the SageMaker Python SDK, whose container reads its code and "
        "writes its result through S3 by itself, which isolation forbids",
        remedy="say EnableNetworkIsolation=False, which the baseline's `default` permits"
        if unsaid
        else "run it as a training or processing job with its code in a channel (ModelTrainer, Estimator), or have a "
        "waiver of network-isolation for these jobs: VPC and encryption still hold",
    )


def legacy_domain_key(site: Site) -> Verdict:
    """A domain that names its key by the older member needs no second one."""
    if site.present or not site.siblings.get("HomeEfsFileSystemKmsKeyId"):
        return None
    return Exempted(exemption=ExemptionId.LEGACY_DOMAIN_KEY)


def names_models(exemption: ExemptionId) -> Callable[[Site], Verdict]:
    """The case of endpoint configs whose variants name models, which bring their own settings."""

    def case(site: Site) -> Verdict:
        variants = [
            *values_at(site.siblings, "ProductionVariants[]"),
            *values_at(site.siblings, "ShadowProductionVariants[]"),
        ]
        if not any(isinstance(variant, Mapping) and "ModelName" in variant for variant in variants):
            return None
        # The SDKs send a False that nobody wrote; anything else that is there is judged as it stands.
        return None if site.present and site.value is not False else Exempted(exemption=exemption)

    return case


_CLARIFY_IMAGE = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(-fips)?\.[a-z0-9-]+"
    r"\.(amazonaws\.com(\.cn)?|amazonaws\.eu|csp\.hci\.ic\.gov)/sagemaker-clarify-processing([:@].+)?"
)
# The accounts that AWS publishes Clarify's image from: the SageMaker Python SDK's image_uri_config/clarify.json.
# An image of that name in any other account is somebody's own, and gets no exemption.
_CLARIFY_ACCOUNTS = frozenset(
    {
        *("007051062584", "017069133835", "098760798382", "122526803553", "122578899357", "131013547314"),
        *("205585389593", "211330385671", "263625296855", "306415355426", "341593696636", "377024640650"),
        *("411392592546", "440796970383", "452307495513", "520018980103", "579539705040", "598674086554"),
        *("638885417683", "675030665977", "705930551576", "730335477804", "740489534195", "763603941244"),
        *("811711786498", "834264404009", "835444307964", "912233562940"),
    }
)


_PROCESSING_IMAGES = frozenset(
    {
        "AppSpecification",
        "MonitoringAppSpecification",
        "ModelBiasAppSpecification",
        "ModelExplainabilityAppSpecification",
    }
)
"""The members that name the image of a job which may be Clarify's."""


def _is_clarify(image: object) -> bool:
    found = _CLARIFY_IMAGE.fullmatch(str(image))
    return found is not None and found["account"] in _CLARIFY_ACCOUNTS


def clarify_job(site: Site) -> Verdict:
    """Clarify's own image calls a shadow endpoint, so isolation must be off for it."""
    images = [
        image
        for _, content in (*site.ancestors, (site.shape, site.siblings))
        for specification in _PROCESSING_IMAGES.intersection(content)
        for image in values_at(content[specification], "ImageUri")
    ]
    if not any(_is_clarify(image) for image in images):
        return None
    if site.value is True:
        return Kept()
    return Exempted(exemption=ExemptionId.CLARIFY_ISOLATION)
