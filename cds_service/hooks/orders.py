"""Finds the IVIG order among the drafts: which orders are selected, and which of them are IVIG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cds_service.cards.text import escape
from cds_service.facts.ivig import MedicationReader, medications_by_name, unsent
from cds_service.fhir.prefetch import of_patient
from cds_service.fhir.read import Json, as_dict, as_list, as_text, label

ORDERS = frozenset({"MedicationRequest", "MedicationOrder"})
TYPE = re.compile(r"[A-Z][A-Za-z]+")
NO_ORDERS = "The orders that this call is about were not sent."
UNTYPED_IVIG = "An order for IVIG does not say what kind of order it is."
UNTYPED = "An order says neither what kind it is nor what is ordered: it may be IVIG."
STRIPPED = (
    "This call came with neither orders nor data. Some EHRs strip calls to an address that is not registered with "
    "them, or that lacks the scopes for unsigned orders: have its registration checked."
)
MOST_SELECTED, MOST_JUDGED = 100, 20  # orders of one call (own choice): a screen holds far fewer


@dataclass
class Drafts:
    """What a call about orders is about. `unreadable` says why an order could not be judged; `medications` and
    `conditions` are what the orders may refer to, by `Type/id`; `unsent` are the Medications that they refer to and
    that did not come."""

    ivig: list[Json] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    medications: dict[str, Json] = field(default_factory=dict)
    conditions: dict[str, Json] = field(default_factory=dict)
    unsent: list[str] = field(default_factory=list)
    named: bool = False  # some order is for IVIG, judged or not
    stripped: bool = False  # nothing but ids came


def drafted(context: Json, prefetch: dict[str, Any], patient_id: str, reader: MedicationReader) -> Drafts:
    """The selected orders; where there are no selections, as at order-sign, all that were sent.

    A selection that resolves to nothing is said; the drafts that are IVIG are then judged anyway.
    """
    entries = list(_entries(context.get("draftOrders")))
    referring = any("medicationReference" in resource for _, resource in entries)
    drafts = Drafts(medications=medications_by_name([*entries, *(_prefetched(prefetch) if referring else ())]))
    signing, selections = "selections" not in context, context.get("selections", ())
    chosen: dict[int, Json] = {}
    for selection in tuple(dict.fromkeys(selections))[:MOST_SELECTED]:
        found = [resource for url, resource in entries if _is(selection, url, resource)]
        if found:
            chosen |= {id(resource): resource for resource in found}
        else:
            drafts.unreadable.append("A selected order was not among the draft orders sent.")
    if drafts.unreadable or not 0 < len(selections) <= MOST_SELECTED:
        chosen = {id(resource): resource for _, resource in entries}
    for resource in chosen.values():
        if as_text(resource.get("resourceType")) in ORDERS:
            _judge(resource, drafts, patient_id, reader)
        elif what := _not_an_order(resource, drafts, reader):
            drafts.unreadable.append(what)
            drafts.named = drafts.named or what != UNTYPED
    if len(drafts.ivig) > 1:
        drafts.remarks.insert(0, _more_than_one(drafts.ivig))
    if signing and not entries:
        drafts.unreadable.append(NO_ORDERS)
    elif signing and len(entries) < len(as_list(as_dict(context.get("draftOrders")).get("entry"))):
        drafts.unreadable.append(UNTYPED)
    elif not signing and not selections and not drafts.named:
        drafts.unreadable.clear()
    if drafts.unreadable and not entries and not prefetch:
        drafts.stripped = True
        drafts.unreadable.append(STRIPPED)
    return drafts


def _judge(resource: Json, drafts: Drafts, patient_id: str, reader: MedicationReader) -> None:
    recognized = reader.recognize(resource, drafts.medications)
    if recognized.verdict in ("unknown", "ivig") and (name := unsent(resource, drafts.medications)):
        drafts.unsent.append(name)
    if recognized.verdict == "unknown":
        drafts.unreadable.append("The medication of an order could not be read: it may be IVIG.")
    if recognized.verdict != "ivig" or resource in drafts.ivig:
        return
    drafts.named = True
    if (resource.get("subject") or resource.get("patient")) and not of_patient(resource, patient_id):
        drafts.unreadable.append("An IVIG order is for another patient than the one of this call.")
        return
    if resource.get("doNotPerform") is True:
        drafts.unreadable.append("An order says that IVIG is not to be given: there is no dose to check.")
        return
    if len(drafts.ivig) == MOST_JUDGED:
        drafts.unreadable.append(f"More than {MOST_JUDGED} orders for IVIG were sent: only the first were judged.")
        return
    drafts.ivig.append(resource)
    if recognized.remark:
        drafts.remarks.append(recognized.remark)


def _more_than_one(orders: list[Json]) -> str:
    first = escape(label(orders[0]))
    if all(one.get("id") and label(one) == label(orders[0]) for one in orders):
        return f"**The order {first} was sent more than once, and not the same each time**: each was judged."
    return f"**More than one IVIG order is drafted**: the dose here is for {first}."


def _not_an_order(resource: Json, drafts: Drafts, reader: MedicationReader) -> str:
    """What is to be said of IVIG that is ordered in another way than by an order that is judged; else empty."""
    kind = as_text(resource.get("resourceType"))
    if not TYPE.fullmatch(kind):
        return {"ivig": UNTYPED_IVIG, "unknown": UNTYPED}.get(
            reader.recognize(resource, drafts.medications).verdict, ""
        )
    if kind == "ServiceRequest" and reader.is_giving(resource.get("code")):
        return "IVIG is ordered as a service (ServiceRequest): only orders of a medication are judged."
    if any(reader.recognize(inner, drafts.medications).verdict == "ivig" for inner in _inside(resource)):
        return f"An order for IVIG lies inside another resource ({kind}): it was not judged."
    return ""


def _inside(resource: Json) -> Iterator[Json]:
    """Orders of medications anywhere inside a resource."""
    left: list[Any] = list(resource.values())
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            if as_text(one.get("resourceType")) in ORDERS:
                yield one
            left += one.values()


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
