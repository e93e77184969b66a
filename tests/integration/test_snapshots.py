"""Snapshots: what a job reads is what was looked at, byte for byte, whoever writes meanwhile."""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker import Action, ControlError, ScanError, SecureSession, SecurityBaseline
from secure_sagemaker.identity.policies import Projection, bucket_policy
from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from secure_sagemaker.macie.copying import Copier
from secure_sagemaker.macie.verdicts import ObjectVersion
from tests.integration.embedded import assume, client, refused, training_job
from tests.integration.macie import CLEAN, TABLE
from tools.golden import TODAY

pytestmark = pytest.mark.once

MORE = CLEAN + b"3,4\n"
DENIED = ("AccessDenied", 403)
NOT_MET = ("PreconditionFailed", 412)
_numbers = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Copying:
    """An account whose baseline has inputs scanned, and copied."""

    aws: EmbeddedAWS
    results: str
    cache: Path
    sessions: dict[str, SecureSession] = field(default_factory=dict)

    @property
    def s3(self) -> Any:
        return client(self.aws, "s3")

    @property
    def snapshots(self) -> str:
        return f"s3://{self.aws.default_bucket}/cleared/"

    def baseline(self, **macie: object) -> SecurityBaseline:
        stated = tomllib.loads(self.aws.baseline_toml())
        stated["data_perimeter"]["read"][self.results] = self.aws.account.account
        stated["macie"] = {"mode": "scan", "snapshot": self.snapshots, **macie}
        return SecurityBaseline.from_mapping(stated, source="test")

    def session(self, **macie: object) -> SecureSession:
        """One that the tests share."""
        asked = json.dumps(macie)
        if asked not in self.sessions:
            self.sessions[asked] = self.fresh(**macie)
        return self.sessions[asked]

    def fresh(self, **macie: object) -> SecureSession:
        return SecureSession(self.baseline(**macie), source=self.aws.source, sleep=lambda _: None)

    def folder(self, **objects: bytes) -> str:
        """A folder of this test's own, with these objects."""
        folder = f"test-{next(_numbers)}/"
        for name, body in objects.items():
            self.put(f"{folder}{name}.csv", body)
        return f"s3://{self.aws.data_bucket}/{folder}"

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.aws.data_bucket, Key=key, Body=body)

    def key(self, uri: str, name: str) -> str:
        return f"{uri.removeprefix(f's3://{self.aws.data_bucket}/')}{name}"

    def train(self, session: SecureSession, uri: str, **source: object) -> dict[str, Any]:
        """Start a training job, and tell the request that AWS was sent."""
        self.aws.forget_requests()
        located = {"S3DataType": "S3Prefix", "S3Uri": uri, **source}
        channel = {"ChannelName": "train", "DataSource": {"S3DataSource": located}}
        session.client("sagemaker").create_training_job(
            **training_job(self.aws, f"job-{next(_numbers)}", InputDataConfig=[channel])
        )
        return dict(self.aws.calls.last("CreateTrainingJob").parameters)

    def read(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def under(self, uri: str) -> dict[str, bytes]:
        """What lies under a location, by what of its key comes after."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())
        return {one["Key"].removeprefix(prefix): self.read(f"s3://{bucket}/{one['Key']}") for one in listed}

    @contextmanager
    def unprotected(self) -> Iterator[None]:
        """The bucket of copies without its policy."""
        bucket = self.aws.default_bucket
        policy = self.s3.get_bucket_policy(Bucket=bucket)["Policy"]
        self.s3.delete_bucket_policy(Bucket=bucket)
        try:
            yield
        finally:
            self.s3.put_bucket_policy(Bucket=bucket, Policy=policy)

    def operations(self) -> list[str]:
        return [one.operation for one in self.aws.calls if one.service == "s3"]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copying]:
    """One account for the module, with the bucket's policy as the baseline has it."""
    with embedded_aws() as aws:
        copying = Copying(aws=aws, results=aws.macie.enable(), cache=tmp_path_factory.mktemp("cache"))
        projection = Projection(baseline=copying.baseline(), today=TODAY)
        policy = bucket_policy(projection, aws.default_bucket)
        copying.s3.put_bucket_policy(Bucket=aws.default_bucket, Policy=policy.to_json())
        yield copying


@pytest.fixture
def copying(standing: Copying, monkeypatch: pytest.MonkeyPatch) -> Copying:
    """That account, with nothing recorded yet, and what the tests know of their data."""
    monkeypatch.setenv("SECURE_SAGEMAKER_VERDICTS", str(standing.cache))
    standing.aws.forget_requests()
    return standing


def _input(request: dict[str, Any]) -> str:
    return str(request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"])


def _corrected(session: SecureSession, uri: str) -> list[tuple[str, str]]:
    return [
        (decision.got, decision.wanted)
        for record in session.report().records
        for decision in record.decisions
        if decision.action is Action.CORRECTED and decision.control_id == "input-scan" and uri in decision.got
    ]


# --- what a call is given


def test_a_call_is_given_copies_of_what_was_read(copying: Copying) -> None:
    """The URI is rewritten to the same prefix in the snapshot, and the record says from what to what."""
    uri, session = copying.folder(one=CLEAN, two=MORE), copying.session()
    given = _input(copying.train(session, uri))
    assert given.startswith(copying.snapshots)
    assert given.endswith(uri.removeprefix("s3:/"))
    assert copying.under(given) == {"one.csv": CLEAN, "two.csv": MORE}
    assert _corrected(session, uri) == [(uri, given)]


def test_a_prefix_that_ends_within_a_name_stays_one(copying: Copying) -> None:
    """What is named by the beginning of keys is copied by it, and nothing beside."""
    uri = copying.folder(train_1=CLEAN, train_2=MORE, test=b"x,y\n5,6\n")
    given = _input(copying.train(copying.session(), f"{uri}train"))
    assert copying.under(given) == {"_1.csv": CLEAN, "_2.csv": MORE}


def test_nothing_is_copied_or_read_twice(copying: Copying) -> None:
    """Equal data has one snapshot, in another session too."""
    uri = copying.folder(one=CLEAN, two=MORE)
    given = _input(copying.train(copying.session(), uri))
    assert _input(copying.train(copying.fresh(), uri)) == given
    assert not {"CopyObject", "CreateMultipartUpload"} & {*copying.operations()}
    assert not copying.aws.calls.of("CreateClassificationJob")


def test_what_changed_is_another_snapshot(copying: Copying) -> None:
    """A job that was started before reads what it read; the next one reads what was scanned since."""
    uri, session = copying.folder(one=CLEAN, two=MORE), copying.session()
    before = _input(copying.train(session, uri))
    copying.put(copying.key(uri, "one.csv"), b"x,y\n7,8\n")
    after = _input(copying.train(session, uri))
    assert copying.under(before) == {"one.csv": CLEAN, "two.csv": MORE}
    assert copying.under(after) == {"one.csv": b"x,y\n7,8\n", "two.csv": MORE}


def test_a_copy_that_is_named_is_used_as_it_is(copying: Copying) -> None:
    """What lies in the snapshot already is not copied again, and not rewritten."""
    uri, session = copying.folder(one=CLEAN), copying.session(mode="require")
    session.scan([uri])
    copies = session.snapshot([uri])
    assert _input(copying.train(session, copies[uri])) == copies[uri]
    assert _corrected(session, copies[uri]) == []
    assert "CopyObject" not in copying.operations()


def test_a_copy_is_of_the_class_of_what_was_copied(copying: Copying) -> None:
    """What a place's class accepts, under its conditions, is accepted of its copies, and nowhere else."""
    uri = copying.folder(people=TABLE)
    accepted = {"category": "PERSONAL_INFORMATION", "under": ["no-data-capture"]}
    session = copying.session(classes={"people": {"places": [uri], "accept": [accepted]}})
    given = _input(copying.train(session, uri))
    assert copying.under(given) == {"people.csv": TABLE}
    with pytest.raises(ControlError, match="hold what is not accepted"):
        copying.train(copying.session(), given)


def test_what_needs_no_verdict_is_copied_beside_what_does(copying: Copying) -> None:
    """Of an input that is exempt in part all is copied; the exemption holds for what was copied from there alone."""
    uri = copying.folder(**{"one": CLEAN, "public/people": TABLE})
    session = copying.session(classes={"public": {"places": [f"{uri}public/"], "scan": False}})
    given = _input(copying.train(session, uri))
    assert copying.under(given) == {"one.csv": CLEAN, "public/people.csv": TABLE}
    assert _input(copying.train(session, uri)) == given
    with pytest.raises(ControlError, match="it lay where data needs no verdict when it was copied"):
        copying.train(copying.session(mode="require"), f"{given}public/")


def test_data_that_needs_no_verdict_is_named_as_it_was(copying: Copying) -> None:
    """What was not read is not vouched for by a copy."""
    uri = copying.folder(people=TABLE)
    session = copying.session(classes={"public": {"places": [uri], "scan": False}})
    assert _input(copying.train(session, uri)) == uri


def test_observing_copies_nothing(copying: Copying) -> None:
    """Where the baseline only observes, the request stays as it is and nothing is written."""
    uri = copying.folder(one=CLEAN)
    assert _input(copying.train(copying.session(mode="observe"), uri)) == uri
    assert "CopyObject" not in copying.operations()


# --- manifests


def test_a_manifest_lists_the_copies(copying: Copying) -> None:
    """Each object that it lists is copied, and a manifest beside that says where to."""
    uri = copying.folder(one=CLEAN, two=MORE, three=b"x,y\n5,6\n")
    copying.put(copying.key(uri, "list.json"), json.dumps([{"prefix": uri}, "one.csv", "two.csv"]).encode())
    given = _input(copying.train(copying.session(), f"{uri}list.json", S3DataType="ManifestFile"))
    (first, *names) = json.loads(copying.read(given))
    assert names == ["one.csv", "two.csv"]
    assert [copying.read(first["prefix"] + name) for name in names] == [CLEAN, MORE]
    assert {*copying.under(first["prefix"])} == {"list.json", "one.csv", "two.csv"}


def test_an_augmented_manifest_names_the_copies(copying: Copying) -> None:
    """What its attributes refer to is copied; what it says of that stays."""
    uri, session = copying.folder(one=CLEAN, two=MORE), copying.session()
    lines = [
        {"source-ref": f"{uri}{name}.csv", "label": name, "note-ref": "s3://elsewhere/x"}
        for name in ("one", "two")
    ]
    copying.put(copying.key(uri, "all.jsonl"), "\n".join(map(json.dumps, lines)).encode())
    stated = {"S3DataType": "AugmentedManifestFile", "AttributeNames": ["source-ref", "label"]}
    given = _input(copying.train(session, f"{uri}all.jsonl", **stated))
    records = [json.loads(line) for line in copying.read(given).splitlines()]
    assert [copying.read(record["source-ref"]) for record in records] == [CLEAN, MORE]
    assert [record["label"] for record in records] == ["one", "two"]
    assert [record["note-ref"] for record in records] == ["s3://elsewhere/x"] * 2
    assert _input(copying.train(session, f"{uri}all.jsonl", **stated)) == given


# --- what stands there


def test_a_copy_is_neither_overwritten_nor_deleted(copying: Copying) -> None:
    """By the bucket's policy, whoever asks; and none but the baseline's role adds to it."""
    given = _input(copying.train(copying.session(), copying.folder(one=CLEAN)))
    bucket, _, key = f"{given}one.csv".removeprefix("s3://").partition("/")
    role = assume(copying.aws).client("s3")
    for s3 in (copying.s3, role):
        assert refused(partial(s3.put_object, Bucket=bucket, Key=key, Body=b"x")) == DENIED
        assert refused(partial(s3.delete_object, Bucket=bucket, Key=key)) == DENIED
        copied = {"Bucket": copying.aws.data_bucket, "Key": "x"}
        assert refused(partial(s3.copy_object, Bucket=bucket, Key=key, CopySource=copied)) == DENIED
        upload = partial(s3.put_object, Bucket=bucket, Key=key, Body=b"x", IfMatch="abc")
        assert refused(upload) == DENIED
    assert refused(partial(role.put_object, Bucket=bucket, Key=key, Body=b"x", IfNoneMatch="*")) == NOT_MET
    beside = partial(copying.s3.put_object, Bucket=bucket, Key=f"{key}.more", Body=b"x", IfNoneMatch="*")
    assert refused(beside) == DENIED
    assert copying.under(given) == {"one.csv": CLEAN}


def test_parts_of_an_upload_over_a_copy_end_in_nothing(copying: Copying) -> None:
    """They may be uploaded, and not be put together where something stands."""
    given = _input(copying.train(copying.session(), copying.folder(one=CLEAN)))
    bucket, _, key = f"{given}one.csv".removeprefix("s3://").partition("/")
    s3 = assume(copying.aws).client("s3")
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    whole = partial(
        s3.complete_multipart_upload, Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts
    )
    assert refused(whole) == DENIED
    assert refused(partial(whole, IfNoneMatch="*")) == NOT_MET


def test_a_policy_that_does_not_protect_is_refused_before_anything_is_copied(
    copying: Copying,
) -> None:
    """The error names what may still be done, and the command that prints the policy."""
    uri, bucket = copying.folder(one=CLEAN), copying.aws.default_bucket
    with copying.unprotected(), pytest.raises(ScanError, match="s3:DeleteObject is not denied") as caught:
        copying.train(copying.fresh(), uri)
    assert f"secure-sagemaker policy bucket --bucket {bucket}" in caught.value.remedy
    assert "CopyObject" not in copying.operations()


def test_copies_of_a_call_that_was_killed_are_compared_and_kept(
    copying: Copying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy without a verdict has none until it is seen to be the copy; the others are made."""
    uri = copying.folder(one=CLEAN, two=MORE)
    given = _input(copying.train(copying.session(), uri))
    monkeypatch.setenv("SECURE_SAGEMAKER_VERDICTS", str(tmp_path / "forgotten"))
    assert _input(copying.train(copying.fresh(), uri)) == given
    assert copying.under(given) == {"one.csv": CLEAN, "two.csv": MORE}


def test_what_stands_in_a_copys_place_is_not_taken_for_it(
    copying: Copying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same name and size, and not the same: refused by name, and never given another's verdict."""
    uri = copying.folder(one=CLEAN)
    given = _input(copying.train(copying.session(), uri))
    bucket, _, key = f"{given}one.csv".removeprefix("s3://").partition("/")
    with copying.unprotected():
        copying.s3.put_object(Bucket=bucket, Key=key, Body=CLEAN.replace(b"1", b"9"))
    monkeypatch.setenv("SECURE_SAGEMAKER_VERDICTS", str(tmp_path / "forgotten"))
    with pytest.raises(ScanError, match=f"{key} stands where the snapshot of .* is no copy of it"):
        copying.train(copying.fresh(), uri)


def test_what_was_put_beside_copies_is_refused(copying: Copying) -> None:
    """A job would read it too."""
    uri, session = copying.folder(one=CLEAN), copying.session()
    given = _input(copying.train(session, uri))
    bucket, _, key = f"{given}more.csv".removeprefix("s3://").partition("/")
    assume(copying.aws).client("s3").put_object(Bucket=bucket, Key=key, Body=CLEAN, IfNoneMatch="*")
    with pytest.raises(ScanError, match=r"1 objects in .* are no copies"):
        copying.train(session, uri)


# --- how it is copied


def _version(copying: Copying, uri: str) -> ObjectVersion:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    head = copying.s3.head_object(Bucket=bucket, Key=key)
    return ObjectVersion(bucket=bucket, key=key, etag=head["ETag"].strip('"'), size=head["ContentLength"])


def _never(_: ObjectVersion) -> bool:
    return False


def _copier(copying: Copying, **limits: int) -> Copier:
    s3 = assume(copying.aws).client("s3")
    return Copier(lambda: s3, bucket=copying.aws.default_bucket, sleep=lambda _: None, **limits)


@pytest.mark.parametrize("largest", [5 * 1024**3, 1])
def test_another_version_is_not_copied(largest: int, copying: Copying) -> None:
    """What was written since it was looked at is named, whole or in parts, and nothing is left of the attempt."""
    uri = copying.folder(one=CLEAN)
    seen = _version(copying, f"{uri}one.csv")
    copying.put(seen.key, MORE)
    with pytest.raises(ScanError, match=f"{seen.uri} is another since it was looked at"):
        _copier(copying, largest_bytes=largest).copy(seen, f"cleared/{seen.key}", is_copy=_never)
    uploads = copying.s3.list_multipart_uploads(Bucket=copying.aws.default_bucket).get("Uploads", ())
    assert f"cleared/{seen.key}" not in {one["Key"] for one in uploads}


def test_what_is_too_large_for_one_copy_is_copied_in_parts(copying: Copying) -> None:
    """The same bytes, once; a second time they are found."""
    body = bytes(range(256)) * 4096 * 6
    uri = copying.folder(large=body)
    seen, key = _version(copying, f"{uri}large.csv"), f"cleared/{uri.removeprefix('s3://')}large"
    copier = _copier(copying, largest_bytes=1, part_bytes=5 * 1024**2)
    made = copier.copy(seen, key, is_copy=_never)
    assert copying.read(made.uri) == body
    assert copier.copy(seen, key, is_copy=_never) == made


# --- pipelines, and what is asked for by name


def _pipeline(copying: Copying, uri: str) -> dict[str, Any]:
    channel = {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
    }
    arguments = training_job(copying.aws, "", InputDataConfig=[channel])
    del arguments["TrainingJobName"]
    step = {"Name": "train", "Type": "Training", "Arguments": arguments}
    return {
        "PipelineName": f"pipeline-{next(_numbers)}",
        "RoleArn": copying.aws.execution_role_arn,
        "PipelineDefinition": json.dumps({"Version": "2020-12-01", "Steps": [step]}),
        "ClientRequestToken": "0" * 32,
    }


def test_a_pipeline_names_copies_itself(copying: Copying) -> None:
    """A definition is not rewritten: what it reads must lie in the snapshot, and the remedy says how it comes there."""
    uri, session = copying.folder(one=CLEAN), copying.session()
    session.scan([uri])
    sagemaker = session.client("sagemaker")
    with pytest.raises(ControlError, match="cannot be replaced by its copy") as caught:
        sagemaker.create_pipeline(**_pipeline(copying, uri))
    assert f"session.snapshot(['{uri}'])" in caught.value.remedy
    copies = session.snapshot([uri])
    made = _pipeline(copying, copies[uri])
    sagemaker.create_pipeline(**made)
    started = sagemaker.start_pipeline_execution(PipelineName=made["PipelineName"])
    assert started["PipelineExecutionArn"]


def test_what_is_not_accepted_is_not_copied(copying: Copying) -> None:
    """A snapshot vouches for its data: without a verdict, or with one that is not accepted, there is none."""
    uri, session = copying.folder(people=TABLE), copying.session()
    with pytest.raises(ScanError, match="of 1 objects 1 unknown"):
        session.snapshot([uri])
    session.scan([uri])
    with pytest.raises(ScanError, match="of 1 objects 1 sensitive"):
        session.snapshot([uri])


def test_without_a_folder_there_is_no_snapshot(copying: Copying) -> None:
    """Nobody has said where copies go."""
    with pytest.raises(ScanError, match="no folder is stated"):
        copying.session(snapshot=None).snapshot([copying.folder(one=CLEAN)])
