"""The second lock: a plain client with a session's credentials, refused by the embedded AWS for each condition key.

The session is assumed with the task's own policy and the guardrail's, which an administrator has deployed. No control
of ours is in the way: what is refused, IAM refuses.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from secure_sagemaker.baseline import ControlId, Task
from secure_sagemaker.controls import Enforcer
from secure_sagemaker.identity.policies import UNSCOPED, InlinePolicy, Scope, guardrail, task_policy
from secure_sagemaker.identity.policies.tasks import TASKS
from secure_sagemaker.local import EmbeddedAWS
from secure_sagemaker.local.condition_keys import PATHS
from tests.integration.embedded import FOREIGN_KEY, client, session_of
from tests.integration.filled import Filler
from tests.integration.standing import MODEL, NAMES, Account, identified, own_name, stand

pytestmark = pytest.mark.once

ABSENT = object()
CROWD = "arn:aws:sagemaker:eu-west-1:394669845002:workteam/public-crowd/default"


@dataclass(frozen=True, kw_only=True)
class Mixed:
    """A list's own values, and one more."""

    added: str


C = ControlId
# By condition key: the control that it tells, and every way to break it. Written from the controls, not the policies.
BREAKS: Mapping[str, tuple[ControlId, tuple[object, ...]]] = {
    "sagemaker:AppNetworkAccessType": (C.DIRECT_INTERNET_ACCESS, ("PublicInternetOnly", ABSENT)),
    "sagemaker:DirectInternetAccess": (C.DIRECT_INTERNET_ACCESS, ("Enabled", ABSENT)),
    "sagemaker:DomainSharingOutputKmsKeyArn": (C.KMS_OUTPUT_KEY, (FOREIGN_KEY,)),
    "sagemaker:EnableRemoteDebug": (C.REMOTE_DEBUG, (True,)),
    "sagemaker:FeatureGroupOfflineStoreKmsKeyArn": (C.KMS_OUTPUT_KEY, (FOREIGN_KEY, ABSENT)),
    "sagemaker:FeatureGroupOfflineStoreS3Uri": (C.DATA_PERIMETER, ("s3://elsewhere/x",)),
    "sagemaker:FeatureGroupOnlineStoreKmsKeyArn": (C.KMS_RESOURCE_KEY, (FOREIGN_KEY, ABSENT)),
    "sagemaker:InterContainerTrafficEncryption": (C.INTER_CONTAINER_ENCRYPTION, (False, ABSENT)),
    "sagemaker:MinimumInstanceMetadataServiceVersion": (C.INSTANCE_METADATA_SERVICE, ("1", ABSENT)),
    "sagemaker:NetworkIsolation": (C.NETWORK_ISOLATION, (False, ABSENT)),
    "sagemaker:OutputKmsKeyArn": (C.KMS_OUTPUT_KEY, (FOREIGN_KEY, ABSENT)),
    "sagemaker:RemoteAccess": (C.REMOTE_ACCESS, ("ENABLED",)),
    "sagemaker:RootAccess": (C.ROOT_ACCESS, ("Enabled", ABSENT)),
    "sagemaker:VolumeKmsKeyArn": (C.KMS_VOLUME_KEY, (FOREIGN_KEY, ABSENT)),
    "sagemaker:VpcSecurityGroupIds": (C.VPC_CONFIG, (["sg-0f0f0f0f"], Mixed(added="sg-0f0f0f0f"), ABSENT)),
    "sagemaker:VpcSubnets": (C.VPC_CONFIG, (["subnet-0f0f0f0f"], Mixed(added="subnet-0f0f0f0f"), ABSENT)),
    "sagemaker:WorkteamArn": (C.PUBLIC_WORKFORCE, (CROWD,)),
}
NO_CONTROL = frozenset(
    {
        *("sagemaker:FeatureGroupEnableOnlineStore", "sagemaker:FeatureGroupOfflineStoreConfig"),
        *("sagemaker:InstanceTypes", "sagemaker:ModelArn", "sagemaker:ServerlessMaxConcurrency"),
    }
)
"""Keys that tell what a request is about; a serverless variant has a row of its own."""

# Where a member may be left out: of a change it stays as it was, of others no key tells that it had to be there.
MAY_BE_ABSENT: Mapping[str, frozenset[str]] = {
    "CreateEndpointConfig": frozenset(
        {
            "sagemaker:NetworkIsolation",
            "sagemaker:VpcSecurityGroupIds",
            "sagemaker:VpcSubnets",
        }  # the models have them
    ),
    "CreateJob": frozenset({"sagemaker:OutputKmsKeyArn"}),
    "CreateLabelingJob": frozenset({"sagemaker:VolumeKmsKeyArn"}),
    "CreateModelBiasJobDefinition": frozenset({"sagemaker:NetworkIsolation"}),
    "CreateModelExplainabilityJobDefinition": frozenset({"sagemaker:NetworkIsolation"}),
    "CreateProcessingJob": frozenset({"sagemaker:OutputKmsKeyArn"}),
    "CreateUserProfile": frozenset({"sagemaker:VpcSecurityGroupIds"}),
    "UpdateCluster": frozenset({"sagemaker:VpcSecurityGroupIds", "sagemaker:VpcSubnets"}),
    "UpdateDomain": frozenset(
        {"sagemaker:AppNetworkAccessType", "sagemaker:VpcSecurityGroupIds", "sagemaker:VpcSubnets"}
    ),
    "UpdateNotebookInstance": frozenset(
        {"sagemaker:MinimumInstanceMetadataServiceVersion", "sagemaker:RootAccess"}
    ),
    "UpdateUserProfile": frozenset({"sagemaker:VpcSecurityGroupIds"}),
}
# SageMaker Clarify runs these, which must not be isolated: false is right.
NOT_ISOLATED = frozenset({"CreateModelBiasJobDefinition", "CreateModelExplainabilityJobDefinition"})

TASK_OF = {
    operation: task for task, needs in TASKS.items() for one in needs.grants for operation in one.operations
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to break one control in one operation."""

    operation: str
    key: str
    value: object

    @property
    def id(self) -> str:
        match self.value:
            case Mixed():
                how = "mixed"
            case bool():
                how = str(self.value).lower()
            case _:
                how = "absent" if self.value is ABSENT else "other"
        return f"{self.operation}-{self.key.removeprefix('sagemaker:')}-{how}"


def rows() -> Iterator[Row]:
    for operation, keys in PATHS.items():
        for key in keys:
            for value in () if key in NO_CONTROL else BREAKS[key][1]:
                spared = value is ABSENT and key in MAY_BE_ABSENT.get(operation, ())
                if not spared and not (key == "sagemaker:NetworkIsolation" and operation in NOT_ISOLATED):
                    yield Row(operation=operation, key=key, value=value)


def broken(request: Mapping[str, object], row: Row) -> dict[str, object]:
    """The request with that one thing broken, in every place where it stands."""
    made = copy.deepcopy(dict(request))
    paths = [path.split(".") for path in PATHS[row.operation][row.key]]
    done = [_break(made, path, row.value) for path in paths]
    assert any(done) or _break(made, paths[0], row.value, anew=True), row.id
    return made


def _break(holder: dict[str, Any], path: list[str], value: object, *, anew: bool = False) -> bool:
    name, listed = path[0].removesuffix("[]"), path[0].endswith("[]")
    inner = holder.get(name)
    if len(path) == 1:
        if inner is None and (value is ABSENT or isinstance(value, Mixed)):
            return False
        if value is ABSENT:
            del holder[name]
        else:
            holder[name] = [*(inner or []), value.added] if isinstance(value, Mixed) else value
        return True
    if isinstance(inner, str):  # a document
        document = json.loads(inner)
        broken_there = _break(document, path[1:], value, anew=anew)
        holder[name] = json.dumps(document)
        return broken_there
    if listed:
        done = [_break(one, path[1:], value) for one in inner or []]
        return any(done)
    if inner is None and anew:
        inner = holder[name] = {}
    return isinstance(inner, dict) and _break(inner, path[1:], value, anew=anew)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The account, its deployed guardrail, and plain clients with a session's credentials."""

    account: Account
    guardrail_arns: tuple[str, ...]
    _clients: dict[object, Any] = field(default_factory=dict)
    _good: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def aws(self) -> EmbeddedAWS:
        return self.account.aws

    def inline(self, task: Task, *, alone: bool = False) -> InlinePolicy:
        return task_policy(
            self.aws.baseline,
            [task],
            today=today(),
            scope=Scope(instance_types=("ml.m5.xlarge",)),
            guardrail=not alone,
            beside=() if alone else self.guardrail_arns,
        )

    def session(self, policy: str, *, guarded: bool = True) -> boto3.Session:
        """A session of the launcher's role, as boto3 alone makes one."""
        arns = [{"arn": arn} for arn in self.guardrail_arns] if guarded else []
        answer = client(self.aws, "sts").assume_role(
            RoleArn=self.aws.role_arn, RoleSessionName="plain", Policy=policy, PolicyArns=arns
        )
        return session_of(dict(answer["Credentials"]))

    def plain(self, operation: str) -> Account:
        """A plain client of the task that an operation is part of; of the guardrail alone where it is part of none."""
        task = TASK_OF.get(operation)
        if task not in self._clients:
            policy = UNSCOPED if task is None else self.inline(task).document
            unchecked = Config(parameter_validation=False, retries={"total_max_attempts": 1})
            self._clients[task] = self.session(policy.to_json()).client("sagemaker", config=unchecked)
        return Account(aws=self.aws, sagemaker=self._clients[task], named=self.account.named)

    def good(self, operation: str) -> dict[str, object]:
        """A request that the client side lets through, with everything in it that a key tells."""
        if operation not in self._good:
            model, name = MODEL.operation_model(operation), f"lock{operation.lower()}"[:30]
            kind = operation.removeprefix("Create")
            if kind == operation:
                _, known = self.account.make(operation.removeprefix("Update"), name)
                filled = Filler(aws=self.aws, named=self.account.named).request(
                    model, **identified(operation, known)
                )
            else:
                given = {own_name(kind, model): name} if own_name(kind, model) else {}
                filled = Filler(aws=self.aws, named={**self.account.named, **given}).request(model)
            enforced = Enforcer(self.aws.baseline, today=today).enforce(model, filled, {})
            assert enforced.refusals == ()
            self._good[operation] = dict(enforced.parameters)
        return copy.deepcopy(self._good[operation])

    def client(self, task: Task, service: str) -> Any:
        """A plain client of a task's session."""
        return self.session(self.inline(task).document.to_json()).client(service)  # type: ignore[call-overload]  # by name

    def job(self, name: str, **changes: object) -> dict[str, object]:
        """A training job that the client side lets through, but for what is changed."""
        return {**self.good("CreateTrainingJob"), "TrainingJobName": name, **changes}


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture(scope="module")
def lock(account: EmbeddedAWS) -> Lock:
    """Have the account's guardrail deployed, as an administrator does it."""
    iam = client(account, "iam")
    made = guardrail(account.baseline, today=today())
    arns = [
        iam.create_policy(PolicyName=f"guardrail-{number}", PolicyDocument=policy.to_json())["Policy"]["Arn"]
        for number, policy in enumerate(made.policies, start=1)
    ]
    return Lock(account=stand(account), guardrail_arns=tuple(arns))


def denied(call: Callable[[], object]) -> str:
    """AWS's message, where it denies a call."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException", "403"), error
    return error["Message"]


ROWS = [row for row in rows() if row.operation in NAMES]


@pytest.mark.parametrize("operation", sorted(PATHS.keys() & NAMES))
def test_what_the_client_lets_through_aws_takes(lock: Lock, operation: str) -> None:
    """The positive twin of every row of an operation: with all its keys as the baseline wants them, it passes."""
    lock.plain(operation).call(operation, lock.good(operation))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_plain_client_is_refused(lock: Lock, row: Row) -> None:
    """Each governed member that a condition key tells, broken alone, is denied by the guardrail."""
    request = broken(lock.good(row.operation), row)
    said = denied(partial(lock.plain(row.operation).call, row.operation, request))
    expected = (
        r"User: arn:aws:sts::111122223333:assumed-role/ml-launcher/plain is not authorized to perform: "
        rf"sagemaker:{row.operation} on resource: \S+ with an explicit deny in a session policy"
    )
    assert re.fullmatch(expected, said), said


def test_every_key_is_broken() -> None:
    """Each key that a request of the embedded AWS can have tells a control, with a row, or none, by name."""
    told = {key for keys in PATHS.values() for key in keys}
    assert told == BREAKS.keys() | NO_CONTROL
    assert {row.key for row in rows()} == BREAKS.keys()


DENIED, NOT_ALLOWED = (
    "with an explicit deny in a session policy",
    "because no session policy allows the {} action",
)
Attempt = Callable[[Lock], object]


def train(lock: Lock, name: str, **changes: object) -> object:
    return lock.plain("CreateTrainingJob").call("CreateTrainingJob", lock.job(name, **changes))


def put(lock: Lock, bucket: str = "", **encryption: str) -> object:
    return lock.client(Task.TRAIN, "s3").put_object(
        Bucket=bucket or lock.aws.default_bucket, Key="lock/x", Body=b"1", **encryption
    )


def serverless(lock: Lock, name: str, **variant: object) -> object:
    good = lock.good("CreateEndpointConfig")
    request = {"EndpointConfigName": name, "KmsKeyId": good["KmsKeyId"], "Tags": good["Tags"]}
    model = {"VariantName": "all", "ModelName": lock.account.named["ModelName"], **variant}
    return lock.plain("CreateEndpointConfig").call(
        "CreateEndpointConfig", {**request, "ProductionVariants": [model]}
    )


KMS = "aws:kms"
FURTHER: Mapping[str, tuple[Attempt, str, Attempt]] = {
    "required-tags": (
        lambda lock: train(lock, "lock-tags", Tags=[{"Key": "project", "Value": "another"}]),
        f"sagemaker:CreateTrainingJob {DENIED}",
        lambda lock: train(lock, "lock-tags"),
    ),
    "serverless-inference": (
        lambda lock: serverless(
            lock, "lock-serverless", ServerlessConfig={"MemorySizeInMB": 2048, "MaxConcurrency": 1}
        ),
        f"sagemaker:CreateEndpointConfig {DENIED}",
        lambda lock: serverless(lock, "lock-instances", InstanceType="ml.m5.xlarge", InitialInstanceCount=1),
    ),
    "remote-session": (
        lambda lock: (
            lock.session(UNSCOPED.to_json())
            .client("sagemaker")
            .start_session(ResourceIdentifier="arn:aws:sagemaker:eu-west-1:111122223333:space/d-1/x")
        ),
        f"sagemaker:StartSession {DENIED}",
        lambda lock: lock.session(UNSCOPED.to_json()).client("sagemaker").list_spaces(),
    ),
    "execution-role": (
        lambda lock: train(lock, "lock-role", RoleArn=lock.aws.role_arn),
        f"iam:PassRole {DENIED}",
        lambda lock: train(lock, "lock-role"),
    ),
    "s3-encryption-algorithm": (
        lambda lock: put(lock, ServerSideEncryption="AES256"),
        f"s3:PutObject {DENIED}",
        lambda lock: put(lock, ServerSideEncryption=KMS, SSEKMSKeyId=lock.aws.key_arn),
    ),
    "s3-encryption-key": (
        lambda lock: put(lock, ServerSideEncryption=KMS, SSEKMSKeyId=FOREIGN_KEY),
        f"s3:PutObject {DENIED}",
        lambda lock: put(lock, ServerSideEncryption=KMS, SSEKMSKeyId=lock.aws.other_key_arn),
    ),
    "data-perimeter": (
        lambda lock: put(lock, lock.aws.data_bucket, ServerSideEncryption=KMS, SSEKMSKeyId=lock.aws.key_arn),
        f"s3:PutObject {DENIED}",
        lambda lock: lock.client(Task.TRAIN, "s3").list_objects_v2(Bucket=lock.aws.data_bucket),
    ),
    "another-task": (
        lambda lock: lock.client(Task.TRAIN, "sagemaker").delete_model(ModelName="x"),
        f"sagemaker:DeleteModel {NOT_ALLOWED.format('sagemaker:DeleteModel')}",
        lambda lock: train(lock, "lock-another-task"),
    ),
    "another-service": (
        lambda lock: lock.client(Task.TRAIN, "iam").list_roles(),
        f"iam:ListRoles {NOT_ALLOWED.format('iam:ListRoles')}",
        lambda lock: lock.client(Task.TRAIN, "sts").get_caller_identity(),
    ),
}
"""What no key of SageMaker's tells: the attempt, what AWS says, and the twin that passes."""


@pytest.mark.parametrize("name", FURTHER)
def test_what_other_keys_and_actions_tell_is_refused(lock: Lock, name: str) -> None:
    """Tags, roles, objects, and whatever the task is not about, are refused; each has a twin that passes."""
    attempt, says, passes = FURTHER[name]
    action, _, reason = says.partition(" ")
    said = denied(partial(attempt, lock))
    assert re.search(rf"perform: {action} on resource: \S+ {reason}$", said), said
    passes(lock)


def test_local_storage_needs_no_key(lock: Lock) -> None:
    """The exclusion of instance types with local storage holds for those alone: a mixture needs the key."""
    task = task_policy(
        lock.aws.baseline, [Task.TRAIN], today=today(), guardrail=True, beside=lock.guardrail_arns
    )
    plain = Account(aws=lock.aws, sagemaker=lock.session(task.document.to_json()).client("sagemaker"))
    local = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
    plain.call("CreateTrainingJob", lock.job("lock-local", ResourceConfig=local))
    groups = [
        {"InstanceGroupName": name, "InstanceType": f"ml.{name}.xlarge", "InstanceCount": 1}
        for name in ("g5", "m5")
    ]
    mixed = {"InstanceGroups": groups, "VolumeSizeInGB": 30}
    assert DENIED in denied(
        partial(plain.call, "CreateTrainingJob", lock.job("lock-mixed", ResourceConfig=mixed))
    )


def test_without_a_guardrail_the_tasks_own_conditions_refuse(lock: Lock) -> None:
    """Where none is deployed, each condition that found room in the task's own policy refuses the same."""
    held = []
    for task in sorted({TASK_OF[row.operation] for row in ROWS if row.operation in TASK_OF}):
        made = lock.inline(task, alone=True)
        left = {one.control for one in made.left_out}
        sagemaker = lock.session(made.document.to_json(), guarded=False).client(
            "sagemaker", config=Config(parameter_validation=False)
        )
        plain = Account(aws=lock.aws, sagemaker=sagemaker)
        for row in ROWS:
            if TASK_OF.get(row.operation) is task and BREAKS[row.key][0] not in left:
                request = broken(lock.good(row.operation), row)
                said = denied(partial(plain.call, row.operation, request))
                assert f"perform: sagemaker:{row.operation} on resource" in said
                assert "session policy" in said
                held.append(row)
    assert len(held) > len(ROWS) / 10
