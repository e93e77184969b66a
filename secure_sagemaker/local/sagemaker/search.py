"""What goes over every kind: tags by ARN, and Search."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from botocore.model import StructureShape

from secure_sagemaker.local.sagemaker.generic import settle, tags_of
from secure_sagemaker.local.sagemaker.kept import Operation, Record, Request, Store, read_tags, refused
from secure_sagemaker.local.sagemaker.kinds import kinds
from secure_sagemaker.local.sagemaker.listing import CREATED, MODIFIED, page
from secure_sagemaker.local.sagemaker.shapes import complete, project
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, text, texts

__all__ = ["OPERATIONS"]

Output = Mapping[str, object]


# --- tags


def _tagged(store: Store, request: Request) -> Record:
    arn = request.text("ResourceArn")
    record = store.by_arn(request, arn)
    if record is None:
        raise refused("ValidationException", f'Could not find resource "{arn}".')
    return record


def _add(store: Store, request: Request) -> Output:
    record = _tagged(store, request)
    record.tags.update(read_tags(request.parameters.get("Tags")))
    return {"Tags": tags_of(record)}


def _list(store: Store, request: Request) -> Output:
    return page(request, "Tags", tags_of(_tagged(store, request)))


def _delete(store: Store, request: Request) -> Output:
    record = _tagged(store, request)
    for key in texts(request.parameters.get("TagKeys")):
        record.tags.pop(key, None)
    return {}


# --- search

_RECORDS = {"ExperimentTrial": "Trial", "ExperimentTrialComponent": "TrialComponent"}
"""What is asked for by another name than its record bears."""


def _search(store: Store, request: Request) -> Output:
    name = _RECORDS.get(request.text("Resource"), request.text("Resource"))
    shape = _record_shape(request)
    kind = kinds(request.model.service_model).get(name)
    if kind is None or name not in shape.members:
        raise refused("ValidationException", f"The embedded AWS does not search for {name}.")
    expression = mapping(request.parameters.get("SearchExpression"))
    found: list[tuple[Record, Mapping[str, object]]] = []
    for record in store.all(request, kind):
        settle(store, request, record)
        told = {**record.values, "Tags": tags_of(record)} if record.tags else record.values
        if not expression or _satisfies(told, expression):
            found.append((record, told))
    member = request.text("SortBy") or (MODIFIED[0] if MODIFIED[0] in kind.view.members else CREATED[0])
    found.sort(
        key=lambda row: _sortable(at(row[1], member)), reverse=request.text("SortOrder") != "Ascending"
    )
    results: list[object] = [
        {name: complete(project(told, shape.members[name]), shape.members[name], now=request.now)}
        for _, told in found
    ]
    paged = page(request, "Results", results)
    return {**paged, "TotalHits": {"Value": len(results), "Relation": "EqualTo"}}


def _record_shape(request: Request) -> StructureShape:
    shape = request.model.service_model.shape_for("SearchRecord")
    if not isinstance(shape, StructureShape):
        raise TypeError("SearchRecord is no structure")
    return shape


def _sortable(value: object) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, text(value))


def _satisfies(told: Mapping[str, object], expression: Mapping[str, object]) -> bool:
    holds = [_holds(told, one) for one in entries(expression.get("Filters"))]
    holds += [_nested(told, one) for one in entries(expression.get("NestedFilters"))]
    holds += [_satisfies(told, one) for one in entries(expression.get("SubExpressions"))]
    return any(holds) if expression.get("Operator") == "Or" else all(holds)


def _nested(told: Mapping[str, object], stated: Mapping[str, object]) -> bool:
    """Some entry of a list satisfies every filter; the filters' names begin with the list's."""
    path = text(stated.get("NestedPropertyName"))
    filters = entries(stated.get("Filters"))
    return any(
        all(_holds(entry, {**one, "Name": text(one.get("Name")).removeprefix(f"{path}.")}) for one in filters)
        for entry in entries(at(told, path))
    )


def _held(told: Mapping[str, object], name: str) -> object:
    if name.startswith("Tags."):
        return read_tags(told.get("Tags")).get(name.removeprefix("Tags."))
    held = at(told, name)
    if held is not None:
        return held
    # Metrics, parameters and hyperparameters are named by their keys, which may hold dots.
    head, _, rest = name.partition(".")
    inner = mapping(told.get(head)).get(rest)
    return inner if not isinstance(inner, Mapping) else next(iter(inner.values()), None)


def _holds(told: Mapping[str, object], stated: Mapping[str, object]) -> bool:
    held = _held(told, text(stated.get("Name")))
    operator, wanted = text(stated.get("Operator")) or "Equals", text(stated.get("Value"))
    if operator == "NotExists":
        return held is None
    if operator == "NotEquals":
        return held is None or not _equal(held, wanted)
    return held is not None and _OPERATORS[operator](held, wanted)


def _equal(held: object, wanted: str) -> bool:
    if isinstance(held, bool):
        return str(held).lower() == wanted.lower()
    number = _number(wanted)
    return float(held) == number if isinstance(held, int | float) else text(held) == wanted


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _compared(holds: Callable[[float, float], bool]) -> Callable[[object, str], bool]:
    def compare(held: object, wanted: str) -> bool:
        left, right = _number(held), _number(wanted)
        return left is not None and right is not None and holds(left, right)

    return compare


_OPERATORS: Mapping[str, Callable[[object, str], bool]] = {
    "Contains": lambda held, wanted: wanted.lower() in text(held).lower(),
    "Equals": _equal,
    "Exists": lambda held, wanted: held is not None,
    "GreaterThan": _compared(lambda left, right: left > right),
    "GreaterThanOrEqualTo": _compared(lambda left, right: left >= right),
    "In": lambda held, wanted: text(held) in [one.strip() for one in wanted.split(",")],
    "LessThan": _compared(lambda left, right: left < right),
    "LessThanOrEqualTo": _compared(lambda left, right: left <= right),
}


OPERATIONS: Mapping[str, Operation] = {
    "AddTags": _add,
    "DeleteTags": _delete,
    "ListTags": _list,
    "Search": _search,
}
