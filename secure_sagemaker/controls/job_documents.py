"""CreateJob's document: a request of its own, as JSON that no service model describes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.documents import read_json
from secure_sagemaker.controls.parameters import document_node

if TYPE_CHECKING:
    from secure_sagemaker.controls.walk import Walk

__all__ = ["hold_job_document"]


def hold_job_document(walk: Walk, text: object, path: str) -> str | None:
    """Hold a job's document to the controls: the secured document, or None where nothing is changed."""
    try:
        content = read_json(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        walk.conflict(ControlId.JOB_DOCUMENT, path, "text that is no JSON object", "a JSON object")
        return None
    secured = _structure(walk, path.rpartition(".")[2], content, f"{path}.")
    if "VpcConfig" not in content and (network := _structure(walk, "VpcConfig", {}, f"{path}.VpcConfig.")):
        secured["VpcConfig"] = network
    return json.dumps(secured) if secured != content else None


def _structure(walk: Walk, name: str, content: Mapping[str, object], path: str) -> dict[str, object]:
    node = document_node(name, content)
    governed = {member.name for member in node.members}
    result = dict(walk.structure(node, content, path=path, ancestors=()))
    for key, value in content.items():
        if key not in governed:
            result[key] = _value(walk, key, value, path + key)
    return result


def _value(walk: Walk, name: str, value: object, path: str) -> object:
    if isinstance(value, Mapping):
        return _structure(walk, name, value, f"{path}.")
    if isinstance(value, list):
        return [_value(walk, name, item, f"{path}[{index}]") for index, item in enumerate(value)]
    return value
