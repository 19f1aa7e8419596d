"""Which values decide, and how far: limits decide what they can, look-alikes and doubts decide nothing."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.decisions.decide import Answer, decide
from cds_service.facts.fact import Baby
from cds_service.knowledge.shapes import Knowledge
from tests.conftest import ReadRecord
from tests.facts.records import GIVEN, PLATELETS, TSB, Json, measured, record

NEWBORN = {"age": "20 h", "gestation": "38+0", "weight": "3.2 kg"}


def answer_of(demo: Knowledge, baby: Baby, indication: str) -> Answer:
    (found,) = [one.followed for one in decide(demo, baby) if one.indication == indication]
    return found


def limited(loinc: str, comparator: str, value: float, unit: str) -> Json:
    made = measured(loinc, value, unit)
    made["valueQuantity"]["comparator"] = comparator
    return made


@pytest.mark.parametrize(
    ("comparator", "count", "answer"),
    [
        ("<", 10, "severe"),
        ("<=", 19, "severe"),
        ("<", 20, "severe"),
        ("<=", 20, "needs_information"),
        ("<", 50, "needs_information"),
        (">", 150, "not_low"),
        (">=", 100, "not_low"),
        (">", 40, "needs_information"),
    ],
)
def test_a_platelet_count_given_as_a_limit_decides_what_it_can(
    demo: Knowledge, read: ReadRecord, comparator: str, count: float, answer: str
) -> None:
    found = answer_of(
        demo, read(record(NEWBORN, laboratory=[limited(PLATELETS, comparator, count, "10*9/L")])), "fnait"
    )
    assert found.name == answer
    assert ("platelets" in found.needs) is (answer == "needs_information")


@pytest.mark.parametrize(
    ("comparator", "value", "answer"),
    [
        (">", 18.1, "may_give"),
        (">", 18.0, "needs_information"),
        (">", 20.1, "at_exchange_level"),
        (">=", 25, "at_exchange_level"),
        ("<", 18.0, "below_the_line"),
        ("<", 18.2, "needs_information"),
    ],
)
def test_a_bilirubin_given_as_a_limit_decides_what_it_can(
    demo: Knowledge, read: ReadRecord, comparator: str, value: float, answer: str
) -> None:
    found = answer_of(demo, read(record(bilirubin=[limited(TSB, comparator, value, "mg/dL")])), "hdn")
    assert found.name == answer
    assert ("tsb" in found.needs) is (answer in ("needs_information", "may_give"))


@pytest.mark.parametrize("code", ["58941-6", "72898-0", "42719-5", "59828-4", "97770-2", "1968-7", "1977-8", "48624-1"])
@pytest.mark.parametrize("value", [1, 25, 50])
def test_only_total_serum_bilirubin_decides(demo: Knowledge, read: ReadRecord, code: str, value: float) -> None:
    found = answer_of(demo, read(record(bilirubin=[measured(code, value, "mg/dL")])), "hdn")
    assert found.verdict == "needs-information"
    assert found.needs == ("tsb",)


@pytest.mark.parametrize(
    "change",
    [
        {"tsb": "18.1 mg/L"},
        {"tsb": "306 mg/dL"},
        {"dat": "indeterminate"},
        {"gestation": "nonsense"},
        {"not_sent": ["laboratory"]},
        {"tsb_drawn": "13 h", "age": "61 h"},
    ],
    ids=str,
)
def test_a_doubt_never_decides_and_names_itself(demo: Knowledge, read: ReadRecord, change: dict[str, Any]) -> None:
    found = answer_of(demo, read(record({**GIVEN, **change})), "hdn")
    assert found.verdict == "needs-information"
    assert len(found.needs) == 1
    assert found.dose is None
