"""Container images: whose registry they are pulled from, and whether their content can change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from secure_sagemaker.baseline import SecurityBaseline, parse_arn
from secure_sagemaker.baseline.images import AWS_IMAGES, ImageReference, covers
from secure_sagemaker.controls.verdicts import Kept, Site, Unfit, Verdict

__all__ = ["ContainerImage", "ImageOfAccount", "aws_image_accounts"]


@cache
def aws_image_accounts() -> frozenset[str]:
    """The accounts from which AWS publishes SageMaker's own images."""
    text = files("secure_sagemaker.controls").joinpath("data/aws_image_accounts.json").read_text("utf-8")
    return frozenset(json.loads(text)["accounts"])


def _permits_account(baseline: SecurityBaseline, account: str) -> bool:
    allowed = baseline.images.allowed
    return account in allowed or (AWS_IMAGES in allowed and account in aws_image_accounts())


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerImage:
    """An image that SageMaker pulls: from a source of the baseline, by digest where that is asked."""

    digest: str = ""
    """The sibling member that may state the digest instead."""

    def judge(self, site: Site) -> Verdict:
        """Asleep while the baseline restricts nothing. Never corrected: another image is another program."""
        stated = site.baseline.images
        if not site.present or not (stated.allowed or stated.require_digest):
            return None
        image = ImageReference.parse(site.value) if isinstance(site.value, str) else None
        if image is None:
            return Unfit(wanted="an image reference, REGISTRY/REPOSITORY[:TAG][@DIGEST]")
        if stated.allowed and not _is_permitted(site.baseline, image):
            owner = f"account {image.account}" if image.account else image.registry
            return Unfit(
                wanted=f"an image from one of {list(stated.allowed)}",
                why=f"it comes from {owner}, which images.allowed does not name",
                remedy="copy the image into a registry of the baseline, or have images.allowed name its source",
            )
        if stated.require_digest and not image.pinned and not site.siblings.get(self.digest):
            return Unfit(
                wanted="an image by its digest, REPOSITORY@sha256:...",
                why="images.require_digest is set, and a tag can be moved to other content at any time",
                remedy="name the digest that the registry shows for the tag",
            )
        return Kept()


def _is_permitted(baseline: SecurityBaseline, image: ImageReference) -> bool:
    if any(covers(source, image) for source in baseline.images.allowed):
        return True
    return image.account is not None and _permits_account(baseline, image.account)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageOfAccount:
    """An algorithm, a model package or a Studio image, which name the images that run: by name or by ARN."""

    def judge(self, site: Site) -> Verdict:
        """A name is of the role's own account, where the same control held what it names."""
        allowed = site.baseline.images.allowed
        if not site.present or not allowed or not isinstance(site.value, str):
            return None
        arn = parse_arn(site.value)
        account = site.baseline.account if arn is None else arn.account
        if account == site.baseline.account or _permits_account(site.baseline, account):
            return Kept()
        return Unfit(
            wanted=f"one of account {site.baseline.account}, or of an account in {list(allowed)}",
            why=f"it belongs to account {account}, which images.allowed does not name",
            remedy="have images.allowed name the account",
        )
