"""A site's own codes for what may be ordered, for EHRs that take only a code from a suggestion, and no details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import Roots, read_csv
from cds_service.knowledge.shapes import Coding, Monitoring, Product

COLUMNS = ("what", "code", "display", "system")
IVIG = "ivig"
PREFERENCE_LIST = "urn:com.epic.cdshooks.action.code.system.preference-list-item"

Named = dict[str, tuple[Coding, ...]]


def with_orderables(
    roots: Roots, products: Mapping[str, Product], monitoring: Mapping[str, Monitoring]
) -> tuple[dict[str, Product], dict[str, Monitoring]]:
    """The products and the monitoring orders, each with the codes by which the site's EHR knows it."""
    labels = {order.label for one in monitoring.values() for order in one.orders}
    codes = _read(roots, {IVIG, *products, *labels})
    stocked = {
        name: replace(product, orderables=codes.get(name) or codes.get(IVIG, ())) for name, product in products.items()
    }
    watched = {
        name: replace(one, orders=tuple(replace(order, orderables=codes.get(order.label, ())) for order in one.orders))
        for name, one in monitoring.items()
    }
    return stocked, watched


def _read(roots: Roots, names: set[str]) -> Named:
    """Codes by what they order. Raises KnowledgeError for a `what` that names nothing."""
    found: Named = {}
    for path in roots.find("orderables.csv"):
        for number, row in enumerate(read_csv(path, COLUMNS), start=2):
            place, what = f"{path.name}:{number}", row["what"]
            if what not in names:
                known = "; ".join([IVIG, *sorted(names - {IVIG})])
                raise KnowledgeError(place, f"{what!r} names nothing that is ordered; there is: {known}")
            if not (row["code"] and row["display"]):
                raise KnowledgeError(place, "code and display must be given; system alone may be empty")
            coding = Coding(row["system"] or PREFERENCE_LIST, row["code"], row["display"], "", "own")
            if any(one.system == coding.system for one in found.get(what, ())):
                raise KnowledgeError(place, f"{what!r} has a code of {coding.system} already")
            found[what] = (*found.get(what, ()), coding)
    return found
