"""Strings that must come out nowhere, planted where a real call holds names, ids, notes and tokens."""

from __future__ import annotations

import json
from typing import Any

# What an id may look like: a word, a medical record number, a UUID, a digest, a word with markup.
FORMS = (
    "Canarybird9431",
    "94319943199431",
    "c4a4a7e9-4319-4431-9943-19943199431a",
    "c4a4a7e94319443199431994319943ab",
    "canary9431.4319.9431",
)
TEXTS = {"text", "display", "family", "div", "description", "comment", "title", "authorString", "conclusion"}
LISTS = {"given", "line", "prefix", "suffix"}
IDENTIFIERS = {"identifier", "telecom", "note"}


def leaked(said: str) -> list[str]:
    """Which of them are in it."""
    low = said.lower()
    return [form for form in FORMS if form.lower() in low]


def planted(call: dict[str, Any], canary: str) -> dict[str, Any]:
    """The same call, judged alike, with the canary as every id, and in every text."""
    found = json.dumps(_texts(call, canary))
    for place, identity in enumerate(sorted(_ids(call), key=len, reverse=True)):
        found = found.replace(f'/{identity}"', f'/{canary}-{place}"').replace(f'"{identity}"', f'"{canary}-{place}"')
    message: dict[str, Any] = json.loads(found)
    message["hookInstance"] = canary
    message["context"]["userId"] = f"Practitioner/{canary}"
    message["context"]["encounterId"] = canary
    message["fhirServer"] = f"https://{canary}.example/fhir"
    message["fhirAuthorization"] = {"access_token": canary, "token_type": "Bearer", "subject": canary, "scope": canary}
    message["extension"] = message.get("extension", {}) | {f"com.{canary}": {canary: canary}}
    message["prefetch"] = message.get("prefetch", {}) | {canary: None, f"{canary}-2": {"resourceType": canary}}
    patient = message["prefetch"].get("patient")
    if patient:
        patient["name"] = [{"family": canary, "given": [canary]}]
        patient["identifier"] = [{"system": f"urn:{canary}", "value": canary}]
    return message


def replaced(value: Any, canary: str, *, keep: str = "hook") -> Any:
    """Every string but the hook is the canary: what is judged then is nothing that anybody knows."""
    if isinstance(value, str):
        return canary
    if isinstance(value, list):
        return [replaced(one, canary) for one in value]
    if isinstance(value, dict):
        return {key: one if key == keep else replaced(one, canary) for key, one in value.items()}
    return value


def _texts(value: Any, canary: str, name: str = "", inside: str = "") -> Any:
    if isinstance(value, str):
        hit = name in TEXTS or name in LISTS or (inside in IDENTIFIERS and name == "value")
        return f"{value} {canary}" if hit else value
    if isinstance(value, list):
        return [_texts(one, canary, name, inside) for one in value]
    if isinstance(value, dict):
        return {key: _texts(one, canary, key, name) for key, one in value.items()}
    return value


def _ids(value: Any) -> set[str]:
    if isinstance(value, list):
        return {one for each in value for one in _ids(each)}
    if isinstance(value, dict):
        own = {value["id"]} if isinstance(value.get("id"), str) and "resourceType" in value else set()
        return own | {one for each in value.values() for one in _ids(each)}
    return set()
