"""The kinds of work a session can be narrowed to, as data: which actions each needs, on which kinds of resources.

A task's resources are told by their names; what AWS names itself (clusters, domains) cannot be. What a task reads and
writes in S3, the keys it uses and the roles it passes are the scope's and the baseline's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from secure_sagemaker.baseline import Task

__all__ = ["TASKS", "Grant", "Needs"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """Actions of SageMaker on kinds of resources; a kind is of use to those actions only that have it."""

    operations: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    """Empty for operations that have no resource."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a task needs."""

    grants: tuple[Grant, ...]
    reads: bool = True
    """Objects of the inputs."""
    writes: bool = True
    """Objects of the outputs."""
    passes_role: bool = True
    """An execution role, to SageMaker."""
    grants_key: bool = False
    """The volume key to SageMaker, which asks for it in the caller's name."""
    log_groups: tuple[str, ...] = ()
    """What the SDKs follow while they wait, below ``/aws/sagemaker/``."""
    attaches_network: bool = False
    """A network interface in the baseline's subnets, which SageMaker makes in the caller's name."""


_TAGS = ("AddTags", "ListTags")
"""What is made with tags is made again from them: the SDKs attach to a job, or change an endpoint, by its own."""


def _jobs(kind: str, noun: str, *further: str) -> Grant:
    named = (f"Create{noun}", f"Describe{noun}", f"Stop{noun}", *_TAGS, *further)
    return Grant(operations=named, kinds=(kind,))


def _kept(noun: str, *further: str) -> tuple[str, ...]:
    return (f"Create{noun}", f"Describe{noun}", f"Delete{noun}", *(f"{verb}{noun}" for verb in further))


_DEFINITIONS = ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")

TASKS: Mapping[Task, Needs] = MappingProxyType(
    {
        Task.TRAIN: Needs(
            grants=(_jobs("training-job", "TrainingJob"),), grants_key=True, log_groups=("TrainingJobs",)
        ),
        Task.PROCESS: Needs(
            grants=(_jobs("processing-job", "ProcessingJob"),),
            grants_key=True,
            log_groups=("ProcessingJobs",),
        ),
        Task.TUNE: Needs(
            grants=(
                _jobs(
                    "hyper-parameter-tuning-job",
                    "HyperParameterTuningJob",
                    "ListTrainingJobsForHyperParameterTuningJob",
                ),
                Grant(operations=("DescribeTrainingJob", "ListTags"), kinds=("training-job",)),
            ),
            grants_key=True,
            log_groups=("TrainingJobs",),
        ),
        Task.AUTOML: Needs(
            grants=(
                _jobs("automl-job", "AutoMLJob", "CreateAutoMLJobV2", "DescribeAutoMLJobV2"),
                Grant(operations=("ListCandidatesForAutoMLJob",)),
            ),
            grants_key=True,
        ),
        Task.TRANSFORM: Needs(
            grants=(
                _jobs("transform-job", "TransformJob"),
                Grant(operations=("DescribeModel",), kinds=("model",)),
            ),
            passes_role=False,  # the model's own runs it
            grants_key=True,
            log_groups=("TransformJobs",),
        ),
        Task.DEPLOY: Needs(
            grants=(
                Grant(
                    operations=(
                        *_kept("Model"),
                        *_kept("EndpointConfig"),
                        *_kept("Endpoint", "Update"),
                        *_kept("InferenceComponent", "Update"),
                        *(*_TAGS, "UpdateEndpointWeightsAndCapacities"),
                    ),
                    kinds=("endpoint", "endpoint-config", "inference-component", "model"),
                ),
            ),
            grants_key=True,
        ),
        Task.INVOKE: Needs(
            grants=(
                Grant(
                    operations=(
                        *("DescribeEndpoint", "InvokeEndpoint", "InvokeEndpointAsync"),
                        "InvokeEndpointWithResponseStream",
                    ),
                    kinds=("endpoint", "inference-component"),
                ),
            ),
            reads=False,
            writes=False,
            passes_role=False,
        ),
        Task.REGISTER: Needs(
            grants=(
                Grant(
                    operations=(
                        *("AddTags", "CreateModelPackage", "CreateModelPackageGroup", "DescribeModelPackage"),
                        *("DescribeModelPackageGroup", "ListModelPackages", "UpdateModelPackage"),
                    ),
                    kinds=("model-package", "model-package-group"),
                ),
                Grant(operations=("ListModelPackageGroups",)),
            ),
            passes_role=False,
        ),
        Task.PIPELINE: Needs(
            grants=(
                Grant(
                    operations=(
                        *_kept("Pipeline", "Update"),
                        *_TAGS,
                        *("ListPipelineExecutions", "ListPipelineVersions", "StartPipelineExecution"),
                    ),
                    kinds=("pipeline",),
                ),
                Grant(
                    operations=(
                        *("DescribePipelineDefinitionForExecution", "DescribePipelineExecution"),
                        *("ListPipelineExecutionSteps", "ListPipelineParametersForExecution"),
                        *("RetryPipelineExecution", "StopPipelineExecution"),
                    ),
                    kinds=("pipeline-execution",),
                ),
            ),
            reads=False,
        ),
        Task.FEATURE_STORE: Needs(
            grants=(
                Grant(
                    operations=(
                        *_kept("FeatureGroup", "Update"),
                        *(*_TAGS, "BatchGetRecord", "BatchWriteRecord", "DeleteRecord", "ListRecords"),
                        *("DescribeFeatureMetadata", "GetRecord", "PutRecord", "UpdateFeatureMetadata"),
                    ),
                    kinds=("feature-group",),
                ),
            ),
        ),
        Task.MONITOR: Needs(
            grants=(
                Grant(
                    operations=(
                        *_TAGS,
                        *(name for kind in _DEFINITIONS for name in _kept(f"{kind}JobDefinition")),
                        *_kept("MonitoringSchedule", "Update", "Start", "Stop"),
                    ),
                    kinds=(
                        *("data-quality-job-definition", "model-bias-job-definition"),
                        *("model-explainability-job-definition", "model-quality-job-definition"),
                        "monitoring-schedule",
                    ),
                ),
                Grant(operations=("ListMonitoringExecutions",)),
            ),
            grants_key=True,
        ),
        Task.LABEL: Needs(
            grants=(
                _jobs("labeling-job", "LabelingJob"),
                Grant(operations=("DescribeWorkteam",), kinds=("workteam",)),
            ),
            grants_key=True,
        ),
        Task.NOTEBOOK: Needs(
            grants=(
                Grant(
                    operations=(
                        *_kept("NotebookInstance", "Start", "Stop", "Update"),
                        *("AddTags", "CreatePresignedNotebookInstanceUrl"),
                    ),
                    kinds=("notebook-instance",),
                ),
            ),
            reads=False,
            writes=False,
            grants_key=True,
            attaches_network=True,
        ),
        Task.STUDIO: Needs(
            grants=(
                Grant(
                    operations=(
                        *(*_kept("App"), *_kept("Space", "Update"), "AddTags", "CreatePresignedDomainUrl"),
                        *("DescribeDomain", "DescribeUserProfile"),
                    ),
                    kinds=("app", "domain", "space", "user-profile"),
                ),
                Grant(operations=("ListApps", "ListDomains", "ListSpaces", "ListUserProfiles")),
            ),
            reads=False,
            writes=False,
            passes_role=False,
        ),
        Task.CLUSTER: Needs(
            grants=(
                Grant(
                    operations=(
                        *_kept("Cluster", "Update"),
                        *("AddTags", "DescribeClusterNode", "ListClusterNodes", "UpdateClusterSoftware"),
                    ),
                    kinds=("cluster",),
                ),
            ),
            reads=False,
            writes=False,
            grants_key=True,
        ),
        Task.READ_ONLY: Needs(
            grants=(Grant(operations=("Describe*", "List*", "Search")),),
            writes=False,
            passes_role=False,
            log_groups=("*",),
        ),
    }
)
"""By task."""
