"""Every row of the code list of immunoglobulins: what it is taken for, wherever and under whatever name it comes."""

from __future__ import annotations

import csv

import pytest

from cds_service.facts.gather import FactReader
from cds_service.facts.ivig import NO_ROUTE, MedicationReader, ndc_prefix
from cds_service.knowledge.files import PACKAGE
from cds_service.knowledge.shapes import Knowledge
from tests.facts.records import SNOMED, Json

NDC = "http://hl7.org/fhir/sid/ndc"
IV = {"coding": [{"system": SNOMED, "code": "47625008"}]}
SC = {"coding": [{"system": SNOMED, "code": "34206005"}]}
SYSTEMS = {
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ATC": "http://www.whocc.no/atc",
    "SNOMED CT": SNOMED,
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "NDC": NDC,
    "HCPCS": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "dm+d": "https://dmd.nhs.uk",
    "words": "text",
}


def rows() -> list[tuple[str, str, str]]:
    with (PACKAGE / "codelists/immunoglobulin.csv").open(encoding="utf-8", newline="") as handle:
        return [(row["system"], row["code"], row["means"]) for row in csv.DictReader(handle)]


ROWS = rows()
CODES = [row for row in ROWS if row[0] != "text"]
PHRASES = [(code, means) for system, code, means in ROWS if system == "text"]
each_code = pytest.mark.parametrize(("system", "code", "means"), CODES, ids=lambda one: str(one).rpartition("/")[2])
each_phrase = pytest.mark.parametrize(("phrase", "means"), PHRASES)


@pytest.fixture(scope="module")
def reader(demo: Knowledge) -> MedicationReader:
    return FactReader(demo).medications


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def order(medication: object, route: Json | None = None) -> Json:
    made: Json = {"resourceType": "MedicationRequest", "medicationCodeableConcept": medication}
    return made | ({"dosageInstruction": [{"route": route}]} if route else {})


def wanted(means: str, route: str) -> tuple[str, bool]:
    """The verdict, and whether it is said that the route was assumed."""
    if means == "iv_route_needed":
        return ("ivig" if route != "sc" else "not_ivig"), route == "none"
    return means, False


def test_the_list_holds_every_code_system_and_each_row_says_what_it_means() -> None:
    assert {system for system, _, _ in ROWS} >= set(SYSTEMS.values())
    assert {means for _, _, means in ROWS} == {"ivig", "iv_route_needed", "not_ivig"}


@each_code
@pytest.mark.parametrize(("route", "said"), [("none", None), ("iv", IV), ("sc", SC)], ids=["none", "iv", "sc"])
def test_a_code_says_whether_it_is_ivig_and_asks_for_the_route_where_it_cannot(
    reader: MedicationReader, system: str, code: str, means: str, route: str, said: Json | None
) -> None:
    found = reader.recognize(order(concept(system, code), said), {})
    assert (found.verdict, found.remark == NO_ROUTE) == wanted(means, route)


@each_code
def test_a_code_counts_the_same_wherever_the_medication_stands(
    reader: MedicationReader, system: str, code: str, means: str
) -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": concept(system, code)}
    inside = {"medicationReference": {"reference": "#m"}, "contained": [medication]}
    beside = {"medicationReference": {"reference": "Medication/m"}}
    made = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": concept(system, code)}]}
    for case, known in ((inside, {}), (beside, {"Medication/m": medication}), (beside, {"Medication/m": made})):
        dosed = case | {"dosageInstruction": [{"route": IV}]}
        assert reader.recognize(dosed, known).verdict == wanted(means, "iv")[0]


@each_code
def test_a_code_is_known_under_every_name_of_its_system(
    demo: Knowledge, reader: MedicationReader, system: str, code: str, means: str
) -> None:
    for alias in [alias for alias, usual in demo.system_aliases.items() if usual == system]:
        assert reader.recognize(order(concept(alias, code), IV), {}).verdict == wanted(means, "iv")[0]


@each_code
def test_a_code_of_another_system_beside_it_changes_nothing(
    reader: MedicationReader, system: str, code: str, means: str
) -> None:
    local = {"system": "urn:oid:1.2.840.114350.1.13.861.1.7.2.698288", "code": "900101", "display": "Local item"}
    both = {"coding": [local, {"system": system, "code": code}], "text": "Item 900101"}
    assert reader.recognize(order(both, IV), {}).verdict == wanted(means, "iv")[0]


@each_code
def test_the_code_of_one_system_says_nothing_in_another(
    reader: MedicationReader, system: str, code: str, means: str
) -> None:
    assert reader.recognize(order(concept("http://hospital.example/items", code), IV), {}).verdict == "unknown"


@pytest.mark.parametrize(("code", "means"), [(code, means) for system, code, means in ROWS if system == NDC])
def test_an_ndc_holds_for_every_package_of_its_product(reader: MedicationReader, code: str, means: str) -> None:
    labeler, product = code.split("-")
    plain = ndc_prefix(code)
    for spelled in (f"{code}-01", f"{labeler.zfill(5)}-{product.zfill(4)}-99", f"{plain}01", f"{plain}99"):
        assert reader.recognize(order(concept(NDC, spelled), IV), {}).verdict == wanted(means, "iv")[0]


@each_phrase
@pytest.mark.parametrize(("route", "said"), [("none", None), ("iv", IV), ("sc", SC)], ids=["none", "iv", "sc"])
def test_a_phrase_says_whether_it_is_ivig(
    reader: MedicationReader, phrase: str, means: str, route: str, said: Json | None
) -> None:
    for medication in (
        {"text": phrase.upper()},
        {"coding": [{"display": phrase}]},
        {"coding": [{"system": "http://hospital.example", "code": "7", "display": f"{phrase}, vial"}]},
    ):
        found = reader.recognize(order(medication, said), {})
        assert (found.verdict, found.remark == NO_ROUTE) == wanted(means, route)


@each_phrase
def test_a_display_beside_a_reference_that_cannot_be_read_is_read(
    reader: MedicationReader, phrase: str, means: str
) -> None:
    gone = {"medicationReference": {"reference": "Medication/gone", "display": phrase}}
    assert reader.recognize(gone | {"dosageInstruction": [{"route": IV}]}, {}).verdict == wanted(means, "iv")[0]


@pytest.mark.parametrize("phrase", [code for code, means in PHRASES if means == "not_ivig"])
@pytest.mark.parametrize("usual", ["immune globulin", "immunoglobulin", "immune globulin IV", "intravenous"])
def test_a_look_alike_stays_one_beside_the_words_of_ivig(reader: MedicationReader, phrase: str, usual: str) -> None:
    for text in (f"{phrase} {usual}", f"{usual} ({phrase})"):
        assert reader.recognize(order({"text": text}, IV), {}).verdict == "not_ivig"
