"""Text from the record makes no link, image, HTML, list or table of its own, wherever on a card it lands."""

from __future__ import annotations

import copy
import unicodedata
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.cards.text import escape
from cds_service.hooks.service import Answerer
from tests.fuzz.effort import EFFORT, STEADY
from tests.fuzz.hostile import HOSTILE, MARK, PIECES, texts
from tests.fuzz.mutations import SERVICES, Json, real_calls
from tests.fuzz.rendered import elements, shape
from tests.hooks.calls import answered

OURS = {"p", "strong", "em", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
AROUND = (
    "{}",
    "- {}",
    "- a {} b",
    "a ({}), b",
    "**a** {}: b",
    "| a |\n|---|\n| {} |",
    "a\n\n- b\n- {}\n\nc",
    "**a {}.** b",
)
# What no plain text may hold: controls, surrogates, and what turns text around or hides in it.
NEVER_SHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@settings(max_examples=300 * EFFORT, derandomize=STEADY)
@given(text=HOSTILE | st.text(max_size=40), around=st.sampled_from(AROUND))
@example(text="1. zq", around="{}")
@example(text="- zq", around="- {}")
def test_escaped_text_changes_nothing_around_it(text: str, around: str) -> None:
    escaped = escape(text)
    assert shape(around.format(escaped or "x")) == shape(around.format("x"))
    assert not {unicodedata.category(one) for one in escaped} & NEVER_SHOWN


@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_each_hostile_piece_is_shown_as_text(piece: str) -> None:
    for around in AROUND:
        assert shape(around.format(escape(piece) or "x")) == shape(around.format("x"))


def test_the_renderer_would_show_it() -> None:
    """The same pieces, not escaped, do become elements: the tests above can fail."""
    raw = {name for piece in PIECES for name, _ in elements(f"x\n\n{piece}\n")}
    assert {"a", "img", "b", "code", "pre", "del", "h1", "h2", "ol", "input", "blockquote", "hr", "table"} <= raw


def markdown_faults(card: Json) -> list[str]:
    found = elements(card["detail"])
    return [
        *(f"{name}: {text[:80]!r}" for name, text in found if name not in OURS),
        *(
            f"{name} of the record: {text[:80]!r}"
            for name, text in found
            if name in ("strong", "em") and text.lower().startswith(MARK)
        ),
    ]


def plain_faults(card: Json) -> list[str]:
    """Summaries, labels, descriptions and sources are plain text."""
    said = [card["summary"], card["source"]["label"], card["source"]["topic"]["display"]]
    for suggestion in card.get("suggestions", ()):
        said += [suggestion["label"], *(action["description"] for action in suggestion["actions"])]
    faults = [repr(one[:80]) for one in said if {unicodedata.category(letter) for letter in one} & NEVER_SHOWN]
    return faults + (["summary too long"] if len(card["summary"]) >= 140 else [])


def faults_of(answerer: Answerer, call: Json) -> list[str]:
    status, body = answered(answerer, call, SERVICES[call["hook"]])
    if status != 200:
        return []
    assert not any(card["source"]["topic"]["code"] == "notcheckedfault" for card in body["cards"])
    return [fault for card in body["cards"] for fault in (*markdown_faults(card), *plain_faults(card))]


@pytest.mark.parametrize("place", range(len(real_calls())))
def test_our_own_cards_hold_no_link_and_no_html(answerer: Answerer, place: int) -> None:
    assert faults_of(answerer, orjson.loads(real_calls()[place])) == []


def put(call: Json, number: int, text: str, how: str) -> None:
    at, key = texts(call)[number]
    at[key] = {"instead": text, "after": f"{at[key]} {text}", "before": f"{text} {at[key]}"}[how]


@settings(max_examples=300 * EFFORT, derandomize=STEADY)
@given(data=st.data())
def test_hostile_text_anywhere_in_the_record_stays_text(answerer: Answerer, data: Any) -> None:
    call = orjson.loads(data.draw(st.sampled_from(real_calls())))
    count = len(texts(call))
    for _ in range(data.draw(st.integers(1, 8))):
        how = data.draw(st.sampled_from(["instead", "after", "before"]))
        put(call, data.draw(st.integers(0, count - 1)), data.draw(HOSTILE), how)
    assert faults_of(answerer, call) == []


# Where a text is shown most readily, by its name: put into all such places of a call at once.
SHOWN = {
    *("text", "display", "unit", "code", "value", "id", "reference", "valueString", "description", "comment", "title"),
    *("name", "family", "given", "fullUrl", "status", "system", "comparator"),
}


@settings(max_examples=300 * EFFORT, derandomize=STEADY)
@given(
    call=st.sampled_from(real_calls()),
    member=st.sampled_from(sorted(SHOWN)),
    text=HOSTILE,
    how=st.sampled_from(["instead", "after", "before"]),
)
def test_hostile_text_in_every_place_of_one_kind_stays_text(
    answerer: Answerer, call: bytes, member: str, text: str, how: str
) -> None:
    read = orjson.loads(call)
    for number, (_, key) in enumerate(texts(read)):
        if key == member:
            put(read, number, text, how)
    assert faults_of(answerer, copy.deepcopy(read)) == []
