"""What an order says it is for: by code, or by a Condition inside it or on record, which counts by its own status."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cds_service.cards.text import escape
from cds_service.fhir.read import Json, as_dict, as_list, as_text, reference_id, title

LONGEST = 80  # characters of a name that are shown


@dataclass(frozen=True, slots=True)
class Reasons:
    """`stated` are concepts, or Conditions inside the order, that only the order knows; `named` are these and those on
    record. `remarks` say which were not counted."""

    stated: list[object] = field(default_factory=list)
    named: list[object] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def reasons_of(order: Json, on_record: Mapping[str, Json], holds: Callable[[Json], bool]) -> Reasons:
    """`on_record` are the Conditions of this newborn by `Condition/id`; `holds` says whether one counts now."""
    found = Reasons()
    for key in ("reasonCode", "reasonCodeableConcept"):
        found.stated.extend(as_list(order.get(key)))
    found.named.extend(found.stated)
    for name, shown in _references(order):
        condition, inside = _condition(name, order, on_record)
        if condition is None:
            if shown:
                found.stated.append({"text": shown})
                found.named.append({"text": shown})
            elif name:
                found.remarks.append(f"The reason that the order refers to was not sent: {escape(name[:LONGEST])}.")
        elif not holds(condition):
            said = title(condition.get("code")) or shown or name
            found.remarks.append(
                f"**The order's reason does not hold any more by its own status** ({escape(said[:LONGEST])}): it was "
                "not counted."
            )
        else:
            found.named.append(condition)
            if inside:
                found.stated.append(condition)
    return found


def _references(order: Json) -> Iterator[tuple[str, str]]:
    """(reference, display) of each."""
    for one in as_list(order.get("reasonReference")):
        reference = as_dict(one)
        yield as_text(one) or as_text(reference.get("reference")), as_text(reference.get("display"))


def _condition(name: str, order: Json, on_record: Mapping[str, Json]) -> tuple[Json | None, bool]:
    """The Condition that is referred to, and whether it lies inside the order."""
    if name.startswith("#"):
        inside = (as_dict(one) for one in as_list(order.get("contained")))
        return next((one for one in inside if one.get("id") == name[1:]), None), True
    return on_record.get(f"Condition/{reference_id(name, 'Condition')}"), False
