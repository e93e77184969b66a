"""The guards of keys: for volumes, for what is written, and for the feature store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.identity.policies.calls import (
    AUTOML,
    DEFINITIONS,
    ENDPOINT_CONFIG,
    HOLDS_A_JOB,
    INSTANCE_TYPES,
    JOBS,
    SCHEDULES,
    TRANSFORM,
    named,
)
from secure_sagemaker.identity.policies.documents import (
    Operator,
    all_values,
    any_value,
    one_of,
    other_than,
    present,
)
from secure_sagemaker.identity.policies.guard import Guard, Unguarded
from secure_sagemaker.identity.policies.projection import Projection
from secure_sagemaker.identity.policies.reference import accepting

__all__ = ["key_guards", "unguarded_keys"]

_VOLUME = "sagemaker:VolumeKmsKeyArn"
_OUTPUT = "sagemaker:OutputKmsKeyArn"
_KEYS: Mapping[str, tuple[str, ControlId]] = {
    "VolumeKey": (_VOLUME, ControlId.KMS_VOLUME_KEY),
    "OutputKey": (_OUTPUT, ControlId.KMS_OUTPUT_KEY),
    "SharingKey": ("sagemaker:DomainSharingOutputKmsKeyArn", ControlId.KMS_OUTPUT_KEY),
    "OfflineStoreKey": ("sagemaker:FeatureGroupOfflineStoreKmsKeyArn", ControlId.KMS_OUTPUT_KEY),
    "OnlineStoreKey": ("sagemaker:FeatureGroupOnlineStoreKmsKeyArn", ControlId.KMS_RESOURCE_KEY),
}


def key_guards(projection: Projection) -> Iterator[Guard]:
    """The guards of keys that are another's, and of those that are missing."""
    yield from _keys(projection)
    yield from _volumes(projection)
    yield from _outputs(projection)


def _keys(projection: Projection) -> Iterator[Guard]:
    for name, (key, control) in _KEYS.items():
        yield Guard(
            name=f"{name}Foreign",
            control=control,
            actions=accepting("sagemaker", key),
            everywhere=True,
            conditions=other_than(Operator.ARN_NOT_LIKE, key, projection.keys),
        )


def _volumes(projection: Projection) -> Iterator[Guard]:
    control = ControlId.KMS_VOLUME_KEY
    if control in projection.baseline.kms.aws_managed:
        return
    missing = present(_VOLUME, wanted=False)
    local = projection.local_instance_types
    setting = projection.baseline.kms.endpoint_local_storage
    jobs = (*JOBS, *TRANSFORM, *DEFINITIONS)
    # AutoML chooses its instances itself, so its request has no types by which some could be excepted.
    always = (*AUTOML, *named("CreateDomain", "CreateNotebookInstance"))
    yield Guard(
        name="VolumeKeyAbsent",
        control=control,
        actions=(*always, *(() if setting == "omit" else ENDPOINT_CONFIG), *(() if local else jobs)),
        conditions=(missing,),
    )
    if local:
        yield Guard(
            name="VolumeKeyAbsentWithoutLocalStorage",
            control=control,
            actions=(*jobs, *SCHEDULES),
            conditions=(missing, any_value(Operator.STRING_NOT_LIKE, INSTANCE_TYPES, local)),
        )
        yield Guard(
            name="VolumeKeyAbsentTypesUnknown",
            control=control,
            actions=tuple(job for job in jobs if job not in named("CreateTrainingJob")),
            conditions=(missing, present(INSTANCE_TYPES, wanted=False)),
        )
    else:
        yield Guard(
            name="VolumeKeyAbsentOfSchedule",
            control=control,
            actions=SCHEDULES,
            conditions=(missing, HOLDS_A_JOB),
        )
    if setting == "omit" and not local:
        yield Guard(
            name="VolumeKeyAbsentOnEndpoint", control=control, actions=ENDPOINT_CONFIG, conditions=(missing,)
        )
    elif setting == "omit":
        yield Guard(
            name="VolumeKeyAbsentOnEndpoint",
            control=control,
            actions=ENDPOINT_CONFIG,
            conditions=(missing, all_values(Operator.STRING_NOT_LIKE, INSTANCE_TYPES, local)),
        )
    if setting == "refuse" and local:
        yield Guard(
            name="EndpointWithLocalStorage",
            control=control,
            actions=ENDPOINT_CONFIG,
            conditions=(any_value(Operator.STRING_LIKE, INSTANCE_TYPES, local),),
        )


_OUTPUTS_OF_JOBS = (
    *named(
        "CreateHyperParameterTuningJob", "CreateLabelingJob", "CreateTrainingJob", "CreateTrainingSession"
    ),
    *AUTOML,
    *TRANSFORM,
    *DEFINITIONS,
)


def unguarded_keys(projection: Projection) -> Iterator[Unguarded]:
    """What the client refuses, and no guard does, since no condition key tells where outputs go."""
    if projection.writes_to_directory_buckets:
        yield Unguarded(
            control=ControlId.KMS_OUTPUT_KEY,
            actions=(*_OUTPUTS_OF_JOBS, *SCHEDULES),
            reason="data_perimeter.write names a directory bucket, to which outputs go without a key, and no condition "
            "key tells where they go: a wrong key is refused, a missing one is not",
        )


def _outputs(projection: Projection) -> Iterator[Guard]:
    managed = projection.baseline.kms.aws_managed
    control = ControlId.KMS_OUTPUT_KEY
    if control not in managed and not projection.writes_to_directory_buckets:
        missing = present(_OUTPUT, wanted=False)
        yield Guard(name="OutputKeyAbsent", control=control, actions=_OUTPUTS_OF_JOBS, conditions=(missing,))
        yield Guard(
            name="OutputKeyAbsentOfSchedule",
            control=control,
            actions=SCHEDULES,
            conditions=(missing, HOLDS_A_JOB),
        )
    if control not in managed:
        directories = [
            form
            for name in projection.baseline.data_perimeter.write
            if projection.is_directory(name)
            for form in (f"s3://{name}", f"s3://{name}/*")
        ]
        location = "sagemaker:FeatureGroupOfflineStoreS3Uri"
        elsewhere = (one_of(Operator.STRING_NOT_LIKE, location, directories),) if directories else ()
        yield Guard(
            name="OfflineStoreKeyAbsent",
            control=control,
            actions=named("CreateFeatureGroup"),
            conditions=(
                present("sagemaker:FeatureGroupOfflineStoreKmsKeyArn", wanted=False),
                present("sagemaker:FeatureGroupOfflineStoreConfig"),
                *elsewhere,
            ),
        )
    if ControlId.KMS_RESOURCE_KEY not in managed:
        yield Guard(
            name="OnlineStoreKeyAbsent",
            control=ControlId.KMS_RESOURCE_KEY,
            actions=named("CreateFeatureGroup"),
            conditions=(
                present("sagemaker:FeatureGroupOnlineStoreKmsKeyArn", wanted=False),
                one_of(Operator.BOOL, "sagemaker:FeatureGroupEnableOnlineStore", ("true",)),
            ),
        )
