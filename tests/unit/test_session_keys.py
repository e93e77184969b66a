"""S3 Express signs with keys of its own, and key look-ups have no end that is left open."""

from __future__ import annotations

from typing import Any

import pytest

from secure_sagemaker import Action, ControlError, KeyResolutionError, SessionError
from tests.unit.baseline.stated import COMPLETE, KEY, changed
from tests.unit.secured import secured, training_job
from tests.wire import Answer, Sent, Wire, refuses, says

EXPRESS = "ml-fast--euw1-az1--x-s3"
WITH_EXPRESS = changed(
    'ml-artifacts = "111122223333"', f'ml-artifacts = "111122223333", {EXPRESS} = "111122223333"'
)
SESSION = b"""<CreateSessionResult><Credentials><AccessKeyId>ASIAEXPRESS</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>"""
FOREIGN = "arn:aws:kms:eu-west-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab"


def s3_express(sent: Sent) -> Answer:
    """The zonal endpoint: a session for ?session, an object otherwise."""
    return Answer(body=SESSION if "?session" in sent.url else b"object")


def test_express_objects_are_read_with_the_key_that_the_role_was_given(wire: Wire) -> None:
    """CreateSession is signed by the role; the key it answers with signs the object call, and nothing else may."""
    wire.answers["GET"] = s3_express
    session = secured(wire, WITH_EXPRESS)

    body = session.client("s3").get_object(Bucket=EXPRESS, Key="k")["Body"].read()

    create, read = wire.of("GET")
    assert b"object" == body
    assert create.access_key_id.startswith("ASIASESSION")
    assert "ASIAEXPRESS" == read.access_key_id


def test_a_session_token_is_no_pass(wire: Wire) -> None:
    """A request that carries an S3 Express token but another key's signature is held back."""
    session = secured(wire)

    def resign(request: Any, **_: object) -> None:
        header = request.headers["Authorization"]
        text = header.decode() if isinstance(header, bytes) else header
        request.headers["Authorization"] = text.replace("ASIASESSION00000", "AKIASOMEBODY")
        request.headers["X-Amz-S3session-Token"] = "t"

    session.events.register("before-send.s3", resign)
    with pytest.raises(SessionError, match="another key"):
        session.client("s3").head_object(Bucket="ml-artifacts", Key="k")
    assert [] == wire.of("HEAD")


def test_an_alias_added_after_enforcement_is_looked_up_to_the_end(wire: Wire) -> None:
    """The last look too resolves every key it must compare with, and refuses a foreign one behind an alias."""
    text = changed(f'default = "{KEY}"', f'default = "{KEY}"\nallowed = ["alias/further"]')
    arns = {"alias/further": KEY.replace("1234abcd", "5678abcd"), "alias/foreign": FOREIGN}
    wire.answers["DescribeKey"] = lambda sent: says(
        {"KeyMetadata": {"KeyId": "k", "Arn": arns[sent.json["KeyId"]], "KeyState": "Enabled"}}
    )(sent)
    session = secured(wire, text)

    def change(params: dict[str, Any], **_: object) -> None:
        params["ResourceConfig"]["VolumeKmsKeyId"] = "alias/foreign"

    session.events.register("before-parameter-build", change)
    with pytest.raises(ControlError) as refused:
        session.client("sagemaker").create_training_job(**training_job())
    assert "ResourceConfig.VolumeKmsKeyId" == refused.value.path
    assert ["alias/foreign", "alias/further"] == sorted(sent.json["KeyId"] for sent in wire.of("DescribeKey"))
    assert [] == wire.of("CreateTrainingJob")


def test_verify_describes_keys_named_by_arn_too(wire: Wire) -> None:
    """A key that is named by its ARN and disabled is found by verify(), before any job is."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"KeyId": "k", "Arn": KEY, "KeyState": "Disabled"}})
    with pytest.raises(KeyResolutionError, match="Disabled"):
        secured(wire, COMPLETE).verify()


def test_observing_asks_for_no_key(wire: Wire) -> None:
    """A control that only observes stops nothing: a caller's alias goes out as it is, whatever KMS would say."""
    wire.answers["DescribeKey"] = refuses("AccessDeniedException")
    session = secured(wire, COMPLETE + '\n[modes]\nkms-volume-key = "observe"\n')

    job = training_job()
    job["ResourceConfig"]["VolumeKmsKeyId"] = "alias/somebody"
    session.client("sagemaker").create_training_job(**job)

    sent = wire.one("CreateTrainingJob").json
    assert "alias/somebody" == sent["ResourceConfig"]["VolumeKmsKeyId"]
    assert [] == wire.of("DescribeKey")
    assert Action.OBSERVED in [row.action for row in session.report().decisions("CreateTrainingJob")]
