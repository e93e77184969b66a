"""The metrics service (``sagemaker-metrics``): what a trial component was given, told by name and statistic."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from secure_sagemaker.local.inside import Inside
from secure_sagemaker.local.sagemaker.values import entries, text
from secure_sagemaker.local.wire import Answer, Call, answer_of

__all__ = ["TrainingMetrics"]

_PERIODS = {"OneMinute": 60, "FiveMinute": 300, "OneHour": 3600}
_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Avg": statistics.fmean,
    "Count": len,
    "Last": lambda values: values[-1],
    "Max": max,
    "Min": min,
    "StdDev": statistics.pstdev,
}


@dataclass(frozen=True, kw_only=True)
class _Point:
    name: str
    value: float
    timestamp: float
    step: int


@dataclass(frozen=True, kw_only=True)
class TrainingMetrics:
    """Answers the operations of ``sagemaker-metrics``."""

    inside: Inside
    _points: dict[str, list[_Point]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, call: Call) -> Answer | None:
        """What the service answers; None for an operation that is not here."""
        match call.operation:
            case "BatchPutMetrics":
                return self._put(call)
            case "BatchGetMetrics":
                queries = entries(call.parameters.get("MetricQueries"))
                return answer_of(call, {"MetricQueryResults": [self._result(query) for query in queries]})
            case _:
                return None

    def _put(self, call: Call) -> Answer:
        name = call.text("TrialComponentName")
        told = self.inside.ask(call, "sagemaker", "DescribeTrialComponent", TrialComponentName=name)
        data = entries(call.parameters.get("MetricData"))
        if told is None:
            errors = [{"Code": "VALIDATION_ERROR", "MetricIndex": index} for index in range(len(data))]
            return answer_of(call, {"Errors": errors})
        points = [
            _Point(
                name=text(point.get("MetricName")),
                value=_number(point.get("Value")),
                timestamp=_number(point.get("Timestamp")),
                step=int(_number(point.get("Step"))),
            )
            for point in data
        ]
        with self._lock:
            self._points.setdefault(text(told.get("TrialComponentArn")), []).extend(points)
        return answer_of(call, {})

    def _result(self, query: Mapping[str, object]) -> Mapping[str, object]:
        period, axis = text(query.get("Period")), text(query.get("XAxisType"))
        with self._lock:
            points = tuple(self._points.get(text(query.get("ResourceArn")), ()))
        values: dict[int, list[float]] = {}
        for point in sorted(points, key=lambda point: (point.timestamp, point.step)):
            place = point.step if axis == "IterationNumber" else _period(point.timestamp, period)
            begins, ends = query.get("Start"), query.get("End")
            within = (begins is None or place >= _number(begins)) and (ends is None or place <= _number(ends))
            if point.name == query.get("MetricName") and within:
                values.setdefault(place, []).append(point.value)
        statistic = _STATISTICS[text(query.get("MetricStat"))]
        return {
            "Status": "Complete",
            "XAxisValues": sorted(values),
            "MetricValues": [float(statistic(values[place])) for place in sorted(values)],
        }


def _period(timestamp: float, period: str) -> int:
    length = _PERIODS.get(period, 1)
    return int(timestamp // length * length)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
