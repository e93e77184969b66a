"""What AWS will hold a session to, told when the session is made: no call is needed to know it."""

from __future__ import annotations

import logging
from datetime import date

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.identity import KeyResolver, PassedPolicies

__all__ = ["resolved_policies", "scan_policies", "support_policies", "told_policies"]

logger = logging.getLogger(__name__)


def told_policies(baseline: SecurityBaseline, *, today: date) -> PassedPolicies:
    """The session's policies as they will be passed, with what they leave to the client said in the log.

    Raises:
        PolicyError: They cannot be written, or are larger than STS takes.
    """
    passed = _policies(baseline, today=today)
    if passed.shortcoming:
        logger.warning("%s: %s", baseline.role.arn, passed.shortcoming)
    elif not passed.tasks:
        logger.info(
            "%s: no task is stated, so AWS holds this session to %s; scoped_to() narrows it",
            baseline.role.arn,
            f"{', '.join(passed.arns)} and the role's own policies"
            if passed.arns
            else "the role's own policies alone",
        )
    return passed


def resolved_policies(baseline: SecurityBaseline, *, today: date, keys: KeyResolver) -> PassedPolicies:
    """The session's policies as they are passed, once AWS has told the keys that they name.

    Raises:
        KeyResolutionError: A key cannot be described.
        PolicyError: They cannot be written, or are larger than STS takes.
    """
    return _policies(baseline, today=today, keys=keys)


def support_policies() -> PassedPolicies:
    """What the library itself may do."""
    from secure_sagemaker.identity.policies import support_policies as made

    return made()


def scan_policies(baseline: SecurityBaseline) -> PassedPolicies:
    """What a scan may do."""
    from secure_sagemaker.identity.policies import scan_policies as made

    return made(baseline)


def _policies(baseline: SecurityBaseline, *, today: date, keys: KeyResolver | None = None) -> PassedPolicies:
    stated = baseline.session_policy
    if not stated.tasks and not stated.guardrail_arns:
        return PassedPolicies(arns=stated.policy_arns)
    # Policies take a while to load, and most sessions have none.
    from secure_sagemaker.identity.policies import passed_policies, unresolved_keys

    arns = None if keys is None else keys.resolve(unresolved_keys(baseline))
    return passed_policies(baseline, today=today, key_arns=arns)
