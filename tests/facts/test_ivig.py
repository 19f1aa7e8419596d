"""Is this order IVIG? Judged by what the service answers: cards, a card that says it could not read, or silence."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from cds_service.hooks.service import Answerer
from cds_service.review.babies import order_select
from tests.facts.judging import IVIG, NOT_IVIG, judged
from tests.facts.records import GIVEN, SNOMED, Json

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
CVX = "http://hl7.org/fhir/sid/cvx"
NDC = "http://hl7.org/fhir/sid/ndc"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
DMD = "https://dmd.nhs.uk"
IV = {"coding": [{"system": SNOMED, "code": "47625008"}]}
SC = {"coding": [{"system": SNOMED, "code": "34206005", "display": "Subcutaneous route"}]}


def concept(system: str, code: str, **members: Any) -> Json:
    return {"coding": [{"system": system, "code": code, **members}]}


def test_the_draft_that_these_tests_change_is_ivig_only_by_its_medication(answerer: Answerer) -> None:
    assert judged(answerer, {"medicationCodeableConcept": {"text": "Paracetamol"}}) == NOT_IVIG


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (RXNORM, "1809521"),
        (ATC, "J06BA02"),
        ("urn:oid:2.16.840.1.113883.6.73", "J06BA02"),
        (CVX, "87"),
        ("urn:oid:2.16.840.1.113883.12.292", "87"),
        (HCPCS, "J1459"),
        (HCPCS, "J1557"),
        (NDC, "44206-439"),
        (NDC, "44206-439-40"),
        (NDC, "44206-0439-40"),
        (NDC, "44206043940"),
        (NDC, "0944-2658-03"),
        (NDC, "00944-2658-03"),
        (NDC, "00944265803"),
        (NDC, "64208-8234-6"),
        (NDC, "64208823406"),
    ],
)
def test_a_code_of_ivig_is_ivig_without_any_words(answerer: Answerer, system: str, code: str) -> None:
    assert judged(answerer, {"medicationCodeableConcept": concept(system, code)}) == IVIG


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (ATC, "J06BA01"),
        (ATC, "J06BB01"),
        (ATC, "J06BB04"),
        (ATC, "J06BB09"),
        (ATC, "J06BB16"),
        (CVX, "14"),
        (CVX, "29"),
        (CVX, "30"),
        (CVX, "71"),
        (CVX, "156"),
        (RXNORM, "902750"),
        (RXNORM, "35465"),
        (RXNORM, "26744"),
        (HCPCS, "J0850"),
        (HCPCS, "J1559"),
        (HCPCS, "J2791"),
        (HCPCS, "J1573"),
        (NDC, "44206-454-22"),
        (NDC, "44206045422"),
        (DMD, "9542007"),
        (NDC, "99999-439-40"),
        (ATC, "J06BA"),
    ],
)
def test_the_code_of_a_look_alike_is_not_ivig_whatever_the_words_say(
    answerer: Answerer, system: str, code: str
) -> None:
    assert judged(answerer, {"medicationCodeableConcept": concept(system, code)}) == NOT_IVIG
    if code not in ("99999-439-40", "J06BA"):
        named = concept(system, code) | {"text": "Immune globulin IV"}
        assert judged(answerer, {"medicationCodeableConcept": named}) == NOT_IVIG


@pytest.mark.parametrize(
    "text",
    [
        "IVIG",
        "IVIg 10%",
        "IGIV (human) 10 %",
        "Immune globulin intravenous (human) 100 mg/mL",
        "immune globulin (human) 10% IV",
        "Immunoglobulin, IV",
        "Intravenous immunoglobulin",
        "PRIVIGEN 5 g vial",
        "Gammaplex 10%",
        "Octagam",
        "normal human immunoglobulin for intravenous use",
        "Ig Vena 50 g/L",
        "Iqymune 10%",
        "I.V.I.G.",
        "IV Ig",
        "globulin, immune IV",
        "immunoglobulins, normal human, for intravascular adm. IV",
    ],
)
def test_the_words_of_ivig_are_ivig(answerer: Answerer, text: str) -> None:
    assert judged(answerer, {"medicationCodeableConcept": {"text": text}}) == IVIG
    displayed = {"coding": [{"system": "http://hospital.example", "code": "1", "display": text}]}
    assert judged(answerer, {"medicationCodeableConcept": displayed}) == IVIG


@pytest.mark.parametrize(
    "text",
    [
        "Rho(D) immune globulin IV",
        "Rho (D) immune globulin (WinRho) intravenous",
        "RhIG",
        "anti-D immunoglobulin",
        "hepatitis B immune globulin",
        "Hepatitis B immune globulin intravenous",
        "HBIG",
        "cytomegalovirus immune globulin intravenous (Cytogam)",
        "CMV immune globulin IV",
        "RSV immune globulin IV",
        "palivizumab",
        "nirsevimab",
        "botulism immune globulin intravenous (BabyBIG)",
        "varicella zoster immune globulin",
        "Hizentra 20%",
        "immune globulin subcutaneous",
        "gamma globulin intramuscular",
        "vitamin K",
        "globulin",
    ],
)
def test_the_words_of_a_look_alike_are_not_ivig(answerer: Answerer, text: str) -> None:
    assert judged(answerer, {"medicationCodeableConcept": {"text": text}}) == NOT_IVIG


@pytest.mark.parametrize(
    "text",
    [
        "Hep B immune globulin",
        "anti D immunoglobulin",
        "Rh immune globulin",
        "Rh(D) immune globulin IV",
        "Varicella-zoster immune globulin",
        "CMV-IG intravenous immune globulin",
    ],
)
def test_the_usual_other_words_of_a_look_alike_are_not_ivig(answerer: Answerer, text: str) -> None:
    assert judged(answerer, {"medicationCodeableConcept": {"text": text}}) == NOT_IVIG


BOTH_ROUTES = [
    {"text": "Gammagard Liquid 10%"},
    concept(RXNORM, "5666"),
    concept(NDC, "0944-2700-05"),
    {"text": "immune globulin"},
]


@pytest.mark.parametrize("medication", BOTH_ROUTES, ids=str)
@pytest.mark.parametrize(
    ("route", "verdict"),
    [
        (IV, IVIG),
        ({"text": "IV"}, IVIG),
        ({"text": "intravenous infusion"}, IVIG),
        ({"coding": [{"system": "urn:oid:2.16.840.1.113883.6.96", "code": "47625008"}]}, IVIG),
        (SC, NOT_IVIG),
        ({"text": "subcutaneous"}, NOT_IVIG),
        (None, IVIG),
    ],
    ids=str,
)
def test_of_a_product_for_both_routes_the_route_decides(
    answerer: Answerer, medication: Json, route: Json | None, verdict: str
) -> None:
    order: Json = {"medicationCodeableConcept": medication}
    if route:
        order["dosageInstruction"] = [{"route": route}]
    assert judged(answerer, order) == verdict


@pytest.mark.parametrize(("text", "said"), [("Gamunex-C", True), ("Gamunex-C IV", False), ("Privigen", False)])
def test_a_product_for_both_routes_without_a_route_is_judged_and_that_is_said(
    answerer: Answerer, text: str, said: bool
) -> None:
    call = order_select(GIVEN, "route")
    call["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"] = {"text": text}
    reply = answerer.reply("neonatal-ivig-order-select", orjson.dumps(call))
    assert any("states no route" in card["detail"] for card in orjson.loads(reply.body)["cards"]) is said


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("Gammagard Liquid 10% (intravenous or subcutaneous)", IV),
        ("Gammagard Liquid 10%", concept("http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "IVINFUS")),
        ("Gammagard Liquid 10%", concept("http://hospital.example/route", "IV")),
        ("Gammagard Liquid 10%", {"text": "per protocol"}),
    ],
    ids=["words name both routes", "HL7 route code", "local route code", "route in other words"],
)
def test_a_route_that_is_not_understood_is_no_reason_for_silence(answerer: Answerer, text: str, route: Json) -> None:
    order = {"medicationCodeableConcept": {"text": text}, "dosageInstruction": [{"route": route}]}
    assert judged(answerer, order) != NOT_IVIG
