"""A request is the same only where that is sure: what may have changed unseen is decided on again."""

from __future__ import annotations

import copy
import io
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

from secure_sagemaker.controls import Snapshot


def request() -> dict[str, Any]:
    return {
        "Name": "churn-1",
        "Count": 1,
        "Isolated": True,
        "Vpc": {"Subnets": ["subnet-1", "subnet-2"], "Nested": {"Deep": [{"Key": "team", "Value": "ml"}]}},
        "Body": io.BytesIO(b"data"),
    }


def test_what_is_equal_holds() -> None:
    """The request itself holds, and so does one that says the same in other structures, lists as tuples too."""
    stated = request()
    snapshot = Snapshot(stated)
    assert snapshot.holds(stated)
    again = {**copy.deepcopy({**stated, "Body": None}), "Body": stated["Body"]}
    again["Vpc"]["Subnets"] = tuple(again["Vpc"]["Subnets"])
    assert snapshot.holds(again)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda r: r.update(Name="churn-2"), id="value"),
        pytest.param(lambda r: r.update(Count=True), id="equal-of-another-type"),
        pytest.param(lambda r: r.update(More=None), id="more"),
        pytest.param(lambda r: r.pop("Isolated"), id="less"),
        pytest.param(lambda r: r.update(Other=r.pop("Isolated")), id="renamed"),
        pytest.param(lambda r: r["Vpc"]["Subnets"].append("subnet-3"), id="list-in-place"),
        pytest.param(lambda r: r["Vpc"]["Subnets"].reverse(), id="order"),
        pytest.param(lambda r: r["Vpc"]["Nested"]["Deep"][0].update(Value="x"), id="deep-in-place"),
        pytest.param(lambda r: r["Vpc"].pop("Nested"), id="deep-less"),
        pytest.param(lambda r: r.update(Vpc="none"), id="no-structure"),
        pytest.param(lambda r: r.update(Body=io.BytesIO(b"data")), id="another-stream"),
    ],
)
def test_what_changed_does_not_hold(change: Callable[[dict[str, Any]], object]) -> None:
    """A change at any depth shows, made in the very structures that were looked at."""
    stated = request()
    snapshot = Snapshot(stated)
    change(stated)
    assert not snapshot.holds(stated)


@pytest.mark.parametrize("structure", [OrderedDict(a=1), bytearray(b"ab"), range(2)], ids=type)
def test_what_cannot_be_told_never_holds(structure: object) -> None:
    """A structure of a type of its own may say something else at each look, so it is never the same."""
    stated = {"Name": "churn-1", "Structure": structure}
    assert not Snapshot(stated).holds(stated)
    assert not Snapshot(stated).holds({"Name": "churn-1"})
