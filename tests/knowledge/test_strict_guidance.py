"""The loader is strict: a fault in guidance stops it, and it says which file, where, and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.sites import GUIDANCE, fault

OWN = "indications/hdn/own.toml"
LIMIT = 'limit  = {title = "the limit", value = 15, unit = "mg/dL", cite = "p. 2"}'
AAP = "aap2022_exchange_risk"
SPARE_DOSE = '[doses.more]\ncite = "x"\nper = "dosing_weight"\namount = {from = 1, to = 1, unit = "g/kg"}\n[doses.ivig]'


def by_table(
    table: str, column: str, unit: str = "mg/dL", weeks: str = "gestational_weeks", age: str = "age_at_tsb"
) -> str:
    at = f'{{gestation = "{weeks}", age = "{age}"}}'
    return f'limit = {{title = "x", table = "{table}", read = "{column}", unit = "{unit}", cite = "x", at = {at}}}'


def watched(fact: str, rate: str) -> str:
    return f'[watch]\nfact = "{fact}"\nrate = "{rate}"\nlines = ["limit"]\n[doses.ivig]'


@pytest.mark.parametrize(
    ("fact", "rate", "says"),
    [
        ("platelets", "tsb_rate", "platelets is measured as platelets, and not every line is"),
        ("dat", "tsb_rate", "dat is measured as no quantity, and not every line is"),
        ("tsb", "age_at_tsb", "age_at_tsb is measured as time: not the rate of tsb"),
    ],
)
def test_only_a_value_with_its_own_rate_is_watched_against_lines(
    tmp_path: Path, fact: str, rate: str, says: str
) -> None:
    text = GUIDANCE.replace(LIMIT, by_table(AAP, "exchange")).replace("[doses.ivig]", watched(fact, rate))
    assert says in fault(tmp_path, {OWN: text})


def name(text: str) -> str:
    return text[:40].replace("\n", " ")


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        (
            'use        = "Tests."',
            'use = "x"\ncolor = "red"',
            "own.toml: top level",
            "unknown key color; allowed: answer, asks",
        ),
        (
            'verdict = "not-yet"',
            'verdict = "perhaps"',
            "recommend.2.verdict",
            "'perhaps' is not allowed; allowed: recommended",
        ),
        (
            '{indicator = "info", summary = "Not yet"}',
            '{indicator = "red", summary = "x"}',
            "card.indicator",
            "allowed: info",
        ),
        (
            '{indicator = "info", summary = "Not yet"}',
            '{indicator = "info"}',
            "recommend.2.card",
            "'summary' is a required",
        ),
        ('misuse     = "Patients."', "", "top level", "'misuse' is a required"),
        (
            '"tsb >= limit"',
            '"bilirubin >= limit"',
            "high: 'bilirubin >= limit'",
            "fact 'bilirubin' is not known; known: adverse_events",
        ),
        (
            '"tsb >= limit"',
            '"tsb >= ceiling"',
            "high: 'tsb >= ceiling'",
            "number 'ceiling' is not known; known: limit, oldest",
        ),
        ('"tsb >= limit"', '"tsb >= oldest"', "high: 'tsb >= oldest'", "tsb is in mg/dL, oldest in d"),
        ('"tsb >= limit"', '"dat >= limit"', "high: 'dat >= limit'", "dat is not a quantity; use 'is' or 'in'"),
        ('"tsb >= limit"', '"tsb => limit"', "high: 'tsb => limit'", "not understood; write 'fact >= number'"),
        (
            '"dat is positive"',
            '"dat is blue"',
            "isoimmune: 'dat is blue'",
            "dat can be ['known', 'negative', 'not_recorded'",
        ),
        (
            '"dat is positive"',
            '"conditions in nothing"',
            "isoimmune",
            "code list 'nothing' is not known; known: afp",
        ),
        ('"dat is positive"', '"dat in fnait"', "isoimmune: 'dat in fnait'", "dat is no set of conditions"),
        ('"dat is positive"', '"sick"', "isoimmune: 'sick'", "statement 'sick' is not known; known: high, isoimmune"),
        ('"dat is positive"', '"isoimmune"', "own.toml: isoimmune", "the statement leads back to itself"),
        (
            '"dat is positive"',
            '{any = ["high", "dat is positive"]}\nspare = "dat is negative"',
            "own.toml",
            "statement spare is defined but not used",
        ),
        (
            "[statements]",
            'spare = {value = 1, unit = "d", cite = "x"}\n[statements]',
            "own.toml",
            "number spare is defined but not used",
        ),
        ("[doses.ivig]", SPARE_DOSE, "own.toml", "dose more is defined but not used"),
        (
            "from = 0.7, to = 0.7",
            "from = 0.7, to = 1.6",
            "own.toml: doses.ivig",
            "outside the hard limits 0.2-1.5 g/kg",
        ),
        (
            "from = 0.7, to = 0.7",
            "from = 0.1, to = 0.7",
            "own.toml: doses.ivig",
            "outside the hard limits 0.2-1.5 g/kg",
        ),
        ("from = 0.7, to = 0.7", "from = 0.9, to = 0.7", "own.toml: doses.ivig", "must rise from above zero"),
        ('unit = "g/kg"', 'unit = "mg/kg"', "doses.ivig.amount.unit", "'mg/kg' is not allowed; allowed: g/kg"),
        ('dose    = "ivig"', "", "own.toml: give", "verdict recommended needs a dose"),
        (
            'verdict = "not-yet"',
            'verdict = "not-yet"\ndose = "ivig"',
            "own.toml: wait",
            "verdict not-yet may not have a dose",
        ),
        ('dose    = "ivig"', 'dose = "iv"', "own.toml: give", "dose 'iv' is not known; known: ivig"),
        (
            "Give {dose}: bilirubin {tsb}",
            "Give {much}: bilirubin {tsb}",
            "own.toml: give",
            "{much} is not known; known: adverse_events",
        ),
        ('summary = "Not yet"', 'summary = "Not yet {dose}"', "own.toml: wait", "{dose} is not known; known:"),
        ('summary = "Not yet"', 'summary = "Not yet {}"', "own.toml: wait", "{} is not known; known:"),
        ('id      = "wait"', 'id = "give"', "own.toml", "two recommendations share an id"),
        ('source     = "made_up"', 'source = "nobody"', "own.toml", "source 'nobody' is not known; known: aap22tr"),
        (
            'cite    = "p. 3"',
            'cite = {source = "nobody", place = "x"}',
            "own.toml: wait",
            "source 'nobody' is not known",
        ),
        (
            'value = 10, unit = "d"',
            'value = 10, unit = "fortnight"',
            "numbers.oldest",
            "unit 'fortnight' is not known; known: ",
        ),
        ("value = 15", "value = inf", "numbers.limit", "not a finite number"),
        ('indication = "hdn"', 'indication = "fnait"', "own.toml", "name and place must agree"),
        ('guideline  = "own"', 'guideline = "other"', "own.toml", "name and place must agree"),
        (
            LIMIT,
            by_table("nothing", "exchange"),
            "numbers.limit",
            "table 'nothing' is not known; known: aap2022_exchange_risk",
        ),
        (LIMIT, by_table(AAP, "x"), "numbers.limit", "column 'x' is not known; known: escalation_of_care"),
        (LIMIT, by_table(AAP, "exchange", "umol/L"), "numbers.limit", "the table is in mg/dL, not umol/L"),
        (LIMIT, by_table(AAP, "exchange", age="x"), "numbers.limit", "fact 'x' is not known; known:"),
        (LIMIT, by_table(AAP, "exchange", age="age"), "numbers.limit", "age: the table's age must be a fact in h"),
        (
            LIMIT,
            by_table(AAP, "exchange", weeks="age_at_tsb"),
            "numbers.limit",
            "age_at_tsb: the table's gestation must be a fact in wk",
        ),
        ('"dat is positive"', '"birth_date is recorded"', "isoimmune", "birth_date only names what to ask for"),
        ("[doses.ivig]", watched("tsb", "tsb_rate"), "own.toml: watch", "limit is a constant"),
        ("[numbers]", "[numbers", "own.toml", "not valid TOML"),
        (
            'guideline  = "own"',
            'guideline = "own"\nguideline = "own"',
            "own.toml",
            "not valid TOML: Cannot overwrite a value",
        ),
    ],
    ids=name,
)
def test_a_fault_in_a_guidance_file_stops_the_load(tmp_path: Path, old: str, new: str, place: str, says: str) -> None:
    assert old in GUIDANCE
    message = fault(tmp_path, {OWN: GUIDANCE.replace(old, new)})
    assert "own.toml" in message
    assert place in message
    assert says in message


@pytest.mark.parametrize(
    "text",
    [
        GUIDANCE.replace(LIMIT, by_table(AAP, "exchange", weeks="dat")),
        GUIDANCE.replace("Not yet", "Not yet {tsb:weeks}"),
    ],
    ids=["gestation read from a word", "placeholder with a format"],
)
def test_what_cannot_be_judged_or_filled_in_stops_the_load(tmp_path: Path, text: str) -> None:
    fault(tmp_path, {OWN: text})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("value = 10,", "value = 10, color = 1,", "unknown key color; allowed:"),
        ('{all = ["isoimmune", "high"]}\ndose', '{every = ["high"]}\ndose', "all, any, none"),
    ],
    ids=["number", "condition"],
)
def test_a_fault_inside_a_number_or_condition_says_what_is_allowed(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in GUIDANCE
    assert says in fault(tmp_path, {OWN: GUIDANCE.replace(old, new)})
