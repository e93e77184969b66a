"""What the account remembers beyond moto's stores, for rules that need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from secure_sagemaker.local.refusals.requests import outputs, section
from secure_sagemaker.local.wire import Call

__all__ = ["History"]


@dataclass(frozen=True, kw_only=True)
class History:
    """MFA codes that were used, what jobs were told to write, and models as they were made."""

    _codes: set[tuple[str, str]] = field(default_factory=set, repr=False)
    _outputs: set[str] = field(default_factory=set, repr=False)
    _models: dict[tuple[str, str, str], Mapping[str, object]] = field(default_factory=dict, repr=False)

    def is_used(self, serial: str, code: str) -> bool:
        """Whether the MFA device's code was used before."""
        return (serial, code) in self._codes

    def is_written(self, uri: str) -> bool:
        """Whether some job was told to write there: in AWS its output would be there by now."""
        return any(uri.startswith(output) or output.startswith(uri) for output in tuple(self._outputs))

    def model(self, call: Call, name: str) -> Mapping[str, object]:
        """What the model was made of that a call means; empty for one that was not made here."""
        return self._models.get(_place(call, name), {})

    def accepted(self, call: Call) -> None:
        """Remember what an accepted call leaves behind."""
        match call.key:
            case ("sts", _) if call.text("TokenCode"):
                self._codes.add((call.text("SerialNumber"), call.text("TokenCode")))
            case ("sagemaker", "CreateModel"):
                self._models[_place(call, call.text("ModelName"))] = section(call)
            case ("sagemaker", "DeleteModel"):
                self._models.pop(_place(call, call.text("ModelName")), None)
        if call.service == "sagemaker":
            self._outputs.update(outputs(call))


def _place(call: Call, name: str) -> tuple[str, str, str]:
    return (call.caller.account if call.caller is not None else "", call.region, name)
