"""Makes the secure way of using Amazon SageMaker the only way a program has.

    from secure_sagemaker import ControlError, SecureSession

    session = SecureSession(env="prod")  # secure-sagemaker.toml; a boto3.Session
    session.verify()  # assumes the role; asks AWS, changes nothing
    try:
        session.client("sagemaker").create_training_job(...)
    except ControlError as refused:
        print(refused.control_id, refused.path, refused.remedy)
    print(session.report())

The house, from the bottom up; each may import what stands above it, never below:

    exceptions      every error, as a tree
    baseline/       SecurityBaseline: what every workload must have; layers, files, discovery
    controls/       what a request must say; pure decisions over botocore's own shapes
    identity/       the assumed role, KMS references, the organisation's anchor
    network/        where a request may go
    macie/          what must be known of data before it is used
    audit           one record for each call
    admission       what is known of a call's data, before it is made
    calls           what is known of one call, and its record
    handlers        the one file that names botocore events
    report          what a session tells a person
    clients         the botocore session that makes no client which would leave the secured path
    sagemaker_sdk   the SageMaker Python SDK's own session, v2 or v3
    session/        SecureSession: the only place that wires
    activation/     a whole process or program under one session
    preflight/      whether the account is what the baseline says
    templates/      an account that is, as a stack to deploy
    cli/            the command line; local/ the embedded AWS
"""

import importlib
import logging
import typing

if typing.TYPE_CHECKING:
    from secure_sagemaker.activation import Activation, ActivationSummary, ProgramRun, activate
    from secure_sagemaker.audit import AuditRecord, AuditSink, JsonLinesSink, LoggingSink, Outcome
    from secure_sagemaker.baseline import (
        Accepted,
        ControlId,
        DataClass,
        DataPerimeter,
        ExecutionRoles,
        Hardening,
        Images,
        IsolationMode,
        KindOfWork,
        KmsKeys,
        LayerRecord,
        Macie,
        Mode,
        NetworkIsolation,
        PrivateLink,
        References,
        Role,
        Safeguard,
        Secrets,
        SecurityBaseline,
        SessionPolicy,
        Task,
        Vpc,
        Waiver,
    )
    from secure_sagemaker.controls import (
        CONTROLS,
        EXEMPTIONS,
        Action,
        Control,
        Decision,
        Enforcement,
        Exemption,
        Severity,
    )
    from secure_sagemaker.exceptions import (
        AuditError,
        BaselineError,
        BaselineNotFoundError,
        ControlError,
        DefaultBucketError,
        EgressError,
        IdentityError,
        KeyResolutionError,
        LoosenedBaselineError,
        PeerError,
        PolicyError,
        RegionError,
        ScanError,
        SecureSageMakerError,
        SessionError,
        UnsupportedSdkError,
    )
    from secure_sagemaker.identity import mfa_command, mfa_prompt
    from secure_sagemaker.macie import (
        Detection,
        ObjectVerdict,
        ObjectVersion,
        ScanJob,
        ScannedInput,
        ScanProgress,
        ScanReport,
    )
    from secure_sagemaker.network import DiscoveredEndpoints, FoundEndpoint
    from secure_sagemaker.report import SessionReport, Verification
    from secure_sagemaker.session import SecureSession

logging.getLogger(__name__).addHandler(logging.NullHandler())  # where records go is the program's to say

__all__ = [
    "CONTROLS",
    "EXEMPTIONS",
    "Accepted",
    "Action",
    "Activation",
    "ActivationSummary",
    "AuditError",
    "AuditRecord",
    "AuditSink",
    "BaselineError",
    "BaselineNotFoundError",
    "Control",
    "ControlError",
    "ControlId",
    "DataClass",
    "DataPerimeter",
    "Decision",
    "DefaultBucketError",
    "Detection",
    "DiscoveredEndpoints",
    "EgressError",
    "Enforcement",
    "ExecutionRoles",
    "Exemption",
    "FoundEndpoint",
    "Hardening",
    "IdentityError",
    "Images",
    "IsolationMode",
    "JsonLinesSink",
    "KeyResolutionError",
    "KindOfWork",
    "KmsKeys",
    "LayerRecord",
    "LoggingSink",
    "LoosenedBaselineError",
    "Macie",
    "Mode",
    "NetworkIsolation",
    "ObjectVerdict",
    "ObjectVersion",
    "Outcome",
    "PeerError",
    "PolicyError",
    "PrivateLink",
    "ProgramRun",
    "References",
    "RegionError",
    "Role",
    "Safeguard",
    "ScanError",
    "ScanJob",
    "ScanProgress",
    "ScanReport",
    "ScannedInput",
    "Secrets",
    "SecureSageMakerError",
    "SecureSession",
    "SecurityBaseline",
    "SessionError",
    "SessionPolicy",
    "SessionReport",
    "Severity",
    "Task",
    "UnsupportedSdkError",
    "Verification",
    "Vpc",
    "Waiver",
    "activate",
    "mfa_command",
    "mfa_prompt",
]

# The parts that offer these names, each importing those before it: what is asked for is imported then.
_PARTS = (
    "exceptions",
    "baseline",
    "controls",
    "audit",
    "identity",
    "network",
    "macie",
    "report",
    "session",
    "activation",
)


def _offered(name: str) -> object:
    if name in __all__:
        for part in _PARTS:
            module = importlib.import_module(f"{__name__}.{part}")
            if name in module.__all__:
                value: object = getattr(module, name)
                globals()[name] = value
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if not typing.TYPE_CHECKING:  # a type checker knows the names, and would take any other for one of them
    __getattr__ = _offered


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
