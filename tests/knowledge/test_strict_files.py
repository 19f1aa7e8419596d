"""The loader is strict: a fault in any other file stops it, and it says which file, where, and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.errors import KnowledgeError
from cds_service.facts.gather import FactReader
from cds_service.fhir.prefetch import collect
from cds_service.knowledge.giving import PRODUCT_COLUMNS
from cds_service.knowledge.load import load_knowledge
from cds_service.review.babies import AS_OF, PATIENT, prefetch
from tests.facts.records import GIVEN
from tests.knowledge.sites import FILES, GUIDANCE, SITE, fault, write_files

OWN = "indications/hdn/own.toml"
CODES = "system,code,display,means,status,source\n"
UNITS = "quantity,unit,factor,spelling,status,source\n"
TABLE = """\
title = "x"
source = "own"
cite = "x"
unit = "mg/dL"
quantity = "bilirubin"
columns = ["level"]
between = "step"
level_after_last = true
show_at = [35]
how = "x"
"""


def window(unit: str) -> str:
    """A bilirubin that is stale after half of one of these."""
    return f"""[facts.tsb]
title = "total serum bilirubin"
kind = "measurement"
query = "bilirubin"
codes = "bilirubin_total_serum"
unit = "mg/dL"
quantity = "bilirubin"
time = "minute"
window = {{value = 0.5, unit = "{unit}", source = "made_up", cite = "p. 1"}}
asks = "a total serum bilirubin"
"""


def limits(usual: str = "0.6", warn: str = "0.6", hard: str = "0.5", unit: str = "g/kg") -> str:
    """Dose limits from these figures up to 1 g/kg."""
    ranges = {"usual": usual, "warn": warn, "hard": hard}
    lines = [f'{key} = {{from = {low}, to = 1, unit = "{unit}"}}' for key, low in ranges.items()]
    return "\n".join(["[hdn]", *lines, 'source = "made_up"', 'cite = "p. 1"', ""])


def product(steps: str = "0.5", sorbitol: str = "no", iga: str = "low") -> str:
    """A product whose maximum is 4 mg/kg/min."""
    row = f"made_up,Octagam 5%,nowhere,0.05,5,{steps},,30,4,{sorbitol},no,no,no,{iga},from birth,none,made_up,p. 9"
    return ",".join(PRODUCT_COLUMNS) + f"\n{row}\n"


def name(text: str) -> str:
    return text[:40].replace("\n", " ")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title     = "Made-up hospital"', 'title = "x"\nmotto = "x"', "unknown key motto; allowed: follow, product"),
        ('title     = "Made-up hospital"', 'title = "x"\ntitle = "y"', "not valid TOML"),
        ("Europe/Berlin", "Europe/Nowhere", "'Europe/Nowhere' is no time zone of the tz database"),
        ("Europe/Berlin", "../../etc/passwd", "is no time zone of the tz database"),
        ("privigen_10_eu", "privigen", "product 'privigen' is not known; known: alyglo_10"),
        ("privigen_10_eu", "flebogamma_5", "contains sorbitol: contraindicated under 2 years of age"),
        ("privigen_10_eu", "octagam_5", "the infusion rates of Octagam 5% are not verified"),
        (
            'guideline  = "own"',
            'guideline = "nothing"',
            "no guidance hdn/nothing; there is: ",
        ),
        ('"nice_cg98"', '"nothing"', "no guidance hdn/nothing; there is:"),
        ('indication = "hdn"', 'indication = "nec"', "no guidance nec/own; there is:"),
        (
            "[[follow]]",
            '[[follow]]\nindication = "hdn"\nguideline = "own"\n[[follow]]',
            "an indication is followed twice",
        ),
        ("[[follow]]", "[[follows]]", "unknown key follows; allowed: follow"),
    ],
    ids=name,
)
def test_a_fault_in_a_site_file_stops_the_load(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in SITE
    message = fault(tmp_path, {"site.toml": SITE.replace(old, new)})
    assert "site.toml" in message
    assert says in message


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        (
            "codelists/extra.csv",
            CODES + "http://www.ama-assn.org/go/cpt,1,x,,own,x\n",
            "extra.csv:2: CPT codes may not",
        ),
        ("codelists/extra.csv", CODES + "http://loinc.org,1,x,,,x\n", "extra.csv:2: system, code, display and status"),
        ("codelists/extra.csv", CODES + "http://loinc.org,1,x\n", "extra.csv:2: the row has more or fewer cells"),
        (
            "codelists/extra.csv",
            "system,code\nhttp://loinc.org,1\n",
            "extra.csv: columns are ['system', 'code']; allowed:",
        ),
        ("codelists/dat_result.csv", CODES + "http://snomed.info/sct,10828004,x,negative,own,x\n", "has two meanings"),
        ("units.csv", UNITS + "bilirubin,mg/dL,17.2,mg/dL,own,x\n", "units.csv:2: mg/dL has two meanings"),
        ("units.csv", UNITS + "bilirubin,umol/L,1,mg/dL,own,x\n", "units.csv:2: spelling 'mg/dL' has two meanings"),
        ("units.csv", UNITS + "bilirubin,x,much,x,own,x\n", "units.csv:2: 'much' is not a number"),
        ("units.csv", UNITS + "bilirubin,x,nan,x,own,x\n", "units.csv:2: 'nan' is not a finite number"),
        ("sources.toml", FILES["sources.toml"].replace("made_up", "aap_2022"), "this source is already defined"),
        (
            "indications/hdn/aap_2022.toml",
            GUIDANCE.replace('"own"', '"aap_2022"'),
            "this guidance exists in the package",
        ),
        (
            "indications/nec/own.toml",
            GUIDANCE.replace('"hdn"', '"nec"'),
            "indication 'nec' is not known; known: covid19",
        ),
        ("monitoring/hdn.toml", '[[before]]\ntext = "x"\n', "hdn.toml: before.0: 'cite' is a required"),
        ("dose_limits.toml", "[hdn]\n", "dose_limits.toml: hdn: 'warn' is a required"),
        ("dose_limits.toml", limits(usual="0.5"), "dose_limits.toml: hdn: each range must lie in the next wider"),
        ("dose_limits.toml", limits(hard="0.9"), "dose_limits.toml: hdn: each range must lie in the next wider"),
        ("dose_limits.toml", limits(unit="mg/kg"), "dose_limits.toml: hdn: limits are in g/kg, not in mg/kg"),
        ("products.csv", product(sorbitol="yes (unverified)"), "products.csv:2: sorbitol is 'yes (unverified)'"),
        ("products.csv", product(iga="little"), "products.csv:2: iga is 'little'; it can be very_low, low"),
        ("products.csv", product(steps=""), "products.csv:2: steps and maximum rate go together"),
        ("products.csv", product(steps="4"), "products.csv:2: the steps must rise and end below the maximum rate"),
        (
            "facts.toml",
            '[facts.tsb]\ntitle = "x"\nkind = "guess"\nasks = "x"\n',
            "'guess' is not allowed; allowed: measurement",
        ),
        ("facts.toml", window("kg"), "facts.toml: tsb.window: kg is no unit of time"),
        ("signoffs.toml", '[[signoff]]\nfile = "x"\n', "signoffs.toml: signoff.0: 'sha256' is a required"),
    ],
    ids=name,
)
def test_a_fault_in_any_other_file_stops_the_load(tmp_path: Path, file: str, text: str, says: str) -> None:
    message = fault(tmp_path, {file: text})
    assert file.rpartition("/")[2] in message
    assert says in message


def test_a_table_whose_ages_do_not_rise_stops_the_load(tmp_path: Path) -> None:
    rows = "gestation_weeks,age_hours,level\n35,2,12\n35,1,13\n"
    assert "x.csv: level at 35 weeks: ages must rise" in fault(tmp_path, {"tables/x.toml": TABLE, "tables/x.csv": rows})


def test_a_table_that_leaves_out_a_week_stops_the_load(tmp_path: Path) -> None:
    rows = "gestation_weeks,age_hours,level\n34,2,12\n36,2,13\n"
    assert "x.csv: level: a week of gestation is left out" in fault(
        tmp_path, {"tables/x.toml": TABLE, "tables/x.csv": rows}
    )


def test_a_table_without_one_of_its_columns_stops_the_load(tmp_path: Path) -> None:
    rows = "gestation_weeks,age_hours,other\n35,2,12\n"
    assert "x.csv: column level is missing; there are" in fault(
        tmp_path, {"tables/x.toml": TABLE, "tables/x.csv": rows}
    )


def test_a_folder_that_is_no_site_says_which_sites_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        KnowledgeError,
        match=r"no site\.toml there; give a folder, or one of: dale, demo, .*, river",
    ):
        load_knowledge(str(tmp_path))


@pytest.mark.parametrize(
    "files",
    [
        {OWN: GUIDANCE.replace("Not yet", "Not yet {tsb")},
        {OWN: GUIDANCE.replace("Not yet", "Not yet }")},
        {"site.toml": SITE.replace("Europe/Berlin", "America")},
        {"tables/x.toml": TABLE},
        {"tables/x.toml": TABLE, "tables/x.csv": "gestation_weeks,age_hours,level\n35,one,12\n"},
    ],
    ids=["open brace", "closing brace", "folder of time zones", "table without rows", "age in words"],
)
def test_a_fault_is_told_and_not_thrown(tmp_path: Path, files: dict[str, str]) -> None:
    fault(tmp_path, files)


@pytest.mark.parametrize(("unit", "stale"), [("h", True), ("d", False)])
def test_a_length_of_time_may_be_in_any_unit_of_time(tmp_path: Path, unit: str, stale: bool) -> None:
    knowledge = load_knowledge(write_files(tmp_path / "own_site", FILES | {"facts.toml": window(unit)}))
    drawn = prefetch({**GIVEN, "tsb_drawn": "6 h"})
    baby = FactReader(knowledge).read(collect(drawn, ("patient", *knowledge.queries), PATIENT), AS_OF, {})
    assert (baby.known("tsb") is None) is stale
