"""A child process, put under what its parent is under: what ``bootstrap/sitecustomize.py`` calls."""

from __future__ import annotations

from secure_sagemaker.activation.process import Activation
from secure_sagemaker.activation.surroundings import read_inherited
from secure_sagemaker.session import SecureSession

__all__ = ["activate_child"]


def activate_child() -> Activation | None:
    """Activate this process as its parent is, for as long as it lives; None where the parent is not any more.

    Raises:
        SecureSageMakerError: It cannot be put under the baseline; its parent may be gone.
    """
    inherited = read_inherited()
    if inherited is None:
        return None
    return SecureSession(inherited.baseline).activate(other_keys=inherited.other_keys)
