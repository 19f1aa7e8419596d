"""The code lists: no CPT, no code that means two things, every row says how it was checked."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator

import pytest

from cds_service.facts.coded import LOOK_ALIKE, mothers
from cds_service.knowledge.files import PACKAGE
from cds_service.knowledge.shapes import CodeList, Knowledge

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
    ("maternal_itp", "fnait"),
    ("maternal_itp", "neonatal_thrombocytopenia"),
    ("maternal_aiha", "isoimmune_hdn"),
    ("sepsis", "sepsis_prophylaxis"),
    ("sepsis", "toxic_shock"),
    ("sepsis", "enterovirus_disease"),
    ("sepsis", "hsv"),
    ("sepsis", "kawasaki"),
    ("sepsis", "mis_n"),
    ("enterovirus_disease", "hsv"),
    ("enterovirus_disease", "parvovirus_disease"),
    ("mis_n", "covid19"),
    ("mis_n", "kawasaki"),
    ("covid19", "sars_cov_2_exposure"),
    ("gald", "not_gald"),
    ("gald_support", "not_gald"),
    ("kawasaki_signs", "kawasaki"),
    ("antibody_deficiency", "suspected_scid"),
    ("antibody_deficiency", "hypogammaglobulinemia"),
    ("antibody_deficiency", "selective_iga_deficiency"),
    ("hypogammaglobulinemia", "selective_iga_deficiency"),
    ("suspected_scid", "hypogammaglobulinemia"),
    ("suspected_scid", "scid_screen"),
    ("suspected_scid", "t_cell_lymphopenia"),
    ("scid_screen", "t_cell_lymphopenia"),
    ("immunoglobulin_reaction", "immunoglobulin_adverse_effect"),
    ("antibiotic", "diuretic"),
    ("nephrotoxic_drug", "diuretic"),
]
# Filed with a newborn, these are the mother's diagnoses. ICD-10 chapter O is known by its letter.
MOTHERS = {
    ("http://snomed.info/sct", "44795003"),  # rhesus isoimmunization affecting pregnancy
    ("http://snomed.info/sct", "237302001"),  # Kell isoimmunization in pregnancy
    ("http://snomed.info/sct", "32273002"),  # idiopathic thrombocytopenic purpura
    ("http://snomed.info/sct", "2897005"),  # immune thrombocytopenia
    ("http://snomed.info/sct", "128091003"),  # autoimmune thrombocytopenia
    ("http://hl7.org/fhir/sid/icd-10-cm", "D69.3"),
    ("http://hl7.org/fhir/sid/icd-10", "D69.3"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "D59.10"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "D59.11"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "D59.12"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "D59.13"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "D59.19"),
    ("http://hl7.org/fhir/sid/icd-10", "D59.1"),
}
# Wider than any list: only the words beside the code, or another fact, can tell what is meant.
TOO_GENERAL = [
    ("http://hl7.org/fhir/sid/icd-10-cm", "P35.8"),  # other congenital viral diseases
    ("http://hl7.org/fhir/sid/icd-10-cm", "P35.9"),
    ("http://hl7.org/fhir/sid/icd-10", "P35.8"),
    ("http://hl7.org/fhir/sid/icd-10", "E74.1"),  # disorders of fructose metabolism
    ("http://hl7.org/fhir/sid/icd-10", "E72.5"),  # disorders of glycine metabolism
    ("http://hl7.org/fhir/sid/icd-10-cm", "E83.118"),  # other hemochromatosis
    ("http://snomed.info/sct", "399187006"),  # hemochromatosis
    ("http://snomed.info/sct", "20290005"),  # an old reference to fructose intolerance
    ("http://snomed.info/sct", "39579001"),  # anaphylaxis, to anything
    ("http://hl7.org/fhir/sid/icd-10-cm", "T78.2XXA"),
    ("http://hl7.org/fhir/sid/icd-10", "U07.2"),  # COVID-19 without a virus found
    ("http://hl7.org/fhir/sid/icd-10-cm", "D84.9"),  # immunodeficiency, unspecified
    ("http://hl7.org/fhir/sid/icd-10-cm", "Z53.1"),  # refusal for belief, of anything
    ("http://hl7.org/fhir/sid/icd-10-cm", "P29.81"),  # cardiac arrest, filed beside thrombosis
]
# Their facts count how many different things are on record.
COUNTED = {
    "kawasaki_signs": {"conjunctivitis", "oral_changes", "rash", "extremity_changes", "lymphadenopathy"},
    "organ_involvement": {
        *("cardiac", "respiratory", "gastrointestinal", "renal", "neurologic", "hematologic", "hepatic", "shock"),
    },
}


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted((PACKAGE / "codelists").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                yield path.stem, row


def told(codelist: CodeList) -> set[tuple[str, str]]:
    """The codes and phrases that put a record on the list: all but its look-alikes."""
    return {key for key, coding in codelist.codes.items() if coding.means != LOOK_ALIKE}


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
    assert not told(demo.codelists[one]) & told(demo.codelists[other])


@pytest.mark.parametrize(("system", "code"), TOO_GENERAL)
def test_a_code_that_says_too_little_is_in_no_list(demo: Knowledge, system: str, code: str) -> None:
    assert not [name for name, listed in demo.codelists.items() if (system, code) in listed.codes]


def test_the_mothers_codes_stand_only_among_the_look_alikes(demo: Knowledge) -> None:
    for name, listed in demo.codelists.items():
        assert not [key for key in told(listed) if key in MOTHERS or mothers(*key)], name


def test_no_row_stands_twice_in_a_file() -> None:
    seen = [(name, row["system"], row["code"]) for name, row in rows()]
    assert len(seen) == len(set(seen))


def test_every_phrase_is_in_lower_case_and_shown_as_it_is_looked_for() -> None:
    for name, row in rows():
        if row["system"] == "text":
            assert row["code"] == row["code"].lower() == row["display"], (name, row)
            assert row["status"] == "own", (name, row)
            assert " ".join(row["code"].split()) == row["code"], (name, row)


@pytest.mark.parametrize("name", COUNTED)
def test_a_list_whose_meanings_are_counted_has_just_these(demo: Knowledge, name: str) -> None:
    assert {coding.means for coding in demo.codelists[name].codes.values()} - {LOOK_ALIKE} == COUNTED[name]


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
