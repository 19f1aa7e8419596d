"""What a drafted order states, from every shape in which EHRs send it; nothing is computed or chosen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cards.suggest import dosage, worded
from cds_service.dosing.dose import plan_on
from cds_service.dosing.order import order_facts
from cds_service.facts.amounts import plain, unit_of
from cds_service.facts.fact import Fact
from cds_service.facts.order import LINES, StatedOrder, stated_order
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import UCUM, Json
from tests.dosing.orders import quantity, setting, value

G = {"doseQuantity": {"value": 3.4, "unit": "g", "system": UCUM, "code": "g"}}


def stated(knowledge: Knowledge, *lines: Any, **members: Any) -> StatedOrder:
    made = {"resourceType": "MedicationRequest", "id": "x", "dosageInstruction": list(lines), **members}
    return stated_order(made, knowledge.spellings)


def amounts(order: StatedOrder) -> list[str]:
    """`3.4 g` of every statement of every dose."""
    found = [one.amount for each in order.doses for one in each.stated]
    return [
        f"{one.low.normalize():f}{'' if one.exact else f'-{one.high.normalize():f}'} {one.unit.name}" for one in found
    ]


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        *((text, "g") for text in ("g", "G", "gm", "gms", "gram", "Grams", "g.", "{dose}g")),
        *((text, "mg") for text in ("mg", "MG", "milligrams")),
        *((text, "mL") for text in ("mL", "ml", "ML", "cc", "milliliters", "millilitre", "mL{solution}")),
        *((text, "g/kg") for text in ("g/kg", "gm/kg", "grams per kg", "g / kg", "g/kg/dose", "g/kg/day", "G/KG")),
        *((text, "mg/kg") for text in ("mg/kg", "mg per kilogram", "MG/KG/dose")),
        *((text, "mL/kg") for text in ("mL/kg", "ml/kg")),
        *((text, "") for text in ("", "mcg", "ug", "gr", "{tbl}", "kg", "g/m2", "g/L", "vial", "%", "g/kg/h")),
    ],
)
def test_units_by_their_spellings(demo: Knowledge, spelling: str, name: str) -> None:
    found = unit_of(spelling, demo.spellings)
    assert (found.name if found else "") == name


@given(text=st.text(max_size=12))
def test_any_text_is_a_unit_or_none(demo: Knowledge, text: str) -> None:
    assert isinstance(plain(text), str)
    unit_of(text, demo.spellings)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"doseAndRate": [G]}, ["3.4 g"]),
        ({"doseAndRate": G}, ["3.4 g"]),
        (G, ["3.4 g"]),
        ({"doseAndRate": [{"doseQuantity": {"value": 3.4, "unit": "gram"}}]}, ["3.4 g"]),
        ({"doseAndRate": [{"doseQuantity": {"value": 3.4, "code": "g", "system": UCUM}}]}, ["3.4 g"]),
        (
            {"doseAndRate": [{"doseQuantity": {"value": 3.4, "unit": "g", "code": "246512", "system": "urn:x"}}]},
            ["3.4 g"],
        ),
        ({"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "g per kg", "code": "g/kg"}}]}, ["1 g/kg"]),
        ({"doseAndRate": [{"doseRange": {"low": quantity(0.5, "g/kg"), "high": quantity(1, "g/kg")}}]}, ["0.5-1 g/kg"]),
        ({"doseAndRate": [{"doseRange": {"high": quantity(1, "g/kg")}}]}, ["1 g/kg"]),
        ({"doseAndRate": [{"doseRange": {"low": quantity(500, "mg"), "high": quantity(1, "g")}}]}, ["500-1000 mg"]),
        ({"doseAndRate": [G], "maxDosePerPeriod": {"numerator": quantity(2, "g/kg")}}, ["3.4 g"]),
    ],
    ids=str,
)
def test_doses_as_they_are_coded(demo: Knowledge, line: Json, said: list[str]) -> None:
    for lines in ([line], line):
        made = {"resourceType": "MedicationRequest", "dosageInstruction": lines}
        found = stated_order(made, demo.spellings)
        assert amounts(found) == said
        assert (found.units, found.read) == ("plain", "coded")


@pytest.mark.parametrize(
    ("quantity_sent", "problem"),
    [
        ({"value": 3400, "unit": "mcg"}, "unit that is not known"),
        ({"value": 3400, "unit": "ug", "code": "ug", "system": UCUM}, "unit that is not known"),
        ({"value": 1, "unit": "{tbl}"}, "unit that is not known"),
        ({"value": 3.4}, "unit that is not known"),
        ({"value": "3.4", "unit": "g"}, "not a number that a dose can be"),
        ({"value": True, "unit": "g"}, "not a number that a dose can be"),
        ({"value": 0, "unit": "g"}, "not a number that a dose can be"),
        ({"value": 3.4, "unit": "g", "comparator": "<"}, "not a number that a dose can be"),
        ({"unit": "g"}, "not a number that a dose can be"),
        ({"extension": [{"url": "http://example.org/absent"}]}, "not a number that a dose can be"),
    ],
    ids=str,
)
def test_a_dose_that_is_not_readable_is_kept_as_unread(demo: Knowledge, quantity_sent: Json, problem: str) -> None:
    found = stated(demo, {"doseAndRate": [{"doseQuantity": quantity_sent}]})
    assert not found.doses
    assert problem in found.unread[0]
    assert found.units == "plain"


@pytest.mark.parametrize(
    ("code", "unit"), [("mg", "g"), ("g", "mg"), ("g", "g/kg"), ("mL", "g"), ("ug", "g"), ("g/kg", "gram")]
)
def test_code_and_unit_that_contradict_each_other(demo: Knowledge, code: str, unit: str) -> None:
    wrong = {"value": 3.4, "unit": unit, "code": code, "system": UCUM}
    found = stated(demo, {"text": "3.4 g", "doseAndRate": [{"doseQuantity": wrong}]})
    assert found.units == "contradictory"
    assert not found.doses


def test_a_range_in_two_kinds_of_unit_is_contradictory(demo: Knowledge) -> None:
    both = {"doseRange": {"low": quantity(1, "g"), "high": quantity(1, "g/kg")}}
    assert stated(demo, {"doseAndRate": [both]}).units == "contradictory"


@pytest.mark.parametrize(
    ("concept", "kind"),
    [
        ({"coding": [{"system": "urn:x", "code": "calculated"}]}, "calculated"),
        ({"coding": [{"code": "Admin-Amount"}]}, "administered"),
        ({"coding": [{"code": "3", "display": "ordered"}]}, "ordered"),
        ({"text": "Calculated"}, "calculated"),
        (None, ""),
        ("calculated", ""),
    ],
    ids=str,
)
def test_what_kind_of_statement_it_is(demo: Knowledge, concept: object, kind: str) -> None:
    found = stated(demo, {"doseAndRate": [{**G, "type": concept}]})
    assert found.doses[0].stated[0].kind == kind


@pytest.mark.parametrize("dosages", [None, [], {}, "x", 5, [None], [5], [{}], [{"doseAndRate": "x"}], [{"timing": 3}]])
def test_no_dosage_and_odd_ones_state_nothing(demo: Knowledge, dosages: object) -> None:
    found = stated_order({"resourceType": "MedicationRequest", "dosageInstruction": dosages}, demo.spellings)
    assert not found.doses
    assert not found.unread


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | st.sampled_from(["g", "3.4 g over 2 h", "h", "calculated"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *(
                        "doseAndRate",
                        "doseQuantity",
                        "doseRange",
                        "rateRatio",
                        "rateQuantity",
                        "low",
                        "high",
                        "numerator",
                    ),
                    *(
                        "denominator",
                        "value",
                        "unit",
                        "code",
                        "timing",
                        "repeat",
                        "period",
                        "periodUnit",
                        "count",
                        "text",
                    ),
                    *("boundsDuration", "frequency", "duration", "durationUnit", "type"),
                )
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(dosages=JUNK, note=JUNK, dispense=JUNK)
def test_no_order_however_odd_stops_the_reading(demo: Knowledge, dosages: Any, note: Any, dispense: Any) -> None:
    odd = {"id": "x", "dosageInstruction": dosages, "note": note, "dispenseRequest": dispense}
    found = stated_order(odd, demo.spellings)
    order_facts(found, setting(demo))


@pytest.mark.parametrize(
    ("repeat", "times", "every"),
    [
        ({}, 1, None),
        ({"count": 2}, 2, None),
        ({"frequency": 1, "period": 1, "periodUnit": "d"}, None, 1440),
        ({"frequency": 2, "period": 1, "periodUnit": "d", "boundsDuration": {"value": 2, "code": "d"}}, 4, 720),
        ({"frequency": 1, "period": 1, "periodUnit": "fortnight"}, 1, None),
        ({"count": 0}, 1, None),
    ],
    ids=str,
)
def test_how_often(demo: Knowledge, repeat: Json, times: int | None, every: int | None) -> None:
    dose = stated(demo, {"doseAndRate": [G], "timing": {"repeat": repeat}}).doses[0]
    assert (dose.times, dose.every) == (times, every)


def test_identity_what_it_follows_and_what_is_dispensed(demo: Knowledge) -> None:
    long = "e" * 194
    found = stated(
        demo,
        {"doseAndRate": [G]},
        id=long,
        priorPrescription={"reference": "MedicationRequest/old"},
        dispenseRequest={"quantity": quantity(5, "g")},
    )
    assert found.id == long
    assert found.replaces == "old"
    assert found.dispensed is not None
    assert found.dispensed.low == 5


KILOGRAMS = st.decimals(Decimal("0.5"), Decimal("6"), places=3)


@pytest.mark.parametrize("words_only", [False, True])
@given(kilograms=KILOGRAMS, guideline=st.sampled_from(["aap_2022", "nice_cg98"]))
def test_a_dose_that_we_write_reads_back_as_the_same(
    demo: Knowledge, kilograms: Decimal, guideline: str, words_only: bool
) -> None:
    """Grams, volume and minutes; and it is judged as usual, with no slip and no hurry."""
    where = setting(demo, str(kilograms))
    weight = where.baby.facts["dosing_weight"]
    assert isinstance(weight, Fact)
    dose = demo.guidance["hdn", guideline].doses["ivig"]
    made = plan_on(weight, dose, demo.site.product, demo.dose_limits["hdn"])
    for portion, wording in zip(made.portions, worded(made, demo.site.product), strict=True):
        line = dosage(wording)
        if words_only:
            line = {"text": line["text"]}
        found = order_facts(stated(demo, line), where)
        assert value(found, "order_grams") == pytest.approx(float(portion.rounded), abs=0.005)
        assert value(found, "order_hours") == pytest.approx(portion.infusion.minutes / 60, abs=0.001)
        assert value(found, "order_read") == ("text" if words_only else "coded")
        assert value(found, "order_entries") == ("agree" if words_only else "one")
        assert value(found, "order_doses") == 1
        assert value(found, "order_range") == "usual"
        assert value(found, "order_signature") == "none"
        assert float(value(found, "order_time_share")) >= (0.99 if words_only else 1)
        assert float(value(found, "order_rate_share")) <= 1


@pytest.mark.parametrize("value_sent", [1e300, 1e-300, 10**40])
def test_a_number_that_no_order_can_mean_is_not_computed_with(demo: Knowledge, value_sent: float) -> None:
    found = stated(demo, {"doseAndRate": [{"doseQuantity": {"value": value_sent, "unit": "g"}}]})
    assert not found.doses
    assert not stated(demo, {"text": f"{10**40} g"}).doses
    assert stated(demo, {"text": "1 g/kg at 0 mL/h q0h"}).rates == ()


def test_of_very_many_notes_the_first_are_read_and_the_rest_is_named(demo: Knowledge) -> None:
    notes = [{"text": "1 g"}] * (LINES + 7)
    stated = stated_order({"resourceType": "MedicationRequest", "note": notes}, demo.spellings)
    assert len(stated.doses) == LINES
    assert "7 more notes" in stated.unread
