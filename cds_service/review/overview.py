"""Writes the index of the pages: what there is, who follows what, what changed, and what is not verified."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cds_service.cards.chart import bullets, capital
from cds_service.knowledge.files import PACKAGE, read_text
from cds_service.knowledge.shapes import Guidance, Rules
from cds_service.review import sections
from cds_service.review.library import Library, Sheet
from cds_service.review.pages import figures_of
from cds_service.review.sentences import MARK, STATUS, plain, table

LEAD = (
    "Everything that this service knows about IVIG in newborns, written out of its files by `ivig-cds docs` for those "
    "who read, print and sign it. Change the files, never these pages; `make docs` writes them again."
)
HOW = (
    f"{MARK} marks what is not to be relied on unseen: *second-hand* figures were seen as quoted by others, "
    "*unverified* ones were not confirmed in a document, and what is *own* is ours and needs a clinician's sign-off.",
    "Behind each line stands its text in the file, `like this`. It is what the service runs.",
    "A page holds for exactly one text of its file, named by its sha256 in the head of the page.",
)
NEWEST = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
COUNTED = ("number", "dose", "rule")
DOUBTED = tuple(STATUS.values())


def index_page(library: Library) -> str:
    blocks = (
        "# The rules, for reading",
        LEAD,
        bullets(HOW),
        sections.section("Sites", sites(library)),
        sections.section("Guidance", *guidance(library)),
        sections.section("Safety rules", safety(library)) if library.safety else "",
        sections.section("What the rules lean on", bullets(OTHERS)),
        changes(),
    )
    return "\n\n".join(block for block in blocks if block) + "\n"


OTHERS = (
    "[Facts](facts.md): what is read of a newborn, from where, and how old it may be",
    "[Code lists](code-lists.md): the codes and phrases that count",
    "[Monitoring](monitoring.md): what to watch, when to stop, what to order",
    "[Products and dose limits](products.md)",
)


def sites(library: Library) -> str:
    rows = []
    for knowledge in library.sites:
        site = knowledge.site
        rows.append((f"`{site.name}`", plain(site.title), plain(site.product.title), f"`{knowledge.version}`"))
    return table(("site", "hospital", "product", "knowledge version"), rows)


def guidance(library: Library) -> Iterator[str]:
    """One table an indication, in the order of the catalogue."""
    for name, indication in library.indications.items():
        sheets = [sheet for sheet in library.guidance if sheet.rules.indication == name]
        rows = [_row(library, sheet) for sheet in sheets]
        header = ("page", "followed by", "shown beside at", "figures", *DOUBTED, "signed off")
        yield f"### {capital(plain(indication.title))} (`{name}`)"
        yield table(header, rows) if rows else "No guidance file yet."
    yield "*Figures* are the numbers and doses of a file. The next three columns say how many of them are not "
    "verified. *Moved*: the hospital moved a figure of the file within what that lets vary."


def _row(library: Library, sheet: Sheet[Guidance]) -> tuple[str, ...]:
    guidance = sheet.rules
    followers = list(library.followers(guidance))
    moved = {knowledge.site.name for knowledge, _ in library.moved(guidance)}

    def named(*, first: bool) -> str:
        names = [knowledge.site.name for knowledge, follows in followers if follows is first]
        return ", ".join(f"`{name}`" + (" (moved)" if name in moved else "") for name in names) or "–"

    return (
        f"[{plain(guidance.source.short)}]({sheet.page}) `{guidance.guideline}`",
        named(first=True),
        named(first=False),
        *_counts(guidance),
    )


def safety(library: Library) -> str:
    header = ("page", "rules and numbers", *DOUBTED, "signed off")
    rows = [(f"[{plain(one.rules.title)}]({one.page})", *_counts(one.rules)) for one in library.safety]
    return table(header, rows)


def _counts(rules: Rules) -> tuple[str, ...]:
    """How many figures there are, how many of them are not verified in which way, and whether the file is signed."""
    figures = [one for one in figures_of(rules) if one.kind in COUNTED]
    doubtful = [str(sum(1 for one in figures if one.cite.source.verified == status)) for status in STATUS]
    return str(len(figures)), *doubtful, "yes" if rules.signed_off else "**no**"


def changes() -> str:
    """The newest heading of CHANGES.md, as it stands."""
    found = NEWEST.search(read_text(PACKAGE / "CHANGES.md"))
    return f"## What changed in {found[1]}\n\n{found[2].strip()}" if found else ""
