"""Three-valued logic: what is met, not met or not known, in every combination and every order."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cds_service.decisions.decide import Answer, answer
from cds_service.decisions.logic import Judge, Result, compare
from cds_service.facts.fact import Baby, Doubt, Fact, Missing, Quantity
from cds_service.knowledge.shapes import Condition, Group, Guidance, Is, Knowledge, Named, Recommendation, Unit
from cds_service.review.babies import AS_OF
from tests.conftest import ReadRecord
from tests.decisions.drawn import OPEN, babies, told_more
from tests.facts.records import GESTATION, GIVEN, measured, record

GUIDELINES = [
    ("hdn", "aap_2022"),
    ("hdn", "baseline"),
    ("hdn", "nice_cg98"),
    ("fnait", "baseline"),
    ("gald", "baseline"),
    ("gald", "nba_au"),
    ("enterovirus", "baseline"),
    ("parvovirus", "baseline"),
    ("covid19", "baseline"),
    ("kawasaki", "baseline"),
]
WORDS = ("all", "any", "none")
YES = {"dat": "positive", "phototherapy": "intensive", "tsb_trend": "rising"}
NO = {"dat": "negative", "phototherapy": "stopped", "tsb_trend": "not_rising"}
MET, NOT_MET, UNKNOWN = Result.MET, Result.NOT_MET, Result.UNKNOWN


def expected(word: str, results: tuple[Result, ...]) -> Result:
    """The tables in plain words: the best case and the worst case, and unknown where they differ."""
    whole = {"all": all, "any": any, "none": lambda items: not any(items)}[word]
    worst = whole([one is MET for one in results])
    best = whole([one is not NOT_MET for one in results])
    if worst == best:
        return MET if worst else NOT_MET
    return UNKNOWN


def names(results: tuple[Result, ...]) -> str:
    return "-".join(one.value for one in results)


def judged(guidance: Guidance, condition: Condition, results: tuple[Result, ...]) -> Result:
    """The result of one condition over three facts, told by which recommendation it leads to."""
    facts: dict[str, Fact | Doubt] = {}
    for name, result in zip(YES, results, strict=True):
        word = {MET: YES[name], NOT_MET: NO[name]}.get(result)
        unknown = Doubt(name, Missing.NOT_OBTAINED, "not sent", (name,))
        facts[name] = Fact(name, word) if word else unknown
    first, last = (
        replace(guidance.recommendations[0], id=name, verdict=verdict, when=when, dose="")
        for name, verdict, when in (("met", "not-yet", condition), ("not_met", "no-sign", Group("all", ())))
    )
    found = answer(_only(guidance, (first, last)), Baby(AS_OF, None, facts))
    return {"met": MET, "not_met": NOT_MET, "needs_information": UNKNOWN}[found.name]


def _only(guidance: Guidance, recommendations: tuple[Recommendation, ...]) -> Guidance:
    return replace(guidance, recommendations=recommendations, statements={}, notes=(), watch=None)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    "results", list(itertools.product(Result, repeat=3)), ids=lambda three: "-".join(one.value for one in three)
)
def test_the_tables_of_all_any_and_none(demo: Knowledge, word: str, results: tuple[Result, ...]) -> None:
    items = tuple(Is(f"{name} is {category}", name, category) for name, category in YES.items())
    assert judged(demo.guidance["hdn", "aap_2022"], Group(word, items), results) is expected(word, results)


@pytest.mark.parametrize(("word", "result"), [("all", MET), ("any", NOT_MET), ("none", MET)])
def test_a_group_of_nothing(demo: Knowledge, word: str, result: Result) -> None:
    assert judged(demo.guidance["hdn", "aap_2022"], Group(word, ()), (UNKNOWN, UNKNOWN, UNKNOWN)) is result


@pytest.mark.parametrize("outer", WORDS)
@pytest.mark.parametrize("inner", WORDS)
def test_groups_inside_groups(demo: Knowledge, outer: str, inner: str) -> None:
    one, two, three = (Is(f"{name} is {category}", name, category) for name, category in YES.items())
    condition = Group(outer, (one, Group(inner, (two, three))))
    for results in itertools.product(Result, repeat=3):
        within = expected(inner, results[1:])
        found = judged(demo.guidance["hdn", "aap_2022"], condition, results)
        assert found is expected(outer, (results[0], within)), results


MG = Unit("mg/dL", "bilirubin", Decimal("17.1"))
UMOL = Unit("umol/L", "bilirubin", Decimal(1))
OPS = {">=": lambda a, b: a >= b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b}


@st.composite
def ranges(draw: st.DrawFn) -> Quantity:
    unit = draw(st.sampled_from((MG, UMOL)))
    steps = sorted(draw(st.lists(st.integers(1, 8), min_size=1, max_size=2)))
    low, high = (Decimal(step) * (Decimal("17.1") / unit.factor) for step in (steps[0], steps[-1]))
    return Quantity(low, high, unit)


@pytest.mark.parametrize("op", OPS)
@given(value=ranges(), line=ranges())
def test_a_comparison_holds_at_both_ends_of_every_range_or_at_none_or_is_unknown(
    op: str, value: Quantity, line: Quantity
) -> None:
    pairs = [
        OPS[op](Fraction(one) * Fraction(value.unit.factor), Fraction(other) * Fraction(line.unit.factor))
        for one in (value.low, value.high)
        for other in (line.low, line.high)
    ]
    wanted = MET if all(pairs) else UNKNOWN if any(pairs) else NOT_MET
    assert compare(value, op, line) is wanted


@pytest.mark.parametrize(
    ("value", "op", "result"),
    [("309.51", ">=", MET), ("309.50", ">=", NOT_MET), ("309.51", ">", NOT_MET), ("309.52", ">", MET)],
)
def test_a_line_in_milligrams_is_met_exactly_at_its_value_in_micromoles(value: str, op: str, result: Result) -> None:
    line = Quantity(Decimal("18.1"), Decimal("18.1"), MG)
    assert compare(Quantity(Decimal(value), Decimal(value), UMOL), op, line) is result


def turned(condition: Condition, draw: st.DataObject) -> Condition:
    """The same condition with the items of every all, any and none in another order."""
    if not isinstance(condition, Group):
        return condition
    items = draw.draw(st.permutations(condition.items)) if condition.items else []
    return Group(condition.word, tuple(turned(item, draw) for item in items))


def told(found: Answer) -> tuple[object, ...]:
    open_ids = [entry.id for entry in found.open]
    return (
        found.verdict,
        found.name,
        found.indicator,
        open_ids,
        sorted(found.needs),
        [note.text for note in found.notes],
    )


@pytest.mark.parametrize("key", GUIDELINES, ids="/".join)
@given(data=st.data())
def test_the_order_inside_all_any_and_none_changes_nothing(
    demo: Knowledge, key: tuple[str, str], data: st.DataObject
) -> None:
    guidance = demo.guidance[key]
    other = replace(
        guidance,
        statements={name: turned(one, data) for name, one in guidance.statements.items()},
        recommendations=tuple(replace(one, when=turned(one.when, data)) for one in guidance.recommendations),
        notes=tuple(replace(one, when=turned(one.when, data)) for one in guidance.notes),
    )
    baby = data.draw(babies(demo, key[0]))
    assert told(answer(other, baby)) == told(answer(guidance, baby))


def texts(condition: Condition, guidance: Guidance) -> list[str]:
    """Every comparison under a condition, in the order of the file."""
    if isinstance(condition, Named):
        return texts(guidance.statements[condition.name], guidance)
    if isinstance(condition, Group):
        return [text for item in condition.items for text in texts(item, guidance)]
    return [condition.text]


@pytest.mark.parametrize("key", GUIDELINES, ids="/".join)
@given(data=st.data())
def test_the_record_shows_every_comparison_up_to_the_answer_also_those_it_did_not_hang_on(
    demo: Knowledge, key: tuple[str, str], data: st.DataObject
) -> None:
    guidance, baby = demo.guidance[key], data.draw(babies(demo, key[0]))
    found = answer(guidance, baby)
    entries = list(guidance.recommendations)
    results = [Judge(guidance, baby).result(entry.when) for entry in entries]
    walked = entries[: results.index(MET) + 1] if MET in results else entries
    shown = list(dict.fromkeys(text for entry in walked for text in texts(entry.when, guidance)))
    assert [one.text for one in found.criteria] == shown


def covered(guidance: Guidance, baby: Baby) -> bool:
    """Whether the tables have a column for this newborn. While the gestation is not known a line is the range over
    all columns; once it is known to lie outside them there is no line at all."""
    weeks = baby.known("gestational_weeks")
    tables = [number.table for number in guidance.numbers.values() if number.table]
    return weeks is None or all(weeks.quantity.low >= table.gestations[0] for table in tables)


@pytest.mark.parametrize("key", GUIDELINES, ids="/".join)
@given(data=st.data())
def test_what_is_met_or_not_met_stays_so_when_more_is_known(
    demo: Knowledge, key: tuple[str, str], data: st.DataObject
) -> None:
    guidance = demo.guidance[key]
    before = data.draw(babies(demo, key[0], OPEN))
    after = data.draw(told_more(before, demo, key[0]))
    assume(covered(guidance, after))
    first, then = answer(guidance, before), answer(guidance, after)
    later = {one.text: one.result for one in then.criteria}
    for one in first.criteria:
        if one.result is not UNKNOWN and one.text in later:
            assert later[one.text] is one.result, one.text
    if first.recommendation is not None:
        assert then.verdict == first.verdict
    gone = [note for note in first.notes if note.unless is None and note not in then.notes]
    assert not gone, "a note that held no longer does"


@pytest.mark.parametrize("key", GUIDELINES, ids="/".join)
@given(data=st.data())
def test_an_answer_is_a_recommendation_or_says_what_is_missing(
    demo: Knowledge, key: tuple[str, str], data: st.DataObject
) -> None:
    found = answer(demo.guidance[key], data.draw(babies(demo, key[0])))
    assert (found.recommendation is None) == (found.verdict == "needs-information")
    if found.recommendation is None:
        assert found.needs
        assert all(name in demo.facts for name in found.needs)


def test_a_gestation_known_only_as_a_limit_does_not_decide_where_the_lines_differ(
    demo: Knowledge, read: ReadRecord
) -> None:
    over = measured(GESTATION, 35, "wk")
    over["valueQuantity"]["comparator"] = ">"
    baby = read(record({**GIVEN, "tsb": "16.6 mg/dL"}, measurements=[over]))
    found = answer(demo.guidance["hdn", "aap_2022"], baby)
    assert (found.verdict, found.needs) == ("needs-information", ("gestational_age",))
