"""Isolated containers get their code brought in: what fetches it by itself is rewritten, or refused."""

import json

import pytest

from tests.controls_support import Request, at, decided, decisions_at, enforced, refused

CODE = "s3://ml-artifacts/job/source/sourcedir.tar.gz"
MOUNTED = "/opt/ml/input/data/code/sourcedir.tar.gz"
REMOTE = "/opt/ml/input/data/sagemaker_remote_function_bootstrap/job_driver.sh"


def channel(name: str, uri: str, **members: object) -> Request:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **members}


def training(uri: str = CODE, *, channels: list[Request] | None = None, **members: object) -> Request:
    request: Request = {"HyperParameters": {"epochs": "3", "sagemaker_submit_directory": uri}, **members}
    return request if channels is None else {**request, "InputDataConfig": channels}


@pytest.mark.parametrize("quoted", [True, False], ids=["json", "bare"])
def test_code_comes_by_a_channel(quoted: bool) -> None:
    """The hyperparameter names the channel's file in the quoting it had, and the channel is added last."""
    data = channel("train", "s3://ml-datasets/x")
    found = enforced("CreateTrainingJob", training(json.dumps(CODE) if quoted else CODE, channels=[data]))

    assert {"epochs": "3", "sagemaker_submit_directory": json.dumps(MOUNTED) if quoted else MOUNTED} == at(
        found, "HyperParameters"
    )
    assert [data, channel("code", CODE, InputMode="File")] == at(found, "InputDataConfig")
    assert "corrected" == decided(found, "HyperParameters['sagemaker_submit_directory']")
    (added,) = decisions_at(found, "InputDataConfig[1]")
    assert ("corrected", f"channel 'code' from {CODE}") == (added.action, added.wanted)


def test_job_without_channels_gets_its_first() -> None:
    """A job that reads no data is given the channel that brings its code."""
    assert [channel("code", CODE, InputMode="File")] == at(
        enforced("CreateTrainingJob", training()), "InputDataConfig"
    )


@pytest.mark.parametrize("definition", ["TrainingJobDefinition", "TrainingJobDefinitions"])
def test_each_tuning_definition_is_rewritten(definition: str) -> None:
    """The tuner's static hyperparameters say where the code is, in every definition."""
    one = {"StaticHyperParameters": {"sagemaker_submit_directory": CODE}}
    listed = definition.endswith("s")
    found = enforced("CreateHyperParameterTuningJob", {definition: [one, one] if listed else one})

    for place in (f"{definition}.0", f"{definition}.1") if listed else (definition,):
        assert MOUNTED == at(found, f"{place}.StaticHyperParameters.sagemaker_submit_directory")
        assert CODE == at(found, f"{place}.InputDataConfig.0.DataSource.S3DataSource.S3Uri")


@pytest.mark.parametrize(
    ("request_", "changes"),
    [
        pytest.param(training(), {"network_isolation__training": "off"}, id="not-isolated"),
        pytest.param(training(), {"modes": {"network-isolation": "observe"}}, id="observed"),
        pytest.param(training(MOUNTED), {}, id="there-already"),
        pytest.param(training(json.dumps(MOUNTED)), {}, id="there-already-as-json"),
        pytest.param({"HyperParameters": {"data": CODE}}, {}, id="another-hyperparameter"),
        pytest.param({}, {}, id="no-hyperparameters"),
    ],
)
def test_nothing_else_is_rewritten(request_: Request, changes: Request) -> None:
    """Code that is in the container already, or that the container may fetch, stays where it is said to be."""
    found = enforced("CreateTrainingJob", request_, **changes)

    assert request_.get("HyperParameters") == at(found, "HyperParameters")
    assert at(found, "InputDataConfig") is None


def test_callers_own_isolation_counts() -> None:
    """A job that its caller isolates needs its code brought in, whatever the baseline demands."""
    found = enforced(
        "CreateTrainingJob", training(EnableNetworkIsolation=True), network_isolation__training="off"
    )
    assert MOUNTED == at(found, "HyperParameters.sagemaker_submit_directory")


@pytest.mark.parametrize(
    ("present", "mode", "named", "added"),
    [
        pytest.param(channel("src", CODE, InputMode="File"), "Pipe", "src", False, id="brings-it-already"),
        pytest.param(channel("src", CODE), "File", "src", False, id="brings-it-in-the-jobs-mode"),
        pytest.param(channel("src", CODE), "Pipe", "code", True, id="would-be-a-pipe"),
        pytest.param(channel("code", "s3://ml-datasets/x"), "File", "code-0", True, id="name-is-taken"),
        pytest.param(channel("src", CODE, CompressionType="None"), "File", "src", False, id="as-it-is"),
        pytest.param(channel("src", CODE, CompressionType="Gzip"), "File", "code", True, id="unpacked"),
        pytest.param(channel("src", CODE, RecordWrapperType="RecordIO"), "File", "code", True, id="wrapped"),
        pytest.param(
            {
                "ChannelName": "src",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": CODE,
                        "S3DataDistributionType": "ShardedByS3Key",
                    }
                },
            },
            "File",
            "code",
            True,
            id="one-instance-alone",
        ),
    ],
)
def test_channel_is_used_or_added(present: Request, mode: str, named: str, added: bool) -> None:
    """A channel that brings the code as files is used; otherwise one is added, under a name of its own."""
    found = enforced(
        "CreateTrainingJob",
        training(channels=[present], AlgorithmSpecification={"TrainingInputMode": mode}),
    )
    mounted = f"/opt/ml/input/data/{named}/sourcedir.tar.gz"
    assert mounted == at(found, "HyperParameters.sagemaker_submit_directory")
    expected = [present, channel(named, CODE, InputMode="File")] if added else [present]
    assert expected == at(found, "InputDataConfig")


def test_every_group_of_instances_gets_the_code() -> None:
    """Where a channel says which groups read it, the added one says all of them: SageMaker wants it of every one."""
    data = channel("train", "s3://ml-datasets/x")
    data["DataSource"]["S3DataSource"]["InstanceGroupNames"] = ["gpu"]
    groups = [{"InstanceGroupName": name, "InstanceType": "ml.m5.xlarge"} for name in ("cpu", "gpu")]
    found = enforced(
        "CreateTrainingJob", training(channels=[data], ResourceConfig={"InstanceGroups": groups})
    )
    assert ["cpu", "gpu"] == at(found, "InputDataConfig.1.DataSource.S3DataSource.InstanceGroupNames")


def test_prefix_is_the_channels_directory() -> None:
    """Code under a prefix lies in the channel's directory itself."""
    found = enforced("CreateTrainingJob", training("s3://ml-artifacts/job/src/"))
    assert "/opt/ml/input/data/code" == at(found, "HyperParameters.sagemaker_submit_directory")


def test_full_job_is_refused() -> None:
    """A job with as many channels as there can be is told so before it is sent."""
    channels = [channel(f"c{number}", f"s3://ml-datasets/{number}") for number in range(20)]
    found = enforced("CreateTrainingJob", training(channels=channels))

    assert [("network-isolation", "HyperParameters['sagemaker_submit_directory']")] == refused(found)
    assert "20 channels" in found.refusals[0].why


@pytest.mark.parametrize("isolation", ["require", "off"])
def test_code_from_elsewhere_is_refused(isolation: str) -> None:
    """Code is data that runs: its bucket is held to the perimeter, isolated or not."""
    found = enforced(
        "CreateTrainingJob", training("s3://elsewhere/x.tar.gz"), network_isolation__training=isolation
    )
    assert [("data-perimeter", "HyperParameters['sagemaker_submit_directory']")] == refused(found)
    assert "elsewhere" in found.refusals[0].why


def test_other_hyperparameters_are_not_told() -> None:
    """What is recorded of the rewrite holds the code's address and no other hyperparameter."""
    request = training()
    hyperparameters = request["HyperParameters"]
    assert isinstance(hyperparameters, dict)
    hyperparameters["note"] = "only-between-us"
    assert "only-between-us" not in repr(enforced("CreateTrainingJob", request).decisions)


@pytest.mark.parametrize("containers", ["PrimaryContainer", "Containers"])
def test_model_that_would_fetch_its_code_is_refused(containers: str) -> None:
    """Serving code outside the artefact cannot be brought in by a request: the remedy is the SDK's packing."""
    one = {"Environment": {"SAGEMAKER_SUBMIT_DIRECTORY": CODE}}
    listed = containers == "Containers"
    request: Request = {containers: [{}, one] if listed else one}
    place = "Containers[1]" if listed else containers

    found = enforced("CreateModel", request)
    path = f"{place}.Environment['SAGEMAKER_SUBMIT_DIRECTORY']"
    assert [("network-isolation", path)] == refused(found)
    assert "sagemaker_session()" in found.refusals[0].remedy
    assert () == enforced("CreateModel", request, network_isolation__models="off").refusals
    packed = {"PrimaryContainer": {"Environment": {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}}}
    assert () == enforced("CreateModel", packed).refusals


@pytest.mark.parametrize(
    ("mode", "said", "outcome"),
    [
        ("require", False, "refused"),
        ("require", None, "refused"),
        ("default", None, "refused"),
        ("default", False, "kept"),
        ("off", False, None),
        ("off", None, None),
    ],
)
@pytest.mark.parametrize("correcting", [True, False])
def test_remote_function_is_refused_where_it_would_be_isolated(
    mode: str, said: bool | None, outcome: str | None, correcting: bool
) -> None:
    """Its container talks to S3 by itself: isolated it hangs, so it is never corrected into that."""
    request: Request = {"AlgorithmSpecification": {"ContainerEntrypoint": ["/bin/bash", REMOTE]}}
    if said is not None:
        request["EnableNetworkIsolation"] = said
    modes = {"modes": {"network-isolation": "correct"}} if correcting else {}

    found = enforced("CreateTrainingJob", request, network_isolation__training=mode, **modes)

    assert outcome == decided(found, "EnableNetworkIsolation")
    if outcome == "refused":
        (decision,) = decisions_at(found, "EnableNetworkIsolation")
        assert "remote function" in decision.why
        assert decision.remedy
