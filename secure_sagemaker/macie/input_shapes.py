"""Which members of SageMaker's requests say what a job reads, as data.

They are told by structure, so that a new operation with the same structures is known as well.

Every S3 location that a request can hold stands in one place: what is written is told by its control, ``WHERE`` and
``LATER`` are read as data, ``NO_DATA`` is read and is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "CHANNELS",
    "DATALESS_STEPS",
    "ELSEWHERE",
    "LATER",
    "NO_DATA",
    "OWN_FOLDERS",
    "SOURCES",
    "WHERE",
    "Elsewhere",
    "InputKind",
    "Where",
]

Member = tuple[str, str]
"""A structure and one of its members."""


class InputKind(StrEnum):
    """How a location names objects."""

    PREFIX = "prefix"
    """All whose keys begin with it, whether or not it ends in a slash."""
    OBJECT = "object"
    """The one object."""
    MANIFEST = "manifest"
    """The objects that a manifest lists."""
    AUGMENTED_MANIFEST = "augmented-manifest"
    """The manifest itself, whose lines hold data, and the objects that they name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """How a member says where data lies."""

    kind: InputKind | None = None
    """How it names objects; None where a member beside it says so."""
    told_by: str = ""
    """That member."""
    kinds: Mapping[str, InputKind] = field(default_factory=dict)
    """What its values mean."""
    attributes: str = ""
    """The member that lists an augmented manifest's attributes."""
    etag: str = ""
    """The member that says which version is meant."""


def _typed(kinds: Mapping[str, InputKind], *, attributes: str = "", etag: str = "") -> Where:
    return Where(told_by="S3DataType", kinds=kinds, attributes=attributes, etag=etag)


_LISTED = MappingProxyType({"S3Prefix": InputKind.PREFIX, "ManifestFile": InputKind.MANIFEST})
_AUGMENTED = MappingProxyType({**_LISTED, "AugmentedManifestFile": InputKind.AUGMENTED_MANIFEST})
# Of Converse the service model says that it is a location: read as a prefix it is never less.
_CONVERSED = MappingProxyType({**_AUGMENTED, "Converse": InputKind.PREFIX})

WHERE: Mapping[Member, Where] = MappingProxyType(
    {
        # Channels of training, tuning and algorithms; inputs of processing, transforms and AutoML.
        ("S3DataSource", "S3Uri"): _typed(_CONVERSED, attributes="AttributeNames"),
        ("ProcessingS3Input", "S3Uri"): _typed(_LISTED),
        ("TransformS3DataSource", "S3Uri"): _typed(_CONVERSED),
        ("AutoMLS3DataSource", "S3Uri"): _typed(_AUGMENTED),
        # What a model or an algorithm is given besides its artefact.
        ("AdditionalS3DataSource", "S3Uri"): _typed(
            {"S3Prefix": InputKind.PREFIX, "S3Object": InputKind.OBJECT}, etag="ETag"
        ),
        ("ModelSpeculativeDecodingTrainingDataSource", "S3Uri"): _typed(_LISTED),
        ("AIWorkloadS3DataSource", "S3Uri"): Where(kind=InputKind.PREFIX),
        # Its lines are a labelling job's own, which names no attributes: whatever they refer to is shown to people.
        ("LabelingJobS3DataSource", "ManifestS3Uri"): Where(kind=InputKind.AUGMENTED_MANIFEST),
        # Samples of data: archives of requests, and a file of records.
        ("CreateModelPackageInput", "SamplePayloadUrl"): Where(kind=InputKind.OBJECT),
        ("RecommendationJobPayloadConfig", "SamplePayloadUrl"): Where(kind=InputKind.OBJECT),
        ("ClarifyShapBaselineConfig", "ShapBaselineUri"): Where(kind=InputKind.OBJECT),
    }
)
"""Locations that are read as input data once the call is made."""

LATER: Mapping[Member, str] = MappingProxyType(
    dict.fromkeys(
        (
            ("BatchTransformInput", "DataCapturedDestinationS3Uri"),
            ("MonitoringGroundTruthS3Input", "S3Uri"),
        ),
        "a monitoring job reads what was written there by the time it runs",
    )
)
"""Locations whose data nobody can have read yet, with the reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """Data that lies in no S3 location which the request names."""

    called: str
    """What it is, with its members in braces."""
    reason: str
    """Why Macie cannot have read it."""


_S3_ALONE = "Macie reads objects in S3, and no file systems"
_QUERIED = "it is what a query finds when the job runs"

ELSEWHERE: Mapping[str, Elsewhere] = MappingProxyType(
    {
        "FileSystemDataSource": Elsewhere(
            called="{FileSystemType} {FileSystemId}{DirectoryPath}", reason=_S3_ALONE
        ),
        "DatasetSource": Elsewhere(
            called="{DatasetArn}", reason="it is a data set of a hub, whose objects the request does not name"
        ),
        "AthenaDatasetDefinition": Elsewhere(called="Athena {Catalog}.{Database}", reason=_QUERIED),
        "RedshiftDatasetDefinition": Elsewhere(called="Redshift {ClusterId}.{Database}", reason=_QUERIED),
        "LabelingJobSnsDataSource": Elsewhere(
            called="{SnsTopicArn}", reason="it is sent to a topic while the job runs"
        ),
        "EndpointInput": Elsewhere(
            called="what endpoint {EndpointName} captured",
            reason="a monitoring job reads what was captured by the time it runs",
        ),
    }
)
"""By structure."""

SOURCES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "AIDatasetConfig": frozenset({"InputDataConfig"}),
        "AIWorkloadDataSource": frozenset({"S3DataSource"}),
        "AutoMLDataSource": frozenset({"S3DataSource"}),
        "DataSource": frozenset({"S3DataSource", "FileSystemDataSource", "DatasetSource"}),
        "DatasetDefinition": frozenset({"AthenaDatasetDefinition", "RedshiftDatasetDefinition"}),
        "LabelingJobDataSource": frozenset({"S3DataSource", "SnsDataSource"}),
        "ProcessingInput": frozenset({"S3Input", "DatasetDefinition"}),
        "TransformDataSource": frozenset({"S3DataSource"}),
        **dict.fromkeys(
            ("DataQualityJobInput", "ModelExplainabilityJobInput", "MonitoringInput"),
            frozenset({"EndpointInput", "BatchTransformInput"}),
        ),
        **dict.fromkeys(
            ("ModelBiasJobInput", "ModelQualityJobInput"),
            frozenset({"EndpointInput", "BatchTransformInput", "GroundTruthS3Input"}),
        ),
    }
)
"""Structures that say where data comes from, each by one of these members: any other is a source that nobody has
examined."""

CHANNELS: Mapping[str, str] = MappingProxyType(
    {"Channel": "ChannelName", "ProcessingInput": "InputName", "AIWorkloadInputDataConfig": "ChannelName"}
)
"""Structures with a name that the container knows the data by, and the member that holds it."""

DATALESS_STEPS = frozenset({"Callback", "Cleanup", "Condition", "Fail", "ForEach", "Lambda", "Lineage"})
"""Types of steps that make no call of SageMaker's and process no data there: functions and queues are listed by the
baseline, and the others only decide. What EMR's steps read, their own programs are told."""

OWN_FOLDERS = frozenset(
    {
        *("AutoMLOutputDataConfig", "OutputDataConfig"),
        *("DebugHookConfig", "DebugRuleConfiguration", "ProfilerConfig", "ProfilerRuleConfiguration"),
        "TensorBoardOutputConfig",
    }
)
"""Structures that say where a job writes below a folder of its own, which has its name."""

_MODEL = "a model's artefact, which training made: what it was trained on was looked at then"
_CONFIGURATION = "configuration, made by a person or a tool, and no records"
_SCRIPT = "a script that runs beside the data"
_STATISTICS = "statistics of data and limits for them, and no records"

NO_DATA: Mapping[Member, str] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                ("AIAdapterS3Entry", "S3Uri"),
                ("AIModelSourceS3", "S3Uri"),
                ("ContainerDefinition", "ModelDataUrl"),
                ("InferenceComponentContainerSpecification", "ArtifactUrl"),
                ("InputConfig", "S3Uri"),
                ("ModelPackageContainerDefinition", "ModelDataUrl"),
                ("OptimizationJobModelSourceS3", "S3Uri"),
                ("S3ModelDataSource", "ManifestS3Uri"),
                ("S3ModelDataSource", "S3Uri"),
                ("SourceAlgorithm", "ModelDataUrl"),
            ),
            _MODEL,
        ),
        **dict.fromkeys(
            (
                ("AutoMLCandidateGenerationConfig", "FeatureSpecificationS3Uri"),
                ("CreateLabelingJobRequest", "LabelCategoryConfigS3Uri"),
                ("FileSource", "S3Uri"),
                ("ModelBiasAppSpecification", "ConfigUri"),
                ("ModelExplainabilityAppSpecification", "ConfigUri"),
                ("TabularJobConfig", "FeatureSpecificationS3Uri"),
                ("TimeSeriesForecastingJobConfig", "FeatureSpecificationS3Uri"),
                ("UiConfig", "UiTemplateS3Uri"),
            ),
            _CONFIGURATION,
        ),
        **{
            (f"{kind}AppSpecification", member): _SCRIPT
            for kind in ("DataQuality", "ModelQuality", "Monitoring")
            for member in ("PostAnalyticsProcessorSourceUri", "RecordPreprocessorSourceUri")
        },
        ("ClusterLifeCycleConfig", "SourceS3Uri"): "scripts that set up a cluster's machines",
        **dict.fromkeys(
            (
                ("MetricsSource", "S3Uri"),
                ("MonitoringConstraintsResource", "S3Uri"),
                ("MonitoringStatisticsResource", "S3Uri"),
            ),
            _STATISTICS,
        ),
        **dict.fromkeys(
            (("S3FileSystem", "S3Uri"), ("S3FileSystemConfig", "S3Uri")),
            "mounted where a person works; a job that reads from there names it itself",
        ),
        ("S3StorageConfig", "ResolvedOutputS3Uri"): "where a feature group's records are written",
        ("PresignedUrlAccessConfig", "ExpectedS3Url"): "an address that an answer is compared with",
    }
)
"""Locations that are read and hold no input data, with the reason."""
