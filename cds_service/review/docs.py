"""Writes the knowledge as pages: the same knowledge, the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cds_service.review import overview, pages, reference
from cds_service.review.library import Library, open_library
from cds_service.review.pictures import draw


def write_docs(sites: tuple[str, ...], out: Path, cases: Path) -> list[str]:
    """Writes every page below `out`, and gives their names."""
    written = render(open_library(sites, cases))
    for name, text in written.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return list(written)


def render(library: Library) -> Mapping[str, str]:
    """The text of every page and picture, by its name inside the folder of pages."""
    found = {"README.md": overview.index_page(library)}
    for guidance in library.guidance:
        found[guidance.page] = pages.guidance_page(library, guidance)
    for safety in library.safety:
        found[safety.page] = pages.safety_page(library, safety)
    found |= {
        "facts.md": reference.facts_page(library),
        "code-lists.md": reference.codelists_page(library),
        "monitoring.md": reference.monitoring_page(library),
        "products.md": reference.products_page(library),
    }
    found |= {f"code-lists/{name}.md": reference.codelist_page(one) for name, one in library.codelists.items()}
    tables = {name: one for knowledge in library.sites for name, one in knowledge.tables.items()}
    for name, one in sorted(tables.items()):
        found[f"charts/{name}.svg"] = draw(one, str(library.tables[name]["title"]))
    return found
