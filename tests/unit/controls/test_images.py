"""Container images: which sources the baseline allows, digests, and every member that names an image."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from secure_sagemaker.baseline import ControlId, SecurityBaseline
from secure_sagemaker.baseline.images import ImageReference
from secure_sagemaker.controls import Action
from secure_sagemaker.controls.images import aws_image_accounts
from secure_sagemaker.controls.members import is_mutating, rule_for
from secure_sagemaker.exceptions import BaselineError, LoosenedBaselineError
from tests.controls_support import ACCOUNT, Request, baseline, decided, decisions_at, enforced, refused

ECR = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
OTHER = "999988887777.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = "sha256:" + "0a" * 32
IMAGE = "AppSpecification.ImageUri"


def processing(image: str) -> Request:
    return {"ProcessingJobName": "clean", "AppSpecification": {"ImageUri": image}}


def allows(allowed: list[str], image: str) -> bool:
    found = enforced("CreateProcessingJob", processing(image), images__allowed=allowed)
    assert decided(found, IMAGE) in (Action.KEPT, Action.REFUSED)
    return decided(found, IMAGE) is Action.KEPT


def test_nothing_is_asked_of_images_until_the_baseline_states_it() -> None:
    """Any image passes, and nothing is recorded of it."""
    for image in ("python:3.12", f"{OTHER}/x:1", "public.ecr.aws/x/y:1"):
        assert decided(enforced("CreateProcessingJob", processing(image)), IMAGE) is None


@pytest.mark.parametrize(
    ("allowed", "image"),
    [
        pytest.param([ACCOUNT], f"{ECR}/train:1", id="account"),
        pytest.param([ACCOUNT], f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/train", id="account-elsewhere"),
        pytest.param(
            [ACCOUNT], f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/train", id="account-in-china"
        ),
        pytest.param([ACCOUNT], f"{ACCOUNT}.dkr.ecr-fips.us-east-1.amazonaws.com/train", id="account-fips"),
        pytest.param([ACCOUNT], f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws/train", id="account-dual-stack"),
        pytest.param([ECR], f"{ECR}/team/train:1@{DIGEST}", id="registry"),
        pytest.param([f"{ECR}/team"], f"{ECR}/team/train:1", id="below-a-repository"),
        pytest.param([f"{ECR}/team/train"], f"{ECR}/team/train", id="repository"),
        pytest.param(["registry.corp.example:5000"], "registry.corp.example:5000/train:1", id="port"),
        pytest.param(["Registry.corp.example"], "registry.CORP.example/train:1", id="case-of-a-host"),
        pytest.param(["docker.io/library"], "docker.io/library/python:3.12", id="public-if-named"),
        pytest.param(["aws"], "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.8", id="aws"),
        pytest.param(["aws", ACCOUNT], f"{ECR}/train:1", id="second"),
    ],
)
def test_an_image_of_an_allowed_source_is_kept(allowed: list[str], image: str) -> None:
    """An account's private registries, a registry, the beginning of a path, SageMaker's own images."""
    assert allows(allowed, image)


@pytest.mark.parametrize(
    ("allowed", "image"),
    [
        pytest.param([ACCOUNT], f"{OTHER}/train:1", id="account"),
        pytest.param([ACCOUNT], f"{ACCOUNT}.dkr.ecr.eu-west-1.evil.com/train:1", id="domain"),
        pytest.param([ACCOUNT], f"evil.com/{ECR}/train:1", id="account-in-the-path"),
        pytest.param([ACCOUNT], f"{ECR}.evil.com/train:1", id="longer-host"),
        pytest.param([ECR], f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/train:1", id="region"),
        pytest.param([f"{ECR}/team"], f"{ECR}/team-x/train:1", id="longer-name"),
        pytest.param([f"{ECR}/team"], f"{ECR}/other/team:1", id="name-elsewhere"),
        pytest.param([f"{ECR}/team"], f"{ECR}/team/../other:1", id="dots"),
        pytest.param(["aws"], f"{ECR}/pytorch-training:2.8", id="not-aws"),
        pytest.param(["aws", ACCOUNT], "python:3.12", id="docker-hub-by-default"),
        pytest.param(["aws", ACCOUNT], "huggingface/x:1", id="docker-hub-with-a-path"),
        pytest.param(["aws", ACCOUNT], "docker.io/library/python:3.12", id="docker-hub"),
        pytest.param(["aws", ACCOUNT], "public.ecr.aws/sagemaker/sagemaker-distribution:2", id="public-ecr"),
        pytest.param(["docker.io/library"], "docker.io/libraryx/python:3.12", id="public-elsewhere"),
        pytest.param([ACCOUNT], "", id="empty"),
        pytest.param([ACCOUNT], f"{ECR}/train:1@sha256:1", id="no-digest"),
        pytest.param([ACCOUNT], f"https://{ECR}/train:1", id="address"),
    ],
)
def test_an_image_of_another_source_is_refused(allowed: list[str], image: str) -> None:
    """Public registries and look-alikes of the account's own included."""
    assert not allows(allowed, image)


def test_an_image_is_never_exchanged_for_another() -> None:
    """Refused under `correct` too; the refusal says whose it is and what is allowed."""
    found = enforced(
        "CreateProcessingJob",
        processing(f"{OTHER}/train:1"),
        images__allowed=[ACCOUNT],
        modes={"container-image": "correct"},
    )
    assert [("container-image", IMAGE)] == refused(found)
    (decision,) = decisions_at(found, IMAGE)
    assert "account 999988887777" in decision.why
    assert ACCOUNT in decision.wanted


@pytest.mark.parametrize(
    ("image", "kept"),
    [(f"{OTHER}/train@{DIGEST}", True), (f"{OTHER}/train:1@{DIGEST}", True), (f"{OTHER}/train:1", False)],
)
def test_a_digest_is_asked_for_whatever_the_source(image: str, kept: bool) -> None:
    """A tag alone can be moved."""
    found = enforced("CreateProcessingJob", processing(image), images__require_digest=True)
    assert (Action.KEPT if kept else Action.REFUSED) is decided(found, IMAGE)


def test_a_digest_may_stand_beside_the_image() -> None:
    """Model packages and algorithms have a member for it."""
    image = {"Image": f"{ECR}/serve:1"}
    for container, kept in (({**image, "ImageDigest": DIGEST}, True), (image, False)):
        found = enforced(
            "CreateModelPackage",
            {"InferenceSpecification": {"Containers": [container]}},
            images__require_digest=True,
        )
        path = "InferenceSpecification.Containers[0].Image"
        assert (Action.KEPT if kept else Action.REFUSED) is decided(found, path)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("churn", True),
        (f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:algorithm/churn", True),
        ("arn:aws:sagemaker:eu-west-1:444455556666:algorithm/churn", True),
        ("arn:aws:sagemaker:eu-west-1:999988887777:algorithm/churn", False),
    ],
)
def test_an_algorithm_is_of_this_account_or_of_an_allowed_one(name: str, kept: bool) -> None:
    """It names the image that runs."""
    specification = {"AlgorithmName": name, "TrainingInputMode": "File"}
    found = enforced(
        "CreateTrainingJob", {"AlgorithmSpecification": specification}, images__allowed=["444455556666"]
    )
    assert (Action.KEPT if kept else Action.REFUSED) is decided(found, "AlgorithmSpecification.AlgorithmName")


def test_images_in_a_job_document_are_held_to_it() -> None:
    """By the names of their members, in botocores that know CreateJob."""
    model = botocore.session.Session().get_service_model("sagemaker")
    if "CreateJob" not in model.operation_names:
        pytest.skip("this botocore has no CreateJob")
    document = json.dumps({"TrainingImage": "python:3.12"})
    found = enforced(
        "CreateJob", {"JobName": "tune", "JobConfigDocument": document}, images__allowed=[ACCOUNT]
    )
    assert ("container-image", "JobConfigDocument.TrainingImage") in refused(found)


# --- the baseline


@pytest.mark.parametrize(
    ("allowed", "problem"),
    [
        (["somebody"], "is no source of images"),
        (["https://registry.corp.example"], "is no source of images"),
        (["11112222333"], "is no source of images"),
        ([f"{ECR}:latest"], "is no source of images"),
        ([ACCOUNT, f"{ECR}/team"], "lies within"),
        ([ECR, f"{ECR}/team"], "lies within"),
    ],
)
def test_a_source_that_means_nothing_is_an_error(allowed: list[str], problem: str) -> None:
    """What is no account, registry or path, and what another entry holds already."""
    with pytest.raises(BaselineError, match=problem):
        baseline(images__allowed=allowed)


def test_a_later_layer_may_narrow_the_sources() -> None:
    """An account to a registry, a registry to a path; never to something beside or above."""
    stated: SecurityBaseline = baseline(images__allowed=[ACCOUNT, "registry.corp.example/ml"])
    narrowed = stated.tightened({"images": {"allowed": [f"{ECR}/team"]}})
    assert (f"{ECR}/team",) == narrowed.images.allowed
    for looser in (["registry.corp.example"], [ACCOUNT, "aws"], [f"{OTHER}/team"], []):
        with pytest.raises(LoosenedBaselineError):
            stated.tightened({"images": {"allowed": looser}})
    assert (ACCOUNT,) == baseline().tightened({"images": {"allowed": [ACCOUNT]}}).images.allowed


@pytest.mark.parametrize(
    ("text", "registry", "repository"),
    [
        ("python", "docker.io", "python"),
        ("python:3.12", "docker.io", "python"),
        ("team/python", "docker.io", "team/python"),
        ("localhost:5000/x", "localhost:5000", "x"),
        ("registry:5000/x:1", "registry:5000", "x"),
        (f"{ECR}/a/b/c:1@{DIGEST}", ECR, "a/b/c"),
    ],
)
def test_a_reference_is_read_as_a_registrys_client_reads_it(
    text: str, registry: str, repository: str
) -> None:
    """What has no dot, colon or 'localhost' before its first slash is on Docker Hub."""
    image = ImageReference.parse(text)
    assert image is not None
    assert (registry, repository) == (image.registry, image.repository)


# --- nothing is left out


def test_the_accounts_are_those_of_the_installed_sdk() -> None:
    """Every account that the SageMaker Python SDK pulls images from is known as AWS's."""
    spec = find_spec("sagemaker")
    folders = [
        folder
        for place in (spec.submodule_search_locations or () if spec else ())
        for folder in (Path(place, "image_uri_config"), Path(place, "core/image_uri_config"))
        if folder.is_dir()
    ]
    assert folders, "the SDK has its image_uri_config elsewhere now"
    accounts = {
        account
        for folder in folders
        for path in folder.glob("*.json")
        for account in registries(json.loads(path.read_text("utf-8")))
    }
    assert len(accounts) > 300
    assert set() == accounts - aws_image_accounts()


def registries(content: object) -> Iterator[str]:
    if isinstance(content, list):
        for item in content:
            yield from registries(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key == "registries" and isinstance(value, dict):
                yield from value.values()
            else:
                yield from registries(value)


NO_IMAGE = {
    "AppImageConfigName": "a name of settings",
    "ImageDigest": "a digest, read beside its image",
    "ImageId": "of a machine, not of a container",
    "ImageName": "a name in this account, whose versions are held to it when they are made",
    "ImageReleaseVersion": "a version",
    "ImageVersionAlias": "an alias within an image",
    "SageMakerImageVersionAlias": "an alias within an image",
    "SageMakerImageName": "a name in this account",
}


def test_every_member_that_names_an_image_is_governed() -> None:
    """Of every mutating input: by its name, or by its shape's."""
    model = botocore.session.Session().get_service_model("sagemaker")
    found, missed = 0, set()
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        if shape is None or not is_mutating("sagemaker", operation):
            continue
        for structure, member, value in texts(shape):
            if not (
                member.endswith(("Image", "ImageUri", "ImageArn", "ImageVersionArn")) or "Image" in value.name
            ):
                continue
            found += 1
            rule = rule_for("sagemaker", operation, structure, member, value.name, top=False)
            governed = rule is not None and rule.control is ControlId.CONTAINER_IMAGE
            described = member.endswith(("Description", "DisplayName"))
            if not governed and not described and not {member, value.name} & NO_IMAGE.keys():
                missed.add((structure, member, value.name))
    assert found > 40
    assert set() == missed


def texts(shape: Shape, within: tuple[str, ...] = ()) -> Iterator[tuple[str, str, Shape]]:
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    if isinstance(shape, StructureShape) and shape.name not in within:
        for name, member in shape.members.items():
            if isinstance(member, StringShape) and not member.enum:
                yield shape.name, name, member
            yield from texts(member, (*within, shape.name))
