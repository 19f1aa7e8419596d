"""Says of each piece of data asked for whether it came, is none, failed or is missing; collects what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from cds_service.fhir.read import Json, as_dict, as_list, as_text, label, reference_id


class State(Enum):
    """Of one prefetch key."""

    CAME = "came"
    NONE = "none"  # asked for, and the record holds nothing
    FAILED = "failed"  # an error came instead, or only the first page did
    MISSING = "missing"  # the client sent no such key


@dataclass
class Record:
    """One patient's resources as they came, by type, and what could not be had.

    `medications` are those that orders may refer to, by `Medication/id` and by full URL.
    """

    patient: Json | None = None
    resources: dict[str, list[Json]] = field(default_factory=dict)
    medications: dict[str, Json] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    set_aside: int = 0
    other_patient: bool = False

    def of(self, resource_type: str) -> list[Json]:
        return self.resources.get(resource_type, [])


def collect(prefetch: Mapping[str, Any], keys: Iterable[str], patient_id: str) -> Record:
    """Reads every prefetch value, under known and unknown keys. Resources of other patients are set aside."""
    record = Record()
    own = f"Patient/{patient_id}"
    others: list[tuple[str, Json]] = []
    for key, value in prefetch.items():
        record.states[key], entries = _open(value)
        for url, resource in entries:
            # Nearly every resource refers to the patient by type and id; the rest is looked at more closely.
            subject = resource.get("subject")
            if isinstance(subject, dict) and subject.get("reference") == own:
                record.resources.setdefault(resource["resourceType"], []).append(resource)
            else:
                others.append((url, resource))
    for key in keys:
        record.states.setdefault(key, State.MISSING)
    names = _patient_names(others, patient_id)
    for url, resource in others:
        _file(record, url, resource, patient_id, names)
    return record


def _open(value: object) -> tuple[State, list[tuple[str, Json]]]:
    """The state of one prefetch value, and its resources with their full URLs."""
    if value is None:
        return State.NONE, []
    if not isinstance(value, dict):
        return State.FAILED, []
    if value.get("resourceType") == "OperationOutcome":
        return State.FAILED, []
    if value.get("resourceType") != "Bundle" and "entry" not in value:
        readable = isinstance(value.get("resourceType"), str)
        return (State.CAME, [("", value)]) if readable else (State.FAILED, [])
    entries, failed = [], any(as_dict(link).get("relation") == "next" for link in as_list(value.get("link")))
    for entry in as_list(value.get("entry")):
        resource = as_dict(entry.get("resource")) if isinstance(entry, dict) else {}
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            failed = True
        elif kind == "OperationOutcome":
            failed = failed or _is_error(resource)
        else:
            entries.append((as_text(entry.get("fullUrl")), resource))
    if failed:
        return State.FAILED, entries
    return (State.CAME if entries else State.NONE), entries


def _is_error(outcome: Json) -> bool:
    severities = [as_text(as_dict(issue).get("severity")) for issue in as_list(outcome.get("issue"))]
    return not severities or any(severity not in ("warning", "information") for severity in severities)


def _patient_names(found: list[tuple[str, Json]], patient_id: str) -> frozenset[str]:
    """Full URLs under which a Bundle may refer to this patient (urn:uuid)."""
    return frozenset(
        url
        for url, resource in found
        if url and resource.get("resourceType") == "Patient" and resource.get("id") == patient_id
    )


def _file(record: Record, url: str, resource: Json, patient_id: str, names: frozenset[str]) -> None:
    kind = resource["resourceType"]
    if kind == "Patient":
        if resource.get("id") == patient_id:
            record.patient = resource
        else:
            record.set_aside += 1
            record.other_patient = True
    elif kind == "Medication":
        record.medications |= {name: resource for name in (label(resource), url) if name}
    elif of_patient(resource, patient_id, names):
        record.resources.setdefault(kind, []).append(resource)
    else:
        record.set_aside += 1


def of_patient(resource: Json, patient_id: str, names: frozenset[str] = frozenset()) -> bool:
    """Whether the resource's subject is this patient, and nobody else."""
    subject = resource.get("subject") or resource.get("patient")
    if not isinstance(subject, dict):
        return False
    reference = as_text(subject.get("reference"))
    return reference_id(reference, "Patient") == patient_id or reference in names
