"""The controls that a condition key can tell: which requests AWS is to refuse, as data about keys and actions.

A ``Guard`` is one thing that is refused: some actions, where all of its conditions hold. What is wrong and what is
missing are two guards, because a key that is absent meets no operator the way a wrong value does. Where the key may be
absent from a request that the client lets through, only a wrong value is refused, and ``UNGUARDED`` says why.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure_sagemaker.baseline import ControlId, IsolationMode, KindOfWork
from secure_sagemaker.identity.policies.calls import (
    AUTOML,
    DEFINITIONS,
    ENDPOINT_CONFIG,
    HOLDS_A_JOB,
    JOBS,
    NAMES_NO_MODEL,
    SCHEDULES,
    named,
)
from secure_sagemaker.identity.policies.documents import (
    Condition,
    Operator,
    any_value,
    one_of,
    other_than,
    present,
)
from secure_sagemaker.identity.policies.guard import Guard, Unguarded
from secure_sagemaker.identity.policies.key_guards import key_guards, unguarded_keys
from secure_sagemaker.identity.policies.projection import Projection
from secure_sagemaker.identity.policies.reference import accepting
from secure_sagemaker.identity.policies.storage_guards import storage_guards

__all__ = ["UNGUARDED", "guards", "unguarded"]


_ISOLATION = "sagemaker:NetworkIsolation"
_ENCRYPTION = "sagemaker:InterContainerTrafficEncryption"

UNGUARDED: tuple[Unguarded, ...] = (
    Unguarded(
        control=ControlId.KMS_OUTPUT_KEY,
        actions=named("CreateProcessingJob"),
        reason="a processing job need not have outputs, and no condition key tells whether it has: a wrong key is "
        "refused, a missing one is not",
    ),
    Unguarded(
        control=ControlId.KMS_OUTPUT_KEY,
        actions=named("CreateJob"),
        reason="what the job's document writes is not told by a condition key: a wrong key is refused, a missing one "
        "is not",
    ),
    Unguarded(
        control=ControlId.KMS_VOLUME_KEY,
        actions=named("CreateLabelingJob"),
        reason="only a labeling job with automated labeling has volumes, and no condition key tells: a wrong key is "
        "refused, a missing one is not",
    ),
    Unguarded(
        control=ControlId.KMS_VOLUME_KEY,
        actions=named("CreateTrainingJob"),
        reason="a serverless training job has neither instances nor volumes: a missing key is refused where the "
        "request names instance types",
    ),
    Unguarded(
        control=ControlId.KMS_OUTPUT_KEY,
        actions=named("CreateDomain", "CreateUserProfile", "UpdateDomain", "UpdateUserProfile"),
        reason="sharing need not be configured, and no condition key tells whether it is: a wrong key is refused, a "
        "missing one is not",
    ),
    Unguarded(
        control=ControlId.VPC_CONFIG,
        actions=named("CreateUserProfile", "UpdateCluster", "UpdateDomain", "UpdateUserProfile"),
        reason="what is not named stays as it was: a foreign subnet or group is refused, an absent one is not",
    ),
    Unguarded(
        control=ControlId.NETWORK_ISOLATION,
        actions=named("CreateModelBiasJobDefinition", "CreateModelExplainabilityJobDefinition"),
        reason="these run SageMaker Clarify, which must not be isolated",
    ),
    Unguarded(
        control=ControlId.REQUIRED_TAGS,
        actions=named("CreateModelPackage"),
        reason="a model package in a group takes the tags of the group, and no condition key tells of one",
    ),
    Unguarded(
        control=ControlId.S3_ENCRYPTION,
        actions=("s3:PutObject",),
        reason="the parts of a multipart upload carry no encryption header, and are authorized as PutObject: a wrong "
        "key or algorithm is refused; where none is named, the bucket's encryption by default and its policy decide",
    ),
)


def guards(projection: Projection) -> Iterator[Guard]:
    """Every guard of a baseline, before waivers: nothing for a control that only observes."""
    for guard in _all(projection):
        if guard.control is None or projection.enforces(guard.control):
            yield guard


def unguarded(projection: Projection) -> Iterator[Unguarded]:
    """What the client refuses for a baseline, and no guard does, though there is a condition key."""
    yield from unguarded_keys(projection)
    yield from UNGUARDED


def _all(projection: Projection) -> Iterator[Guard]:
    yield from key_guards(projection)
    yield from _network(projection)
    yield from _isolation(projection)
    yield from _switches(projection)
    yield from _notebooks(projection)
    yield from _tags(projection)
    yield from storage_guards(projection)


# --- network --------------------------------------------------------------------------------------


def _network(projection: Projection) -> Iterator[Guard]:
    control, vpc = ControlId.VPC_CONFIG, projection.baseline.vpc
    jobs = (*JOBS, *AUTOML, *DEFINITIONS)
    for name, key, values in (
        ("Subnets", "sagemaker:VpcSubnets", vpc.subnets),
        ("SecurityGroups", "sagemaker:VpcSecurityGroupIds", vpc.security_groups),
    ):
        missing = present(key, wanted=False)
        yield Guard(
            name=f"{name}Foreign",
            control=control,
            actions=accepting("sagemaker", key),
            everywhere=True,
            conditions=(any_value(Operator.STRING_NOT_EQUALS, key, values),),
        )
        yield Guard(
            name=f"{name}Absent",
            control=control,
            actions=(
                *jobs,
                *named("CreateCluster", "CreateDomain", "CreateJob", "CreateModel"),
                *named("CreateNotebookInstance", "CreateTrainingSession"),
            ),
            conditions=(missing,),
        )
        yield Guard(
            name=f"{name}AbsentOfSchedule",
            control=control,
            actions=SCHEDULES,
            conditions=(missing, HOLDS_A_JOB),
        )
        yield Guard(
            name=f"{name}AbsentOnEndpoint",
            control=control,
            actions=ENDPOINT_CONFIG,
            conditions=(missing, NAMES_NO_MODEL),
        )
    yield Guard(
        name="Serverless",
        control=ControlId.SERVERLESS_INFERENCE,
        actions=ENDPOINT_CONFIG,
        conditions=(present("sagemaker:ServerlessMaxConcurrency"),),
    )


def _not_true(key: str) -> Condition:
    """The flag is false, or nothing is said of it."""
    return Condition(operator=Operator.BOOL, key=key, values=("false",), if_exists=True)


def _isolation(projection: Projection) -> Iterator[Guard]:
    control = ControlId.NETWORK_ISOLATION
    required = {
        kind
        for kind in KindOfWork
        if projection.baseline.network_isolation.mode(kind) is IsolationMode.REQUIRE
    }
    of_jobs = (
        (KindOfWork.TRAINING, named("CreateTrainingJob")),
        (KindOfWork.TUNING, named("CreateHyperParameterTuningJob")),
        (KindOfWork.MODELS, named("CreateModel")),
        (KindOfWork.MONITORING, named("CreateDataQualityJobDefinition", "CreateModelQualityJobDefinition")),
    )
    if isolated := tuple(action for kind, actions in of_jobs if kind in required for action in actions):
        yield Guard(
            name="NotIsolated", control=control, actions=isolated, conditions=(_not_true(_ISOLATION),)
        )
    if KindOfWork.PROCESSING in required:
        yield Guard(
            name="ProcessingNotIsolated",
            control=control,
            actions=named("CreateProcessingJob"),
            conditions=(_not_true(_ISOLATION),),
            not_resources=projection.clarify("processing-job"),
        )
    if KindOfWork.MONITORING in required:
        yield Guard(
            name="ScheduleNotIsolated",
            control=control,
            actions=SCHEDULES,
            conditions=(_not_true(_ISOLATION), HOLDS_A_JOB),
            not_resources=projection.clarify("monitoring-schedule"),
        )
    if KindOfWork.MODELS in required:
        yield Guard(
            name="EndpointNotIsolated",
            control=control,
            actions=ENDPOINT_CONFIG,
            conditions=(_not_true(_ISOLATION), NAMES_NO_MODEL),
        )


# --- switches -------------------------------------------------------------------------------------


def _switches(projection: Projection) -> Iterator[Guard]:
    hardening = projection.baseline.hardening
    if hardening.inter_container_encryption:
        control = ControlId.INTER_CONTAINER_ENCRYPTION
        yield Guard(
            name="TrafficNotEncrypted",
            control=control,
            actions=(*JOBS, *AUTOML, *DEFINITIONS),
            conditions=(_not_true(_ENCRYPTION),),
        )
        yield Guard(
            name="TrafficOfScheduleNotEncrypted",
            control=control,
            actions=SCHEDULES,
            conditions=(_not_true(_ENCRYPTION), HOLDS_A_JOB),
        )
    if not hardening.allow_remote_debug:
        key = "sagemaker:EnableRemoteDebug"
        yield Guard(
            name="RemoteDebug",
            control=ControlId.REMOTE_DEBUG,
            actions=accepting("sagemaker", key),
            everywhere=True,
            conditions=(one_of(Operator.BOOL, key, ("true",)),),
        )
    if not hardening.allow_remote_access:
        control, key = ControlId.REMOTE_ACCESS, "sagemaker:RemoteAccess"
        yield Guard(
            name="RemoteAccess",
            control=control,
            actions=accepting("sagemaker", key),
            everywhere=True,
            conditions=other_than(Operator.STRING_NOT_EQUALS, key, ("DISABLED",)),
        )
        yield Guard(name="RemoteSession", control=control, actions=named("StartSession"))
    if not hardening.allow_direct_internet_access:
        control = ControlId.DIRECT_INTERNET_ACCESS
        for name, operation, key, value in (
            ("Notebook", "CreateNotebookInstance", "sagemaker:DirectInternetAccess", "Disabled"),
            ("Domain", "CreateDomain", "sagemaker:AppNetworkAccessType", "VpcOnly"),
        ):
            yield Guard(
                name=f"{name}OnTheInternet",
                control=control,
                actions=named(operation),
                conditions=(one_of(Operator.STRING_NOT_EQUALS, key, (value,)),),
            )
        yield Guard(
            name="DomainPutOnTheInternet",
            control=control,
            actions=named("UpdateDomain"),
            conditions=other_than(Operator.STRING_NOT_EQUALS, "sagemaker:AppNetworkAccessType", ("VpcOnly",)),
        )
    if not hardening.allow_public_workforce:
        key = "sagemaker:WorkteamType"
        yield Guard(
            name="PublicWorkforce",
            control=ControlId.PUBLIC_WORKFORCE,
            actions=accepting("sagemaker", key),
            everywhere=True,
            conditions=(one_of(Operator.STRING_EQUALS, key, ("public-crowd",)),),
        )
    yield _feature_store(projection)


def _feature_store(projection: Projection) -> Guard:
    key = "sagemaker:FeatureGroupOfflineStoreS3Uri"
    written = projection.baseline.data_perimeter.write
    locations = [form for name in written for form in (f"s3://{name}", f"s3://{name}/*")]
    return Guard(
        name="OfflineStoreElsewhere",
        control=ControlId.DATA_PERIMETER,
        actions=accepting("sagemaker", key),
        everywhere=True,
        conditions=other_than(Operator.STRING_NOT_LIKE, key, locations),
    )


def _notebooks(projection: Projection) -> Iterator[Guard]:
    hardening = projection.baseline.hardening
    if not hardening.allow_root_access:
        control, key = ControlId.ROOT_ACCESS, "sagemaker:RootAccess"
        yield Guard(
            name="RootAccess",
            control=control,
            actions=named("CreateNotebookInstance"),
            conditions=(one_of(Operator.STRING_NOT_EQUALS, key, ("Disabled",)),),
        )
        yield Guard(
            name="RootAccessGiven",
            control=control,
            actions=named("UpdateNotebookInstance"),
            conditions=other_than(Operator.STRING_NOT_EQUALS, key, ("Disabled",)),
        )
    if hardening.minimum_imds_version > 1:
        control, key = ControlId.INSTANCE_METADATA_SERVICE, "sagemaker:MinimumInstanceMetadataServiceVersion"
        yield Guard(
            name="MetadataServiceOld",
            control=control,
            actions=named("CreateNotebookInstance"),
            conditions=(one_of(Operator.STRING_NOT_EQUALS, key, ("2",)),),
        )
        yield Guard(
            name="MetadataServiceMadeOld",
            control=control,
            actions=named("UpdateNotebookInstance"),
            conditions=other_than(Operator.STRING_NOT_EQUALS, key, ("2",)),
        )


# --- tags -----------------------------------------------------------------------------------------

# Those that take tags and make nothing by themselves, and the model package, whose group may have them.
_UNTAGGED = frozenset(
    named(
        *("AddTags", "CreateEdgeDeploymentStage", "CreateModelPackage", "CreateReservedCapacity"),
        *("UpdateMonitoringSchedule", "UpdateProject"),
    )
)


def _tags(projection: Projection) -> Iterator[Guard]:
    control, required = ControlId.REQUIRED_TAGS, projection.baseline.required_tags
    for number, (tag, values) in enumerate(sorted(required.items()), start=1):
        key = f"aws:RequestTag/{tag}"
        making = tuple(action for action in accepting("sagemaker", key) if action not in _UNTAGGED)
        missing = one_of(Operator.STRING_NOT_EQUALS, key, values) if values else present(key, wanted=False)
        yield Guard(name=f"Tag{number}", control=control, actions=making, conditions=(missing,))
        if values:
            yield Guard(
                name=f"Tag{number}Changed",
                control=control,
                actions=named("AddTags", "UpdateProject"),
                conditions=other_than(Operator.STRING_NOT_EQUALS, key, values),
            )
    if required:
        yield Guard(
            name="TagsRemoved",
            control=control,
            actions=named("DeleteTags"),
            conditions=(any_value(Operator.STRING_EQUALS, "aws:TagKeys", tuple(required)),),
        )
