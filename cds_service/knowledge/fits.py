"""Whether a document fits a JSON Schema, said fast: jsonschema takes longer over the knowledge than all the rest of
loading it. Only a yes counts. Where the answer is no, or not sure, jsonschema is asked, and says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Schema = Mapping[str, Any]
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, Decimal),
}
SAID = frozenset({"$schema", "$defs", "title", "description"})  # keywords that ask for nothing


class Unsure(Exception):
    """Something that is not judged here: a keyword or a value of a kind that no schema of ours needs."""


def fits(value: object, schema: Schema, root: Schema) -> bool:
    """`root` is the whole schema, to whose `$defs` a `$ref` leads. Raises Unsure."""
    return all(_check(keyword)(value, said, schema, root) for keyword, said in schema.items() if keyword not in SAID)


Check = Callable[[Any, Any, Schema, Schema], bool]


def _check(keyword: str) -> Check:
    try:
        return CHECKS[keyword]
    except KeyError:
        raise Unsure(keyword) from None


def _type(value: object, said: str, schema: Schema, root: Schema) -> bool:
    if said not in TYPES or isinstance(value, float):
        raise Unsure("type")  # 1.0 may be an integer
    # In Python True is a number too, in JSON it is none.
    return isinstance(value, TYPES[said]) and (said == "boolean" or not isinstance(value, bool))


def _enum(value: object, said: list[object], schema: Schema, root: Schema) -> bool:
    if not isinstance(value, str):
        raise Unsure("enum")
    return value in said


def _unique(value: object, said: bool, schema: Schema, root: Schema) -> bool:
    if not said or not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        raise Unsure("uniqueItems")
    return len(set(value)) == len(value)


def _additional(value: object, said: Schema | bool, schema: Schema, root: Schema) -> bool:
    """Of the members that `properties` does not name."""
    if not isinstance(value, dict):
        return True
    more = value.keys() - schema.get("properties", {}).keys()
    if said is False:
        return not more
    if said is True:
        raise Unsure("additionalProperties")
    return all(fits(value[key], said, root) for key in more)


def _reference(value: object, said: str, schema: Schema, root: Schema) -> bool:
    _, found, name = said.partition("#/$defs/")
    if not found or name not in root["$defs"]:
        raise Unsure(said)
    return fits(value, root["$defs"][name], root)


def _of(kind: type, holds: Check) -> Check:
    """A keyword that asks for something of this type alone, and leaves others as they are."""
    return lambda value, said, schema, root: not isinstance(value, kind) or holds(value, said, schema, root)


CHECKS: Mapping[str, Check] = {
    "$ref": _reference,
    "type": _type,
    "enum": _enum,
    "uniqueItems": _unique,
    "additionalProperties": _additional,
    "minimum": lambda value, said, *_: not _type(value, "number", {}, {}) or value >= said,
    "maximum": lambda value, said, *_: not _type(value, "number", {}, {}) or value <= said,
    "anyOf": lambda value, said, _, root: any(fits(value, one, root) for one in said),
    "oneOf": lambda value, said, _, root: sum(fits(value, one, root) for one in said) == 1,
    "pattern": _of(str, lambda value, said, *_: re.search(said, value) is not None),
    "minLength": _of(str, lambda value, said, *_: len(value) >= said),
    "minItems": _of(list, lambda value, said, *_: len(value) >= said),
    "items": _of(list, lambda value, said, _, root: all(fits(one, said, root) for one in value)),
    "minProperties": _of(dict, lambda value, said, *_: len(value) >= said),
    "maxProperties": _of(dict, lambda value, said, *_: len(value) <= said),
    "required": _of(dict, lambda value, said, *_: all(key in value for key in said)),
    "dependentRequired": _of(
        dict, lambda value, said, *_: all(one in value for key, more in said.items() if key in value for one in more)
    ),
    "propertyNames": _of(dict, lambda value, said, _, root: all(fits(key, said, root) for key in value)),
    "properties": _of(
        dict, lambda value, said, _, root: all(fits(value[key], one, root) for key, one in said.items() if key in value)
    ),
}
