"""Writes site folders outside the package: a made-up hospital with a guideline of its own, whole or broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.errors import KnowledgeError
from cds_service.knowledge.load import load_knowledge

SITE = """\
title     = "Made-up hospital"
time_zone = "Europe/Berlin"
product   = "privigen_10_eu"

[[follow]]
indication = "hdn"
guideline  = "own"
beside     = ["nice_cg98"]
"""

SOURCES = """\
[made_up]
short = "Made-up 2026"
title = "A guideline that nobody follows"
year = 2026
published = "2026"
still_current_on = "2026-11-21"
verified = "verified"
how = "Written for a test."
"""

GUIDANCE = """\
indication = "hdn"
guideline  = "own"
title      = "IVIG by the made-up guideline"
source     = "made_up"
asks       = "a positive DAT and bilirubin of 15 or more"
use        = "Tests."
misuse     = "Patients."
answer     = "first"

[numbers]
oldest = {value = 10, unit = "d", cite = "p. 1"}
limit  = {title = "the limit", value = 15, unit = "mg/dL", cite = "p. 2"}

[statements]
isoimmune = "dat is positive"
high      = "tsb >= limit"

[[recommend]]
id      = "too_old"
verdict = "out-of-scope"
cite    = "p. 1"
text    = "older than ten days"
when    = "age > oldest"
card    = {indicator = "info", summary = "Older than the made-up guideline allows (age {age})"}

[[recommend]]
id      = "give"
verdict = "recommended"
cite    = "p. 2"
text    = "a positive DAT and a high bilirubin"
when    = {all = ["isoimmune", "high"]}
dose    = "ivig"
card    = {indicator = "warning", summary = "Give {dose}: bilirubin {tsb}, limit {limit}"}

[[recommend]]
id      = "wait"
verdict = "not-yet"
cite    = "p. 3"
text    = "anything else"
when    = {none = [{all = ["isoimmune", "high"]}]}
card    = {indicator = "info", summary = "Not yet"}

[doses.ivig]
cite   = "p. 4"
per    = "dosing_weight"
amount = {from = 0.7, to = 0.7, unit = "g/kg"}
over   = {value = 3, unit = "h"}
"""

FILES = {"site.toml": SITE, "sources.toml": SOURCES, "indications/hdn/own.toml": GUIDANCE}


def write_files(folder: Path, files: dict[str, str]) -> str:
    """The folder as `load_knowledge` takes it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return str(folder)


def fault(folder: Path, files: dict[str, str]) -> str:
    """What the loader says of a site folder with these files; fails where it says nothing."""
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(write_files(folder / "own_site", FILES | files))
    return str(caught.value)
