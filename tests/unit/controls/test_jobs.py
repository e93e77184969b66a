"""Jobs: isolation by kind of work, Clarify, directory buckets, S3 locations, shells, and CreateJob."""

import json

import pytest

from tests.controls_support import (
    DEFAULT_ROLE,
    EBS,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    NETWORK,
    OUTPUT_KEY,
    Request,
    at,
    decided,
    decisions_at,
    enforced,
    needed,
    refused,
)

EXPRESS = "s3://ml-express--euw1-az1--x-s3/out"
PLAIN = "s3://ml-artifacts/out"
CLARIFY = "131013547314.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-clarify-processing"

ISOLATION = {
    "training": ("CreateTrainingJob", "EnableNetworkIsolation", {}),
    "processing": ("CreateProcessingJob", "NetworkConfig.EnableNetworkIsolation", {}),
    "tuning": (
        "CreateHyperParameterTuningJob",
        "TrainingJobDefinition.EnableNetworkIsolation",
        {"TrainingJobDefinition": {}},
    ),
    "models": ("CreateModel", "EnableNetworkIsolation", {}),
    "monitoring": (
        "CreateMonitoringSchedule",
        "MonitoringScheduleConfig.MonitoringJobDefinition.NetworkConfig.EnableNetworkIsolation",
        {"MonitoringScheduleConfig": {"MonitoringJobDefinition": {}}},
    ),
}
OTHERS = {
    kind: {f"network_isolation__{other}": "off" for other in ISOLATION if other != kind} for kind in ISOLATION
}


def saying(path: str, request: Request, *, isolated: bool) -> Request:
    content: Request = json.loads(json.dumps(request))
    place = content
    *around, name = path.split(".")
    for part in around:
        inner = place.setdefault(part, {})
        assert isinstance(inner, dict)
        place = inner
    place[name] = isolated
    return content


@pytest.mark.parametrize("kind", ISOLATION)
@pytest.mark.parametrize(
    ("mode", "silent", "false", "true"),
    [
        ("require", "injected", "refused", "kept"),
        ("default", "injected", "kept", "kept"),
        ("off", None, None, "kept"),
    ],
)
def test_isolation_is_stated_by_kind_of_work(
    kind: str, mode: str, silent: str | None, false: str | None, true: str
) -> None:
    """Each kind of work follows its own mode and no other kind's."""
    name, path, request = ISOLATION[kind]
    changes = {**OTHERS[kind], f"network_isolation__{kind}": mode}
    assert silent == decided(enforced(name, request, **changes), path)
    assert false == decided(enforced(name, saying(path, request, isolated=False), **changes), path)
    assert true == decided(enforced(name, saying(path, request, isolated=True), **changes), path)


def clarify_processing(image: str) -> Request:
    return {"AppSpecification": {"ImageUri": image}}


def clarify_bias(image: str) -> Request:
    return {"ModelBiasAppSpecification": {"ImageUri": image}}


def clarify_explainability(image: str) -> Request:
    return {"ModelExplainabilityAppSpecification": {"ImageUri": image}}


def clarify_schedule(image: str) -> Request:
    inline = {"MonitoringAppSpecification": {"ImageUri": image}}
    return {"MonitoringScheduleConfig": {"MonitoringJobDefinition": inline}}


INLINE = "MonitoringScheduleConfig.MonitoringJobDefinition."
CLARIFIES = pytest.mark.parametrize(
    ("name", "build", "around"),
    [
        ("CreateProcessingJob", clarify_processing, ""),
        ("CreateModelBiasJobDefinition", clarify_bias, ""),
        ("CreateModelExplainabilityJobDefinition", clarify_explainability, ""),
        ("CreateMonitoringSchedule", clarify_schedule, INLINE),
        ("UpdateMonitoringSchedule", clarify_schedule, INLINE),
    ],
)


@CLARIFIES
@pytest.mark.parametrize("tag", ["", ":1.0", "@sha256:" + "0" * 64])
def test_clarify_is_not_isolated(name: str, build, around: str, tag: str) -> None:
    """Clarify's own image calls a shadow endpoint: no isolation, on record, and everything else stands."""
    found = enforced(name, build(CLARIFY + tag))
    assert "exempt" == decided(found, f"{around}NetworkConfig.EnableNetworkIsolation")
    assert at(found, f"{around}NetworkConfig.EnableNetworkIsolation") is None
    assert NETWORK == at(found, f"{around}NetworkConfig.VpcConfig")
    assert at(found, f"{around}NetworkConfig.EnableInterContainerTrafficEncryption") is True


@CLARIFIES
@pytest.mark.parametrize(
    "image",
    [
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-clarify-processing:1.0",
        "evil.example.com/sagemaker-clarify-processing:1.0",
        "131013547314.dkr.ecr.eu-west-1.evil.com/sagemaker-clarify-processing:1.0",
        "131013547314.dkr.ecr.eu-west-1.amazonaws.com/mine/sagemaker-clarify-processing:1.0",
        "131013547314.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-clarify-processing-2:1.0",
        "131013547314.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-model-monitor-analyzer:1.0",
    ],
)
def test_an_image_that_only_sounds_like_clarify_is_isolated(
    name: str, build, around: str, image: str
) -> None:
    """The exemption is for what AWS publishes, not for any image of that name."""
    found = enforced(name, build(image))
    assert at(found, f"{around}NetworkConfig.EnableNetworkIsolation") is True


def test_clarify_that_asks_for_isolation_is_isolated() -> None:
    """As strict or stricter is kept, exemption or not; an explicit False is the exemption itself."""
    image = clarify_processing(CLARIFY)
    found = enforced("CreateProcessingJob", {**image, "NetworkConfig": {"EnableNetworkIsolation": True}})
    assert "kept" == decided(found, "NetworkConfig.EnableNetworkIsolation")
    found = enforced("CreateProcessingJob", {**image, "NetworkConfig": {"EnableNetworkIsolation": False}})
    assert "exempt" == decided(found, "NetworkConfig.EnableNetworkIsolation")


def processing_outputs(*uris: str) -> Request:
    outputs = [{"OutputName": str(n), "S3Output": {"S3Uri": uri}} for n, uri in enumerate(uris)]
    return {"ProcessingOutputConfig": {"Outputs": outputs}}


def monitoring_outputs(*uris: str) -> Request:
    outputs = [{"S3Output": {"S3Uri": uri}} for uri in uris]
    return {"ModelQualityJobOutputConfig": {"MonitoringOutputs": outputs}}


OUTPUTS = pytest.mark.parametrize(
    ("name", "build", "path"),
    [
        ("CreateProcessingJob", processing_outputs, "ProcessingOutputConfig.KmsKeyId"),
        ("CreateModelQualityJobDefinition", monitoring_outputs, "ModelQualityJobOutputConfig.KmsKeyId"),
    ],
)


@OUTPUTS
def test_outputs_on_directory_buckets_take_no_key(name: str, build, path: str) -> None:
    """All on directory buckets: exempt. All elsewhere: the key. Mixed: one key cannot fit, so refused."""
    assert "exempt" == decided(enforced(name, build(EXPRESS)), path)
    assert "injected" == decided(enforced(name, build(PLAIN)), path)
    mixed = enforced(name, build(EXPRESS, PLAIN))
    assert "refused" == decided(mixed, path)
    assert "write to one kind of bucket" == decisions_at(mixed, path)[0].remedy


DIRECTORY_OUTPUTS = {
    "CreateTrainingJob": ("OutputDataConfig", "S3OutputPath"),
    "CreateTransformJob": ("TransformOutput", "S3OutputPath"),
    "CreateAutoMLJobV2": ("OutputDataConfig", "S3OutputPath"),
    "CreateCompilationJob": ("OutputConfig", "S3OutputLocation"),
    "CreateOptimizationJob": ("OutputConfig", "S3OutputLocation"),
    "CreateLabelingJob": ("OutputConfig", "S3OutputPath"),
    "CreateEdgePackagingJob": ("OutputConfig", "S3OutputLocation"),
    "CreateFlowDefinition": ("OutputConfig", "S3OutputPath"),
}


@pytest.mark.parametrize("name", DIRECTORY_OUTPUTS)
@pytest.mark.parametrize("named", [None, OUTPUT_KEY, FOREIGN_KEY])
def test_a_key_for_a_directory_bucket_is_taken_out(name: str, named: str | None) -> None:
    """A key that SageMaker would not take is removed on record, and none is put in."""
    structure, location = DIRECTORY_OUTPUTS[name]
    output = {location: EXPRESS, **({"KmsKeyId": named} if named else {})}
    found = enforced(name, {structure: output})
    assert ("corrected" if named else "exempt") == decided(found, f"{structure}.KmsKeyId")
    assert at(found, f"{structure}.KmsKeyId") is None


@pytest.mark.parametrize(
    ("location", "action"),
    [
        ("s3://ml-artifacts/x", "kept"),
        ("s3://ml-artifacts", "kept"),
        ("S3://ml-artifacts/x", "kept"),
        ("https://s3.eu-west-1.amazonaws.com/ml-artifacts/x", "kept"),
        ("https://s3-eu-west-1.amazonaws.com/ml-artifacts/x", "kept"),
        ("https://ml-artifacts.s3.eu-west-1.amazonaws.com/x", "kept"),
        ("https://ml-artifacts.s3.dualstack.eu-west-1.amazonaws.com/x", "kept"),
        ("https://ml-artifacts.s3.amazonaws.com", "kept"),
        ("s3://somebody-elses/x", "refused"),
        ("s3://ml-artifacts-2/x", "refused"),
        ("s3://ml-artifacts.evil/x", "refused"),
        ("s3://", "refused"),
        ("https://s3.eu-west-1.amazonaws.com/somebody-elses/x", "refused"),
        ("https://somebody-elses.s3.eu-west-1.amazonaws.com/ml-artifacts/x", "refused"),
        ("https://s3.eu-west-1.amazonaws.com.evil.com/ml-artifacts/x", "refused"),
        ("https://evil.com/ml-artifacts", "refused"),
        ("https://s3.amazonaws.com@evil.com/ml-artifacts", "refused"),
        ("https://s3.eu-west-1.amazonaws.com/", "refused"),
    ],
)
def test_every_way_to_name_a_bucket_is_read(location: str, action: str) -> None:
    """SageMaker takes https addresses of S3 beside URIs: both stay inside the perimeter."""
    found = enforced("CreateTrainingJob", {"OutputDataConfig": {"S3OutputPath": location}})
    assert action == decided(found, "OutputDataConfig.S3OutputPath")


def test_an_address_that_names_no_bucket_says_how_to_write_it() -> None:
    """Where the bucket cannot be told, the remedy is the plain form."""
    found = enforced("CreateTrainingJob", {"OutputDataConfig": {"S3OutputPath": "https://evil.com/x"}})
    assert "write it as s3://BUCKET/KEY" == decisions_at(found, "OutputDataConfig.S3OutputPath")[0].remedy


def test_inputs_may_come_from_where_nothing_is_written() -> None:
    """Channels read from every listed bucket, and from no other."""

    def channel(uri: str) -> Request:
        return {"InputDataConfig": [{"DataSource": {"S3DataSource": {"S3Uri": uri}}}]}

    path = "InputDataConfig[0].DataSource.S3DataSource.S3Uri"
    assert "kept" == decided(enforced("CreateTrainingJob", channel("s3://ml-datasets/x")), path)
    assert "kept" == decided(enforced("CreateTrainingJob", channel("s3://ml-artifacts/x")), path)
    assert "refused" == decided(enforced("CreateTrainingJob", channel("s3://jumpstart-cache/x")), path)


def test_a_pipeline_is_not_defined_from_elsewhere() -> None:
    """A definition that is read from S3 comes from a listed bucket; one that may only be read will do."""

    def stored(bucket: str) -> Request:
        return {"PipelineDefinitionS3Location": {"Bucket": bucket, "ObjectKey": "p.json"}}

    for name in ("CreatePipeline", "UpdatePipeline"):
        assert [] == refused(enforced(name, stored("ml-datasets")))
        assert [("data-perimeter", "PipelineDefinitionS3Location.Bucket")] == refused(
            enforced(name, stored("somebody-elses"))
        )


@pytest.mark.parametrize("name", ["CreateTrainingJob", "UpdateTrainingJob"])
def test_a_shell_into_training_is_closed(name: str) -> None:
    """Remote debugging goes to False, when a job is made and when it is changed."""
    request = {"RemoteDebugConfig": {"EnableRemoteDebug": True}}
    found = enforced(name, request)
    assert "corrected" == decided(found, "RemoteDebugConfig.EnableRemoteDebug")
    assert {"EnableRemoteDebug": False} == found.parameters["RemoteDebugConfig"]
    assert request == {"RemoteDebugConfig": {"EnableRemoteDebug": True}}
    permitted = enforced(name, request, hardening__allow_remote_debug=True)
    assert request["RemoteDebugConfig"] == permitted.parameters["RemoteDebugConfig"]


def test_traffic_between_containers_is_encrypted_whatever_was_sent() -> None:
    """The False that the SDKs send unasked is corrected, not refused; the baseline may permit it."""
    request = {"EnableInterContainerTrafficEncryption": False}
    found = enforced("CreateTrainingJob", request)
    assert "corrected" == decided(found, "EnableInterContainerTrafficEncryption")
    assert found.parameters["EnableInterContainerTrafficEncryption"] is True
    permitted = enforced("CreateTrainingJob", request, hardening__inter_container_encryption=False)
    assert decided(permitted, "EnableInterContainerTrafficEncryption") is None
    assert permitted.parameters["EnableInterContainerTrafficEncryption"] is False


@pytest.mark.parametrize(
    ("name", "path", "image", "structure"),
    [
        ("CreateModel", "PrimaryContainer.ImageConfig", "Image", {"RepositoryAccessMode": "Platform"}),
        (
            "CreateTrainingJob",
            "AlgorithmSpecification.TrainingImageConfig",
            "TrainingImage",
            {"TrainingRepositoryAccessMode": "Platform"},
        ),
    ],
)
def test_images_through_the_vpc_only(name: str, path: str, image: str, structure: Request) -> None:
    """Asked for, private registries are a must: absent and Platform are refused, Vpc is kept, default is off."""
    around, _, member = path.partition(".")
    (mode,) = structure
    silent: Request = {around: {image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/x"}}
    weak: Request = {around: {image: "x", member: structure}}
    strict: Request = {around: {image: "x", member: {mode: "Vpc"}}}
    assert [("image-repository", path)] == refused(enforced(name, silent))
    assert [("image-repository", f"{path}.{mode}")] == refused(enforced(name, weak))
    assert [] == refused(enforced(name, strict))
    assert [] == refused(enforced(name, {around: {}}))
    for request in (silent, weak):
        assert [] == refused(enforced(name, request, hardening__vpc_image_repositories_only=False))


def test_data_sets_of_a_processing_job_are_secured() -> None:
    """Athena's and Redshift's results are encrypted like outputs, in the perimeter, with a listed role."""
    athena = {"OutputS3Uri": "s3://ml-artifacts/athena", "QueryString": "select"}
    redshift = {"OutputS3Uri": "s3://elsewhere/x", "ClusterRoleArn": FOREIGN_ROLE, "KmsKeyId": FOREIGN_KEY}
    inputs = [
        {"InputName": "a", "DatasetDefinition": {"AthenaDatasetDefinition": athena}},
        {"InputName": "b", "DatasetDefinition": {"RedshiftDatasetDefinition": redshift}},
    ]
    found = enforced("CreateProcessingJob", {"ProcessingInputs": inputs})
    around = "ProcessingInputs[1].DatasetDefinition.RedshiftDatasetDefinition"
    assert OUTPUT_KEY == at(found, "ProcessingInputs.0.DatasetDefinition.AthenaDatasetDefinition.KmsKeyId")
    assert {
        ("data-perimeter", f"{around}.OutputS3Uri"),
        ("execution-role", f"{around}.ClusterRoleArn"),
        ("kms-output-key", f"{around}.KmsKeyId"),
    } == set(refused(found))


def test_validation_profiles_are_jobs() -> None:
    """Both jobs of an algorithm's validation profile get their keys, and its role is a listed one."""
    profile = {
        "TrainingJobDefinition": {
            "ResourceConfig": {"InstanceType": EBS},
            "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/a"},
        },
        "TransformJobDefinition": {
            "TransformResources": {"InstanceType": EBS},
            "TransformOutput": {"S3OutputPath": "s3://elsewhere/a"},
        },
    }
    found = enforced("CreateAlgorithm", {"ValidationSpecification": {"ValidationProfiles": [profile]}})
    around = "ValidationSpecification.ValidationProfiles.0"
    assert DEFAULT_ROLE == at(found, "ValidationSpecification.ValidationRole")
    assert OUTPUT_KEY == at(found, f"{around}.TrainingJobDefinition.OutputDataConfig.KmsKeyId")
    assert OUTPUT_KEY == at(found, f"{around}.TransformJobDefinition.TransformOutput.KmsKeyId")
    path = "ValidationSpecification.ValidationProfiles[0].TransformJobDefinition.TransformOutput.S3OutputPath"
    assert [("data-perimeter", path)] == refused(found)


def test_a_role_is_one_of_the_listed_ones() -> None:
    """Absent: the default. Listed: kept. Any other is refused, and the refusal names it."""
    assert DEFAULT_ROLE == enforced("CreateTrainingJob", {}).parameters["RoleArn"]
    listed = "arn:aws:iam::111122223333:role/ml-batch"
    assert "kept" == decided(enforced("CreateTrainingJob", {"RoleArn": listed}), "RoleArn")
    found = enforced("CreateTrainingJob", {"RoleArn": FOREIGN_ROLE})
    (decision,) = decisions_at(found, "RoleArn")
    assert "refused" == decision.action
    assert FOREIGN_ROLE in decision.why


def test_a_serverless_training_job_is_secured_all_the_same() -> None:
    """Without instances there is still a role, a network, isolation and an output key."""
    found = enforced("CreateTrainingJob", {"OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/o"}})
    assert {
        *("OutputDataConfig", "RoleArn", "VpcConfig", "Tags"),
        *("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"),
    } == found.parameters.keys()
    assert OUTPUT_KEY == at(found, "OutputDataConfig.KmsKeyId")


needs_create_job = pytest.mark.skipif(not needed("CreateJob"), reason="CreateJob came after this botocore")


def job(document: object) -> Request:
    return {
        "JobName": "j",
        "JobConfigDocument": document if isinstance(document, str) else json.dumps(document),
    }


@needs_create_job
def test_the_document_of_a_job_is_secured() -> None:
    """Inside the string: network made, output encrypted, flags set, and it is JSON again afterwards."""
    document = {"OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/o"}, "EnableNetworkIsolation": False}
    found = enforced("CreateJob", job(document), modes={"network-isolation": "correct"})
    text = found.parameters["JobConfigDocument"]
    assert isinstance(text, str)
    assert {
        "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/o", "KmsKeyArn": OUTPUT_KEY},
        "EnableNetworkIsolation": True,
        "VpcConfig": NETWORK,
    } == json.loads(text)
    assert "injected" == decided(found, "JobConfigDocument.VpcConfig.Subnets")
    assert "corrected" == decided(found, "JobConfigDocument.EnableNetworkIsolation")


@needs_create_job
def test_a_document_that_needs_nothing_is_sent_as_it_is() -> None:
    """A secure document keeps its very text, spaces and order included."""
    text = json.dumps({"VpcConfig": NETWORK}, indent=4)
    assert text == enforced("CreateJob", job(text)).parameters["JobConfigDocument"]


@needs_create_job
@pytest.mark.parametrize(
    ("document", "path", "control"),
    [
        ({"RoleArn": FOREIGN_ROLE}, "RoleArn", "execution-role"),
        ({"A": {"B": [{"RoleArn": FOREIGN_ROLE}]}}, "A.B[0].RoleArn", "execution-role"),
        ({"A": [[{"RoleArn": FOREIGN_ROLE}]]}, "A[0][0].RoleArn", "execution-role"),
        ({"A": [1, {"KmsKeyId": FOREIGN_KEY}]}, "A[1].KmsKeyId", "kms-output-key"),
        (
            {"ResourceConfig": {"VolumeKmsKeyId": FOREIGN_KEY}},
            "ResourceConfig.VolumeKmsKeyId",
            "kms-volume-key",
        ),
        ({"VpcConfig": {"Subnets": ["subnet-0f"]}}, "VpcConfig.Subnets", "vpc-config"),
        ({"Input": {"S3Uri": "s3://elsewhere/x"}}, "Input.S3Uri", "data-perimeter"),
        ({"O": {"S3OutputPath": "s3://ml-datasets/x"}}, "O.S3OutputPath", "data-perimeter"),
        ({"EnableNetworkIsolation": False}, "EnableNetworkIsolation", "network-isolation"),
    ],
)
def test_what_is_foreign_in_a_document_is_refused(document: Request, path: str, control: str) -> None:
    """However deep it stands, a governed name in the document holds what the baseline lists."""
    assert [(control, f"JobConfigDocument.{path}")] == refused(enforced("CreateJob", job(document)))


@needs_create_job
def test_entries_of_a_documents_list_are_judged_one_by_one() -> None:
    """What one entry of a list names, another is not given."""
    document = {"Channels": [{"KmsKeyId": OUTPUT_KEY}, {"Name": "x"}], "VpcConfig": NETWORK}
    assert (
        job(document)["JobConfigDocument"]
        == enforced("CreateJob", job(document)).parameters["JobConfigDocument"]
    )


@needs_create_job
@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "null",
        '"{}"',
        '{"RoleArn": "' + DEFAULT_ROLE + '", "RoleArn": "' + FOREIGN_ROLE + '"}',
        '{"A": {"RoleArn": "x", "RoleArn": "y"}}',
        '{"A": NaN}',
    ],
)
def test_a_document_that_readers_may_take_differently_is_refused(text: str) -> None:
    """No JSON object, a member named twice, a number that is none: what AWS would read is not known."""
    assert [("job-document", "JobConfigDocument")] == refused(enforced("CreateJob", job(text)))
