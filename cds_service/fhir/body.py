"""Reads a JSON body so that no two readers could see two different things in it, and within limits."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from cds_service.errors import RequestError

DEEPEST = 100  # levels: the deepest of the example calls has 13, and a draft is sent back with at most 40
DEEPEST_WRITTEN = 254  # by orjson; held by a test
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # RFC 8259 lets a reader ignore it
SPACE = b" \t\r\n"
MEMBER = b'":'
# Escaped quotes, colons and spaces, which look like the end of a name once they are written plainly.
LIKE_A_MEMBER = re.compile(rb"\\u00(?:2[02]|3[aA])")
NOT_JSON = "The body is not valid JSON in UTF-8 (NaN, Infinity, numbers beyond a double and deep nesting are refused)."
TOO_DEEP = f"The body is nested deeper than {DEEPEST} levels."
TWICE = "The body holds the same member name twice in one object: which of the two is meant cannot be told."


class _TwiceError(Exception):
    """Some object holds a name twice."""


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in the body; RequestError (400) where there is none, or where it could be read in two ways."""
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RequestError(NOT_JSON) from None
    if not isinstance(message, dict):
        raise RequestError("The body must be a JSON object.")
    if _names_twice(body, _written(message)):
        raise RequestError(TWICE)
    return message


def _written(message: object) -> bytes:
    """The message written again. The lists around it use up what orjson can nest beyond our own limit."""
    for _ in range(DEEPEST_WRITTEN - DEEPEST):
        message = [message]
    try:
        return orjson.dumps(message)
    except orjson.JSONEncodeError:
        raise RequestError(TOO_DEEP) from None


def _names_twice(body: bytes, written: bytes) -> bool:
    """Whether a member is gone from what was read: of two equal names orjson keeps the last.

    Without white space every name ends in `":`. A text may hold that too, and then does so in both, unless it was
    written with escapes; such a body is read a second time, more slowly.
    """
    if LIKE_A_MEMBER.search(body):
        try:
            json.loads(body, object_pairs_hook=_once)
        except _TwiceError:
            return True
        return False
    return body.translate(None, SPACE).count(MEMBER) != written.translate(None, SPACE).count(MEMBER)


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _TwiceError
