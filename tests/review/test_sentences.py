"""The words of the pages: every operator, every word of the grammar, every mark, and what markdown would misread."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.knowledge.grammar import Parser
from cds_service.knowledge.shapes import Cite, Comparison, Is, Knowledge, Number, Source
from cds_service.review.sentences import Sentences, cited, plain, status, term

TABLE = "aap2022_exchange_risk"


def source(verified: str, name: str = "made_up") -> Source:
    return Source(name, "Made-up 2026", "A guideline that nobody follows", 2026, verified, "Written for a test.")


def numbers(demo: Knowledge) -> dict[str, Number]:
    read = Cite(source("verified"), "p. 2")
    heard = Cite(source("unverified"), "p. 3")
    mg_dl, days = demo.spellings["bilirubin", "mg/dL"], demo.spellings["time", "d"]
    line = Number(
        "line", mg_dl, read, "the line", None, demo.tables[TABLE], "exchange", "gestational_weeks", "age_at_tsb"
    )
    return {
        "line": line,
        "limit": Number("limit", mg_dl, read, "15 mg/dL", Decimal(15)),
        "oldest": Number("oldest", days, heard, "10 d", Decimal(10)),
    }


@pytest.fixture
def words(demo: Knowledge) -> Sentences:
    return Sentences(demo.facts, numbers(demo))


def said(words: Sentences, demo: Knowledge, raw: Any) -> list[str]:
    parser = Parser("test", demo.facts, demo.codelists, words.numbers, {"isoimmune": "dat is positive"})
    return words.criteria(parser.condition(raw, "when")).splitlines()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("tsb >= line", "- Total serum bilirubin at or above the line *(Made-up 2026, p. 2)* `tsb >= line`"),
        ("tsb > limit", "- Total serum bilirubin above 15 mg/dL *(Made-up 2026, p. 2)* `tsb > limit`"),
        ("tsb <= limit", "- Total serum bilirubin at or below 15 mg/dL *(Made-up 2026, p. 2)* `tsb <= limit`"),
        ("tsb < limit", "- Total serum bilirubin below 15 mg/dL *(Made-up 2026, p. 2)* `tsb < limit`"),
        ("age > oldest", "- Age above 10 days ▲ *(Made-up 2026, p. 3; unverified)* `age > oldest`"),
        ("dat is positive", "- Direct antiglobulin test (DAT) is positive `dat is positive`"),
        ("dat is recorded", "- Direct antiglobulin test (DAT) is on record `dat is recorded`"),
        ("dat is not_recorded", "- No direct antiglobulin test (DAT) is on record `dat is not_recorded`"),
        (
            "tsb is known",
            "- Total serum bilirubin is known (on record and usable; where it is not, it is asked for) `tsb is known`",
        ),
        ("conditions is recorded", "- Active conditions on record: the list was sent `conditions is recorded`"),
        ("tsb_trend is not_rising", "- Trend of bilirubin is not rising `tsb_trend is not_rising`"),
        (
            "phototherapy is intensive",
            "- Phototherapy is intensive (open while the record says only “intensity not stated”) "
            "`phototherapy is intensive`",
        ),
        (
            "conditions in isoimmune_hdn",
            "- Active conditions on record: one or more of the list [*Isoimmune HDN*](code-lists/isoimmune_hdn.md) "
            "`conditions in isoimmune_hdn`",
        ),
        ("isoimmune", "- [Isoimmune](#term-isoimmune) `isoimmune`"),
        ({"none": ["isoimmune"]}, "- Not: [Isoimmune](#term-isoimmune) `isoimmune`"),
        ({"all": ["isoimmune"]}, "- [Isoimmune](#term-isoimmune) `isoimmune`"),
        ({"all": []}, "- Always"),
        ({"any": []}, "- Never"),
        ({"none": []}, "- Always"),
    ],
    ids=str,
)
def test_each_condition_has_its_words(words: Sentences, demo: Knowledge, raw: Any, expected: str) -> None:
    assert said(words, demo, raw) == [expected]


def test_conditions_inside_conditions_are_lists_inside_lists(words: Sentences, demo: Knowledge) -> None:
    inner = {"any": ["isoimmune", {"none": [{"all": ["isoimmune", "dat is recorded"]}]}]}
    assert said(words, demo, {"all": ["isoimmune", inner]}) == [
        "- All of these:",
        "  - [Isoimmune](#term-isoimmune) `isoimmune`",
        "  - At least one of these:",
        "    - [Isoimmune](#term-isoimmune) `isoimmune`",
        "    - None of these:",
        "      - All of these:",
        "        - [Isoimmune](#term-isoimmune) `isoimmune`",
        "        - Direct antiglobulin test (DAT) is on record `dat is recorded`",
    ]


def test_a_fact_that_the_catalogue_lacks_is_said_by_its_name(words: Sentences) -> None:
    compared = Comparison("spleen_size > limit", "spleen_size", ">", words.numbers["limit"])
    assert words.leaf(compared) == "Spleen size above 15 mg/dL *(Made-up 2026, p. 2)* `spleen_size > limit`"
    assert words.leaf(Is("spleen_size is recorded", "spleen_size", "recorded")).startswith("Spleen size is on record")
    assert words.filled("A spleen of {spleen_size}") == "A spleen of ‹spleen size›"


def test_placeholders_are_values_where_they_are_fixed_and_names_where_they_are_not(words: Sentences) -> None:
    text = "**{tsb}** of {line}, over {limit}: {dose}"
    assert words.filled(text) == "**‹total serum bilirubin›** of ‹the line›, over 15 mg/dL: ‹dose›"
    assert words.summary("p*5 {tsb_rate}") == "p\\*5 ‹rate of rise of bilirubin›"


@pytest.mark.parametrize(
    ("verified", "mark", "citation"),
    [
        ("verified", "verified", "*(Made-up 2026, p. 2)*"),
        ("partly verified", "partly verified", "*(Made-up 2026, p. 2)*"),
        ("second-hand", "▲ second-hand", "▲ *(Made-up 2026, p. 2; second-hand)*"),
        ("unverified", "▲ unverified", "▲ *(Made-up 2026, p. 2; unverified)*"),
        ("own", "▲ own, needs sign-off", "▲ *(Made-up 2026, p. 2; needs sign-off)*"),
    ],
)
def test_each_mark_is_seen(verified: str, mark: str, citation: str) -> None:
    assert status(source(verified)) == mark
    assert cited(Cite(source(verified), "p. 2")) == citation


def test_our_own_rule_is_called_so() -> None:
    assert cited(Cite(source("own", "own"), "a_b | c")) == "▲ *(own rule, needs sign-off: a\\_b \\| c)*"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a | b", "a \\| b"),
        ("<b>5</b>", "\\<b\\>5\\</b\\>"),
        ("*5* _6_ ~7~", "\\*5\\* \\_6\\_ \\~7\\~"),
        ("[a](b)", "\\[a\\](b)"),
        ("- one", "\\- one"),
        ("# one", "\\# one"),
        ("1. one", "1\\. one"),
        ("1.8.1", "1.8.1"),
        ("&amp; $x$", "\\&amp; \\$x\\$"),
        ("two\nlines", "two lines"),
        ("a name `of_a_file` stays", "a name `of_a_file` stays"),
        ("one ` alone", "one \\` alone"),
        ("`a|b`", "\\`a\\|b\\`"),
    ],
)
def test_what_markdown_would_misread_is_escaped(text: str, escaped: str) -> None:
    assert plain(text) == escaped


def test_a_term_links_to_its_heading() -> None:
    assert term("no_sign") == "[No sign](#term-no-sign)"
