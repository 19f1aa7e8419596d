"""Writes docs/conformance.md: each requirement of CDS Hooks with its tests, or the reason why it has none."""

from __future__ import annotations

from itertools import groupby

from tests.conformance.requirements import ROOT, Requirement

FILE = ROOT / "docs" / "conformance.md"
# The number of the first requirement of each part.
PARTS = {
    1: "Transport",
    11: "Discovery",
    25: "Prefetch templates",
    34: "Calls",
    49: "Data",
    65: "Answers",
    99: "Feedback",
    111: "Security",
    133: "Releases",
}
HEAD = """\
# Conformance to CDS Hooks

What [CDS Hooks 2.0.1](https://cds-hooks.hl7.org/2.0/) asks of a service, with what 1.0 and the ballot of 3.0 ask
beside it, in our own words. `make conformance` runs the tests named here, prints the result of each, and writes this
page; it fails where a test does, and where a requirement has neither a test nor a reason.

A level with "ours" is one that the specification does not set: there we bind ourselves. Beside these tests, **every
reply that any test of this project gets** is held to the schemas of [`openapi.yaml`](../openapi.yaml): those of
CDS Hooks 2.0.1, and our own stricter ones.
"""


def page(requirements: list[Requirement]) -> str:
    shown = sum(bool(one.tests) for one in requirements)
    lines = [
        HEAD,
        f"{len(requirements)} requirements: {shown} shown by tests, {len(requirements) - shown} with a reason why not.",
    ]
    for part, found in groupby(requirements, key=_part):
        lines += ["", f"## {part}", "", "| | level | requirement | shown by |", "|---|---|---|---|"]
        lines += [f"| {one.id} | {one.level} | {one.says} *({one.source})* | {_shown(one)} |" for one in found]
    return "\n".join(lines) + "\n"


def _part(one: Requirement) -> str:
    number = int(one.id.removeprefix("R"))
    return PARTS[max(first for first in PARTS if first <= number)]


def _shown(one: Requirement) -> str:
    said = [_link(path, list(tests)) for path, tests in groupby(one.tests, key=lambda test: test.partition("::")[0])]
    return "<br>".join([*said, *([one.reason] if one.reason else [])])


def _link(path: str, tests: list[str]) -> str:
    names = ", ".join(f"`{name}`" for test in tests if (name := test.partition("::")[2]))
    return f"[{path.removeprefix('tests/')}](../{path})" + (f": {names}" if names else "")
