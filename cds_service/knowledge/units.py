"""Units by name: `mg/dL` is one of bilirubin or of creatinine, and what is measured tells which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import Roots, decimal, lookup, read_csv
from cds_service.knowledge.shapes import Unit

COLUMNS = ("quantity", "unit", "factor", "spelling", "status", "source")


@dataclass(frozen=True)
class Units:
    """`by_name[name][quantity]`; `spellings[quantity, spelling]` is for what records say."""

    by_name: Mapping[str, Mapping[str, Unit]]
    spellings: Mapping[tuple[str, str], Unit]

    def find(self, name: str, place: str, *quantities: str) -> Unit:
        """The unit of this name. `quantities` are what it may measure, the likeliest first."""
        found = lookup(self.by_name, name, place, "unit")
        for quantity in quantities:
            if quantity in found:
                return found[quantity]
        if len(found) > 1:
            raise KnowledgeError(place, f"{name} may measure {', '.join(sorted(found))}; say which: quantity = ...")
        return next(iter(found.values()))


def load_units(roots: Roots) -> Units:
    by_name: dict[str, dict[str, Unit]] = {}
    spellings: dict[tuple[str, str], Unit] = {}
    for path in roots.find("units.csv"):
        for number, row in enumerate(read_csv(path, COLUMNS), start=2):
            place = f"{path.name}:{number}"
            unit = Unit(row["unit"], row["quantity"], decimal(row["factor"], place))
            known = by_name.setdefault(unit.name, {}).setdefault(unit.quantity, unit)
            if known != unit:
                raise KnowledgeError(place, f"{unit.name} has two meanings: {known} and {unit}")
            if spellings.setdefault((known.quantity, row["spelling"]), known) != known:
                raise KnowledgeError(place, f"spelling {row['spelling']!r} has two meanings")
    return Units(by_name, spellings)
