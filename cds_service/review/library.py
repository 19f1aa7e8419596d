"""What the pages are written from: the knowledge of every site asked for, with what its files say to readers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from cds_service.knowledge.files import PACKAGE, Roots, read_toml, sha256
from cds_service.knowledge.load import load_knowledge, site_folder
from cds_service.knowledge.shapes import Cite, CodeList, Coding, Guidance, Indication, Knowledge, Overlay, Rules, Safety
from cds_service.review.safety_cases import FOLDER
from cds_service.review.sentences import Sentences

UP = "../"

R_co = TypeVar("R_co", bound=Rules, covariant=True)


@dataclass(frozen=True)
class Figure:
    """One thing that a file says with a citation. `kind` is number, dose, answer, note or rule, `words` which one."""

    kind: str
    words: str
    cite: Cite


@dataclass(frozen=True)
class Sheet(Generic[R_co]):
    """One file of rules on its way to a page. `page` is the page's name inside the folder of pages."""

    knowledge: Knowledge
    rules: R_co
    path: Path
    page: str

    @property
    def top(self) -> str:
        """The way from this page up to the index."""
        return UP * self.page.count("/")

    @cached_property
    def sentences(self) -> Sentences:
        return Sentences(self.knowledge.facts, self.rules.numbers, f"{self.top}code-lists/")

    @property
    def hash(self) -> str:
        return sha256(self.path)


@dataclass(frozen=True)
class Library:
    """`folders` are the package and the folders of the sites; `cases` is where the clinical cases lie."""

    sites: tuple[Knowledge, ...]
    folders: tuple[Path, ...]
    cases: Path

    @cached_property
    def guidance(self) -> tuple[Sheet[Guidance], ...]:
        """Every guidance file once, by indication in the order of the catalogue, then by name."""
        found = self._sheets(lambda knowledge: knowledge.guidance.values())
        order = {name: place for place, name in enumerate(self.indications)}
        return tuple(sorted(found, key=lambda sheet: (order[sheet.rules.indication], sheet.page)))

    @cached_property
    def safety(self) -> tuple[Sheet[Safety], ...]:
        """Every file of safety rules once, by name."""
        return tuple(sorted(self._sheets(lambda knowledge: knowledge.safety), key=lambda sheet: sheet.page))

    @property
    def sheets(self) -> tuple[Sheet[Guidance] | Sheet[Safety], ...]:
        return (*self.guidance, *self.safety)

    def _sheets(self, rules_of: Callable[[Knowledge], Iterable[R_co]]) -> Iterable[Sheet[R_co]]:
        found: dict[str, Sheet[R_co]] = {}
        for knowledge, folder in zip(self.sites, self.folders[1:], strict=True):
            for rules in rules_of(knowledge):
                name = rules.file.removeprefix("indications/").removesuffix(".toml") + ".md"
                path = PACKAGE / rules.file
                if not path.is_file():
                    path, name = folder / rules.file, f"sites/{knowledge.site.name}/{name}"
                if name not in found or _moved(found[name].rules):
                    found[name] = Sheet(knowledge, rules, path, name)
        return found.values()

    def moved(self, guidance: Guidance) -> Iterator[tuple[Knowledge, Overlay]]:
        """The sites that moved something in this file, with what they moved."""
        for knowledge in self.sites:
            one = knowledge.guidance.get((guidance.indication, guidance.guideline))
            if one is not None and one.overlay is not None and one.file == guidance.file:
                yield knowledge, one.overlay

    @cached_property
    def indications(self) -> Mapping[str, Indication]:
        return {name: one for knowledge in self.sites for name, one in knowledge.indications.items()}

    def followers(self, guidance: Guidance) -> Iterator[tuple[Knowledge, bool]]:
        """The sites that follow this guideline, and those that show it beside (False)."""
        for knowledge in self.sites:
            for follow in knowledge.site.follows:
                if follow.indication == guidance.indication:
                    if follow.guideline == guidance.guideline:
                        yield knowledge, True
                    elif guidance.guideline in follow.beside:
                        yield knowledge, False

    @cached_property
    def sources(self) -> Mapping[str, Mapping[str, Any]]:
        """`sources.toml` as it is written: numbers of the documents, and when they were last looked up."""
        files = Roots(self.folders).find("sources.toml")
        return {name: raw for path in files for name, raw in read_toml(path, "sources").items()}

    @cached_property
    def tables(self) -> Mapping[str, Mapping[str, Any]]:
        """`tables/*.toml` as they are written: titles, and how their cells were checked."""
        return {path.stem: read_toml(path, "table") for path, _ in Roots(self.folders).glob("tables/*.toml")}

    @cached_property
    def signatures(self) -> Mapping[str, list[Mapping[str, str]]]:
        """Who signed which text, by its hash."""
        found: dict[str, list[Mapping[str, str]]] = {}
        for path in Roots(self.folders).find("signoffs.toml"):
            for entry in read_toml(path, "signoffs").get("signoff", ()):
                found.setdefault(entry["sha256"], []).append(entry)
        return found

    @cached_property
    def _facts(self) -> Mapping[str, Mapping[str, Any]]:
        documents = [read_toml(path, "facts") for path in Roots(self.folders).find("facts.toml")]
        return {name: raw for document in documents for name, raw in document.get("facts", {}).items()}

    def plausible(self, fact: str) -> Cite:
        """Where the plausible range of a fact comes from."""
        raw = self._facts[fact]["plausible"]
        known = {name: one for knowledge in self.sites for name, one in knowledge.sources.items()}
        return Cite(known[raw["source"]], raw["cite"])

    @cached_property
    def codelists(self) -> Mapping[str, CodeList]:
        """Every code list, with what the sites add to it."""
        codes: dict[str, dict[tuple[str, str], Coding]] = {}
        for knowledge in self.sites:
            for name, one in knowledge.codelists.items():
                codes.setdefault(name, {}).update(one.codes)
        return {name: CodeList(name, codes[name], {}) for name in sorted(codes)}

    def cases_of(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """The clinical cases of one file of guidance, or of safety rules; None where there are none."""
        path = self.cases / kind / f"{name}.toml"
        return read_toml(path, "safety_cases" if kind == FOLDER else "cases") if path.is_file() else None


def _moved(rules: Rules) -> bool:
    """Whether a site's overlay lies over the file: its own page says what the file says."""
    return isinstance(rules, Guidance) and rules.overlay is not None


def open_library(sites: tuple[str, ...], cases: Path) -> Library:
    loaded = tuple(load_knowledge(name) for name in sites)
    return Library(loaded, (PACKAGE, *(site_folder(name) for name in sites)), cases)
