"""What a session tells before a call is made: explain and verify."""

from __future__ import annotations

from typing import Any

import pytest

from secure_sagemaker import (
    IdentityError,
    SessionError,
)
from tests.unit.baseline.stated import KEY, changed
from tests.unit.secured import (
    ALIAS,
    BY_ALIAS,
    LAUNCHER,
    TWO_REGIONS,
    VPC,
    secured,
    training_job,
)
from tests.wire import Wire, identity, refuses, says

# --- explain


def test_explain_asks_nobody(wire: Wire) -> None:
    """It decides as the call would, without a request, a role, or a change of what was given."""
    session, request = secured(wire), training_job()
    explained = session.explain("create_training_job", **request)
    assert VPC == explained.parameters["VpcConfig"]
    assert training_job() == request
    assert ((), []) == (explained.lookups, wire.requests)
    session.client("sagemaker").create_training_job(**request)
    assert explained.parameters == wire.one("CreateTrainingJob").json
    assert explained.decisions == session.report().decisions("CreateTrainingJob")


def test_explain_names_what_would_be_looked_up(wire: Wire) -> None:
    """An alias that nobody has resolved yet is a lookup; once a call has resolved it, it is none."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    session = secured(wire, BY_ALIAS)
    assert (ALIAS,) == session.explain("create_training_job", **training_job()).lookups
    assert [] == wire.requests
    session.client("sagemaker").create_training_job(**training_job())
    explained = session.explain("create_training_job", **training_job())
    assert () == explained.lookups
    assert KEY == explained.parameters["OutputDataConfig"]["KmsKeyId"]


def test_explain_tells_a_refusal_without_raising(wire: Wire) -> None:
    """What would be refused is a decision to read."""
    foreign = {"Subnets": ["subnet-0f0f0f0f"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    explained = secured(wire).explain("create_training_job", **training_job(VpcConfig=foreign))
    assert ["VpcConfig.Subnets"] == [decision.path for decision in explained.refusals]


def test_explain_takes_an_operation_in_every_form(wire: Wire) -> None:
    """boto3's name, the API's, one with a service, and a client's bound method."""
    session = secured(wire)
    told = [
        session.explain(operation, **training_job())
        for operation in (
            "create_training_job",
            "CreateTrainingJob",
            "sagemaker.create_training_job",
            session.client("sagemaker").create_training_job,
        )
    ]
    assert [told[0]] * 4 == told
    objects = [
        session.explain(operation, Bucket="ml-artifacts", Key="k", Body=b"")
        for operation in ("s3.put_object", session.client("s3").put_object)
    ]
    assert objects[0] == objects[1]
    assert KEY == objects[0].parameters["SSEKMSKeyId"]


def test_explain_follows_the_clients_region(wire: Wire) -> None:
    """A bound method of another region's client is explained by that region's section."""
    client = secured(wire, TWO_REGIONS).client("sagemaker", region_name="us-east-1")
    session = secured(wire, TWO_REGIONS)
    explained = session.explain(client.create_training_job, **training_job())
    assert ["subnet-0c1d2e3f"] == explained.parameters["VpcConfig"]["Subnets"]


def test_what_is_no_operation_cannot_be_explained(wire: Wire) -> None:
    """A wrong name, service, method or object is a SessionError that says what to write."""
    session = secured(wire)
    wrong: list[Any] = [
        "create_trainingjob",
        "nosuchservice.create",
        session.client("s3").get_paginator,
        session.verify,
        print,
        None,
    ]
    for operation in wrong:
        with pytest.raises(SessionError) as caught:
            session.explain(operation)
        assert caught.value.remedy


# --- verify


def test_verify_tells_who_and_what(wire: Wire) -> None:
    """It asks STS and KMS, and changes nothing; printed, it names principal, layers with digests, and keys."""
    session = secured(wire)
    verified = session.verify()
    # The keys are described by the support session, which assumes the role for itself.
    own = ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]
    assert [*own, "AssumeRole", "GetCallerIdentity", "DescribeKey"] == wire.operations
    assert (LAUNCHER, "111122223333", "eu-west-1", 7) == (
        verified.principal,
        verified.account,
        verified.region,
        verified.packed_policy_size,
    )
    (layer,) = session.baseline.layers
    shown = str(verified)
    for part in (LAUNCHER, session.baseline.digest, layer.name, layer.source, layer.digest[:16], KEY, "7%"):
        assert part in shown


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param("arn:aws:sts::111122223333:assumed-role/other/secure-sagemaker", id="role"),
        pytest.param("arn:aws:sts::999988887777:assumed-role/ml-launcher/secure-sagemaker", id="account"),
        pytest.param("arn:aws:iam::111122223333:user/ml-launcher", id="user"),
        pytest.param("arn:aws:sts::111122223333:assumed-role/not-ml-launcher/ml-launcher", id="suffix"),
    ],
)
def test_another_principal_is_found_out(arn: str, wire: Wire) -> None:
    """When AWS sees somebody else than the baseline's role, verify says whom."""
    wire.answers["GetCallerIdentity"] = identity(arn)
    with pytest.raises(IdentityError, match=arn) as caught:
        secured(wire).verify()
    assert "ml-launcher" in str(caught.value)


def test_a_role_with_a_path_is_itself(wire: Wire) -> None:
    """A role's path, which the session's ARN leaves out, is no difference."""
    text = changed("role/ml-launcher", "role/team/ml-launcher")
    assert LAUNCHER == secured(wire, text).verify().principal


def test_verify_needs_an_answer(wire: Wire) -> None:
    """STS refusing to say who this is counts as an identity that is not known."""
    wire.answers["GetCallerIdentity"] = refuses("AccessDenied", status=403)
    with pytest.raises(IdentityError, match="AccessDenied"):
        secured(wire).verify()
