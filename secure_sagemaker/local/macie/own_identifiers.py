"""The operations on what an account tells Macie to look for, or not to: custom identifiers and allow lists."""

from __future__ import annotations

import re
from collections.abc import Mapping

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.macie.criteria import page
from secure_sagemaker.local.macie.detection import count_matches
from secure_sagemaker.local.macie.managed import MANAGED
from secure_sagemaker.local.macie.runs import custom_identifier
from secure_sagemaker.local.macie.state import Operation, Output, Request, invalid, missing
from secure_sagemaker.local.sagemaker.values import at, mapping, plain, text, texts

__all__ = ["OPERATIONS"]

_USUAL_PAGE = 50
_MOST_TEXT = 1000


def _compiled(stated: str) -> None:
    try:
        re.compile(stated)
    except re.error as wrong:
        raise invalid(f"The regular expression is not valid: {wrong}") from wrong


def _made(request: Request, kind: str, kept: dict[str, dict[str, object]]) -> dict[str, object]:
    """Keep what was sent under a new identifier; the same again where the client token is."""
    token = request.text("clientToken")
    for one in kept.values():
        if token and one.get("clientToken") == token:
            return one
    identifier = request.identifier()[:22] if kind == "allow-list" else request.identifier()
    stated = {name: plain(value) for name, value in request.parameters.items()}
    arn = request.arn(f"{kind}/{identifier}")
    kept[identifier] = {
        **stated,
        "id": identifier,
        "arn": arn,
        "createdAt": request.now,
        "updatedAt": request.now,
    }
    return kept[identifier]


def _items(request: Request, held: list[Mapping[str, object]], member: str) -> Output:
    items, more = page(request.call.operation, request.parameters, held, usual=_USUAL_PAGE)
    return {member: items, **more}


# --- managed and custom identifiers


def _list_managed(request: Request) -> Output:
    return _items(request, [{"id": row.id, "category": row.category} for row in MANAGED], "items")


def _create_custom(request: Request) -> Output:
    _compiled(request.text("regex"))
    made = _made(request, "custom-data-identifier", request.held.custom_identifiers)
    return {"customDataIdentifierId": made["id"]}


def _custom(request: Request) -> Output:
    found = request.held.custom_identifiers.get(request.text("id"))
    if found is None:
        raise missing("The custom data identifier was not found.")
    return {"deleted": False, "maximumMatchDistance": 50, **found}


def _delete_custom(request: Request) -> Output:
    request.held.custom_identifiers[text(_custom(request)["id"])]["deleted"] = True  # jobs go on using it
    return {}


def _list_custom(request: Request) -> Output:
    held = [one for one in request.held.custom_identifiers.values() if not one.get("deleted")]
    return _items(request, list(held), "items")


def _batch_custom(request: Request) -> Output:
    ids, kept = texts(request.parameters.get("ids")), request.held.custom_identifiers
    return {
        "customDataIdentifiers": [{"deleted": False, **kept[one]} for one in ids if one in kept],
        "notFoundIdentifierIds": [one for one in ids if one not in kept],
    }


def _test_custom(request: Request) -> Output:
    _compiled(request.text("regex"))
    sample = request.text("sampleText")
    if len(sample) > _MOST_TEXT:
        raise invalid(f"sampleText can hold as many as {_MOST_TEXT} characters.")
    return {"matchCount": count_matches(custom_identifier(request.parameters), sample)}


# --- allow lists


def _create_allow_list(request: Request) -> Output:
    if pattern := text(at(request.parameters, "criteria.regex")):
        _compiled(pattern)
    made = _made(request, "allow-list", request.held.allow_lists)
    return {"arn": made["arn"], "id": made["id"]}


def _allow_list(request: Request) -> Output:
    found = request.held.allow_lists.get(request.text("id"))
    if found is None:
        raise missing("The allow list was not found.")
    return {**found, "status": {"code": _status(found)}}


def _status(allow_list: Mapping[str, object]) -> str:
    words = mapping(at(allow_list, "criteria.s3WordsList"))
    if not words:
        return "OK"
    held = moto_state.read_object(text(words.get("bucketName")), text(words.get("objectKey")))
    return "S3_OBJECT_NOT_FOUND" if held is None else "OK" if held.strip() else "S3_OBJECT_EMPTY"


def _update_allow_list(request: Request) -> Output:
    found = request.held.allow_lists[text(_allow_list(request)["id"])]
    found.update({name: plain(value) for name, value in request.parameters.items()}, updatedAt=request.now)
    return {"arn": found["arn"], "id": found["id"]}


def _delete_allow_list(request: Request) -> Output:
    del request.held.allow_lists[text(_allow_list(request)["id"])]
    return {}


def _list_allow_lists(request: Request) -> Output:
    return _items(request, list(request.held.allow_lists.values()), "allowLists")


OPERATIONS: Mapping[str, Operation] = {
    "BatchGetCustomDataIdentifiers": _batch_custom,
    "CreateAllowList": _create_allow_list,
    "CreateCustomDataIdentifier": _create_custom,
    "DeleteAllowList": _delete_allow_list,
    "DeleteCustomDataIdentifier": _delete_custom,
    "GetAllowList": _allow_list,
    "GetCustomDataIdentifier": _custom,
    "ListAllowLists": _list_allow_lists,
    "ListCustomDataIdentifiers": _list_custom,
    "ListManagedDataIdentifiers": _list_managed,
    "TestCustomDataIdentifier": _test_custom,
    "UpdateAllowList": _update_allow_list,
}
