"""Draws orders, right and wrong, through the safety rules: no card may be too long, empty anywhere, or read oddly.

The newborns and orders are invented, and far from ordinary: each trait comes often enough that most rules are met.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import orjson

from cds_service.cards.safety import LONGEST_SUMMARY, SAFETY
from cds_service.errors import KnowledgeError
from cds_service.hooks.service import Answerer
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import Json, order_select, order_sign
from cds_service.review.orders import order

SEED = 20261121
ORDERS = 150
# What a template leaves behind where a value is missing or is no word of ours, and what no clinician would read twice.
ODD = (
    (re.compile(r"[{}]"), "a placeholder that was not filled"),
    (
        re.compile(r"(?<!is )\bnot known\b|\bnot usable\b|\bNone\b|\bTrue\b|\bFalse\b"),
        "a value that is not there",
    ),
    (re.compile(r"\b[a-z]+_[a-z_]+\b"), "a name of the catalogue"),
    (re.compile(r"\d\.\d{5,}|\b0 (?:g|mL|kg|h)\b"), "a figure that was not rounded for a reader"),
    (re.compile(r"\.\.|,,|;;| [.,;:]|\(\)|  "), "punctuation without words"),
)
UNREAD = re.compile(r"Knowledge \S+, site .*$", re.MULTILINE)  # the line for machines
REASONS = (
    "P55.0",
    "fetal and neonatal alloimmune thrombocytopenia",
    "maternal ITP",
    "P36.9",
    "enterovirus infection",
    "parvovirus B19 infection",
    "MIS-N",
    "gestational alloimmune liver disease",
    "Kawasaki disease",
    "severe combined immunodeficiency",
    "",
)
CONDITIONS = (
    "anaphylaxis to IVIG",
    "anti-IgA antibodies",
    "D80.2",
    "hereditary fructose intolerance",
    "hyperprolinemia",
    "N17.9",
    "hypovolemia",
    "P74.1",
    "thrombosis",
    "heart failure",
    "patent ductus arteriosus",
    "P77.2",
    "feeding intolerance",
    "refusal of blood products",
    "raised CRP",
)
DOSES = "4 g;2 g;40 g;0.4 g;4000 g;4 mg;9 g;1 g;0.5 g;8 g;5 g;1.2 g;40 mL;4 mL;1 g/kg;10 mL/kg;400 mg/kg;1.7 g;0.37 g"
TRIPLES = ("4 g;1 g/kg;40 mL", "4 g;0.5 g/kg;40 mL", "4 g;0.8 g/kg;80 mL", "4 g;1 g/kg;4 mL")


def check_orders(knowledge: Knowledge, count: int = ORDERS) -> tuple[int, set[str]]:
    """(cards that were read, ids of the rules that fired). Raises KnowledgeError on the first that reads wrong."""
    answerer, draw = Answerer(knowledge, accept_as_of=True), random.Random(SEED)
    titles = [one.title for one in knowledge.products.values()]
    cards, rules = 0, set()
    for number in range(count):
        call = order_select(_newborn(draw), f"check-{number}", knowledge.facts)
        orders = [order(_order(draw, titles), "check")]
        if draw.random() < 0.1:
            orders.append(order(_order(draw, titles), "check", "beside-1"))
        reply = answerer.reply("neonatal-ivig-order-sign", orjson.dumps(order_sign(call, *orders)))
        for card in orjson.loads(reply.body)["cards"]:
            if SAFETY in card.get("extension", {}):
                cards += 1
                rules.add(card["extension"][SAFETY]["rule"])
                if fault := misread(card):
                    raise KnowledgeError(f"safety rule {card['extension'][SAFETY]['rule']}", fault)
    return cards, rules


def misread(card: Json) -> str:
    """What a reader would stumble over in a safety card; empty where there is nothing."""
    if not 1 <= len(card["summary"]) <= LONGEST_SUMMARY or card["summary"].endswith("…"):
        return f"a summary of over {LONGEST_SUMMARY} characters: {card['summary']!r}"
    if empty := next(empties(card), ""):
        return f"a card holds an empty value at {empty}"
    for text in (card["summary"], UNREAD.sub("", card["detail"])):
        for pattern, fault in ODD:
            if found := pattern.search(text):
                return f"{fault} ({found[0]!r}) in {text!r}"
    return ""


def empties(value: object, path: str = "card") -> Iterator[str]:
    """Paths of null, empty text, empty list or empty object."""
    if value is None or value in ("", [], {}):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from empties(item, f"{path}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from empties(item, f"{path}[{number}]")


def _order(draw: random.Random, titles: list[str]) -> dict[str, Any]:
    stated: dict[str, Any] = {"medication": draw.choice([*titles, "IVIG", "Octagam", "immune globulin intravenous 5%"])}
    if draw.random() < 0.2:
        stated |= dict(zip(("calculated", "ordered", "administered"), draw.choice(TRIPLES).split(";"), strict=True))
    else:
        stated["dose"] = draw.choice(DOSES.split(";"))
    if reason := draw.choice(REASONS):
        stated["reason"] = reason
    if draw.random() < 0.7:
        stated["over"] = draw.choice(("20 min", "110 min", "3 h", "5 h", "12 h"))
    else:
        stated["rate"] = draw.choice(("4 mL/h", "20.3 mL/h", "60 mL/h", "9 mg/kg/min"))
    if draw.random() < 0.1:
        stated |= {"times": draw.choice((2, 5)), "every": "24 h"}
    if draw.random() < 0.1:
        stated["dispense"] = draw.choice(("5 g", "100 mL"))
    if draw.random() < 0.05:
        stated["unit_text"] = "mg"
    if draw.random() < 0.1:
        stated["ingredients"] = ["sucrose"]
    return stated


def _newborn(draw: random.Random) -> dict[str, Any]:
    """Four in five with a weight."""
    given: dict[str, Any] = {
        "age": draw.choice(("20 h", "50 h", "9 d", "27 d", "60 d")),
        "gestation": draw.choice(("28+0", "35+3", "38+0", "40+2")),
        "conditions": draw.sample(CONDITIONS, draw.choice((0, 0, 1, 2))),
        "severe_allergies": draw.choice(((), (), ("immunoglobulin",))),
        "allergies": draw.choice(((), (), ("corn",), ("immunoglobulin",))),
        "medications": draw.choice(((), ("gentamicin",), ("hepatitis B vaccine",), ("IVIG",))),
        "procedures": draw.choice(((), (), ("umbilical venous catheter",), ("exchange transfusion", "GDH-PQQ"))),
        "platelets": draw.choice(("12 10*9/L", "200 10*9/L")),
        "results": {
            "hemoglobin": draw.choice(("12.4 g/dL", "17 g/dL")),
            "hematocrit": draw.choice(("48 %", "68 %")),
            "sodium": draw.choice(("126 mmol/L", "139 mmol/L")),
            "blood_group": draw.choice(("A", "O", "AB")),
        },
    }
    if given["gestation"] == "28+0":
        given["weight"] = draw.choice(("0.9 kg", "1.25 kg"))
    elif draw.random() < 0.8:
        given["weight"] = draw.choice(("2.9 kg", "3.4 kg", "4 kg"))
        given["weighed"] = draw.choice(("2 h", "2 h", "30 h"))
    if draw.random() < 0.3:
        given["ivig_given"] = draw.choice(("3 h", "30 h", "12 h"))
    if draw.random() < 0.3:
        given |= {"dat": "positive", "tsb": "24 mg/dL", "phototherapy": "intensive phototherapy"}
    return given
