"""The code lists: no CPT, no code that means two things, every row says how it was checked."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator

import pytest

from cds_service.knowledge.files import PACKAGE
from cds_service.knowledge.shapes import Knowledge

STATUSES = {"verified", "partly verified", "single source", "own"}
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
SYSTEMS = {
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.whocc.no/atc",
    "http://hl7.org/fhir/sid/ndc",
    "http://hl7.org/fhir/sid/cvx",
    "http://www.cms.gov/Medicare/Coding/ICD10",
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
    "http://fhir.ch/ig/ch-vacd/CodeSystem/ch-vacd-swissmedic-immunoglobulin-cs",
    "https://dmd.nhs.uk",
    HCPCS,
    "text",
}
# A code in both would make one diagnosis speak for and against the same advice.
CONTRADICTORY = [
    ("fnait", "other_cause_of_thrombocytopenia"),
    ("neonatal_thrombocytopenia", "other_cause_of_thrombocytopenia"),
    ("fnait", "neonatal_thrombocytopenia"),
    ("isoimmune_hdn", "jaundice_or_hemolysis"),
    ("isoimmune_hdn", "other_cause_of_thrombocytopenia"),
    ("isoimmune_hdn", "fnait"),
    ("bleeding", "fnait"),
    ("bleeding", "other_cause_of_thrombocytopenia"),
]


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted((PACKAGE / "codelists").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                yield path.stem, row


def test_every_row_says_how_it_was_checked_and_where() -> None:
    for name, row in rows():
        assert row["status"] in STATUSES, (name, row)
        assert row["source"].strip(), (name, row)
        assert row["display"].strip(), (name, row)


def test_every_code_is_in_a_known_system_and_none_is_cpt() -> None:
    for name, row in rows():
        assert row["system"] in SYSTEMS, (name, row)
        assert "cpt" not in row["system"].lower(), (name, row)
        assert "2.16.840.1.113883.6.12" not in row["system"], (name, row)
        if row["system"] == HCPCS:
            assert row["code"][0].isalpha(), "level I of HCPCS is CPT"
        assert row["code"] == row["code"].strip(), (name, row)


def test_a_verified_row_names_more_than_its_own_word_for_it() -> None:
    assert all(row["source"] != "own" for _, row in rows() if row["status"] != "own")


@pytest.mark.parametrize(("one", "other"), CONTRADICTORY)
def test_no_code_is_in_two_lists_that_contradict_each_other(demo: Knowledge, one: str, other: str) -> None:
    assert not set(demo.codelists[one].codes) & set(demo.codelists[other].codes)


def test_no_code_is_read_as_two_different_tests(demo: Knowledge) -> None:
    read = [spec for spec in demo.facts.values() if spec.kind in ("measurement", "category") and spec.codes]
    for one, other in itertools.combinations(read, 2):
        assert one.codes is not None
        assert other.codes is not None
        assert not set(one.codes.codes) & set(other.codes.codes), (one.name, other.name)


def test_an_immunoglobulin_is_ivig_is_not_or_needs_its_route(demo: Knowledge) -> None:
    means = {coding.means for coding in demo.codelists["immunoglobulin"].codes.values()}
    assert means == {"ivig", "iv_route_needed", "not_ivig"}


@pytest.mark.parametrize("code", ["1968-7", "1977-8", "48624-1", "1971-1", "3142-7", "1008-2"])
def test_look_alike_codes_are_in_no_list(demo: Knowledge, code: str) -> None:
    assert not [name for name, listed in demo.codelists.items() if ("http://loinc.org", code) in listed.codes]


def test_every_condition_and_dat_result_has_a_word_for_what_it_means(demo: Knowledge) -> None:
    assert {coding.means for coding in demo.codelists["dat_result"].codes.values()} == {"positive", "negative"}
    phototherapy = {coding.means for coding in demo.codelists["phototherapy"].codes.values()}
    assert phototherapy < set(demo.facts["phototherapy"].categories)


def test_a_system_alias_leads_to_a_system_in_use(demo: Knowledge) -> None:
    for alias, system in demo.system_aliases.items():
        assert alias != system
        assert system in SYSTEMS | {"http://unitsofmeasure.org"}


def test_what_is_asked_of_the_record_holds_every_code_that_is_read(demo: Knowledge) -> None:
    for spec in demo.facts.values():
        if spec.kind in ("measurement", "category") and spec.codes:
            template = demo.queries[spec.query].template
            for system, code in spec.codes.codes:
                assert f"{system}%7C{code}" in template
