"""Text from the record in markdown: one line, no link, no HTML, no table break, whatever it holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.cards.text import escape

SPECIAL = set("`*_{}[]()#+!|~<>&")
LIST = set("-.")  # escaped only where they would begin a list
PIECES = st.sampled_from(
    [
        "[a](http://evil.example)",
        "![x](https://evil.example/x.png)",
        "<script>alert(1)</script>",
        "<http://evil.example>",
        "http://",
        "HTTPS://evil.example",
        "ftp://x",
        "www.evil.example",
        "WWW.",
        "a@evil.example",
        "mailto:a@b.c",
        "javascript:alert(1)",
        "| a | b |",
        "\n# heading\n",
        "\r\n- item",
        "\u2028",
        "\x85",
        "\x1c",
        "\x0b",
        "```",
        "`code`",
        "**bold**",
        "__init__",
        "~~gone~~",
        "&lt;b&gt;",
        "\\",
        "\\\\*",
        "\\[",
        ":",
        "/",
        "//",
        "w",
        ".",
        "x" * 119,
    ]
)
TEXTS = st.one_of(st.text(max_size=150), st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join))


def plain(escaped: str) -> str:
    """The text that a reader sees; fails on a special character that is not escaped."""
    out, at = [], 0
    while at < len(escaped):
        one = escaped[at]
        if one == "\\":
            at += 1
            assert at < len(escaped), "a backslash escapes nothing"
            assert escaped[at] in SPECIAL | {"\\"} | (LIST if not "".join(out).strip("0123456789") else set())
            one = escaped[at]
        else:
            assert one not in SPECIAL, f"{one!r} is not escaped"
        out.append(one)
        at += 1
    return "".join(out)


@settings(max_examples=400)
@given(text=TEXTS)
@example(text="[x](http://evil.example/?a=1&b=2)<img src=x>|`*_#\n\n- a@b.c www.x.y")
@example(text="w" * 118 + "www.")
@example(text="http:" * 20 + "//evil.example")
def test_no_markdown_no_link_and_no_line_break_is_left(text: str) -> None:
    escaped = escape(text)
    seen = plain(escaped)
    assert len(escaped.splitlines()) <= 1
    for searched in (escaped, seen):
        assert "://" not in searched
        assert not re.search(r"www\.\S", searched, re.IGNORECASE)
        assert not re.search(r"\S@\S", searched)
        assert not re.search(r"mailto:\S", searched, re.IGNORECASE)
    assert not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", escaped)


@given(text=st.text(alphabet="abcdefghij äöü0123456789.,;-", max_size=119))
def test_harmless_text_is_left_as_it_is(text: str) -> None:
    assert escape("a " + text) == " ".join(f"a {text}".split())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- one", "\\- one"),
        ("-", "\\-"),
        ("---", "\\---"),
        ("1. one", "1\\. one"),
        ("12.", "12\\."),
        ("-1", "-1"),
        ("1.5 g", "1.5 g"),
    ],
)
def test_no_list_is_begun(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    "mark", ["\u202e", "\u2066", "\u200f", "\u200b", "\u200d", "\ufeff", "\xad", "\U000e0041", "\ud800"]
)
def test_what_is_not_seen_is_taken_out(mark: str) -> None:
    assert escape(f"0.{mark}5 g{mark}/kg") == "0.5 g/kg"
    assert escape(f"w{mark}ww.evil.example") == "www . evil.example"


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\x7f", "\x80", "\x9b"])
def test_a_control_character_is_a_space(control: str) -> None:
    assert escape(f"a{control}b") == "a b"


@pytest.mark.parametrize("length", [121, 500, 100_000])
def test_long_text_is_cut_and_says_so(length: int) -> None:
    assert escape("x" * length) == "x" * 119 + "…"


def test_what_is_cut_is_counted_before_escaping_so_that_no_escape_is_cut_in_two() -> None:
    assert plain(escape("*" * 500)) == "*" * 119 + "…"


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u2028"])
def test_nothing_stays_nothing(text: str) -> None:
    assert escape(text) == ""
