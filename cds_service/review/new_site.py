"""Writes the folder of a new hospital: commented, loadable as it stands, and ready to be changed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import read_toml
from cds_service.knowledge.load import load_knowledge, site_folder

TEMPLATE = Path(__file__).parent / "site_folder"
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]*$")


def new_site(folder: Path, like: str) -> None:
    """Follows what the site `like` follows. Raises KnowledgeError rather than overwrite anything."""
    if folder.exists():
        raise KnowledgeError(str(folder), "it is there already, and nothing is overwritten; name a new folder")
    if not NAME.match(folder.name):
        raise KnowledgeError(str(folder), "cards show the folder's name: letters, digits, _ and - are allowed")
    pattern = read_toml(site_folder(like) / "site.toml", "site")
    shutil.copytree(TEMPLATE, folder, copy_function=shutil.copyfile)
    (folder / "site.toml").write_text(site_text(pattern, like), "utf-8")
    try:
        load_knowledge(str(folder))
    except KnowledgeError as error:
        shutil.rmtree(folder)
        raise KnowledgeError(f"site {like!r}", f"it cannot stand alone as a pattern: {error}") from error


def site_text(pattern: Mapping[str, Any], like: str) -> str:
    """A site.toml that says what each line is for."""
    shelf = f"shelf     = {_toml(pattern['shelf'])}" if "shelf" in pattern else '# shelf   = ["…"]'
    lines = [
        f"# Made like the site {like!r}. Read every line: a hospital answers for what it follows.",
        'title     = "Our hospital (replace this)"',
        f"time_zone = {_toml(pattern['time_zone'])}  # of the tz database: dates of birth are read in it",
        f"product   = {_toml(pattern['product'])}  # of products.csv: volumes and infusion rates are for it",
        f"{shelf}  # further products in stock",
    ]
    for entry in pattern["follow"]:
        lines += ["", "[[follow]]"]
        lines += [f"{key:<10} = {_toml(entry[key])}" for key in ("indication", "guideline", "beside") if key in entry]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """Texts and lists of texts, which TOML writes as JSON does."""
    return json.dumps(value, ensure_ascii=False)
