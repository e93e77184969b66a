"""What each type of step calls: a SageMaker operation whose input its arguments are, or another service.

The arguments of the first are held to the operation's own plan. For the others there is one here, as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from secure_sagemaker.baseline import ControlId, SecurityBaseline
from secure_sagemaker.controls.checks import Each, Key, Subset
from secure_sagemaker.controls.free_texts import TEXT
from secure_sagemaker.controls.images import ContainerImage
from secure_sagemaker.controls.members import Parent
from secure_sagemaker.controls.parameters import Child, GovernedMember, Node
from secure_sagemaker.controls.perimeter import TrustedArn
from secure_sagemaker.controls.rules import GROUPS, READ, SUBNETS, WRITTEN
from secure_sagemaker.controls.unknown import holds_unknown
from secure_sagemaker.controls.verdicts import Kept, Rule, Site, Unfit, Verdict

__all__ = ["BRANCHES", "DEFINITION", "KNOWN_MEMBERS", "OPERATIONS", "STEPS", "operation_of"]

OPERATIONS: Mapping[str, str] = {
    "ClarifyCheck": "CreateProcessingJob",
    "Compilation": "CreateCompilationJob",
    "Endpoint": "CreateEndpoint",
    "EndpointConfig": "CreateEndpointConfig",
    "InferenceComponent": "CreateInferenceComponent",
    "Job": "CreateJob",
    "Model": "CreateModel",
    "Processing": "CreateProcessingJob",
    "QualityCheck": "CreateProcessingJob",
    "RegisterModel": "CreateModelPackage",
    "Training": "CreateTrainingJob",
    "Transform": "CreateTransformJob",
    "Tuning": "CreateHyperParameterTuningJob",
}
"""Type of step to the operation whose input its arguments are; AutoML's two stand in ``operation_of``."""


def operation_of(kind: str, arguments: Mapping[str, object]) -> str | None:
    """The operation whose input a step's arguments are, or None for a step that calls none of SageMaker's."""
    if kind == "AutoML":
        return "CreateAutoMLJobV2" if "AutoMLProblemTypeConfig" in arguments else "CreateAutoMLJob"
    return OPERATIONS.get(kind)


BRANCHES: Mapping[str, tuple[str, ...]] = {
    "Condition": ("IfSteps", "ElseSteps"),
    "ForEach": ("ForEachBody",),
}
"""Type of step to the arguments that hold steps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    """Something outside of SageMaker that the baseline lists by its exact name."""

    field: str
    required: bool = False

    def judge(self, site: Site) -> Verdict:
        """Nothing outside of SageMaker is examined, so only what somebody has listed may be called."""
        listed: tuple[str, ...] = getattr(site.baseline.pipelines, self.field)
        if site.value in listed:
            return Kept()
        if not site.present and not self.required:
            return None
        return Unfit(
            wanted=f"one of {list(listed)}" if listed else "nothing: the baseline lists none",
            why="the step calls something that nobody examines",
            remedy=f"have pipelines.{self.field} list it",
        )


def _target(name: str) -> GovernedMember:
    return _member(name, Rule(control=ControlId.PIPELINE_DEFINITION, check=_Listed(field="targets")))


def _member(name: str, rule: Rule, *, required: bool = False) -> GovernedMember:
    return GovernedMember(name=name, required=required, rule=rule)


def _child(name: str, node: Node, nesting: str = "", *, created: bool = False) -> Child:
    return Child(name=name, nesting=nesting, node=node, parent=Parent() if created else None)


def _node(shape: str, *members: GovernedMember, children: tuple[Child, ...] = ()) -> Node:
    return Node(shape=shape, members=members, children=children)


def _groups(baseline: SecurityBaseline) -> tuple[str, ...]:
    return baseline.vpc.security_groups


def _subnets(baseline: SecurityBaseline) -> tuple[str, ...]:
    return baseline.vpc.subnets


def _never(site: Site) -> bool:
    return False


def _in_no_other_subnet(site: Site) -> bool:
    return not site.siblings.get("Ec2SubnetIds")


@dataclass(frozen=True, kw_only=True, slots=True)
class _RoleOrName:
    """A role of the baseline, by its ARN or by its name, as EMR takes it."""

    def judge(self, site: Site) -> Verdict:
        """Absent, EMR takes none, or one of its own which AWS defines."""
        roles = site.baseline.execution_roles
        allowed = [roles.default, *roles.allowed]
        if not site.present:
            return None
        if site.value in (*allowed, *(arn.rpartition("/")[2] for arn in allowed)):
            return Kept()
        return Unfit(
            wanted=f"one of {allowed}", why=f"{site.value!r} is not an execution role of the baseline"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _TrustedGroup:
    """A model package group, by its name or ARN: a check reads the baseline that was approved last in it."""

    def judge(self, site: Site) -> Verdict:
        """A name is of this account."""
        if (
            isinstance(site.value, str)
            and not site.value.startswith("arn:")
            and not holds_unknown(site.value)
        ):
            return Kept()
        return TrustedArn().judge(site)


_ROLE = Rule(control=ControlId.EXECUTION_ROLE, check=_RoleOrName())
_SUBNET = Rule(
    control=ControlId.VPC_CONFIG, check=Subset(listed=_subnets, single=True, inject=_in_no_other_subnet)
)
_SUBNETS_IF_NAMED = Rule(control=ControlId.VPC_CONFIG, check=Subset(listed=_subnets, inject=_never))
_GROUP = Rule(control=ControlId.VPC_CONFIG, check=Subset(listed=_groups, single=True, inject=_never))
_GROUPS = Rule(control=ControlId.VPC_CONFIG, check=Subset(listed=_groups, inject=_never))
_EACH_WRITTEN = Rule(control=ControlId.DATA_PERIMETER, check=Each(check=WRITTEN.check))
_TRUSTED = Rule(control=ControlId.DATA_PERIMETER, check=TrustedArn())
_GROUP_OF_MODELS = Rule(control=ControlId.DATA_PERIMETER, check=_TrustedGroup())
_OUTPUT = Rule(control=ControlId.KMS_OUTPUT_KEY, check=Key(control=ControlId.KMS_OUTPUT_KEY))
_OUTPUT_IF_NAMED = Rule(
    control=ControlId.KMS_OUTPUT_KEY, check=Key(control=ControlId.KMS_OUTPUT_KEY, inject=False)
)
_VOLUME = Rule(control=ControlId.KMS_VOLUME_KEY, check=Key(control=ControlId.KMS_VOLUME_KEY))
_IMAGE = Rule(control=ControlId.CONTAINER_IMAGE, check=ContainerImage())
_SECURITY = Rule(
    control=ControlId.PIPELINE_DEFINITION,
    check=_Listed(field="emr_security_configurations", required=True),
)


def _rules(rule: Rule, *names: str) -> tuple[GovernedMember, ...]:
    return tuple(_member(name, rule) for name in names)


_JAR = _node("EMRJarStep", *_rules(READ, "Jar"), *_rules(TEXT, "Args", "Properties"))
_EMR_STEP = _node("EMRStepConfig", children=(_child("HadoopJarStep", _JAR),))
_MACHINES = _node("EMRMachines", _target("CustomAmiId"), *_rules(TEXT, "Configurations"))
_CLUSTER = _node(
    "EMRClusterConfig",
    _member("SecurityConfiguration", _SECURITY, required=True),
    *_rules(_ROLE, "ServiceRole", "AutoScalingRole", "StepExecutionRoleArn"),
    _target("JobFlowRole"),
    _target("CustomAmiId"),
    *_rules(WRITTEN, "LogUri"),
    *_rules(_OUTPUT_IF_NAMED, "LogEncryptionKmsKeyId"),
    *_rules(TEXT, "Configurations", "KerberosAttributes", "Tags"),
    children=(
        _child(
            "Instances",
            _node(
                "EMRInstances",
                *_rules(_SUBNET, "Ec2SubnetId"),
                *_rules(_SUBNETS_IF_NAMED, "Ec2SubnetIds"),
                *_rules(_GROUP, "EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup"),
                *_rules(_GROUP, "ServiceAccessSecurityGroup"),
                *_rules(_GROUPS, "AdditionalMasterSecurityGroups", "AdditionalSlaveSecurityGroups"),
                children=(
                    _child("InstanceGroups", _MACHINES, "["),
                    _child(
                        "InstanceFleets",
                        _node("EMRFleet", children=(_child("InstanceTypeConfigs", _MACHINES, "["),)),
                        "[",
                    ),
                ),
            ),
        ),
        _child("Steps", _EMR_STEP, "["),
        _child(
            "BootstrapActions",
            _node(
                "EMRBootstrapAction",
                children=(
                    _child(
                        "ScriptBootstrapAction",
                        _node("EMRScript", *_rules(READ, "Path"), *_rules(TEXT, "Args")),
                    ),
                ),
            ),
            "[",
        ),
    ),
)
_MONITORING = _node(
    "EMRServerlessMonitoring",
    children=(
        _child(
            "s3MonitoringConfiguration",
            _node("EMRServerlessS3Logs", *_rules(WRITTEN, "logUri"), *_rules(_OUTPUT, "encryptionKeyArn")),
        ),
        _child(
            "managedPersistenceMonitoringConfiguration",
            _node("EMRServerlessManagedLogs", *_rules(_OUTPUT, "encryptionKeyArn")),
        ),
        _child(
            "cloudWatchLoggingConfiguration",
            _node("EMRServerlessLogGroup", *_rules(_OUTPUT, "encryptionKeyArn")),
        ),
    ),
)
_APPLICATION = _node(
    "EMRServerlessApplication",
    *_rules(TEXT, "runtimeConfiguration", "tags"),
    children=(
        _child(
            "networkConfiguration",
            _node("EMRServerlessNetwork", *_rules(SUBNETS, "subnetIds"), *_rules(GROUPS, "securityGroupIds")),
            created=True,
        ),
        _child(
            "diskEncryptionConfiguration",
            _node("EMRServerlessDisk", *_rules(_VOLUME, "encryptionKeyArn")),
            created=True,
        ),
        _child("imageConfiguration", _node("EMRServerlessImage", *_rules(_IMAGE, "imageUri"))),
        _child("monitoringConfiguration", _MONITORING),
    ),
)
_DRIVER = _node(
    "EMRServerlessDriver",
    children=(
        _child(
            "sparkSubmit",
            _node(
                "EMRServerlessSpark",
                *_rules(READ, "entryPoint"),
                *_rules(TEXT, "entryPointArguments", "sparkSubmitParameters"),
            ),
        ),
        _child(
            "hive",
            _node("EMRServerlessHive", *_rules(READ, "query", "initQueryFile"), *_rules(TEXT, "parameters")),
        ),
    ),
)
_JOB_RUN = _node(
    "EMRServerlessJobRun",
    *_rules(_ROLE, "executionRoleArn"),
    _target("applicationId"),
    children=(
        _child("jobDriver", _DRIVER),
        _child(
            "configurationOverrides",
            _node(
                "EMRServerlessOverrides",
                *_rules(TEXT, "applicationConfiguration"),
                children=(
                    _child("monitoringConfiguration", _MONITORING),
                    _child(
                        "diskEncryptionConfiguration",
                        _node("EMRServerlessDisk", *_rules(_VOLUME, "encryptionKeyArn")),
                    ),
                ),
            ),
        ),
    ),
)


def _arguments(shape: str, *members: GovernedMember, children: tuple[Child, ...] = ()) -> Child:
    return _child("Arguments", _node(f"{shape}Arguments", *members, children=children))


_CHECK = _node(
    "CheckStep",
    *_rules(READ, "SuppliedBaselineStatistics", "SuppliedBaselineConstraints"),
    *_rules(_GROUP_OF_MODELS, "ModelPackageGroupName"),
)

STEPS: Mapping[str, Node] = {
    "Callback": _node("CallbackStep", _target("SqsQueueUrl"), *_rules(TEXT, "Arguments")),
    "ClarifyCheck": _CHECK,
    "Cleanup": _node(
        "CleanupStep",
        children=(
            _arguments(
                "CleanupStep",
                children=(
                    _child(
                        "Resources",
                        _node(
                            "CleanupResources",
                            children=(
                                _child("S3", _node("CleanupS3", *_rules(_EACH_WRITTEN, "S3Uris")), "["),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
    "Condition": _node("ConditionStep"),
    "EMR": _node(
        "EMRStep",
        children=(
            _arguments(
                "EMRStep",
                *_rules(_ROLE, "ExecutionRoleArn"),
                _target("ClusterId"),
                children=(
                    _child("ClusterConfig", _CLUSTER),
                    _child("StepConfig", _EMR_STEP),
                ),
            ),
        ),
    ),
    "EMRServerless": _node(
        "EMRServerlessStep",
        children=(
            _arguments(
                "EMRServerlessStep",
                *_rules(_ROLE, "ExecutionRoleArn"),
                _target("ApplicationId"),
                children=(_child("ApplicationConfig", _APPLICATION), _child("JobConfig", _JOB_RUN)),
            ),
        ),
    ),
    "Fail": _node("FailStep"),
    "ForEach": _node("ForEachStep"),
    "Lambda": _node("LambdaStep", _target("FunctionArn"), *_rules(TEXT, "Arguments")),
    "Lineage": _node("LineageStep", *_rules(TEXT, "Arguments")),
    "QualityCheck": _CHECK,
}
"""What is governed in a step itself, for the types that call none of SageMaker's operations or have more to say."""

DEFINITION = _node(
    "PipelineDefinition",
    *_rules(TEXT, "Parameters", "Metadata"),
    children=(_child("MlflowConfig", _node("MlflowConfig", *_rules(_TRUSTED, "MlflowResourceArn"))),),
)
"""What is governed around the steps."""

KNOWN_MEMBERS: frozenset[str] = frozenset(
    {
        *("Arguments", "CacheConfig", "DependsOn", "Description", "DisplayName", "ExperimentConfig", "Name"),
        *("PropertyFiles", "RetryPolicies", "Type"),
        *("FunctionArn", "OutputParameters", "SqsQueueUrl"),
        *("CheckType", "FailOnViolation", "ModelName", "ModelPackageGroupName", "RegisterNewBaseline"),
        *("SkipCheck", "SuppliedBaselineConstraints", "SuppliedBaselineStatistics"),
    }
)
"""The members of steps that a person has read."""
