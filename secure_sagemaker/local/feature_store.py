"""The feature store's runtime: records of the online store, held to the feature group that they are put into.

What goes to the offline store alone is taken and kept nowhere: there is nothing to query it with.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from secure_sagemaker.local.inside import Inside
from secure_sagemaker.local.sagemaker.kept import Refused
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, text, texts
from secure_sagemaker.local.wire import Answer, Call, Refusal, answer_of

__all__ = ["FeatureStore"]

_PAGE = 100
_UNITS = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 604_800}
_UPDATED_IN_PLACE = frozenset({"InMemory", "Standard_V2"})


@dataclass(frozen=True, kw_only=True)
class _Group:
    """A feature group as the control plane knows it."""

    key: tuple[str, str, str]
    name: str
    identifier: str
    event_time: str
    types: Mapping[str, str]
    """The type of each feature."""
    collections: frozenset[str]
    stores: frozenset[str]
    storage_type: str
    ttl: timedelta | None


@dataclass(frozen=True, kw_only=True)
class _Record:
    """What the online store holds for one identifier."""

    features: Mapping[str, Mapping[str, object]]
    """The features as they were sent, by name; none where the record was deleted softly."""
    event_time: float
    ttl: timedelta | None

    @property
    def expires(self) -> datetime | None:
        """When it ends."""
        return None if self.ttl is None else datetime.fromtimestamp(self.event_time, UTC) + self.ttl


def _now() -> datetime:
    return datetime.now(UTC)


def _invalid(message: str) -> Refused:
    return Refused(Refusal(code="ValidationError", message=f"Validation Error: {message}"))


def _missing(call: Call, message: str) -> Refused:
    """``ResourceNotFound`` where the operation's model knows it, otherwise as PutRecord says it."""
    known = call.model is not None and "ResourceNotFound" in {shape.name for shape in call.model.error_shapes}
    if known:
        return Refused(Refusal(code="ResourceNotFound", message=message, status=404))
    return Refused(Refusal(code="ValidationError", message=f"Resource Not Found: {message}"))


@dataclass(frozen=True, kw_only=True)
class FeatureStore:
    """Answers the operations of ``sagemaker-featurestore-runtime``."""

    inside: Inside
    clock: Callable[[], datetime] = _now
    _records: dict[tuple[str, str, str], dict[str, _Record]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, call: Call) -> Answer | None:
        """What the runtime answers; None for an operation that is not here.

        Raises:
            Refused: It refuses.
        """
        operations: Mapping[str, Callable[[Call], Mapping[str, object]]] = {
            "BatchGetRecord": self._batch_get,
            "BatchWriteRecord": self._batch_write,
            "DeleteRecord": self._delete,
            "GetRecord": self._get,
            "ListRecords": self._list,
            "PutRecord": self._put,
            "UpdateRecord": self._update,
        }
        if call.operation not in operations:
            return None
        with self._lock:
            return answer_of(call, operations[call.operation](call))

    # --- writing

    def _put(self, call: Call) -> Mapping[str, object]:
        self._write(call, call.parameters, default_ttl=None)
        return {}

    def _batch_write(self, call: Call) -> Mapping[str, object]:
        default_ttl, errors = _duration(call.parameters.get("TtlDuration")), []
        for entry in entries(call.parameters.get("Entries")):
            try:
                self._write(call, entry, default_ttl=default_ttl)
            except Refused as refused:
                errors.append({"Entry": entry, **_error(refused)})
        return {"Errors": errors, "UnprocessedEntries": []}

    def _write(self, call: Call, stated: Mapping[str, object], *, default_ttl: timedelta | None) -> None:
        group = self._group(call, text(stated.get("FeatureGroupName")))
        features = _features(group, stated.get("Record"))
        for needed in (group.identifier, group.event_time):
            if needed not in features:
                raise _invalid(f"Required feature [{needed}] is missing in the record.")
        ttl = _duration(stated.get("TtlDuration")) or default_ttl or group.ttl
        record = _Record(features=features, event_time=_event_time(group, features), ttl=ttl)
        identifier = text(features[group.identifier].get("ValueAsString"))
        held = self._held(group).get(identifier)
        if "OnlineStore" in _targets(group, stated) and (held is None or record.event_time > held.event_time):
            self._held(group)[identifier] = record

    def _update(self, call: Call) -> Mapping[str, object]:
        group = self._group(call, call.text("FeatureGroupName"))
        if group.storage_type not in _UPDATED_IN_PLACE:
            raise _invalid(f"UpdateRecord is not supported for online stores of type {group.storage_type}.")
        held = self._held(group).get(identifier := call.text("RecordIdentifierValueAsString"))
        if held is None or not held.features:
            raise _missing(call, f"No record with identifier [{identifier}] in feature group {group.name}.")
        features = _features(group, call.parameters.get("Features"))
        ttl = _duration(call.parameters.get("TtlDuration"))
        if ttl is not None and group.event_time not in features:
            raise _invalid(f"TtlDuration needs the feature [{group.event_time}] in the request.")
        merged = {**held.features, **features}
        event_time = _event_time(group, merged)
        if event_time < held.event_time:
            message = f"EventTime is older than the record's own in feature group {group.name}."
            raise Refused(Refusal(code="ConflictException", message=message, status=409))
        if "OnlineStore" in _targets(group, call.parameters):
            self._held(group)[identifier] = _Record(
                features=merged, event_time=event_time, ttl=ttl or held.ttl
            )
        return {}

    def _delete(self, call: Call) -> Mapping[str, object]:
        group = self._group(call, call.text("FeatureGroupName"))
        event_time = _instant(group, call.text("EventTime"))
        held = self._held(group).get(identifier := call.text("RecordIdentifierValueAsString"))
        later = held is None or event_time > held.event_time
        if "OnlineStore" not in _targets(group, call.parameters):
            return {}
        if call.text("DeletionMode") == "HardDelete":
            if not later:
                message = "EventTime is not later than the record's own: the record was not deleted."
                raise Refused(Refusal(code="ValidationException", message=message))
            self._held(group).pop(identifier, None)
        elif held is not None and later:
            self._held(group)[identifier] = _Record(features={}, event_time=event_time, ttl=held.ttl)
        return {}

    # --- reading

    def _get(self, call: Call) -> Mapping[str, object]:
        group = self._online(call, call.text("FeatureGroupName"))
        identifier = call.text("RecordIdentifierValueAsString")
        return self._told(call, group, identifier, texts(call.parameters.get("FeatureNames"))) or {}

    def _batch_get(self, call: Call) -> Mapping[str, object]:
        records: list[Mapping[str, object]] = []
        errors: list[Mapping[str, object]] = []
        for wanted in entries(call.parameters.get("Identifiers")):
            name, features = text(wanted.get("FeatureGroupName")), texts(wanted.get("FeatureNames"))
            for identifier in texts(wanted.get("RecordIdentifiersValueAsString")):
                named = {"FeatureGroupName": name, "RecordIdentifierValueAsString": identifier}
                try:
                    told = self._told(call, self._online(call, name), identifier, features)
                except Refused as refused:
                    errors.append({**named, **_error(refused)})
                else:
                    records += [{**named, **told}] if told is not None else []
        return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": []}

    def _list(self, call: Call) -> Mapping[str, object]:
        group = self._online(call, call.text("FeatureGroupName"))
        deleted_too = call.parameters.get("IncludeSoftDeletedRecords") is True
        names = sorted(
            identifier for identifier, held in self._held(group).items() if held.features or deleted_too
        )
        names = [name for name in names if name > call.text("NextToken")]
        stated = call.parameters.get("MaxResults")
        page = names[: stated if isinstance(stated, int) else _PAGE]
        more = {"NextToken": page[-1]} if len(page) < len(names) else {}
        return {"RecordIdentifiers": page, **more}

    def _told(
        self, call: Call, group: _Group, identifier: str, names: tuple[str, ...]
    ) -> Mapping[str, object] | None:
        for name in names:
            if name not in group.types:
                raise _invalid(f"Feature [{name}] does not exist in feature group {group.name}.")
        held = self._held(group).get(identifier)
        if held is None or not held.features:
            return None
        told = [value for name, value in held.features.items() if not names or name in names]
        if call.text("ExpirationTimeResponse") == "Enabled" and held.expires is not None:
            return {"Record": told, "ExpiresAt": _iso(held.expires)}
        return {"Record": told}

    # --- what both need

    def _held(self, group: _Group) -> dict[str, _Record]:
        """The group's records, less those that have expired by now."""
        held, now = self._records.setdefault(group.key, {}), self.clock()
        for identifier in [name for name, record in held.items() if record.expires and record.expires <= now]:
            del held[identifier]
        return held

    def _online(self, call: Call, name: str) -> _Group:
        group = self._group(call, name)
        if "OnlineStore" not in group.stores:
            raise _invalid(f"Feature group {group.name} has no online store to read from.")
        return group

    def _group(self, call: Call, named: str) -> _Group:
        name, account = named.rsplit("/", 1)[-1], call.caller.account if call.caller else ""
        told = self.inside.ask(call, "sagemaker", "DescribeFeatureGroup", FeatureGroupName=name)
        if told is None or told.get("FeatureGroupStatus") != "Created":
            raise _missing(call, f"Amazon SageMaker can't find a FeatureGroup with name {name}")
        definitions = entries(told.get("FeatureDefinitions"))
        online = mapping(told.get("OnlineStoreConfig"))
        stores = {"OnlineStore"} if online.get("EnableOnlineStore") is True else set()
        stores |= {"OfflineStore"} if told.get("OfflineStoreConfig") else set()
        # A group that is made anew under its name begins without records.
        made = f"{name} {told.get('CreationTime')}"
        return _Group(
            key=(account, call.region, made),
            name=name,
            identifier=text(told.get("RecordIdentifierFeatureName")),
            event_time=text(told.get("EventTimeFeatureName")),
            types={text(one.get("FeatureName")): text(one.get("FeatureType")) for one in definitions},
            collections=frozenset(
                text(one.get("FeatureName")) for one in definitions if one.get("CollectionType")
            ),
            stores=frozenset(stores),
            storage_type=text(online.get("StorageType")) or "Standard",
            ttl=_duration(at(told, "OnlineStoreConfig.TtlDuration")),
        )


def _features(group: _Group, stated: object) -> Mapping[str, Mapping[str, object]]:
    """The features of a request by name, each one that the group has, with a value of its type."""
    features: dict[str, Mapping[str, object]] = {}
    for feature in entries(stated):
        name = text(feature.get("FeatureName"))
        if name not in group.types:
            raise _invalid(f"Feature [{name}] does not exist in feature group {group.name}.")
        if name in features:
            raise _invalid(f"Feature [{name}] is given more than once.")
        listed = feature.get("ValueAsStringList") is not None
        if listed != (name in group.collections):
            raise _invalid(f"Feature [{name}] is {'no' if listed else 'a'} collection.")
        for value in texts(feature.get("ValueAsStringList")) or (text(feature.get("ValueAsString")),):
            _hold_to_type(name, group.types[name], value, empty=listed)
        features[name] = feature
    return features


def _hold_to_type(name: str, kind: str, value: str, *, empty: bool) -> None:
    reads: Mapping[str, Callable[[str], object]] = {"Integral": int, "Fractional": float}
    if kind in reads and not (empty and not value):
        try:
            reads[kind](value)
        except ValueError as wrong:
            raise _invalid(f"Feature [{name}] is {kind}, and its value is not.") from wrong


def _event_time(group: _Group, features: Mapping[str, Mapping[str, object]]) -> float:
    return _instant(group, text(features[group.event_time].get("ValueAsString")))


def _instant(group: _Group, value: str) -> float:
    """An event time in seconds: a Fractional is that, a String is ISO 8601."""
    try:
        if group.types.get(group.event_time) == "Fractional":
            return float(value)
        stated = datetime.fromisoformat(value)
        return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).timestamp()
    except ValueError as wrong:
        raise _invalid(
            f"EventTime [{group.event_time}] must be in ISO 8601 or, for a Fractional, in seconds."
        ) from wrong


def _targets(group: _Group, stated: Mapping[str, object]) -> frozenset[str]:
    """The stores that a request is for: those it names, or all that the group has."""
    wanted = frozenset(texts(stated.get("TargetStores")))
    for store in sorted(wanted - group.stores):
        raise _invalid(f"Feature group {group.name} has no {store}.")
    return wanted or group.stores


def _duration(stated: object) -> timedelta | None:
    unit, value = at(stated, "Unit"), at(stated, "Value")
    if unit not in _UNITS or not isinstance(value, int):
        return None
    return timedelta(seconds=_UNITS[str(unit)] * value)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _error(refused: Refused) -> Mapping[str, object]:
    return {"ErrorCode": refused.refusal.code, "ErrorMessage": refused.refusal.message}
