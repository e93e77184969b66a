"""Every flow there is, by SDK."""

from __future__ import annotations

from tests.integration.flows import (
    v2_automl,
    v2_data,
    v2_features,
    v2_hosting,
    v2_monitoring,
    v2_processing,
    v2_registry,
    v2_remote,
    v2_training,
    v3_features,
    v3_finetuning,
    v3_hosting,
    v3_monitoring,
    v3_processing,
    v3_remote,
    v3_resources,
    v3_tools,
    v3_training,
    v3_tuning,
    v3_workplaces,
)
from tests.integration.flows.flow import Flow

__all__ = ["FLOWS"]

_V2 = (
    v2_training,
    v2_automl,
    v2_processing,
    v2_hosting,
    v2_registry,
    v2_monitoring,
    v2_features,
    v2_remote,
    v2_data,
)
_V3 = (
    v3_training,
    v3_tuning,
    v3_finetuning,
    v3_processing,
    v3_hosting,
    v3_monitoring,
    v3_features,
    v3_remote,
    v3_resources,
    v3_workplaces,
    v3_tools,
)

FLOWS: tuple[Flow, ...] = tuple(flow for module in (*_V2, *_V3) for flow in module.FLOWS)
