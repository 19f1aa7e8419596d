"""What a client of another release of CDS Hooks takes for an answer: schemas made from that of 2.0.1."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from tests.openapi.documented import DOCUMENT

Json = dict[str, Any]
# What 2.0 added: a client of 1.0 passes over it, as over any member that it does not know.
SINCE_2_0 = {
    "CdsHooksResponse": ("systemActions",),
    "CdsHooksCard": ("uuid", "overrideReasons"),
    "CdsHooksSource": ("topic",),
    "CdsHooksSuggestion": ("isRecommended",),
    "CdsHooksAction": ("resourceId",),
}


@cache
def answers_of(release: str) -> Draft202012Validator:
    """A validator of answers for `1.0`, `2.0.1` or `3.0`."""
    schemas = copy.deepcopy(DOCUMENT["components"]["schemas"])
    {"1.0": _as_in_1_0, "2.0.1": _as_it_is, "3.0": _as_in_3_0}[release](schemas)
    root = {"$ref": "#/components/schemas/CdsHooksResponse", "components": {"schemas": schemas}}
    return Draft202012Validator(root, validate_formats=True)


def _as_it_is(schemas: Json) -> None:
    """2.0.1 is what the document publishes; 2.0 had the same substance."""


def _as_in_1_0(schemas: Json) -> None:
    """The only selectionBehavior is `at-most-one`, and another makes the card an error; the `resource` of a deletion,
    which was the id, may be left out."""
    for name, members in SINCE_2_0.items():
        for member in members:
            del schemas[name]["properties"][member]
        schemas[name]["additionalProperties"] = True
    card, action = schemas["CdsHooksCard"], schemas["CdsHooksAction"]
    card["properties"]["selectionBehavior"] = {"const": "at-most-one"}
    del card["if"], card["then"], action["oneOf"]
    action["if"] = {"properties": {"type": {"const": "delete"}}}
    action["then"] = {"properties": {"resource": True}}
    action["else"] = {"required": ["resource"], "properties": {"resource": action["properties"].pop("resource")}}


def _as_in_3_0(schemas: Json) -> None:
    """A suggestion may say how its actions go together; the words of a system action may be left out."""
    behavior = {"enum": ["all", "any", "at-most-one"]}
    schemas["CdsHooksSuggestion"]["properties"]["actionSelectionBehavior"] = behavior
    silent = copy.deepcopy(schemas["CdsHooksAction"])
    silent["required"] = ["type"]
    schemas["CdsHooksResponse"]["properties"]["systemActions"]["items"] = silent
