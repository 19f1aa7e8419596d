"""What is unverified drives no more than a warning; what one source alone says is recognized, and excludes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cds_service.knowledge.load import load_knowledge, shipped_sites
from cds_service.knowledge.shapes import CodeList, Condition, Group, In, Knowledge, Named
from tests.knowledge.sites import FILES, GUIDANCE, SOURCES, fault, write_files

OWN = "indications/hdn/own.toml"
RUMOR = (
    SOURCES.replace("[made_up]", "[rumor]").replace("Made-up 2026", "Rumor 2026").replace('"verified"', '"unverified"')
)
BOTH = {"sources.toml": f"{SOURCES}\n{RUMOR}"}
WARNING, CRITICAL = 'indicator = "warning", summary = "Give', 'indicator = "critical", summary = "Give'
LIMIT = 'value = 15, unit = "mg/dL", cite = "p. 2"'
HEARD = 'value = 15, unit = "mg/dL", source = "rumor", cite = "p. 2"'
CITE = 'cite    = "p. 2"\ntext    = "a positive DAT and a high bilirubin"'
HEARD_CITE = 'cite    = {source = "rumor", place = "p. 2"}\ntext    = "a positive DAT and a high bilirubin"'
NOTE = """
[[note]]
when      = "high"
text      = "High."
cite      = {cite}
indicator = "{indicator}"
summary   = "High"
"""
RULES = """\
title  = "Made-up rules"
source = "made_up"
answer = "all"

[numbers]
line = {{value = 15, unit = "mg/dL", source = "{source}", cite = "p. 7"}}

[statements]
high = "tsb >= line"

[[rule]]
id      = "made_up"
level   = "{level}"
cite    = {cite}
when    = {{all = ["high"]}}
summary = "High"
text    = "High."
"""
FIGURED = """\
[facts.dosing_weight]
title   = "dosing weight"
kind    = "formula"
formula = "dosing_weight"
of      = ["body_weight", "birth_weight", "age", "gestational_weeks"]
unit    = "kg"
decimals = 3
fresh_first_week = {value = 24, unit = "h", source = "own", cite = "x"}
fresh_later      = {value = 72, unit = "h", source = "own", cite = "x"}
first_week       = {value = 7, unit = "d", source = "own", cite = "x"}
oldest           = {value = 168, unit = "h", source = "rumor", cite = "heard"}
first_day        = {value = 24, unit = "h", source = "own", cite = "x"}
low_unusual      = {value = 0.7, unit = "1", source = "own", cite = "x"}
high_unusual     = {value = 1.3, unit = "1", source = "own", cite = "x"}
low_refused      = {value = 0.5, unit = "1", source = "own", cite = "x"}
high_refused     = {value = 1.5, unit = "1", source = "own", cite = "x"}
low_of_birth     = {value = 0.85, unit = "1", source = "own", cite = "x"}
high_of_birth    = {value = 1.6, unit = "1", source = "own", cite = "x"}
growth           = {value = 1.6, unit = "1", source = "own", cite = "x"}
one_day          = {value = 24, unit = "h", source = "own", cite = "x"}
apart            = {value = 20, unit = "%", source = "own", cite = "x"}
asks    = "a weight"
"""
OF_WEIGHT = """\
title  = "Made-up rules"
source = "made_up"
answer = "all"

[numbers]
heavy = {{value = 5, unit = "kg", cite = "p. 7"}}

[[rule]]
id      = "made_up"
level   = "{level}"
cite    = "p. 7"
when    = "dosing_weight > heavy"
summary = "Heavy"
text    = "Heavy."
"""


def changed(*pairs: tuple[str, str]) -> dict[str, str]:
    """The made-up guidance with these replaced, and both sources."""
    text = GUIDANCE
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return BOTH | {OWN: text}


def loads(folder: Path, files: Mapping[str, str]) -> Knowledge:
    return load_knowledge(write_files(folder / "own_site", FILES | dict(files)))


def note(cite: str, indicator: str) -> tuple[str, str]:
    return "[doses.ivig]", NOTE.format(cite=cite, indicator=indicator) + "\n[doses.ivig]"


REFUSED = {
    "citation": changed((WARNING, CRITICAL), (CITE, HEARD_CITE)),
    "limit": changed((WARNING, CRITICAL), (LIMIT, HEARD)),
    "note": changed(note('{source = "rumor", place = "p. 9"}', "critical")),
    "limit of a note": changed((LIMIT, HEARD), note('"p. 9"', "critical")),
    "rule": BOTH
    | {"safety/own.toml": RULES.format(source="made_up", level="block", cite='{source = "rumor", place = "x"}')},
    "limit of a rule": BOTH | {"safety/own.toml": RULES.format(source="rumor", level="block", cite='"p. 7"')},
    "figure of a fact": BOTH | {"facts.toml": FIGURED, "safety/own.toml": OF_WEIGHT.format(level="block")},
}
ALLOWED = {
    "citation": changed((CITE, HEARD_CITE)),
    "limit": changed((LIMIT, HEARD)),
    "note": changed(note('{source = "rumor", place = "p. 9"}', "warning")),
    "critical and verified": changed((WARNING, CRITICAL), note('"p. 9"', "critical")),
    "rule": BOTH
    | {"safety/own.toml": RULES.format(source="rumor", level="warn", cite='{source = "rumor", place = "x"}')},
    "rule for information": BOTH | {"safety/own.toml": RULES.format(source="rumor", level="info", cite='"p. 7"')},
    "block and verified": BOTH | {"safety/own.toml": RULES.format(source="made_up", level="block", cite='"p. 7"')},
    "figure of a fact": BOTH | {"facts.toml": FIGURED, "safety/own.toml": OF_WEIGHT.format(level="warn")},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_unverified_drives_no_critical_card(tmp_path: Path, name: str) -> None:
    assert "may not drive more than a warning" in fault(tmp_path, REFUSED[name])


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_unverified_may_drive_a_warning(tmp_path: Path, name: str) -> None:
    assert loads(tmp_path, ALLOWED[name]).sources["rumor"].verified == "unverified"


def test_dose_limits_are_not_unverified_since_what_is_outside_is_refused(tmp_path: Path) -> None:
    limits = """\
[hdn]
usual = {from = 0.5, to = 1, unit = "g/kg"}
warn  = {from = 0.4, to = 1, unit = "g/kg"}
hard  = {from = 0.2, to = 1.5, unit = "g/kg"}
source = "rumor"
cite  = "heard"
"""
    assert "an unverified source may not set limits" in fault(tmp_path, BOTH | {"dose_limits.toml": limits})
    assert loads(tmp_path / "well", BOTH | {"dose_limits.toml": limits.replace("rumor", "made_up")})


def test_nothing_critical_that_is_shipped_rests_on_what_is_unverified() -> None:
    """The loader refuses it: every site of the package loads."""
    assert {load_knowledge(site).site.name for site in shipped_sites()} == set(shipped_sites())


EXCLUDES = ("out-of-scope", "not-indicated", "not-recommended")
GIVES = ("recommended", "consider")


def lists_in(
    condition: Condition, statements: Mapping[str, Condition], *, denied: bool = False
) -> Iterator[tuple[CodeList, bool]]:
    """Every code list that a condition asks for, and whether it holds where nothing of the list is on record. What the
    record itself refutes is taken back by the record, not by the code."""
    if isinstance(condition, In):
        if condition.fact != "refuted_conditions":
            yield condition.codelist, denied
    elif isinstance(condition, Named):
        yield from lists_in(statements[condition.name], statements, denied=denied)
    elif isinstance(condition, Group):
        for item in condition.items:
            yield from lists_in(item, statements, denied=denied != (condition.word == "none"))


def excluding(knowledge: Knowledge) -> Iterator[tuple[str, str, CodeList]]:
    """(file, which, list) wherever something on a list takes IVIG away or silences a rule."""
    for guidance in knowledge.guidance.values():
        for entry in guidance.recommendations:
            for codelist, denied in lists_in(entry.when, guidance.statements):
                if (entry.verdict in EXCLUDES and not denied) or (entry.verdict in GIVES and denied):
                    yield guidance.file, entry.id, codelist
        for one in guidance.notes:
            for codelist, denied in lists_in(one.unless, guidance.statements) if one.unless else ():
                if not denied:
                    yield guidance.file, "note", codelist
    for file in knowledge.safety:
        for rule in file.rules:
            for codelist, denied in lists_in(rule.unless, file.statements) if rule.unless else ():
                if not denied:
                    yield file.file, rule.id, codelist


def single(codelist: CodeList, *, phrases: bool) -> bool:
    """Whether every row of a list rests on a single source; `phrases` are our own words, which are no source."""
    rows = [one for one in codelist.codes.values() if phrases or one.system != "text"]
    return bool(rows) and all(one.status == "single source" for one in rows)


def test_no_guidance_excludes_by_a_list_of_single_source_rows_alone() -> None:
    for site in shipped_sites():
        found = {
            (file, which, one.name) for file, which, one in excluding(load_knowledge(site)) if single(one, phrases=True)
        }
        assert found == set(), site


# Antibiotics on order make it a matter of sepsis, for which IVIG is advised against. No recommendation that gives IVIG
# comes after it, so nothing is taken away.
KNOWN = {("indications/sepsis/baseline.toml", "antibiotics_alone", "antibiotic")}


def test_of_lists_whose_codes_are_single_source_only_this_one_excludes_and_takes_nothing_away() -> None:
    for site in shipped_sites():
        knowledge = load_knowledge(site)
        found = {(file, which, one.name) for file, which, one in excluding(knowledge) if single(one, phrases=False)}
        assert found <= KNOWN, site
        for file, which, _ in found:
            (guidance,) = (one for one in knowledge.guidance.values() if one.file == file)
            ids = [one.id for one in guidance.recommendations]
            after = guidance.recommendations[ids.index(which) + 1 :]
            assert not {one.verdict for one in after} & set(GIVES)


def test_the_checks_above_find_what_they_look_for(demo: Knowledge) -> None:
    found = {(which, one.name) for _, which, one in excluding(demo)}
    assert ("antibiotics_alone", "antibiotic") in found
    assert len(found) > 10
    assert any(single(one, phrases=False) for one in demo.codelists.values())
