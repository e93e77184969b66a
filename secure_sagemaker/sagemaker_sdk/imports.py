"""Every module of the SDK, those imported already and those imported later."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from weakref import WeakSet

from secure_sagemaker.locks import ForkSafeLock

__all__ = ["each_module", "no_more"]

# The second is version 1, on which v2 stands; the third signs what MLflow sends to SageMaker.
_PACKAGES = frozenset({"sagemaker", "sagemaker_core", "sagemaker_mlflow"})
_Act = Callable[[ModuleType], None]
_acted: dict[_Act, WeakSet[ModuleType]] = {}
"""On which modules each was acted."""
_lock = ForkSafeLock(threading.RLock)


def each_module(act: _Act) -> None:
    """Act once on every module of the SDK: now on what is imported, and later on whatever will be."""
    with _lock:
        acted = _acted.setdefault(act, WeakSet())
        if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
            sys.meta_path.insert(0, _Finder())
        for name, module in tuple(sys.modules.items()):
            if _is_the_sdks(name) and module not in acted:
                acted.add(module)
                act(module)


def no_more(act: _Act) -> None:
    """Act on no further module."""
    with _lock:
        _acted.pop(act, None)


def _is_the_sdks(module_name: str) -> bool:
    return module_name.partition(".")[0] in _PACKAGES


class _Finder(MetaPathFinder):
    """Finds the SDK's modules as Python does, and acts on them once they are executed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not _is_the_sdks(fullname):
            return None
        others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec"))
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            _act_after(spec.loader)
        return spec


def _act_after(loader: Loader) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        with _lock:
            for act, acted in tuple(_acted.items()):
                acted.add(module)
                act(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]  # the loader is this module's alone
