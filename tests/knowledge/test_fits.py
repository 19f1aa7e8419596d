"""The fast answer to whether a file fits its schema is the one that jsonschema gives."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cds_service.knowledge.files import PACKAGE, read_schema
from cds_service.knowledge.fits import CHECKS, SAID, Unsure, fits

SCHEMAS = sorted(path.stem for path in (PACKAGE / "schemas").glob("*.json"))
FILES = {
    "guidance": "indications/fnait/baseline.toml",
    "safety": "safety/allergy.toml",
    "monitoring": "monitoring/hdn.toml",
    "dose_limits": "dose_limits.toml",
    "indications": "indications.toml",
    "site": "sites/demo_uk/site.toml",
    "overlay": "sites/dale/overlays/fnait/baseline.toml",
    "table": "tables/nice_cg98_exchange.toml",
}
STEP = 7  # places of a file: one in so many is changed
PUT = ("", "Some Text", "a_name", True, 0, -1, Decimal("1.5"), [], ["x", "x"], {}, {"all": ["x"]}, {"odd": 1})


def document(schema: str) -> dict[str, Any]:
    return tomllib.loads((PACKAGE / FILES[schema]).read_text("utf-8"), parse_float=Decimal)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of a long list the first two members: the others are of the same shape."""
    members = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, one in members:
        yield (*path, key)
        yield from places(one, (*path, key))


def changed(whole: Any, path: tuple[Any, ...]) -> Iterator[Any]:
    """The document with this place left out, and with other things in it; and with a key more beside it."""
    for put in (None, *PUT):
        other = copy.deepcopy(whole)
        inside = other
        for key in path[:-1]:
            inside = inside[key]
        if put is None:
            del inside[path[-1]]
        else:
            inside[path[-1]] = put
        yield other
        if isinstance(inside, dict):
            inside["surplus"] = "x"
            yield other


@pytest.mark.parametrize("name", FILES)
def test_whatever_stands_in_a_file_both_say_the_same(name: str) -> None:
    schema, whole = read_schema(name), document(name)
    validator = Draft202012Validator(schema)
    assert fits(whole, schema, schema)
    said = {True: 0, False: 0}
    for path in list(places(whole))[::STEP]:
        for other in changed(whole, path):
            try:
                found = fits(other, schema, schema)
            except Unsure:
                continue
            assert found is validator.is_valid(other), (path, other)
            said[found] += 1
    assert said[True]
    assert said[False]


def keywords(schema: Any) -> Iterator[str]:
    for keyword, said in schema.items():
        yield keyword
        if keyword in ("properties", "$defs"):
            for one in said.values():
                yield from keywords(one)
        elif keyword in ("oneOf", "anyOf"):
            for one in said:
                yield from keywords(one)
        elif isinstance(said, dict) and keyword != "dependentRequired":
            yield from keywords(said)


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_schema_asks_for_what_is_not_judged(name: str) -> None:
    assert set(keywords(read_schema(name))) <= CHECKS.keys() | SAID


LEFT = (
    (1, {"const": 1}),
    (1.0, {"type": "integer"}),
    (None, {"type": "null"}),
    (True, {"enum": [1]}),
    ([1, True], {"uniqueItems": True}),
    (1, {"$ref": "#/other"}),
)


@pytest.mark.parametrize(("value", "schema"), LEFT, ids=json.dumps)
def test_what_is_not_judged_is_left_to_jsonschema(value: object, schema: dict[str, Any]) -> None:
    with pytest.raises(Unsure):
        fits(value, schema, schema)
