"""Which instance families have local storage, and whether their hardware encrypts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

__all__ = ["LocalStorage", "local_storage", "locally_encrypted_families"]


class LocalStorage(StrEnum):
    """What is known about the local storage of an instance type."""

    NONE = "none"
    """It has none: a volume key applies."""
    ENCRYPTED = "encrypted"
    """It has some, encrypted by the instance's hardware: no volume key can be given."""
    UNENCRYPTED = "unencrypted"
    """It has some that nothing encrypts."""
    UNKNOWN = "unknown"
    """The family is in no table; it must not be guessed."""


@cache
def _families() -> Mapping[str, LocalStorage]:
    text = files("secure_sagemaker.controls").joinpath("data/instance_storage.json").read_text("utf-8")
    data = json.loads(text)
    families = dict.fromkeys(data["no_local_storage"], LocalStorage.NONE)
    for family, encryption in data["local_storage"].items():
        families[family] = LocalStorage.ENCRYPTED if encryption == "required" else LocalStorage.UNENCRYPTED
    return families


@cache
def _locally_encrypted() -> frozenset[str]:
    return frozenset(family for family, storage in _families().items() if storage is LocalStorage.ENCRYPTED)


def local_storage(instance_type: str, further_families: Mapping[str, str]) -> LocalStorage:
    """What is known about an instance type such as ``ml.g5.xlarge``.

    Args:
        instance_type: As SageMaker writes it, with or without the ``ml.`` prefix.
        further_families: The baseline's own table: family to ``local-storage`` or ``no-local-storage``.
    """
    family = instance_type.removeprefix("ml.").partition(".")[0]
    stated = further_families.get(family)
    known = _families().get(family)
    if known is not None:
        return known
    if stated is None:
        return LocalStorage.UNKNOWN
    return LocalStorage.ENCRYPTED if stated == "local-storage" else LocalStorage.NONE


def locally_encrypted_families(further_families: Mapping[str, str]) -> tuple[str, ...]:
    """The families whose local storage is encrypted by hardware, for which no volume key can be given.

    Args:
        further_families: The baseline's own table, as for ``local_storage``.
    """
    further = (
        family
        for family in further_families
        if local_storage(family, further_families) is LocalStorage.ENCRYPTED
    )
    return tuple(sorted({*_locally_encrypted(), *further}))
