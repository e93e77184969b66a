"""IAM documents from a baseline: AWS itself refuses what the client would have refused.

Pure: no I/O but the library's own data, no clock, no AWS.

documents    policies as typed values, and their one text
compaction   fewer statements that mean the same
abbreviation wildcards that name what was listed
fitting      a policy in as many characters as STS takes
reference    what IAM knows of each action, as data
lint         what would never match
projection   a baseline as IAM sees it: ARNs, keys, a day
guard        one thing that AWS is to refuse
guards       the controls that SageMaker's condition keys tell, as guards
key_guards   those of keys
calls        the calls that guards speak of together
storage_guards  roles, buckets, objects, TLS
guardrail    the guards as managed policies that deny
conditional  the guards turned around, as conditions of an Allow
tasks        what each kind of work needs, as data
inline       the session policy of a task
passed       what a session passes with AssumeRole
scans        what a scan needs: of its session, of the role, of Macie's own
administration  roles and whom they trust; keys, endpoints, the organisation
bucket_policies  buckets, and what keeps copies of data in them
"""

from secure_sagemaker.baseline import Task
from secure_sagemaker.identity.policies.administration import (
    endpoint_policy,
    execution_role,
    execution_role_trust,
    key_policy,
    launcher_role,
    launcher_role_trust,
    permissions_boundary,
    service_control_policies,
)
from secure_sagemaker.identity.policies.bucket_policies import bucket_policy
from secure_sagemaker.identity.policies.documents import PolicyDocument, Statement
from secure_sagemaker.identity.policies.guard import Unguarded
from secure_sagemaker.identity.policies.guardrail import UNSCOPED, Guardrail, Overruled, guardrail
from secure_sagemaker.identity.policies.inline import InlinePolicy, LeftOut, Scope, task_policy
from secure_sagemaker.identity.policies.lint import problems
from secure_sagemaker.identity.policies.passed import (
    passed_policies,
    support_policies,
    unresolved_keys,
)
from secure_sagemaker.identity.policies.projection import Projection, via_service
from secure_sagemaker.identity.policies.scans import macie_role, scan_policies

__all__ = [
    "UNSCOPED",
    "Guardrail",
    "InlinePolicy",
    "LeftOut",
    "Overruled",
    "PolicyDocument",
    "Projection",
    "Scope",
    "Statement",
    "Task",
    "Unguarded",
    "bucket_policy",
    "endpoint_policy",
    "execution_role",
    "execution_role_trust",
    "guardrail",
    "key_policy",
    "launcher_role",
    "launcher_role_trust",
    "macie_role",
    "passed_policies",
    "permissions_boundary",
    "problems",
    "scan_policies",
    "service_control_policies",
    "support_policies",
    "task_policy",
    "unresolved_keys",
    "via_service",
]
