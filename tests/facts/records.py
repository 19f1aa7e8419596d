"""Builds the record of an invented newborn piece by piece, for tests that send odd resources."""

from __future__ import annotations

from typing import Any

from cds_service.facts.fact import Baby, Doubt, Fact, Missing
from cds_service.review.babies import LOINC, PATIENT, SNOMED, UCUM, Json, bundle, observation, prefetch

GIVEN = {
    "age": "48 h",
    "gestation": "38+0",
    "dat": "positive",
    "tsb": "18.1 mg/dL",
    "weight": "3.4 kg",
    "phototherapy": "intensive phototherapy",
    "phototherapy_since": "10 h",
}
SUBJECT = {"reference": f"Patient/{PATIENT}"}
TSB = "1975-2"
DAT = "1007-4"
PLATELETS = "777-3"
GESTATION = "76516-4"
WEIGHT = "29463-7"
BIRTH_WEIGHT = "8339-4"


def record(given: dict[str, Any] | None = None, **lists: list[Json]) -> Json:
    """The prefetch of the usual newborn, with whole answers replaced: `record(bilirubin=[...])`."""
    made = prefetch(GIVEN if given is None else given)
    return made | {key: bundle(resources) for key, resources in lists.items()}


def measured(loinc: str, value: object, unit: str = "", /, *, ago: str = "0 h", **members: Any) -> Json:
    """One Observation with a valueQuantity; `members` replace members, None removes one."""
    made = observation("measured", loinc, "0 x", ago)
    made["valueQuantity"] = {"value": value, **({"unit": unit, "system": UCUM, "code": unit} if unit else {})}
    return changed(made, **members)


def said(loinc: str, text: str, /, *, ago: str = "0 h", **members: Any) -> Json:
    """One Observation whose result is text."""
    made = observation("said", loinc, "word", ago)
    made["valueString"] = text
    return changed(made, **members)


def coded(loinc: str, system: str, value: str, /, **members: Any) -> Json:
    """One Observation whose result is coded."""
    made = observation("coded", loinc, "word")
    del made["valueString"]
    made["valueCodeableConcept"] = {"coding": [{"system": system, "code": value}]}
    return changed(made, **members)


def changed(resource: Json, /, **members: Any) -> Json:
    merged = {**resource, **members}
    return {key: value for key, value in merged.items() if value is not None}


def value_of(baby: Baby, name: str) -> float | str:
    """The known value of a fact, as a plain number or word."""
    fact = baby.facts[name]
    assert isinstance(fact, Fact), fact
    return fact.value if isinstance(fact.value, str) else float(fact.quantity.low)


def doubt_of(baby: Baby, name: str, missing: Missing = Missing.UNUSABLE) -> str:
    """Why a fact is not known; fails where it is known, or missing in another way."""
    fact = baby.facts[name]
    assert isinstance(fact, Doubt), fact
    assert fact.missing is missing
    return fact.why


__all__ = [
    "BIRTH_WEIGHT",
    "DAT",
    "GESTATION",
    "GIVEN",
    "LOINC",
    "PLATELETS",
    "SNOMED",
    "SUBJECT",
    "TSB",
    "UCUM",
    "WEIGHT",
    "changed",
    "coded",
    "doubt_of",
    "measured",
    "record",
    "said",
    "value_of",
]
