"""The examples as they lie on a FHIR server, and as they are called without what lies there."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2] / "fhir_examples"
NAMES = sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in ROOT.glob("*/*/request.json"))
MISSPELLED = ("fnait/platelets-80",)  # its codes are of https://loinc.org, which no search for http://loinc.org finds
SITES = json.loads((ROOT / "sites.json").read_text("utf-8"))


class Example:
    """One of them, by its name."""

    def __init__(self, name: str) -> None:
        self.name, self.site = name, SITES.get(name, "demo")
        self.text = (ROOT / name / "request.json").read_text("utf-8")

    @cached_property
    def request(self) -> dict:
        return json.loads(self.text)

    @property
    def service(self) -> str:
        return f"neonatal-ivig-{self.request['hook']}"

    @property
    def patient(self) -> str:
        return self.request["context"]["patientId"]

    @property
    def as_of(self) -> datetime:
        return datetime.fromisoformat(self.request["extension"]["org.neonatal-ivig-cds.as-of"]).astimezone(UTC)

    def sent(self, key: str) -> list[dict]:
        """The resources under one prefetch key. What an EHR's search says about itself is none."""
        value = self.request["prefetch"][key]
        found = [value] if key == "patient" else [entry["resource"] for entry in value.get("entry", ())]
        return [one for one in found if one["resourceType"] != "OperationOutcome"]

    def resources(self) -> list[dict]:
        return [resource for key in self.request["prefetch"] for resource in self.sent(key)]

    def call(self, base: str, token: str, sent: Collection[str] = ()) -> dict:
        """The same call, with only these prefetch keys, to be completed from the FHIR server at `base`."""
        authorization = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "these-tests",
        }
        prefetch = {key: value for key, value in self.request["prefetch"].items() if key in sent}
        given = {"fhirServer": base, "fhirAuthorization": authorization, "prefetch": prefetch}
        return json.loads(self.text) | given


def known_bases() -> Iterator[str]:
    """The addresses by which examples refer to their own resources in full."""
    for name in NAMES:
        yield from re.findall(r'"reference": "(https?://[^"]+)/[A-Z][A-Za-z]+/[^"/]+"', Example(name).text)
