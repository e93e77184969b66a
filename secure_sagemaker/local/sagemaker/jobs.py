"""Jobs: what AWS fills in when they start and when they end. Nothing runs: a job that is described is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secure_sagemaker.local.sagemaker.generic import settle
from secure_sagemaker.local.sagemaker.kept import (
    Change,
    Fill,
    Operation,
    Record,
    Request,
    Store,
    identifier,
    refused,
)
from secure_sagemaker.local.sagemaker.listing import listed, page
from secure_sagemaker.local.sagemaker.shapes import project
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, plain, text

__all__ = ["FILLED", "FINISHED", "OPERATIONS", "UPDATED"]

Output = Mapping[str, object]


# --- training


def _training(store: Store, request: Request, record: Record) -> None:
    values = record.values
    output = mapping(values.get("OutputDataConfig"))
    folder = f"{text(output.get('S3OutputPath')).rstrip('/')}/{record.name}/output/model"
    plain_folder = output.get("CompressionType") == "NONE"
    values["ModelArtifacts"] = {"S3ModelArtifacts": f"{folder}/" if plain_folder else f"{folder}.tar.gz"}
    if at(values, "ProfilerConfig.S3OutputPath"):
        values["ProfilingStatus"] = "Enabled"
    _transition(request, record, "Starting", "Preparing the instances for training")


def _trained(store: Store, request: Request, record: Record) -> None:
    _transition(request, record, record.status, f"Training job {record.status.lower()}")
    began = record.values.get("TrainingStartTime")
    seconds = max(1, int(request.now - began)) if isinstance(began, int | float) else 1
    record.values.update({"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds})


def _job(store: Store, request: Request, record: Record) -> None:
    _transition(request, record, "Starting", "Starting")


def _job_done(store: Store, request: Request, record: Record) -> None:
    _transition(request, record, record.status, record.status)


def _transition(request: Request, record: Record, status: str, message: str) -> None:
    earlier = [
        {"EndTime": request.now, **transition}
        for transition in entries(record.values.get("SecondaryStatusTransitions"))
    ]
    now = {"Status": status, "StartTime": request.now, "StatusMessage": message}
    record.values["SecondaryStatus"] = status
    record.values["SecondaryStatusTransitions"] = [*earlier, now]


# --- tuning: a few training jobs stand for all

_MOST_TRAINING_JOBS = 4
_RANGES = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")
_OBJECTIVE = 0.5
"""What every training job of a tuning job reached."""


def _tuning(store: Store, request: Request, record: Record) -> None:
    single = record.values.get("TrainingJobDefinition")
    definitions = entries(record.values.get("TrainingJobDefinitions")) or (mapping(single),)
    limits = mapping(at(record.values, "HyperParameterTuningJobConfig.ResourceLimits"))
    limit = limits.get("MaxNumberOfTrainingJobs") or limits.get("MaxParallelTrainingJobs")
    count = min(limit if isinstance(limit, int) else 1, _MOST_TRAINING_JOBS)
    for number in range(count):
        _tuned(store, request, record, definitions[number % len(definitions)], number + 1)
    _count(store, request, record)


def _tuned(
    store: Store, request: Request, record: Record, definition: Mapping[str, object], number: int
) -> None:
    kind = request.kind("TrainingJob")
    tuned = dict(_first_values(definition))
    static = mapping(definition.get("StaticHyperParameters"))
    objective = definition.get("TuningObjective") or at(
        record.values, "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective"
    )
    metric = text(mapping(objective).get("MetricName")) or "validation:objective"
    values = {
        **{name: value for name, value in definition.items() if name in kind.view.members},
        "TrainingJobName": f"{record.name}-{number:03}-{identifier(record.kind, number)[:8]}",
        "HyperParameters": {**static, **tuned},
        "ResourceConfig": _resources(definition),
        "TuningJobArn": record.arn,
        "TunedHyperParameters": tuned,
        "TuningJobName": record.name,
        "TrainingJobDefinitionName": definition.get("DefinitionName"),
        "CreationTime": request.now,
        "LastModifiedTime": request.now,
        "FinalMetricDataList": [{"MetricName": metric, "Value": _OBJECTIVE, "Timestamp": request.now}],
        "FinalHyperParameterTuningJobObjectiveMetric": {
            **mapping(objective),
            "MetricName": metric,
            "Value": _OBJECTIVE,
        },
    }
    child = store.add(request, kind, {name: value for name, value in values.items() if value is not None})
    child.begin(kind.course)
    _training(store, request, child)


def _first_values(definition: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for member in _RANGES:
        for stated in entries(at(definition, f"HyperParameterRanges.{member}")):
            values = stated.get("Values")
            first = values[0] if isinstance(values, list) and values else stated.get("MinValue")
            yield text(stated.get("Name")), str(first)


def _resources(definition: Mapping[str, object]) -> object:
    stated = mapping(definition.get("HyperParameterTuningResourceConfig"))
    chosen = entries(stated.get("InstanceConfigs"))
    return {**stated, **(chosen[0] if chosen else {})} or definition.get("ResourceConfig")


def _children(store: Store, request: Request, record: Record) -> list[Record]:
    return [
        child for child in store.all(request, "TrainingJob") if child.values.get("TuningJobArn") == record.arn
    ]


def _tuned_all(store: Store, request: Request, record: Record) -> None:
    children = _children(store, request, record)
    for child in children:
        settle(store, request, child)
        child.values["ObjectiveStatus"] = "Succeeded"
    _count(store, request, record)
    if children:
        shape = record.kind.view.members["BestTrainingJob"]
        record.values["BestTrainingJob"] = project(children[0].values, shape)


def _count(store: Store, request: Request, record: Record) -> None:
    children = _children(store, request, record)
    done = sum(1 for child in children if not child.next_status)
    going = len(children) - done
    record.values["TrainingJobStatusCounters"] = {
        **dict.fromkeys(("NonRetryableError", "RetryableError", "Stopped"), 0),
        "Completed": done,
        "InProgress": going,
    }
    record.values["ObjectiveStatusCounters"] = {"Succeeded": done, "Pending": going, "Failed": 0}


def _list_tuned(store: Store, request: Request) -> Output:
    kind = request.kind("HyperParameterTuningJob")
    tuning = store.need(request, kind, request.parameters)
    children = _children(store, request, tuning)
    return listed(request, request.kind("TrainingJob"), children, handled=["HyperParameterTuningJobName"])


# --- AutoML: one candidate

_AUTOML_IMAGE = "141502667606.dkr.ecr.{region}.amazonaws.com/sagemaker-sklearn-automl:2.5-1-cpu-py3"


def _automl(store: Store, request: Request, record: Record) -> None:
    values = record.values
    values["AutoMLJobSecondaryStatus"] = "Starting"
    if record.kind.name == "AutoMLJob":
        values["AutoMLJobInputDataConfig"] = plain(values.get("InputDataConfig"))
        values["SecurityConfig"] = plain(at(values, "AutoMLJobConfig.SecurityConfig"))
        values["AutoMLProblemTypeConfigName"] = "Tabular"
    else:
        problem = next(iter(mapping(values.get("AutoMLProblemTypeConfig"))), "TabularJobConfig")
        values["AutoMLProblemTypeConfigName"] = {
            "ImageClassificationJobConfig": "ImageClassification",
            "TextClassificationJobConfig": "TextClassification",
            "TimeSeriesForecastingJobConfig": "TimeSeriesForecasting",
            "TextGenerationJobConfig": "TextGeneration",
        }.get(problem, "Tabular")


def _automl_done(store: Store, request: Request, record: Record) -> None:
    record.values["AutoMLJobSecondaryStatus"] = record.status
    if record.status != "Completed":
        return
    folder = f"{text(at(record.values, 'OutputDataConfig.S3OutputPath')).rstrip('/')}/{record.name}"
    metric = text(at(record.values, "AutoMLJobObjective.MetricName")) or "Accuracy"
    record.values["BestCandidate"] = {
        "CandidateName": f"{record.name[:20]}-candidate-1",
        "FinalAutoMLJobObjectiveMetric": {"MetricName": metric, "Value": _OBJECTIVE},
        "ObjectiveStatus": "Succeeded",
        "CandidateSteps": [],
        "CandidateStatus": "Completed",
        "InferenceContainers": [
            {
                "Image": _AUTOML_IMAGE.format(region=request.region),
                "ModelDataUrl": f"{folder}/candidate-1/output/model.tar.gz",
                "Environment": {},
            }
        ],
        "CreationTime": request.now,
        "EndTime": request.now,
        "LastModifiedTime": request.now,
    }


def _list_candidates(store: Store, request: Request) -> Output:
    job = store.need(request, request.kind("AutoMLJob"), request.parameters)
    best = job.values.get("BestCandidate")
    wanted = request.text("CandidateNameEquals")
    shown = best is not None and wanted in ("", at(best, "CandidateName"))
    return page(request, "Candidates", [best] if shown else [])


# --- others


def _compilation(store: Store, request: Request, record: Record) -> None:
    folder = text(at(record.values, "OutputConfig.S3OutputLocation")).rstrip("/")
    model = text(at(record.values, "InputConfig.S3Uri")).rsplit("/", 1)[-1].removesuffix(".tar.gz")
    target = text(at(record.values, "OutputConfig.TargetDevice")) or "platform"
    artifact = f"{folder}/{model}-{target}.tar.gz"
    record.values["ModelArtifacts"] = {"S3ModelArtifacts": artifact}


def _packaging(store: Store, request: Request, record: Record) -> None:
    folder = text(at(record.values, "OutputConfig.S3OutputLocation")).rstrip("/")
    name, version = record.values.get("ModelName"), record.values.get("ModelVersion")
    record.values["ModelArtifact"] = f"{folder}/{name}-{version}.tar.gz"


def _labeling(store: Store, request: Request, record: Record) -> None:
    folder = text(at(record.values, "OutputConfig.S3OutputPath")).rstrip("/")
    manifest = f"{folder}/{record.name}/manifests/output/output.manifest"
    record.values["JobReferenceCode"] = identifier(record.kind, len(store.all(request, record.kind)))
    record.values["LabelCounters"] = dict.fromkeys(
        ("TotalLabeled", "HumanLabeled", "MachineLabeled", "FailedNonRetryableError", "Unlabeled"), 0
    )
    record.values["LabelingJobOutput"] = {"OutputDatasetS3Uri": manifest}


_DEFINITIONS = {
    "DataQuality": "DataQualityJobDefinition",
    "ModelBias": "ModelBiasJobDefinition",
    "ModelExplainability": "ModelExplainabilityJobDefinition",
    "ModelQuality": "ModelQualityJobDefinition",
}


def _schedule(store: Store, request: Request, record: Record) -> None:
    """A schedule names a job definition, or carries one."""
    stated = mapping(record.values.get("MonitoringScheduleConfig"))
    inner = mapping(stated.get("MonitoringJobDefinition"))
    name, monitored = text(stated.get("MonitoringJobDefinitionName")), text(stated.get("MonitoringType"))
    definition: Mapping[str, object] = inner
    if name:
        kind = request.kind(_DEFINITIONS.get(monitored, "DataQualityJobDefinition"))
        named = store.find(request, kind, {"JobDefinitionName": name})
        if named is None:
            raise refused("ValidationException", f'Could not find {kind.words} "{name}".')
        definition = named.values
        record.values["MonitoringJobDefinitionName"] = name
    record.values["MonitoringType"] = monitored or "DataQuality"
    inputs = entries(inner.get("MonitoringInputs")) or (mapping(definition),)
    for member in ("EndpointInput", *(f"{kind}JobInput.EndpointInput" for kind in _DEFINITIONS)):
        endpoint = at(inputs[0], f"{member}.EndpointName")
        if endpoint is not None:
            record.values["EndpointName"] = endpoint


def _schedule_changed(store: Store, request: Request, record: Record, _: Mapping[str, object]) -> None:
    _schedule(store, request, record)


def _recommended(store: Store, request: Request, record: Record) -> None:
    record.values.setdefault("JobDescription", "")
    record.values["ModelName"] = at(record.values, "InputConfig.ModelName")


def _optimized(store: Store, request: Request, record: Record) -> None:
    stated = entries(record.values.get("OptimizationConfigs"))
    record.values["OptimizationTypes"] = [
        name.removeprefix("Model").removesuffix("Config") for one in stated for name in one
    ]


OPERATIONS: Mapping[str, Operation] = {
    "ListCandidatesForAutoMLJob": _list_candidates,
    "ListTrainingJobsForHyperParameterTuningJob": _list_tuned,
}
FILLED: Mapping[str, Fill] = {
    "AutoMLJob": _automl,
    "AutoMLJobV2": _automl,
    "CompilationJob": _compilation,
    "EdgePackagingJob": _packaging,
    "HyperParameterTuningJob": _tuning,
    "InferenceRecommendationsJob": _recommended,
    "Job": _job,
    "LabelingJob": _labeling,
    "MonitoringSchedule": _schedule,
    "OptimizationJob": _optimized,
    "TrainingJob": _training,
}
FINISHED: Mapping[str, Fill] = {
    "AutoMLJob": _automl_done,
    "HyperParameterTuningJob": _tuned_all,
    "Job": _job_done,
    "TrainingJob": _trained,
}
UPDATED: Mapping[str, Change] = {"MonitoringSchedule": _schedule_changed}
