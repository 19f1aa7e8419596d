"""An invented newborn's order, and what it is judged against, for the tests of the drafted order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from cds_service.dosing.order import OrderSetting, order_facts
from cds_service.facts.fact import Baby, Doubt, Fact, Missing, Quantity
from cds_service.facts.moments import Span
from cds_service.facts.order import stated_order
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import AS_OF, UCUM, Json

BORN = AS_OF - timedelta(days=2)
RATE_TYPE = "http://epic.com/CodeSystem/dose-rate-type"
G, MG, G_KG, MG_KG, ML, ML_KG = "g", "mg", "g/kg", "mg/kg", "mL", "mL/kg"


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def dose(value: float, unit: str, kind: str = "") -> Json:
    """One of doseAndRate."""
    named = {"type": {"coding": [{"system": RATE_TYPE, "code": kind, "display": kind}]}} if kind else {}
    return {**named, "doseQuantity": quantity(value, unit)}


def order(*doses: Json, text: str = "", timing: Json | None = None, **members: Any) -> Json:
    """A draft with one dosage instruction."""
    line: Json = {"doseAndRate": list(doses)} if doses else {}
    if text:
        line["text"] = text
    if timing:
        line["timing"] = {"repeat": timing}
    made = {"resourceType": "MedicationRequest", "id": "draft-1", "status": "draft", "dosageInstruction": [line]}
    return made | members


def setting(
    knowledge: Knowledge,
    kg: str | None = "3.4",
    indication: str = "hdn",
    product: str | None = "gammaplex_10",
    *,
    given: list[Fact] | None = None,
    birth: Span | None = Span(BORN, BORN),  # noqa: B008 (a named tuple: nothing changes it)
    **members: Any,
) -> OrderSetting:
    """Gammaplex 10 % for 3.4 kg and hemolytic disease, two days old, unless it is said otherwise."""
    baby = Baby(AS_OF, birth, {}, {"ivig_given": given or []})
    weight = knowledge.facts["dosing_weight"].unit
    assert weight is not None
    if kg is None:
        why = "no measured weight is on record"
        baby.facts["dosing_weight"] = Doubt("dosing_weight", Missing.ABSENT, why, ("dosing_weight",))
    else:
        baby.facts["dosing_weight"] = Fact("dosing_weight", Quantity(Decimal(kg), Decimal(kg), weight))
    return OrderSetting(
        **{
            "specs": knowledge.facts,
            "baby": baby,
            "product": knowledge.products[product] if product else None,
            "strength": None,
            "shelf": knowledge.site.product,
            "limits": knowledge.dose_limits[indication] if indication else None,
            "indication": indication,
            **members,
        }
    )


def facts(knowledge: Knowledge, draft: Json, where: OrderSetting | None = None) -> dict[str, Fact | Doubt]:
    return order_facts(stated_order(draft, knowledge.spellings), where or setting(knowledge))


def value(found: dict[str, Fact | Doubt], name: str) -> float | str:
    """A known fact as a plain number or word."""
    fact = found[name]
    assert isinstance(fact, Fact), fact
    return fact.value if isinstance(fact.value, str) else round(float(fact.quantity.high), 4)


def why(found: dict[str, Fact | Doubt], name: str) -> str:
    """Why a fact is not known."""
    fact = found[name]
    assert isinstance(fact, Doubt), fact
    assert fact.needs
    return fact.why


def remark(found: dict[str, Fact | Doubt], name: str) -> str:
    fact = found[name]
    assert isinstance(fact, Fact), fact
    return fact.remark


def dosed(knowledge: Knowledge, hours: float | None, amount: str = "", status: str = "completed") -> Fact:
    """A dose given so many hours ago."""
    at = AS_OF - timedelta(hours=hours) if hours is not None else None
    much = None
    if amount:
        figure, unit = amount.split()
        base = knowledge.spellings["dose" if "kg" in unit else "dose_mass", unit]
        much = Quantity(Decimal(figure), Decimal(figure), base)
    span = Span(at, at) if at else None
    return Fact("ivig_given", status, span, "MedicationAdministration/x", amount=much)
