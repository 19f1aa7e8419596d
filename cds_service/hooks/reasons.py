"""What an order says it is for: by code, or by a Condition inside it or on record, which counts by its own status."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cds_service.cards.text import escape
from cds_service.fhir.read import Json, as_dict, as_list, as_text, reference_id, title

LONGEST = 80  # characters of a name that are shown
MOST = 50  # reasons of one order that are read (own choice): real orders state one to three
MORE = f"More than {MOST} reasons were stated: only the first were read."


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
    coded = [*as_list(order.get("reasonCode")), *as_list(order.get("reasonCodeableConcept"))]
    references = list(_references(order))
    if max(len(coded), len(references)) > MOST:
        found.remarks.append(MORE)
    found.stated.extend(coded[:MOST])
    found.named.extend(found.stated)
    # The first of an id counts.
    contained = [as_dict(one) for one in as_list(order.get("contained"))]
    within = {identity: one for one in reversed(contained) if (identity := as_text(one.get("id")))}
    for name, shown in references[:MOST]:
        inside = name.startswith("#")
        condition = within.get(name[1:]) if inside else on_record.get(f"Condition/{reference_id(name, 'Condition')}")
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
