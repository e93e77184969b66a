"""Resolves what a test states, alone, merged with more, or under an organisation."""

import tomllib

from secure_sagemaker.baseline import BaselineDocument, SecurityBaseline
from secure_sagemaker.baseline.layers import Layer
from tests.unit.baseline.stated import COMPLETE, TODAY, parsed


def resolved(text: str = COMPLETE, *, env: str | None = None, region: str | None = None) -> SecurityBaseline:
    return SecurityBaseline.from_mapping(parsed(text), env, region=region, today=TODAY)


def merged(extra: str, text: str = COMPLETE) -> dict[str, object]:
    """What the file states, with more fields, or others in their place."""
    whole = parsed(text)
    for key, value in tomllib.loads(extra).items():
        section = whole.get(key)
        whole[key] = section | value if isinstance(section, dict) and isinstance(value, dict) else value
    return whole


def under(organisation: str, project: dict[str, object], **how: str) -> SecurityBaseline:
    """The project's baseline under an organisation's layer."""
    anchored = Layer.from_mapping(
        tomllib.loads(organisation), name="organisation", source="organisation.toml"
    ).closed()
    document = BaselineDocument.from_mapping(project, name="project", source="project.toml")
    whole = BaselineDocument(
        common=(anchored, *document.common), environments=document.environments, regions=document.regions
    )
    return whole.resolve(env=how.get("env"), region=how.get("region"), today=TODAY)
