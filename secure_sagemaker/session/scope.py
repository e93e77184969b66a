"""What AWS will hold a session to, told when the session is made: no call is needed to know it."""

from __future__ import annotations

import logging
from datetime import date

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.identity.policies import PassedPolicies, passed_policies

__all__ = ["told_policies"]

logger = logging.getLogger(__name__)


def told_policies(baseline: SecurityBaseline, *, today: date) -> PassedPolicies:
    """The session's policies as they will be passed, with what they leave to the client said in the log.

    Raises:
        PolicyError: They cannot be written, or are larger than STS takes.
    """
    passed = passed_policies(baseline, today=today)
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
