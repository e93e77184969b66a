"""Activates a Python process whose parent is activated, before it can make its first client.

This folder stands first on its PYTHONPATH, so Python imports this module when it starts. It imports nothing else
then: the activation comes with the first import of boto3, botocore or this library, and a process that never
uses AWS pays nothing for it. Whatever other sitecustomize there is has its turn as well.
"""

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_OF_AWS = ("boto3", "botocore", "secure_sagemaker")
_HANDED = "SECURE_SAGEMAKER_HANDED"
_CHILDREN = "secure_sagemaker.activation.children"


class NotActivatedError(RuntimeError):
    """This process cannot be put under its parent's baseline, so it may not use AWS."""


class _Activating(MetaPathFinder):
    """Activates the process before the first of these modules is there for anybody else."""

    def __init__(self) -> None:
        self._activating = False

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  # Python's signature
        target: ModuleType | None = None,  # noqa: ARG002  # as above
    ) -> ModuleSpec | None:
        if self._activating or fullname not in _OF_AWS:
            return None
        self._activating = True
        try:
            _activate()
        finally:
            self._activating = False
        sys.meta_path.remove(self)  # else whoever tries again fails again
        return _as_it_is(fullname)


class _Imported(Loader):
    """Gives the module that the activation has imported meanwhile."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002  # Python's signature
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def _as_it_is(fullname: str) -> ModuleSpec | None:
    module = sys.modules.get(fullname)
    if module is None or module.__spec__ is None:
        return None
    spec = importlib.util.spec_from_loader(fullname, _Imported(module), origin=module.__spec__.origin)
    # Python asks a module that is there already for its own spec, and would execute it a second time by that.
    module.__spec__ = spec
    return spec


def _activate() -> None:
    try:
        children = importlib.import_module(_CHILDREN)
    except ModuleNotFoundError as missing:
        raise NotActivatedError(
            f"{sys.executable} was started by a program under a secure-sagemaker baseline, and cannot be put under it:"
            f" {missing}\n  remedy: install secure-sagemaker there, with what it needs, or start it from elsewhere"
        ) from missing
    children.activate_child()


def _start_other() -> None:
    """Import the sitecustomize that Python would have imported without this one."""
    here = os.path.dirname(__file__)  # noqa: PTH120  # pathlib is more than the rest that every process would load
    sys.path[:] = [path for path in sys.path if path != here]
    found = PathFinder.find_spec("sitecustomize", sys.path)
    if found is None or found.loader is None:
        return
    other = importlib.util.module_from_spec(found)
    sys.modules["sitecustomize"] = other
    found.loader.exec_module(other)


if os.environ.get(_HANDED):
    sys.meta_path.insert(0, _Activating())
    if any(name in sys.modules for name in _OF_AWS):  # something that starts even earlier has imported it
        try:
            _activate()
        except Exception:  # noqa: BLE001  # Python would tell it and start the program all the same; what is none stops it
            traceback.print_exc()
            os._exit(1)
_start_other()
