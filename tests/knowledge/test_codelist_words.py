"""The phrases of the code lists: each is reachable, and says in a sentence what a reader would take it to say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cds_service.facts.coded import LOOK_ALIKE, CodedReader
from cds_service.facts.words import FOUND, PhraseLists, Phrases, tokens
from cds_service.knowledge.shapes import CodeList, Knowledge

BRITISH = (
    *(("hemoly", "haemoly"), ("anemia", "anaemia"), ("bacteremia", "bacteraemia"), ("septicemia", "septicaemia")),
    *(("ischemi", "ischaemi"), ("globulinemia", "globulinaemia"), ("prolinemia", "prolinaemia")),
    *(("volemi", "volaemi"), ("glycemia", "glycaemia"), ("cythemia", "cythaemia"), ("hemochroma", "haemochroma")),
    *(("hemophago", "haemophago"), ("diarrhea", "diarrhoea"), ("cesarean", "caesarean"), ("pediatric", "paediatric")),
    *(("necrotizing", "necrotising"), ("hyperemia", "hyperaemia"), ("leukemia", "leukaemia")),
)


def stands_in(codelist: CodeList, text: str) -> bool | None:
    """Whether a condition of these words is on the list; None where it is only suspected."""
    reader = CodedReader("Condition", [codelist], lambda system: system)
    found = reader.entries([{"code": {"text": text}}], datetime(2026, 11, 20, tzinfo=UTC), UTC, {})
    return None if found and found[0].uncertain else bool(found)


def test_every_phrase_is_found_where_it_stands_alone(demo: Knowledge) -> None:
    for name, listed in demo.codelists.items():
        phrases = Phrases(listed) if listed.texts else None
        for text, coding in listed.texts.items():
            assert phrases
            words = tokens(text)
            assert phrases.match(words) == ([coding.means], [FOUND] * len(words)), (name, text)


def test_all_lists_at_once_find_what_each_list_finds_alone(demo: Knowledge) -> None:
    listed = [one for one in demo.codelists.values() if one.texts]
    together, alone = PhraseLists(demo.codelists.values()), [(one.name, Phrases(one)) for one in listed]
    texts = [text for one in listed for text in one.texts]
    for text, other in zip(texts, texts[len(texts) // 2 :] + texts, strict=False):
        words = tokens(f"no {text}, suspected {other} of the newborn")
        found = [(name, *phrases.match(words)) for name, phrases in alone]
        assert list(together.match(words)) == [one for one in found if one[1]], text


def test_no_two_phrases_of_a_list_are_the_same_words(demo: Knowledge) -> None:
    for name, listed in demo.codelists.items():
        read = [tuple(tokens(text)) for text in listed.texts]
        assert len(read) == len(set(read)), name


def test_every_look_alike_phrase_holds_a_phrase_that_it_takes_back(demo: Knowledge) -> None:
    belief = {text for text in demo.codelists["blood_refusal"].texts if "jehovah" in text}
    for name, listed in demo.codelists.items():
        plain = CodeList(name, {}, {text: c for text, c in listed.texts.items() if c.means != LOOK_ALIKE})
        for text in listed.texts.keys() - plain.texts.keys() - belief:
            assert Phrases(plain).means(tokens(text)), (name, text)


def test_a_phrase_in_american_spelling_is_found_in_british_too(demo: Knowledge) -> None:
    for name, listed in demo.codelists.items():
        phrases = Phrases(listed) if listed.texts else None
        for text, coding in listed.texts.items():
            twin = text
            for american, british in BRITISH:
                twin = twin.replace(american, british)
            assert phrases
            assert phrases.means(tokens(twin)) == [coding.means], (name, text)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("maternal_itp", "Infant of mother with ITP", True),
        ("maternal_itp", "ITP", False),
        ("maternal_itp", "Sibling with ITP", False),
        ("maternal_aiha", "Maternal autoimmune haemolytic anaemia", True),
        ("sepsis", "Coagulase-negative staphylococcal sepsis", True),
        ("sepsis", "Culture-negative sepsis", True),
        ("sepsis", "Neonatal sepsis, gram negative", True),
        ("sepsis", "Observation for suspected sepsis", None),
        ("sepsis", "Sepsis-like illness", False),
        ("sepsis", "Enteroviral meningitis", False),
        ("sepsis", "Late-onset sepsis prophylaxis", False),
        ("sepsis_prophylaxis", "Late-onset sepsis prophylaxis", True),
        ("toxic_shock", "Toxic shock syndrome-like exanthematous disease", False),
        ("enterovirus_disease", "Rhinovirus/enterovirus on a panel", False),
        ("hepatitis", "Hepatitis B exposure", False),
        ("red_cell_aplasia", "Congenital pure red cell aplasia", False),
        ("covid19", "COVID-19 in mother", False),
        ("sars_cov_2_exposure", "COVID-19 in mother", True),
        ("gald", "Previous sibling with neonatal haemochromatosis", False),
        ("gald_support", "Previous sibling with neonatal haemochromatosis", True),
        ("gald_support", "Oligohydramnios in pregnancy", True),
        ("kawasaki_signs", "Non-exudative conjunctivitis", True),
        ("kawasaki_signs", "Purulent conjunctivitis", False),
        ("fever", "Maternal fever", False),
        ("antibody_deficiency", "Positive SCID newborn screen", False),
        ("suspected_scid", "Positive SCID newborn screen", False),
        ("scid_screen", "Positive SCID newborn screen", True),
        ("scid_screen", "Low TRECs on newborn screen", True),
        ("scid_screen", "Newborn screen normal", False),
        ("t_cell_lymphopenia", "Severe T-cell lymphopenia", True),
        ("suspected_scid", "Suspected SCID", True),
        ("iga_deficiency", "Low IgA", False),
        ("immunoglobulin_allergy", "Hepatitis B immune globulin", True),
        ("immunoglobulin_allergy", "Rabbit immune globulin", False),
        ("immunoglobulin_reaction", "History of anaphylaxis to IVIG", True),
        ("immunoglobulin_reaction", "Mother had anaphylaxis to IVIG", False),
        ("immunoglobulin_reaction", "Mild reaction to IVIG", False),
        ("fructose_intolerance", "Family history of hereditary fructose intolerance", True),
        ("antibiotic", "Erythromycin ophthalmic ointment", False),
        ("nephrotoxic_drug", "Tobramycin eye drops", False),
        ("central_line", "UVC in situ", True),
        ("central_line", "UVC removed", False),
        ("patent_ductus", "PDA ligation", False),
        ("prematurity", "Preterm premature rupture of membranes", False),
        ("exchange_transfusion", "Partial exchange transfusion", False),
        ("blood_refusal", "Jehovah's Witness", False),
        ("blood_refusal", "Declined blood transfusion", True),
        ("blood_refusal", "No blood products given", False),
    ],
)
def test_words_put_a_condition_on_a_list_or_not(demo: Knowledge, name: str, text: str, found: bool | None) -> None:
    assert stands_in(demo.codelists[name], text) is found
