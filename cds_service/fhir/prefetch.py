"""Says of each piece of data asked for whether it came, is none, failed or is missing; collects what came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from cds_service.fhir.read import Json, as_dict, as_list, as_text, label

# Resources about no patient, or of no use here: not worth a word.
NOBODYS = frozenset(
    {
        *("Practitioner", "PractitionerRole", "Organization", "Location", "HealthcareService", "Endpoint"),
        *("Coverage", "Provenance"),
    }
)
# An answer with such an issue may lack something, however mild the issue says it is (FHIR R4, issue-type).
INCOMPLETE = frozenset({"incomplete", "suppressed"})
NO_TYPES: Mapping[str, str] = {}
REFERENCE = re.compile(r"(https?://[^\s?#]+/)?Patient/(?P<id>[^/]+)(/_history/[^/]+)?/?")


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


def collect(
    prefetch: Mapping[str, Any],
    keys: Iterable[str],
    patient_id: str,
    *,
    types: Mapping[str, str] = NO_TYPES,
) -> Record:
    """Reads every prefetch value, under known and unknown keys. Resources of other patients are set aside.

    `types` is what each key was asked for; one that holds others alone counts as failed, though they are read.
    """
    record = Record()
    own = f"Patient/{patient_id}"
    others: list[tuple[str, Json]] = []
    for key, value in prefetch.items():
        record.states[key], entries = _open(value, types.get(key, ""))
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


def _open(value: object, expected: str) -> tuple[State, list[tuple[str, Json]]]:
    """The state of one prefetch value, and its resources with their full URLs."""
    if value is None:
        return State.NONE, []
    if not isinstance(value, dict):
        return State.FAILED, []
    if value.get("resourceType") == "OperationOutcome":
        return State.FAILED, []
    if value.get("resourceType") != "Bundle" and "entry" not in value:
        kind = value.get("resourceType")
        readable = isinstance(kind, str) and expected in ("", kind)
        return State.CAME if readable else State.FAILED, [("", value)] if isinstance(kind, str) else []
    entries, failed = [], any(as_dict(link).get("relation") == "next" for link in as_list(value.get("link")))
    matches = 0
    for entry in as_list(value.get("entry")):
        resource = as_dict(entry.get("resource")) if isinstance(entry, dict) else {}
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            failed = True
        elif kind == "OperationOutcome":
            failed = failed or _is_error(resource)
        else:
            entries.append((as_text(entry.get("fullUrl")), resource))
            matches += as_dict(entry.get("search")).get("mode") != "include"
    total = value.get("total")
    lacking = isinstance(total, int | float) and total > matches
    if failed or lacking or (entries and expected and all(one["resourceType"] != expected for _, one in entries)):
        return State.FAILED, entries
    return (State.CAME if entries else State.NONE), entries


def _is_error(outcome: Json) -> bool:
    issues = [as_dict(issue) for issue in as_list(outcome.get("issue"))]
    mild = [
        issue.get("severity") in ("warning", "information") and as_text(issue.get("code")) not in INCOMPLETE
        for issue in issues
    ]
    return not all(mild) or not mild


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
    elif kind not in NOBODYS:
        record.set_aside += 1


def of_patient(resource: Json, patient_id: str, names: frozenset[str] = frozenset()) -> bool:
    """Whether the resource's subject is this patient, and nobody else. The server in an address is not compared: real
    clients name another one than theirs."""
    subject = resource.get("subject") or resource.get("patient")
    if not isinstance(subject, dict):
        return False
    reference = as_text(subject.get("reference"))
    found = REFERENCE.fullmatch(reference)
    return bool(found and found["id"] == patient_id) or reference in names
