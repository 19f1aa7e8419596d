"""Finds the IVIG order among the drafts: which orders are selected, and which of them are IVIG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cds_service.cards.text import escape
from cds_service.facts.ivig import MedicationReader, medications_by_name
from cds_service.fhir.prefetch import of_patient
from cds_service.fhir.read import Json, as_dict, as_list, as_text, label

ORDERS = frozenset({"MedicationRequest", "MedicationOrder"})


@dataclass
class Drafts:
    """What order-select is about. `unreadable` says why a selected order could not be judged."""

    ivig: list[Json] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    medications: dict[str, Json] = field(default_factory=dict)


def selected_drafts(context: Json, prefetch: dict[str, Any], patient_id: str, reader: MedicationReader) -> Drafts:
    """A selection that resolves to nothing is said; the drafts that are IVIG are then judged anyway."""
    entries = list(_entries(context.get("draftOrders")))
    referring = any("medicationReference" in resource for _, resource in entries)
    drafts = Drafts(medications=medications_by_name([*entries, *(_prefetched(prefetch) if referring else ())]))
    selections = context["selections"]
    chosen: list[Json] = []
    for selection in selections:
        found = [resource for url, resource in entries if _is(selection, url, resource)]
        if found:
            chosen += [resource for resource in found if resource not in chosen]
        else:
            drafts.unreadable.append("A selected order was not among the draft orders sent.")
    if drafts.unreadable or not selections:
        chosen = [resource for _, resource in entries]
    for resource in chosen:
        if as_text(resource.get("resourceType")) in ORDERS:
            _judge(resource, drafts, patient_id, reader)
    if not selections and not drafts.ivig:
        drafts.unreadable.clear()
    return drafts


def _judge(resource: Json, drafts: Drafts, patient_id: str, reader: MedicationReader) -> None:
    recognized = reader.recognize(resource, drafts.medications)
    if recognized.verdict == "unknown":
        drafts.unreadable.append("The medication of a selected order could not be read: it may be IVIG.")
    if recognized.verdict != "ivig":
        return
    if resource.get("subject") and not of_patient(resource, patient_id):
        drafts.unreadable.append("The selected IVIG order is for another patient than the one of this call.")
        return
    drafts.ivig.append(resource)
    if len(drafts.ivig) == 2:
        first = escape(label(drafts.ivig[0]))
        drafts.remarks.append(f"**More than one IVIG order is drafted**: the dose here is for {first}.")
    if recognized.remark:
        drafts.remarks.append(recognized.remark)


def _entries(bundle: object) -> Iterator[tuple[str, Json]]:
    for entry in as_list(as_dict(bundle).get("entry")):
        resource = as_dict(as_dict(entry).get("resource"))
        if resource:
            yield as_text(as_dict(entry).get("fullUrl")), resource


def _prefetched(prefetch: dict[str, Any]) -> Iterator[tuple[str, Json]]:
    for value in prefetch.values():
        yield from _entries(value)
        if as_dict(value).get("resourceType") == "Medication":
            yield "", value


def _is(selection: str, url: str, resource: Json) -> bool:
    name = label(resource)
    return selection in (name, url, resource.get("id")) or selection.endswith(f"/{name}")
