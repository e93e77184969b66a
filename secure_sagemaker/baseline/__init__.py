"""The security baseline: what every workload must have, stated once.

vocabulary   the closed sets of words: control ids, modes, kinds of work
arns         ARNs and KMS key references
images       image references, and the sources they may come from
within       lists whose entries may lie within one another
sections     the parts of a baseline, frozen and validated
model        SecurityBaseline, which holds them
fields       the fields a layer can state, and how each is written
tightening   what "tighter" means, per field
layers       how layers are read and joined
document     how the layers of a project become one baseline
discovery    where files and the organisation's anchor are found
comparison   two baselines, field by field
schema       the JSON Schema of the file
"""

from secure_sagemaker.baseline.arns import Arn, KeyReference, parse_arn
from secure_sagemaker.baseline.discovery import AnchorReader, find_file, read_document
from secure_sagemaker.baseline.document import BaselineDocument
from secure_sagemaker.baseline.macie_section import CODE_CHANNELS, EXPANSION
from secure_sagemaker.baseline.model import SecurityBaseline
from secure_sagemaker.baseline.schema import json_schema
from secure_sagemaker.baseline.sections import (
    Accepted,
    DataClass,
    DataPerimeter,
    ExecutionRoles,
    Hardening,
    Images,
    KmsKeys,
    LayerRecord,
    Macie,
    MacieSeverity,
    NetworkIsolation,
    Pipelines,
    PrivateLink,
    References,
    Role,
    Safeguard,
    Secrets,
    SessionPolicy,
    Vpc,
    Waiver,
)
from secure_sagemaker.baseline.vocabulary import (
    DEFAULT_MODES,
    ControlId,
    IsolationMode,
    KindOfWork,
    Mode,
    Task,
    TaskName,
)

__all__ = [
    "CODE_CHANNELS",
    "DEFAULT_MODES",
    "EXPANSION",
    "Accepted",
    "AnchorReader",
    "Arn",
    "BaselineDocument",
    "ControlId",
    "DataClass",
    "DataPerimeter",
    "ExecutionRoles",
    "Hardening",
    "Images",
    "IsolationMode",
    "KeyReference",
    "KindOfWork",
    "KmsKeys",
    "LayerRecord",
    "Macie",
    "MacieSeverity",
    "Mode",
    "NetworkIsolation",
    "Pipelines",
    "PrivateLink",
    "References",
    "Role",
    "Safeguard",
    "Secrets",
    "SecurityBaseline",
    "SessionPolicy",
    "Task",
    "TaskName",
    "Vpc",
    "Waiver",
    "find_file",
    "json_schema",
    "parse_arn",
    "read_document",
]
