"""What else a hospital brings in its folder: override reasons, codes of what it can order, products on its shelf."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.cards.notice import override_reasons
from cds_service.cards.suggest import Identity, monitoring_suggestions
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.orderables import PREFERENCE_LIST
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.check import check_product, check_resources, emitted
from tests.knowledge.sites import FILES, SITE, fault, write_files
from tests.review.test_check import PRODUCTS

HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
REASONS = "system,code,display\nhttps://made.up/reason,asked,The transfusion physician is being asked\n"
ORDERABLES = """\
what,code,display,system
ivig,900101,Immune globulin IV,
octagam_10,900102,Octagam 10%,
Total serum bilirubin every 2 h,BILI2,Bilirubin every 2 h,https://made.up/orders
Total serum bilirubin every 2 h,900201,Bilirubin every 2 h,
"""


def loaded(folder: Path, files: dict[str, str]) -> Knowledge:
    return load_knowledge(write_files(folder / "own_site", FILES | files))


def test_own_override_reasons_follow_those_of_the_package(tmp_path: Path, demo: Knowledge) -> None:
    own = override_reasons(loaded(tmp_path, {"override_reasons.csv": REASONS}))
    assert own[:-1] == override_reasons(demo)
    assert {reason["system"] for reason in own[:-1]} == {HL7}
    assert own[-1] == {
        "code": "asked",
        "system": "https://made.up/reason",
        "display": "The transfusion physician is being asked",
    }


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"{HL7},patient-refuses,No", f"override_reasons.csv:2: patient-refuses of {HL7} is a reason already"),
        (",asked,Asked", "override_reasons.csv:2: system, code and display must be given"),
        ("https://made.up/reason,asked,", "override_reasons.csv:2: system, code and display must be given"),
    ],
)
def test_a_faulty_reason_stops_the_load(tmp_path: Path, row: str, says: str) -> None:
    assert says in fault(tmp_path, {"override_reasons.csv": f"system,code,display\n{row}\n"})


def test_own_order_codes_stand_beside_the_common_ones(tmp_path: Path) -> None:
    knowledge = loaded(tmp_path, {"orderables.csv": ORDERABLES})
    created = [one for one in emitted(knowledge) if one["resourceType"] == "MedicationRequest" and "id" not in one]
    coding = {"system": PREFERENCE_LIST, "code": "900101", "display": "Immune globulin IV"}
    assert created
    for order in created:
        codings = order["medicationCodeableConcept"]["coding"]
        assert [one["code"] for one in codings] == ["J06BA02", "900101"]
        assert coding in codings
    assert check_resources(knowledge) > 0


def test_a_draft_keeps_its_own_medication(tmp_path: Path) -> None:
    plain, own = loaded(tmp_path / "a", {}), loaded(tmp_path / "b", {"orderables.csv": ORDERABLES})
    before, after = (
        [
            one["medicationCodeableConcept"]
            for one in emitted(each)
            if one.get("id") and "medicationCodeableConcept" in one
        ]
        for each in (plain, own)
    )
    assert before
    assert before == after


def test_a_code_for_one_product_holds_for_it_alone(tmp_path: Path) -> None:
    site = SITE.replace("privigen_10_eu", "octagam_10")
    knowledge = loaded(tmp_path, {"orderables.csv": ORDERABLES, "site.toml": site})
    assert [one.code for one in knowledge.site.product.orderables] == ["900102"]
    assert [one.code for one in knowledge.products["privigen_10_eu"].orderables] == ["900101"]


def test_a_monitoring_order_carries_its_code_in_every_system(tmp_path: Path) -> None:
    knowledge = loaded(tmp_path, {"orderables.csv": ORDERABLES})
    made = monitoring_suggestions([knowledge.monitoring["hdn"]], "newborn", Identity("x"), "x")
    codes = {one["label"]: one["actions"][0]["resource"]["code"] for one in made}
    found = [(each["system"], each["code"]) for each in codes["Total serum bilirubin every 2 h"]["coding"]]
    assert found[1:] == [("https://made.up/orders", "BILI2"), (PREFERENCE_LIST, "900201")]
    assert len(codes["Hemoglobin at 24 to 48 h"]["coding"]) == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("IVIG,1,x,", "orderables.csv:2: 'IVIG' names nothing that is ordered; there is: ivig; "),
        ("Head ultrasounds,1,x,", "'Head ultrasounds' names nothing that is ordered"),
        ("ivig,,x,", "orderables.csv:2: code and display must be given"),
        ("ivig,1,,", "orderables.csv:2: code and display must be given"),
        ("ivig,1,x,\nivig,2,y,", f"orderables.csv:3: 'ivig' has a code of {PREFERENCE_LIST} already"),
        ("ivig,1,x", "orderables.csv:2: the row has more or fewer cells"),
    ],
)
def test_a_faulty_order_code_stops_the_load(tmp_path: Path, row: str, says: str) -> None:
    assert says in fault(tmp_path, {"orderables.csv": f"what,code,display,system\n{row}\n"})


def test_the_shelf_begins_with_the_default_product(tmp_path: Path) -> None:
    site = SITE.replace("[[follow]]", 'shelf = ["made_up_5", "octagam_10"]\n[[follow]]')
    products = PRODUCTS.format(title="Gammaplex 5%", strength="0.05")
    knowledge = loaded(tmp_path, {"site.toml": site, "products.csv": products})
    assert [one.name for one in knowledge.site.shelf] == ["privigen_10_eu", "made_up_5", "octagam_10"]
    assert knowledge.site.product is knowledge.site.shelf[0]
    check_product(knowledge)


def test_without_a_shelf_it_holds_the_default_product(demo: Knowledge) -> None:
    assert demo.site.shelf == (demo.site.product,)


@pytest.mark.parametrize(
    ("shelf", "says"),
    [
        ('["privigen_10_eu"]', "shelf: privigen_10_eu is the default product; name only further ones"),
        ('["nothing"]', "shelf: product 'nothing' is not known; known:"),
        ('["flebogamma_5"]', "contains sorbitol: contraindicated under 2 years of age"),
        ("[]", "site.toml: shelf"),
    ],
)
def test_a_shelf_that_is_not_fit_stops_the_load(tmp_path: Path, shelf: str, says: str) -> None:
    assert says in fault(tmp_path, {"site.toml": SITE.replace("[[follow]]", f"shelf = {shelf}\n[[follow]]")})
