"""The body of a call: read strictly enough that two readers never see two different things in it."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import RequestError
from cds_service.fhir.body import DEEPEST, DEEPEST_WRITTEN, read_object
from cds_service.hooks.service import Answerer
from tests.hooks.calls import answered, order_call, refusal

BODY = orjson.dumps(order_call())


def refused(body: bytes) -> str:
    with pytest.raises(RequestError) as refusal:
        read_object(body)
    assert refusal.value.status == 400
    return refusal.value.text


NOT_JSON = {
    "nothing": b"",
    "white space": b" \n ",
    "a byte order mark alone": b"\xef\xbb\xbf",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b'{"a": -Infinity}',
    "a number beyond a double": b'{"a": 1e999}',
    "an integer of 400 digits": b'{"a": ' + b"9" * 400 + b"}",
    "an integer of a million digits": b'{"a": ' + b"9" * 1_000_000 + b"}",
    "a leading zero": b'{"a": 012}',
    "hexadecimal": b'{"a": 0x10}',
    "a number as a name": b'{1: "a"}',
    "a name without quotes": b'{a: "a"}',
    "single quotes": b"{'a': 'a'}",
    "a comma too many": b'{"a": 1,}',
    "a comment": b'{"a": 1} // what',
    "two documents": b"{} {}",
    "an unescaped control character": b'{"a": "\x01"}',
    "an unescaped line break": b'{"a": "\n"}',
    "a lone surrogate": b'{"a": "\\ud800"}',
    "surrogates the wrong way round": b'{"a": "\\udc00\\ud800"}',
    "a lone surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "an overlong slash": b'{"a": "\xc0\xaf"}',
    "UTF-16 with a mark": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without": '{"a": 1}'.encode("utf-16-be"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "half a body": BODY[: len(BODY) // 2],
    "a compressed body": b"\x1f\x8b\x08\x00",
    "arrays without end": b"[" * 5_000_000,
    "objects without end": b'{"a":' * 1_000_000,
    "arrays nested 5,000 deep": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_json_is_refused_without_quoting_it(name: str) -> None:
    assert refused(NOT_JSON[name]).startswith("The body is not valid JSON in UTF-8")


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    assert refused(body) == "The body must be a JSON object."


def test_a_byte_order_mark_before_the_object_is_ignored() -> None:
    assert read_object(b"\xef\xbb\xbf" + BODY) == orjson.loads(BODY)


ARRAYS, OBJECTS = (b"[", b"]"), (b'{"a":', b"}")


@pytest.mark.parametrize("kind", [ARRAYS, OBJECTS], ids=["arrays", "objects"])
def test_nesting_is_read_to_its_limit_and_refused_beyond(kind: tuple[bytes, bytes]) -> None:
    first, last = kind
    inside = DEEPEST - 1
    read_object(b'{"a":' + first * inside + last * inside + b"}" if kind is ARRAYS else _objects(inside))
    deeper = inside + 1
    body = b'{"a":' + first * deeper + last * deeper + b"}" if kind is ARRAYS else _objects(deeper)
    assert refused(body) == f"The body is nested deeper than {DEEPEST} levels."


def _objects(levels: int) -> bytes:
    return b'{"a":' * levels + b"{}" + b"}" * levels


def test_the_limit_is_counted_from_what_the_library_writes() -> None:
    nested: Any = []
    for _ in range(DEEPEST_WRITTEN - 1):
        nested = [nested]
    orjson.dumps(nested)
    with pytest.raises(orjson.JSONEncodeError):
        orjson.dumps([nested])


TWICE = {
    "the patient": b'{"context": {"patientId": "a", "patientId": "b"}}',
    "the same value": b'{"a": 1, "a": 1}',
    "an escaped name": b'{"ab": 1, "\\u0061b": 2}',
    "white space before one colon": b'{"a": 1, "a" : 2}',
    "white space before both": b'{"a" : 1, "a"\n:\t2}',
    "in an object that is dropped": b'{"a": {"b": 1, "b": 2}, "a": 3}',
    "deep inside": b'{"a": [[{"b": {"c": 1, "d": 2, "c": 3}}]]}',
    "an empty name": b'{"": 1, "": 2}',
    "a text that makes up for it": b'{"a": 1, "a": 2, "b": "\\u0022:"}',
    "a text with an escaped colon": b'{"a": 1, "a": 2, "b": "\\u003Ax"}',
    "a text with an escaped space": b'{"a": 1, "a": 2, "b": "\\u0020:x"}',
    "a text with escapes in small letters": b'{"a": 1, "a": 2, "b": "\\u003ax"}',
    "after a byte order mark": b'\xef\xbb\xbf{"a": 1, "a": 2}',
}


@pytest.mark.parametrize("name", TWICE)
def test_a_name_that_stands_twice_in_one_object_is_refused(name: str) -> None:
    assert "twice" in refused(TWICE[name])


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": {"b": 1}, "c": {"b": 2}}',
        b'{"a": 1, "A": 2, "a ": 3}',
        b'{"a": "\\"a\\": 1, \\"a\\": 2", "b": "x\\":"}',
        b'{"a": ":", "b": " :", "c": "\\":", "d": "\\u0022:", "e": "\\u003a\\u0020:"}',
        b'{"a": "\\\\", "b": "\\\\\\":"}',
        b'{"\\":": 1, ":": 2, "": 3}',
        b'{"caf\\u00e9": 1, "cafe\\u0301": 2}',
    ],
)
def test_a_name_that_stands_once_in_each_object_is_read(body: bytes) -> None:
    assert read_object(body) == json.loads(body)


PIECES = st.sampled_from(['"', ":", " ", '":', '" :', "\\", "a", "\t", "\n", "é", "\u2028", "\x00", "{", "},"])
TEXTS = st.lists(PIECES, max_size=4).map("".join)
TREES = st.recursive(
    st.none() | st.integers(-9, 9) | TEXTS,
    lambda one: st.lists(one, max_size=3) | st.lists(st.tuples(TEXTS, one), max_size=4).map(tuple),
    max_leaves=10,
)
SPACES = st.lists(st.sampled_from(["", "", " ", "\n", "\t", "\r"]), min_size=1, max_size=5)


def _said(tree: Any, spaces: list[str], *, ascii_only: bool, harder: bool) -> str:
    """The tree in JSON: tuples are objects, whose names may stand twice."""
    gap = spaces[0]
    rest = [*spaces[1:], gap]
    if isinstance(tree, str):
        said = json.dumps(tree, ensure_ascii=ascii_only)
        return said[0] + said[1:-1].replace(" ", "\\u0020").replace(":", "\\u003a") + said[-1] if harder else said
    if isinstance(tree, list):
        items = [_said(one, rest, ascii_only=ascii_only, harder=harder) for one in tree]
        return f"[{gap}{','.join(items)}]"
    if isinstance(tree, tuple):
        members = (
            f"{_said(name, rest, ascii_only=ascii_only, harder=harder)}{gap}:{rest[0]}"
            f"{_said(value, rest, ascii_only=ascii_only, harder=not harder)}"
            for name, value in tree
        )
        return "{" + ",".join(members) + "}"
    return json.dumps(tree)


def _twice(tree: Any) -> bool:
    if isinstance(tree, list):
        return any(_twice(one) for one in tree)
    if isinstance(tree, tuple):
        return len({name for name, _ in tree}) != len(tree) or any(_twice(one) for _, one in tree)
    return False


@settings(max_examples=150)
@given(tree=st.lists(st.tuples(TEXTS, TREES), max_size=5).map(tuple), spaces=SPACES, ascii_only=..., harder=...)
def test_exactly_the_bodies_with_a_name_twice_are_refused(
    tree: Any, spaces: list[str], ascii_only: bool, harder: bool
) -> None:
    body = _said(tree, spaces, ascii_only=ascii_only, harder=harder).encode()
    if _twice(tree):
        assert "twice" in refused(body)
    else:
        assert read_object(body) == json.loads(body)


@settings(max_examples=300)
@given(body=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        found: object = read_object(body)
    except RequestError as refusal:
        found = refusal.status
    assert isinstance(found, dict) or found == 400


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"patientId":', b'"patientId":"another","patientId":'),
        (b'"draftOrders":', b'"draftOrders":{},"draftOrders":'),
        (b'"valueQuantity":', b'"valueQuantity":{"value":1},"valueQuantity":'),
        (b'"status":', b'"status":"cancelled","status":'),
    ],
    ids=["patient", "drafts", "value", "status"],
)
def test_a_call_that_says_something_twice_is_not_answered_by_either(answerer: Answerer, old: bytes, new: bytes) -> None:
    assert old in BODY
    status, text = refusal(answerer, BODY.replace(old, new, 1))
    assert status == 400
    assert "twice" in text


def test_many_names_and_long_texts_are_read(answerer: Answerer) -> None:
    call = order_call()
    call["more"] = {str(number): "x" * 20 for number in range(50_000)} | {"long": "x" * 1_000_000}
    status, body = answered(answerer, call)
    assert status == 200
    assert body["cards"] == answered(answerer, order_call())[1]["cards"]
