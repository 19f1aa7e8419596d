"""A hospital outside the package brings its guideline as data alone: a site file, a source, a guidance file."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from cds_service.decisions.decide import Decision, decide
from cds_service.errors import KnowledgeError
from cds_service.facts.gather import FactReader
from cds_service.fhir.prefetch import collect
from cds_service.hooks.service import Answerer
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import AS_OF, PATIENT, order_select, prefetch
from tests.facts.records import GIVEN
from tests.knowledge.sites import FILES, GUIDANCE, write_files

OWN = "indications/hdn/own.toml"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return write_files(tmp_path / "made_up_hospital", FILES)


def decided(knowledge: Knowledge, **given: Any) -> Decision:
    record = collect(prefetch({**GIVEN, **given}), ("patient", *knowledge.queries), PATIENT)
    (decision,) = decide(knowledge, FactReader(knowledge).read(record, AS_OF, {}))
    return decision


@pytest.mark.parametrize(
    ("given", "answer", "verdict"),
    [
        ({"tsb": "15 mg/dL"}, "give", "recommended"),
        ({"tsb": "256.5 umol/L"}, "give", "recommended"),
        ({"tsb": "14.9 mg/dL"}, "wait", "not-yet"),
        ({"dat": "negative"}, "wait", "not-yet"),
        ({"age": "11 d"}, "too_old", "out-of-scope"),
        ({"tsb": "15 mg/L"}, "needs_information", "needs-information"),
    ],
    ids=str,
)
def test_its_guideline_decides(folder: str, given: dict[str, Any], answer: str, verdict: str) -> None:
    found = decided(load_knowledge(folder), **given)
    assert (found.followed.name, found.followed.verdict) == (answer, verdict)
    assert [one.guidance.guideline for one in found.answers] == ["own", "nice_cg98"]


def test_its_dose_product_time_zone_and_source_are_on_its_card(folder: str) -> None:
    knowledge = load_knowledge(folder)
    reply = Answerer(knowledge, accept_as_of=True).reply(
        "neonatal-ivig-order-select", orjson.dumps(order_select(GIVEN, "own"))
    )
    card = orjson.loads(reply.body)["cards"][0]
    assert card["summary"] == "Give 2.38 g (0.7 g/kg): bilirubin 18.1 mg/dL, limit 15 mg/dL"
    assert card["source"]["label"] == "Made-up 2026: IVIG by the made-up guideline"
    assert "CET" in card["detail"]
    assert "Privigen 10%" in card["detail"]
    assert "Not signed off by a clinician" in card["detail"]
    assert card["extension"]["org.neonatal-ivig-cds.decision"]["dose"]["grams"] == {"low": 2.38, "high": 2.38}


def test_the_packages_own_sites_do_not_see_it(folder: str, demo: Knowledge) -> None:
    own = load_knowledge(folder)
    assert ("hdn", "own") in own.guidance
    assert ("hdn", "own") not in demo.guidance
    assert own.version != demo.version
    assert own.site.name == "made_up_hospital"


def test_the_version_is_that_of_the_text(tmp_path: Path) -> None:
    first = load_knowledge(write_files(tmp_path / "a" / "same", FILES)).version
    again = load_knowledge(write_files(tmp_path / "b" / "same", FILES)).version
    other = load_knowledge(write_files(tmp_path / "c" / "same", FILES | {OWN: GUIDANCE + "\n# a remark\n"})).version
    assert first == again != other


def signoff(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'[[signoff]]\nfile = "{OWN}"\nsha256 = "{digest}"\nwho = "Dr. A"\nrole = "lead"\ndate = "2026-11-21"\n'


def test_guidance_signed_as_it_stands_is_signed_off(tmp_path: Path) -> None:
    knowledge = load_knowledge(write_files(tmp_path / "own", FILES | {"signoffs.toml": signoff(GUIDANCE)}))
    assert knowledge.guidance["hdn", "own"].signed_off
    assert OWN not in knowledge.unsigned
    assert "indications/hdn/aap_2022.toml" in knowledge.unsigned


def test_guidance_changed_after_it_was_signed_stops_the_load(tmp_path: Path) -> None:
    changed = FILES | {OWN: GUIDANCE.replace("value = 15", "value = 14"), "signoffs.toml": signoff(GUIDANCE)}
    with pytest.raises(
        KnowledgeError, match=r"own\.toml was changed after 2026-11-21, when it was signed; sign it again"
    ):
        load_knowledge(write_files(tmp_path / "own", changed))


def test_a_signature_on_a_file_that_is_not_there_stops_the_load(tmp_path: Path) -> None:
    text = signoff(GUIDANCE).replace("own.toml", "gone.toml")
    with pytest.raises(KnowledgeError, match=r"gone\.toml is signed but does not exist"):
        load_knowledge(write_files(tmp_path / "own", FILES | {"signoffs.toml": text}))


def test_a_site_adds_codes_to_a_list_of_the_package(tmp_path: Path) -> None:
    codes = "system,code,display,means,status,source\nhttp://hospital.example,BILT,Bilirubin,,own,test\n"
    knowledge = load_knowledge(write_files(tmp_path / "own", FILES | {"codelists/bilirubin_total_serum.csv": codes}))
    known = knowledge.codelists["bilirubin_total_serum"].codes
    assert ("http://hospital.example", "BILT") in known
    assert ("http://loinc.org", "1975-2") in known


def test_figures_are_kept_as_they_are_written(folder: str) -> None:
    dose = load_knowledge(folder).guidance["hdn", "own"].doses["ivig"]
    assert (dose.low, dose.hours) == (Decimal("0.7"), Decimal(3))
