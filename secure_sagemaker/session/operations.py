"""Which operation a person means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from secure_sagemaker.exceptions import SessionError

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["operation_model"]


def operation_model(
    session: botocore.session.Session, operation: str | Callable[..., object]
) -> OperationModel:
    """The model of an operation, by its name or by a client's bound method.

    Raises:
        SessionError: There is no such operation.
    """
    client = getattr(operation, "__self__", None)
    if client is not None and hasattr(client, "meta"):
        name = client.meta.method_to_api_mapping.get(getattr(operation, "__name__", ""))
        if name is not None:
            bound: OperationModel = client.meta.service_model.operation_model(name)
            return bound
    if not isinstance(operation, str):
        raise SessionError(
            f"{operation!r} is no operation",
            remedy="pass a name such as 'create_training_job', or a bound method of a client",
        )
    service, _, name = operation.rpartition(".")
    try:
        model = session.get_service_model(service or "sagemaker")
    except UnknownServiceError as unknown:
        raise SessionError(f"there is no service {service!r}", remedy="use boto3's service name") from unknown
    for candidate in model.operation_names:
        if name in (candidate, xform_name(candidate)):
            return model.operation_model(candidate)
    raise SessionError(
        f"{service or 'sagemaker'} has no operation {name!r}",
        remedy="use boto3's method name; for other services write it as 'service.method'",
    )
