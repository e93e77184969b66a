"""The operations on findings, and on the rules that archive them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from secure_sagemaker.local.macie.criteria import ordered, page, satisfies, values_at
from secure_sagemaker.local.macie.state import Operation, Output, Request, conflict, invalid, missing
from secure_sagemaker.local.sagemaker.values import at, mapping, plain, text, texts

__all__ = ["OPERATIONS"]

_AT_ONCE = 50


def _list(request: Request) -> Output:
    criterion = mapping(at(request.parameters, "findingCriteria.criterion"))
    found = _sorted(request, _matching(request, criterion))
    ids, more = page("ListFindings", request.parameters, [text(one["id"]) for one in found], usual=_AT_ONCE)
    return {"findingIds": ids, **more}


def _matching(request: Request, criterion: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Those of a criterion; archived ones only where it speaks of them."""
    asked = criterion if "archived" in criterion else {**criterion, "archived": {"eq": ["false"]}}
    return [one for one in request.held.findings.values() if satisfies(one, asked)]


def _sorted(request: Request, found: list[Mapping[str, object]]) -> list[Mapping[str, object]]:
    attribute = text(at(request.parameters, "sortCriteria.attributeName")) or "updatedAt"
    return ordered(found, attribute, descending=at(request.parameters, "sortCriteria.orderBy") != "ASC")


def _get(request: Request) -> Output:
    ids = texts(request.parameters.get("findingIds"))
    if len(ids) > _AT_ONCE:
        raise invalid(f"findingIds can hold as many as {_AT_ONCE} identifiers.")
    found = [request.held.findings[one] for one in ids if one in request.held.findings]
    return {"findings": _sorted(request, found) if request.parameters.get("sortCriteria") else found}


def _statistics(request: Request) -> Output:
    path = request.text("groupBy")
    found = _matching(request, mapping(at(request.parameters, "findingCriteria.criterion")))
    counts = Counter(str(value) for one in found for value in set(values_at(one, path)))
    return {"countsByGroup": [{"count": count, "groupKey": key} for key, count in counts.most_common()]}


# --- filters


def _create_filter(request: Request) -> Output:
    for one in request.held.filters.values():
        if one["name"] == request.text("name"):
            raise conflict("A filter with the same name already exists.")
    identifier = request.identifier()
    arn = request.arn(f"findings-filter/{identifier}")
    stated = {name: plain(value) for name, value in request.parameters.items()}
    position = stated.get("position", len(request.held.filters) + 1)
    request.held.filters[identifier] = {**stated, "position": position, "id": identifier, "arn": arn}
    return {"arn": arn, "id": identifier}


def _filter(request: Request) -> dict[str, object]:
    found = request.held.filters.get(request.text("id"))
    if found is None:
        raise missing("The findings filter was not found.")
    return found


def _update_filter(request: Request) -> Output:
    found = _filter(request)
    found.update({name: plain(value) for name, value in request.parameters.items() if name != "clientToken"})
    return {"arn": found["arn"], "id": found["id"]}


def _delete_filter(request: Request) -> Output:
    del request.held.filters[text(_filter(request)["id"])]
    return {}


def _list_filters(request: Request) -> Output:
    held = ordered(list(request.held.filters.values()), "position", descending=False)
    items, more = page("ListFindingsFilters", request.parameters, held, usual=_AT_ONCE)
    return {"findingsFilterListItems": items, **more}


OPERATIONS: Mapping[str, Operation] = {
    "CreateFindingsFilter": _create_filter,
    "DeleteFindingsFilter": _delete_filter,
    "GetFindingStatistics": _statistics,
    "GetFindings": _get,
    "GetFindingsFilter": _filter,
    "ListFindings": _list,
    "ListFindingsFilters": _list_filters,
    "UpdateFindingsFilter": _update_filter,
}
