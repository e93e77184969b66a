"""Where container images come from: what a reference names, and the sources that a baseline lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from secure_sagemaker.baseline.within import without_repetition

__all__ = ["AWS_IMAGES", "ImageReference", "ImageSource", "ImageSources", "source_lies_within"]

AWS_IMAGES = "aws"
"""The source that stands for every account from which AWS publishes SageMaker's own images."""

_DOCKER_HUB = "docker.io"
_ACCOUNT = re.compile(r"[0-9]{12}")
_ECR = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+"
    r"\.(amazonaws\.com(\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.(com\.cn|eu)"
    r"|c2s\.ic\.gov|csp\.hci\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk)"
)
_NAME = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PATH = rf"{_NAME}(?:/{_NAME})*"
_REGISTRY = r"(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|localhost)(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:(?P<registry>{_REGISTRY}|[A-Za-z0-9-]+:[0-9]+)/)?(?P<repository>{_PATH})"
    r"(?::\w[\w.-]{0,127})?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_SOURCE = re.compile(rf"(?P<registry>{_REGISTRY})(?:/(?P<repository>{_PATH}))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageReference:
    """The parts of an image reference, as a registry's client understands it."""

    registry: str
    """The host, in lower case; Docker Hub where none is named."""
    repository: str
    pinned: bool
    """Whether it names a digest."""

    @property
    def account(self) -> str | None:
        """The account whose private ECR registry it is, or None."""
        found = _ECR.fullmatch(self.registry)
        return found["account"] if found is not None else None

    @classmethod
    def parse(cls, text: str) -> ImageReference | None:
        """The parts, or None when the text is no image reference."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            return None
        return cls(
            registry=(found["registry"] or _DOCKER_HUB).lower(),
            repository=found["repository"],
            pinned=found["digest"] is not None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    account: str | None = None
    registry: str | None = None
    repository: str | None = None
    word: str | None = None


@lru_cache(maxsize=256)
def _parsed(source: str) -> _Source | None:
    if source == AWS_IMAGES:
        return _Source(word=source)
    if _ACCOUNT.fullmatch(source):
        return _Source(account=source)
    found = _SOURCE.fullmatch(source)
    if found is None:
        return None
    return _Source(registry=found["registry"].lower(), repository=found["repository"])


def covers(source: str, image: ImageReference) -> bool:
    """Whether an image comes from a listed account, registry or repository; ``aws`` is looked up elsewhere."""
    stated = _parsed(source)
    if stated is None or stated.word is not None:
        return False
    if stated.account is not None:
        return image.account == stated.account
    return stated.registry == image.registry and _is_under(image.repository, stated.repository)


def _is_under(repository: str, prefix: str | None) -> bool:
    return prefix is None or repository == prefix or repository.startswith(f"{prefix}/")


def source_lies_within(inner: str, outer: str) -> bool:
    """Of images' sources: a repository within its registry or account."""
    one = _parsed(inner)
    if inner == outer or one is None or one.registry is None:
        return inner == outer
    return covers(outer, ImageReference(registry=one.registry, repository=one.repository or "", pinned=False))


def _source(text: str) -> str:
    if _parsed(text) is None:
        raise ValueError(
            f"{text!r} is no source of images: write an account id, a registry's host "
            f"(with a repository or the beginning of its path), or {AWS_IMAGES!r}"
        )
    return text


ImageSource = Annotated[str, AfterValidator(_source)]
ImageSources = Annotated[tuple[ImageSource, ...], AfterValidator(without_repetition(source_lies_within))]
