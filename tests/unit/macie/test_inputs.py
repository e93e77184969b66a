"""Which data a request has SageMaker read: found, told apart from code, or told as unreadable; never left out."""

from __future__ import annotations

import json

import pytest

from secure_sagemaker.controls.pipelines import with_parameters
from secure_sagemaker.macie.inputs import (
    DataInput,
    InputKind,
    Inputs,
    UnreadableInput,
    inputs_of,
    inputs_of_steps,
)
from tests.controls_support import needed, operation, service_model

pytestmark = pytest.mark.once

Content = dict[str, object]
DATA = "s3://ml-datasets/churn"


def told(name: str, **parameters: object) -> Inputs:
    return inputs_of(operation(name), parameters)


def told_of(*steps: Content, **definition: object) -> Inputs:
    text = json.dumps({"Version": "2020-12-01", "Steps": steps, **definition})
    return told("CreatePipeline", PipelineName="churn", PipelineDefinition=text)


def s3(uri: object = DATA, kind: object = "S3Prefix", **more: object) -> Content:
    return {"S3DataSource": {"S3DataType": kind, "S3Uri": uri, **more}}


def channel(name: str = "train", source: object = None) -> Content:
    return {"ChannelName": name, "DataSource": source or s3()}


def processed(uri: object = DATA, name: str = "rows", kind: str = "S3Prefix") -> Content:
    return {"InputName": name, "S3Input": {"S3Uri": uri, "S3DataType": kind}}


def step(name: str, kind: str, **arguments: object) -> Content:
    return {"Name": name, "Type": kind, "Arguments": arguments}


def get(name: str) -> Content:
    return {"Get": name}


def written(uri: object, name: str = "train") -> Content:
    return {"Outputs": [{"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": "/opt/ml"}}]}


_TRAINING: Content = {"InputDataConfig": [channel()]}
_TRANSFORM: Content = {"TransformInput": {"DataSource": s3()}}
_AUTOML: Content = {"DataSource": s3(), "TargetAttributeName": "left"}


@pytest.mark.parametrize(
    ("name", "parameters", "path", "called", "kind"),
    [
        (
            "CreateTrainingJob",
            _TRAINING,
            "InputDataConfig[0].DataSource.S3DataSource.S3Uri",
            "train",
            "prefix",
        ),
        (
            "CreateHyperParameterTuningJob",
            {"TrainingJobDefinition": _TRAINING},
            "TrainingJobDefinition.InputDataConfig[0].DataSource.S3DataSource.S3Uri",
            "train",
            "prefix",
        ),
        (
            "CreateHyperParameterTuningJob",
            {"TrainingJobDefinitions": [{}, _TRAINING]},
            "TrainingJobDefinitions[1].InputDataConfig[0].DataSource.S3DataSource.S3Uri",
            "train",
            "prefix",
        ),
        (
            "CreateProcessingJob",
            {"ProcessingInputs": [processed()]},
            "ProcessingInputs[0].S3Input.S3Uri",
            "rows",
            "prefix",
        ),
        ("CreateTransformJob", _TRANSFORM, "TransformInput.DataSource.S3DataSource.S3Uri", "", "prefix"),
        (
            "CreateAutoMLJob",
            {"InputDataConfig": [_AUTOML]},
            "InputDataConfig[0].DataSource.S3DataSource.S3Uri",
            "",
            "prefix",
        ),
        (
            "CreateAutoMLJobV2",
            {
                "AutoMLJobInputDataConfig": [
                    {"ChannelType": "training"},
                    {**_AUTOML, "ChannelType": "validation"},
                ]
            },
            "AutoMLJobInputDataConfig[1].DataSource.S3DataSource.S3Uri",
            "",
            "prefix",
        ),
        (
            "CreateAlgorithm",
            {"ValidationSpecification": {"ValidationProfiles": [{"TransformJobDefinition": _TRANSFORM}]}},
            "ValidationSpecification.ValidationProfiles[0].TransformJobDefinition.TransformInput.DataSource"
            ".S3DataSource.S3Uri",
            "",
            "prefix",
        ),
        (
            "CreateLabelingJob",
            {"InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": DATA}}}},
            "InputConfig.DataSource.S3DataSource.ManifestS3Uri",
            "",
            "augmented-manifest",
        ),
        (
            "CreateInferenceRecommendationsJob",
            {"InputConfig": {"ContainerConfig": {"PayloadConfig": {"SamplePayloadUrl": DATA}}}},
            "InputConfig.ContainerConfig.PayloadConfig.SamplePayloadUrl",
            "",
            "object",
        ),
        ("CreateModelPackage", {"SamplePayloadUrl": DATA}, "SamplePayloadUrl", "", "object"),
        (
            "CreateEndpointConfig",
            {
                "ExplainerConfig": {
                    "ClarifyExplainerConfig": {
                        "ShapConfig": {"ShapBaselineConfig": {"ShapBaselineUri": DATA}}
                    }
                }
            },
            "ExplainerConfig.ClarifyExplainerConfig.ShapConfig.ShapBaselineConfig.ShapBaselineUri",
            "",
            "object",
        ),
    ],
)
def test_the_data_of_a_request_is_found(
    name: str, parameters: Content, path: str, called: str, kind: str
) -> None:
    """Whatever the operation, a location that is read as data is told with its place and how it names objects."""
    found = DataInput(path=path, uri=DATA, kind=InputKind(kind), channel=called)
    assert Inputs(readable=(found,)) == told(name, **parameters)


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ("S3Prefix", InputKind.PREFIX),
        ("ManifestFile", InputKind.MANIFEST),
        ("AugmentedManifestFile", InputKind.AUGMENTED_MANIFEST),
        ("Converse", InputKind.PREFIX),
    ],
)
def test_the_type_of_data_says_how_objects_are_named(stated: str, kind: InputKind) -> None:
    """A prefix, a manifest and an augmented manifest, with its attributes, are told apart."""
    source = s3(kind=stated, AttributeNames=["source-ref", "label"])
    (found,) = told("CreateTrainingJob", InputDataConfig=[channel(source=source)]).readable
    assert (kind, ("source-ref", "label")) == (found.kind, found.attributes)


def test_an_object_is_told_with_its_version() -> None:
    """Where the request says which version of an object it means, the input does."""
    source = {"S3DataType": "S3Object", "S3Uri": f"{DATA}/more.csv", "ETag": "abc"}
    container = {"Image": "image", "AdditionalS3DataSource": source}
    found = told("CreateModelPackage", InferenceSpecification={"Containers": [container]})
    (one,) = found.readable
    assert (InputKind.OBJECT, "abc") == (one.kind, one.etag)


def test_a_type_of_data_that_nobody_knows_is_unreadable() -> None:
    """Which objects are read cannot be told, so none has been looked at."""
    source = s3(kind="Iceberg")
    (found,) = told("CreateTrainingJob", InputDataConfig=[channel(source=source)]).unreadable
    assert "S3DataType 'Iceberg' does not tell which objects are read there" == found.reason
    assert DATA == found.source


@pytest.mark.parametrize(
    "uri",
    ["https://ml-datasets.s3.eu-west-1.amazonaws.com/churn", "file:///churn", "s3://", "s3:///churn", "", 1],
)
def test_what_is_no_location_is_unreadable(uri: object) -> None:
    """An address of another kind is not taken for one that was looked at."""
    found = told("CreateTrainingJob", InputDataConfig=[channel(source=s3(uri))])
    assert () == found.readable
    assert ["it is no s3:// location: write it as s3://BUCKET/KEY"] == [
        one.reason for one in found.unreadable
    ]


@pytest.mark.parametrize(
    ("uri", "bucket", "key", "is_directory_bucket", "is_access_point"),
    [
        ("s3://ml-datasets", "ml-datasets", "", False, False),
        ("s3://ml-datasets/", "ml-datasets", "", False, False),
        ("s3://ml-datasets/churn/part", "ml-datasets", "churn/part", False, False),
        ("s3://ml-datasets//churn/", "ml-datasets", "/churn/", False, False),
        ("s3://rows--euw1-az1--x-s3/churn/", "rows--euw1-az1--x-s3", "churn/", True, False),
        (
            "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/rows/churn/",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/rows",
            "churn/",
            False,
            True,
        ),
        ("s3://rows-abc-s3alias/churn/", "rows-abc-s3alias", "churn/", False, True),
    ],
)
def test_a_location_is_taken_apart(
    uri: str, bucket: str, key: str, is_directory_bucket: bool, is_access_point: bool
) -> None:
    """Bucket and key are told, the key as it stands; so is what is no plain bucket."""
    found = DataInput(path="InputDataConfig[0]", uri=uri, kind=InputKind.PREFIX)
    assert (bucket, key) == (found.bucket, found.key)
    assert (is_directory_bucket, is_access_point) == (found.is_directory_bucket, found.is_access_point)


_ATHENA: Content = {"Catalog": "AwsDataCatalog", "Database": "churn", "OutputS3Uri": "s3://ml-work/query"}


@pytest.mark.parametrize(
    ("name", "parameters", "path", "source"),
    [
        (
            "CreateTrainingJob",
            {
                "InputDataConfig": [
                    channel(
                        source={
                            "FileSystemDataSource": {
                                "FileSystemId": "fs-0123",
                                "FileSystemType": "FSxLustre",
                                "DirectoryPath": "/churn",
                            }
                        }
                    )
                ]
            },
            "InputDataConfig[0].DataSource.FileSystemDataSource",
            "FSxLustre fs-0123/churn",
        ),
        (
            "CreateTrainingJob",
            {"InputDataConfig": [channel(source={"DatasetSource": {"DatasetArn": "arn:aws:hub"}})]},
            "InputDataConfig[0].DataSource.DatasetSource",
            "arn:aws:hub",
        ),
        (
            "CreateTrainingJob",
            {"InputDataConfig": [channel(source={"IcebergSource": {"Table": "churn"}})]},
            "InputDataConfig[0].DataSource.IcebergSource",
            "IcebergSource",
        ),
        (
            "CreateProcessingJob",
            {
                "ProcessingInputs": [
                    {"InputName": "rows", "DatasetDefinition": {"AthenaDatasetDefinition": _ATHENA}}
                ]
            },
            "ProcessingInputs[0].DatasetDefinition.AthenaDatasetDefinition",
            "Athena AwsDataCatalog.churn",
        ),
        (
            "CreateProcessingJob",
            {
                "ProcessingInputs": [
                    {
                        "InputName": "rows",
                        "DatasetDefinition": {
                            "RedshiftDatasetDefinition": {"ClusterId": "sales", "Database": "churn"}
                        },
                    }
                ]
            },
            "ProcessingInputs[0].DatasetDefinition.RedshiftDatasetDefinition",
            "Redshift sales.churn",
        ),
        (
            "CreateProcessingJob",
            {"ProcessingInputs": [{"InputName": "rows", "FeatureGroupInput": {"FeatureGroupName": "churn"}}]},
            "ProcessingInputs[0].FeatureGroupInput",
            "FeatureGroupInput",
        ),
        (
            "CreateLabelingJob",
            {"InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": "arn:aws:sns"}}}},
            "InputConfig.DataSource.SnsDataSource",
            "arn:aws:sns",
        ),
        (
            "CreateDataQualityJobDefinition",
            {"DataQualityJobInput": {"EndpointInput": {"EndpointName": "churn"}}},
            "DataQualityJobInput.EndpointInput",
            "what endpoint churn captured",
        ),
        (
            "CreateDataQualityJobDefinition",
            {"DataQualityJobInput": {"BatchTransformInput": {"DataCapturedDestinationS3Uri": DATA}}},
            "DataQualityJobInput.BatchTransformInput.DataCapturedDestinationS3Uri",
            DATA,
        ),
        (
            "CreateModelBiasJobDefinition",
            {"ModelBiasJobInput": {"GroundTruthS3Input": {"S3Uri": DATA}}},
            "ModelBiasJobInput.GroundTruthS3Input.S3Uri",
            DATA,
        ),
        (
            "CreatePipeline",
            {"PipelineDefinitionS3Location": {"Bucket": "ml-work", "ObjectKey": "churn.json"}},
            "PipelineDefinitionS3Location",
            "s3://ml-work/churn.json",
        ),
        ("UpdatePipeline", {"PipelineDefinition": "{}"}, "PipelineDefinition", "a definition"),
        ("UpdatePipeline", {"PipelineDefinition": "["}, "PipelineDefinition", "a definition"),
    ],
)
def test_what_macie_cannot_have_read_is_unreadable(
    name: str, parameters: Content, path: str, source: str
) -> None:
    """Other stores, what is captured or queried later, what nobody has examined: each is told, with a reason."""
    found = told(name, **parameters)
    assert () == found.readable
    assert [(path, source)] == [(one.path, one.source) for one in found.unreadable]
    assert all(one.reason for one in found.unreadable)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("DescribeTrainingJob", {"TrainingJobName": "churn"}),
        ("UpdatePipeline", {"PipelineName": "churn", "RoleArn": "arn:aws:iam::111122223333:role/run"}),
        (
            "CreateTrainingJob",
            {
                "OutputDataConfig": {"S3OutputPath": DATA},
                "CheckpointConfig": {"S3Uri": DATA},
                "HyperParameters": {"sagemaker_submit_directory": DATA},
            },
        ),
        (
            "CreateModel",
            {
                "PrimaryContainer": {
                    "ModelDataUrl": DATA,
                    "ModelDataSource": {"S3DataSource": {"S3Uri": DATA, "ManifestS3Uri": DATA}},
                }
            },
        ),
        ("CreateProcessingJob", {"ProcessingOutputConfig": written(DATA)}),
        (
            "CreateModelQualityJobDefinition",
            {"ModelQualityBaselineConfig": {"ConstraintsResource": {"S3Uri": DATA}}},
        ),
    ],
)
def test_what_is_no_input_is_not_told(name: str, parameters: Content) -> None:
    """Outputs, checkpoints, models, code and limits need no verdict; neither does a question."""
    assert Inputs() == told(name, **parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        {"InputDataConfig": [channel(), channel("code"), channel("sm_drivers")]},
        {"InputDataConfig": [channel("code"), channel(), channel("recipe")]},
    ],
)
def test_code_is_told_apart(parameters: Content) -> None:
    """A channel by which the SDKs bring code needs no verdict; every other one is data."""
    found = told("CreateTrainingJob", **parameters)
    assert ["train"] == [one.channel for one in found.readable]
    assert 2 == len(found.code)
    assert () == found.unreadable


def test_the_caller_says_which_channels_bring_code() -> None:
    """With no such channel all is data; with another one that is code."""
    model = operation("CreateProcessingJob")
    parameters = {"ProcessingInputs": [processed(name="code"), processed(name="scripts")]}
    found = inputs_of(model, parameters, code_channels=())
    assert ["code", "scripts"] == [one.channel for one in found.readable]
    found = inputs_of(model, parameters, code_channels=("scripts",))
    assert (["code"], ["scripts"]) == (
        [one.channel for one in found.readable],
        [one.channel for one in found.code],
    )


@pytest.mark.parametrize("kind", ["ManifestFile", "AugmentedManifestFile"])
def test_a_list_of_objects_is_never_code(kind: str) -> None:
    """No SDK brings code by a manifest, whatever the channel is called."""
    found = told("CreateTrainingJob", InputDataConfig=[channel("code", s3(kind=kind))])
    assert (1, ()) == (len(found.readable), found.code)


def test_a_file_system_is_never_code() -> None:
    """No SDK brings code by a file system, whatever the channel is called."""
    source = {"FileSystemDataSource": {"FileSystemId": "fs-0123"}}
    found = told("CreateTrainingJob", InputDataConfig=[channel("code", source)])
    assert (1, ()) == (len(found.unreadable), found.code)


@pytest.mark.skipif(not needed("CreateJob"), reason="the installed botocore does not know CreateJob")
def test_the_document_of_a_job_is_read() -> None:
    """Its channels are those of training; a location anywhere else has been examined by nobody."""
    content = {
        "InputDataConfig": [
            channel(),
            channel("validation", {"DatasetSource": {"DatasetArn": "arn:aws:hub"}}),
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://ml-work/out"},
        "Rewards": [{"Examples": "s3://ml-datasets/examples"}],
    }
    found = told("CreateJob", JobName="tune", JobConfigDocument=json.dumps(content))
    assert ["JobConfigDocument.InputDataConfig[0].DataSource.S3DataSource.S3Uri"] == [
        one.path for one in found.readable
    ]
    assert [
        ("JobConfigDocument.InputDataConfig[1].DataSource.DatasetSource", "arn:aws:hub"),
        ("JobConfigDocument.Rewards[0].Examples", "s3://ml-datasets/examples"),
    ] == [(one.path, one.source) for one in found.unreadable]


@pytest.mark.skipif(not needed("CreateJob"), reason="the installed botocore does not know CreateJob")
def test_a_document_that_is_none_is_unreadable() -> None:
    """What a job reads is not known where its document cannot be read."""
    found = told("CreateJob", JobName="tune", JobConfigDocument="{")
    assert ["JobConfigDocument"] == [one.path for one in found.unreadable]


# --- pipelines ------------------------------------------------------------------------------------


def test_the_steps_of_a_pipeline_are_asked() -> None:
    """Each step's inputs are told with the step's place, those inside of conditions too."""
    inner = step("Train", "Training", InputDataConfig=[channel(), channel("code")])
    found = told_of(step("Decide", "Condition", IfSteps=[inner], ElseSteps=[]))
    place = (
        "PipelineDefinition.Steps['Decide'].Arguments.IfSteps['Train'].Arguments.InputDataConfig[{}]"
        ".DataSource.S3DataSource.S3Uri"
    )
    assert [(place.format(0), DATA)] == [(one.path, one.uri) for one in found.readable]
    assert [place.format(1)] == [one.path for one in found.code]
    assert () == found.unreadable


def test_a_parameter_is_read_as_its_default() -> None:
    """What is read is what the pipeline would read unless its starter says otherwise, or what the starter says."""
    uri = {"Std:Join": {"On": "/", "Values": ["s3://ml-datasets", get("Parameters.Folder")]}}
    definition = json.dumps(
        {
            "Version": "2020-12-01",
            "Parameters": [{"Name": "Folder", "Type": "String", "DefaultValue": "churn"}],
            "Steps": [step("Train", "Training", InputDataConfig=[channel(source=s3(uri))])],
        }
    )
    found = told("CreatePipeline", PipelineName="churn", PipelineDefinition=definition)
    assert [DATA] == [one.uri for one in found.readable]
    started = inputs_of_steps(service_model(), with_parameters(definition, {"Folder": "leads"}))
    assert ["s3://ml-datasets/leads"] == [one.uri for one in started.readable]


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        (get("Parameters.Data"), "{Parameters.Data}"),
        (get("Execution.PipelineExecutionId"), "{Execution.PipelineExecutionId}"),
        (
            {"Std:Join": {"On": "/", "Values": ["s3://ml-datasets", get("Execution.StartDateTime")]}},
            "s3://ml-datasets/{Execution.StartDateTime}",
        ),
    ],
)
def test_what_only_the_run_tells_is_unreadable(uri: Content, source: str) -> None:
    """A variable that nobody can read yet is told by its name."""
    found = told_of(
        step("Train", "Training", InputDataConfig=[channel(source=s3(uri))]),
        Parameters=[{"Name": "Data", "Type": "String"}],
    )
    assert () == found.readable
    assert [("what it will be is known only when the pipeline runs", source, "")] == [
        (one.reason, one.source, one.is_output_of) for one in found.unreadable
    ]


@pytest.mark.parametrize(
    "stated",
    [
        get("Parameters.Data"),
        [get("Parameters.Data")],
        [{"ChannelName": "train", "DataSource": get("Parameters.Data")}],
        [{"ChannelName": "train", "DataSource": {"S3DataSource": get("Parameters.Data")}}],
        [{"ChannelName": "train", "DataSource": {"NewDataSource": get("Parameters.Data")}}],
    ],
)
def test_what_is_put_in_place_by_the_run_is_unreadable(stated: object) -> None:
    """A variable in the place of channels, or of anything in them, hides what is read."""
    found = told_of(step("Train", "Training", InputDataConfig=stated))
    assert ((), 1) == (found.readable, len(found.unreadable))


def test_what_has_another_shape_is_unreadable() -> None:
    """Inputs that are none as the operation takes them are not passed over."""
    found = told_of(step("Train", "Training", InputDataConfig=channel()))
    assert ["it is no list"] == [one.reason for one in found.unreadable]


_PREPARE = step(
    "Prepare",
    "Processing",
    ProcessingInputs=[processed()],
    ProcessingOutputConfig=written("s3://ml-work/prepared/train"),
)
_OUTPUT = get("Steps.Prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri")


@pytest.mark.parametrize(
    "uri",
    [
        _OUTPUT,
        "s3://ml-work/prepared/train",
        "s3://ml-work/prepared/train/",
        "s3://ml-work/prepared/train/part-0",
        {"Std:Join": {"On": "/", "Values": [_OUTPUT, "part-0"]}},
    ],
)
@pytest.mark.parametrize("kind", ["S3Prefix", "ManifestFile"])
def test_what_another_step_writes_is_unreadable(uri: object, kind: str) -> None:
    """By its property or by its location, an output is told with its step; what went in is still readable."""
    found = told_of(_PREPARE, step("Train", "Training", InputDataConfig=[channel(source=s3(uri, kind))]))
    assert [DATA] == [one.uri for one in found.readable]
    assert [("Prepare", "step 'Prepare' writes it when the pipeline runs")] == [
        (one.is_output_of, one.reason) for one in found.unreadable
    ]


def test_a_prefix_around_an_output_is_both() -> None:
    """What lies there now needs a verdict, and what a step writes there can have none."""
    train = step("Train", "Training", InputDataConfig=[channel(source=s3("s3://ml-work/prep"))])
    found = told_of(_PREPARE, train)
    assert [DATA, "s3://ml-work/prep"] == [one.uri for one in found.readable]
    assert ["Prepare"] == [one.is_output_of for one in found.unreadable]


@pytest.mark.parametrize("uri", ["s3://ml-work/prepared/training", "s3://ml-work/prepared/test/"])
def test_what_lies_beside_an_output_is_readable(uri: str) -> None:
    """A folder is not another one whose name begins alike."""
    found = told_of(_PREPARE, step("Train", "Training", InputDataConfig=[channel(source=s3(uri))]))
    assert [DATA, uri] == [one.uri for one in found.readable]
    assert () == found.unreadable


def test_a_job_writes_below_a_folder_of_its_own() -> None:
    """Data in the bucket that training writes to is readable; its artefact is not, nor is the whole bucket."""
    train = step(
        "Train",
        "Training",
        InputDataConfig=[channel(source=s3("s3://ml-work/data/"))],
        OutputDataConfig={"S3OutputPath": "s3://ml-work/"},
    )
    artefact = get("Steps.Train.ModelArtifacts.S3ModelArtifacts")
    test = step(
        "Test",
        "Processing",
        ProcessingInputs=[
            processed("s3://ml-work/test/"),
            processed(artefact, "model"),
            processed("s3://ml-work/", "all"),
        ],
    )
    found = told_of(train, test)
    assert ["s3://ml-work/data/", "s3://ml-work/test/", "s3://ml-work/"] == [
        one.uri for one in found.readable
    ]
    assert ["Train", "Train"] == [one.is_output_of for one in found.unreadable]


def test_a_job_with_a_name_writes_below_it() -> None:
    """Where the step states the job's name, what lies there is its output."""
    train = step(
        "Train",
        "Training",
        TrainingJobName="churn",
        OutputDataConfig={"S3OutputPath": "s3://ml-work/models"},
    )
    test = step(
        "Test", "Processing", ProcessingInputs=[processed("s3://ml-work/models/churn/output/model.tar.gz")]
    )
    assert ["Train"] == [one.is_output_of for one in told_of(train, test).unreadable]


def test_what_a_function_returns_is_unreadable() -> None:
    """A location that a Lambda step answers is its output."""
    find = {**step("Find", "Lambda"), "FunctionArn": "arn:aws:lambda"}
    uri = get("Steps.Find.OutputParameters['folder']")
    found = told_of(find, step("Train", "Training", InputDataConfig=[channel(source=s3(uri))]))
    assert ["Find"] == [one.is_output_of for one in found.unreadable]


def test_steps_that_process_data_elsewhere_are_unreadable() -> None:
    """What EMR or an unknown type of step reads is not said; a step that only decides reads nothing."""
    found = told_of(step("Spark", "EMR"), step("New", "Quantum"), step("Stop", "Fail"))
    assert ["what a step of type 'EMR' reads", "what a step of type 'Quantum' reads"] == [
        one.source for one in found.unreadable
    ]


def test_steps_of_one_name_are_each_asked() -> None:
    """Nothing hides behind a name that is used twice."""
    twice = [step("Train", "Training", InputDataConfig=[channel(source=s3(f"{DATA}/{n}"))]) for n in (1, 2)]
    assert [f"{DATA}/1", f"{DATA}/2"] == [one.uri for one in told_of(*twice).readable]


def test_a_definition_is_asked_by_itself() -> None:
    """What is started is not what was made: the same answer is given for a definition alone."""
    definition = json.dumps({"Version": "2020-12-01", "Steps": [_PREPARE]})
    found = inputs_of_steps(service_model(), definition, path="Started")
    assert ["Started.Steps['Prepare'].Arguments.ProcessingInputs[0].S3Input.S3Uri"] == [
        one.path for one in found.readable
    ]


def test_nothing_that_stands_for_the_unknown_is_shown() -> None:
    """A person reads a variable's name, and no private character."""
    uri = {"Std:Join": {"On": "/", "Values": ["s3://ml-work", get("Execution.PipelineExecutionId")]}}
    found = told_of(
        step("Train", "Training", InputDataConfig=[channel(source=s3(uri)), channel("code", s3(uri))])
    )
    assert ["s3://ml-work/{Execution.PipelineExecutionId}"] * 2 == [
        found.unreadable[0].source,
        found.code[0].uri,
    ]


def test_a_definition_that_is_too_deep_is_unreadable() -> None:
    """What cannot be gone through is not taken for something without inputs."""
    deep = "[" * 100_000
    found = inputs_of_steps(service_model(), deep)
    assert [
        UnreadableInput(path="PipelineDefinition", source="a definition", reason=found.unreadable[0].reason)
    ] == [*found.unreadable]
