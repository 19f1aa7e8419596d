"""A made-up indication is added by data alone: `starlight_hospital/` is a hospital's folder, and holds no Python.

All of it is invented. Here it is loaded, checked, run against its cases, and called as an EHR would call it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from cds_service.hooks.discovery import discovery
from cds_service.hooks.service import Answerer
from cds_service.knowledge.load import load_knowledge
from cds_service.review.babies import bundle, draft_order, order_select, order_sign
from cds_service.review.cases import run_folder
from cds_service.review.check import check_site
from cds_service.review.docs import write_docs
from cds_service.review.orders import order
from tests.facts.records import Json
from tests.hooks.calls import ORDER_SELECT, PATIENT_VIEW, answered, topics
from tests.knowledge.sites import fault

FOLDER = Path(__file__).parent / "starlight_hospital"
ORDER_SIGN = "neonatal-ivig-order-sign"
DECISION = "org.neonatal-ivig-cds.decision"
SAFETY = "org.neonatal-ivig-cds.safety"
STARLIGHT = {
    "age": "4 d",
    "gestation": "39+0",
    "weight": "3.5 kg",
    "conditions": ["starlight fever"],
    "results": {"glimmerin": "60 glim/L"},
}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder, outside the package and outside this repository."""
    return str(shutil.copytree(FOLDER, tmp_path_factory.mktemp("eleventh") / "starlight_hospital"))


@pytest.fixture(scope="module")
def starlight(hospital: str) -> Answerer:
    return Answerer(load_knowledge(hospital), accept_as_of=True)


def cards(answerer: Answerer, call: Json, service: str) -> list[Json]:
    status, body = answered(answerer, call, service)
    assert status == 200
    found: list[Json] = body["cards"]
    return found


def selected(answerer: Answerer, given: Json = STARLIGHT) -> Json:
    return order_select(given, "eleventh", answerer.knowledge.facts)


def signed(answerer: Answerer, stated: Json, given: Json = STARLIGHT) -> list[Json]:
    usual = {"medication": "Privigen 10%", "over": "5 h"}
    return cards(answerer, order_sign(selected(answerer, given), order(usual | stated, "test")), ORDER_SIGN)


def rules(found: list[Json]) -> dict[str, str]:
    safety = [card["extension"][SAFETY] for card in found if SAFETY in card.get("extension", {})]
    return {one["rule"]: one["level"] for one in safety}


def test_the_folder_holds_data_and_nothing_else() -> None:
    suffixes = {path.suffix for path in FOLDER.rglob("*") if path.is_file()}
    assert suffixes == {".toml", ".csv", ".md"}


def test_the_invented_indication_stands_beside_those_of_the_package(starlight: Answerer) -> None:
    names = list(starlight.knowledge.indications)
    assert len(names) == 11
    assert names[-1] == "starlight"
    assert "starlight" in starlight.knowledge.facts["order_indication"].categories


def test_the_folder_passes_the_check(hospital: str) -> None:
    lines = "\n".join(check_site(hospital).lines)
    for verdict in ("recommended", "consider", "not-yet", "not-indicated", "needs-information", "no-sign"):
        assert f"{verdict} " in lines.partition("starlight/own: ")[2].partition("\n")[0]


def test_its_cases_hold(hospital: str) -> None:
    results = run_folder(Path(hospital) / "cases", hospital)
    assert len(results) == 19
    assert [(one.file, one.name, one.fault) for one in results if one.fault] == []


def test_the_new_result_is_asked_for_with_the_others_of_its_query(starlight: Answerer) -> None:
    services = discovery(starlight.knowledge)["services"]
    assert all("https://starlight.example/lab%7CGLIM" in one["prefetch"]["laboratory"] for one in services)


def test_order_select_gives_a_card_with_the_dose(starlight: Answerer) -> None:
    found = cards(starlight, selected(starlight), ORDER_SELECT)
    first = found[0]
    assert topics(found)[0] == "starlightownbrightwarning"
    assert first["summary"] == "Starlight fever: give IVIG 2.1–2.8 g (0.6–0.8 g/kg), glimmerin 60 glim/L"
    assert "Close the curtains" in first["detail"]
    assert "Starlight 2026, page 2" in first["detail"]
    record = first["extension"][DECISION]
    assert record["verdict"] == "recommended"
    assert record["dose"]["grams"] == {"low": 2.1, "high": 2.8}
    assert record["dose"]["repeat_after_hours"] == 36
    written = first["suggestions"][0]["actions"][0]["resource"]["dosageInstruction"][0]["doseAndRate"][0]
    assert written["doseQuantity"]["unit"] == "g"


def test_order_select_offers_the_monitoring_of_the_folder(starlight: Answerer) -> None:
    watching = next(
        card for card in cards(starlight, selected(starlight), ORDER_SELECT) if "onitoring" in card["summary"]
    )
    assert "A glimmerin on the day of the infusion" in watching["detail"]
    codes = [one["actions"][0]["resource"]["code"] for one in watching["suggestions"] if "Glimmerin" in one["label"]]
    assert codes[0]["coding"][0]["code"] == "GLIM"


@pytest.mark.parametrize(
    ("dose", "expected"),
    [
        ("2.1 g", {}),
        ("2.8 g", {}),
        ("3.1 g", {}),
        ("3.4 g", {"dose_unusual": "warn"}),
        ("1.4 g", {"dose_unusual": "warn"}),
        ("4.3 g", {"dose_refused": "block"}),
        ("0.5 g", {"dose_refused": "block"}),
        ("2.8 mg", {"milligrams": "block"}),
    ],
)
@pytest.mark.parametrize("reason", [{}, {"reason": "starlight fever"}], ids=["no reason", "reason"])
def test_order_sign_judges_the_dose_by_the_limits_of_the_folder(
    starlight: Answerer, dose: str, expected: dict[str, str], reason: Json
) -> None:
    found = signed(starlight, {"dose": dose} | reason)
    assert rules(found) == expected
    assert topics(found)


def test_a_dose_that_is_refused_comes_with_the_usual_one_and_its_corrections(starlight: Answerer) -> None:
    worst = signed(starlight, {"dose": "4.3 g"})[0]
    assert worst["indicator"] == "critical"
    assert "0.6 to 0.8 g/kg is usual" in worst["summary"]
    assert [one["actions"][0]["type"] for one in worst["suggestions"]] == ["update", "update", "delete"]


def test_the_interval_of_the_folder_decides_whether_it_is_too_soon(starlight: Answerer) -> None:
    assert rules(signed(starlight, {"dose": "2.8 g"}, STARLIGHT | {"ivig_given": "35 h"})) == {"too_soon": "warn"}
    assert "too_soon" not in rules(signed(starlight, {"dose": "2.8 g"}, STARLIGHT | {"ivig_given": "36 h"}))


def test_a_safety_rule_of_the_folder_speaks_of_orders_for_it_alone(starlight: Answerer) -> None:
    blinding = STARLIGHT | {"results": {"glimmerin": "300 glim/L"}}
    assert rules(signed(starlight, {"dose": "2.8 g"}, blinding)) == {"starlight_blinding": "warn"}
    assert "starlight_blinding" not in rules(signed(starlight, {"dose": "2.8 g", "reason": "sepsis"}, blinding))


def test_an_order_for_what_the_site_does_not_follow_is_not_taken_for_what_it_does(starlight: Answerer) -> None:
    found = signed(starlight, {"dose": "2.8 g", "reason": "FNAIT"})
    said = "\n".join(card["detail"] for card in found)
    assert "The order gives FNAIT as its reason; on record IVIG is advised for starlight fever" in said
    assert "This site follows no guideline for FNAIT: whether IVIG is due was not judged." in said
    high = signed(starlight, {"dose": "3.5 g", "reason": "FNAIT"})
    assert "dose_unusual" not in rules(high), "1 g/kg is usual for FNAIT"


def test_an_opened_chart_speaks_of_it_and_falls_silent_once_it_is_ordered(starlight: Answerer) -> None:
    call = selected(starlight)
    view: dict[str, Any] = call | {
        "hook": "patient-view",
        "context": {"userId": "Practitioner/x", "patientId": call["context"]["patientId"]},
    }
    assert topics(cards(starlight, view, PATIENT_VIEW))[0] == "starlightownbrightwarning"
    active = draft_order() | {"status": "active"}
    assert (
        cards(starlight, view | {"prefetch": call["prefetch"] | {"ivig_orders": bundle([active])}}, PATIENT_VIEW) == []
    )


def test_its_pages_are_written_like_any_other(hospital: str, tmp_path: Path) -> None:
    write_docs((hospital,), tmp_path / "pages", Path(hospital) / "cases")
    pages = {path.relative_to(tmp_path / "pages").as_posix() for path in (tmp_path / "pages").rglob("*.md")}
    page = next(name for name in pages if name.endswith("starlight/own.md"))
    assert "glimmerin" in (tmp_path / "pages" / page).read_text("utf-8")


def test_without_dose_limits_the_indication_is_refused(tmp_path: Path) -> None:
    files = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.*")}
    del files["dose_limits.toml"]
    assert "starlight" in fault(tmp_path, files)
