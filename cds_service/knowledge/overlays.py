"""What a hospital moves in a guideline that it follows: only what the guideline lets vary, within its bounds.

An overlay is laid over the text of the guidance file before that is read, so a moved figure is checked like any other,
and its citation is the hospital's own, with the guideline's value and place beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import Roots, decimal, lookup, read_toml
from cds_service.knowledge.shapes import (
    Cite,
    Comparison,
    Condition,
    Group,
    Guidance,
    Moved,
    Named,
    Overlay,
    Recommendation,
    Source,
)

FOLDER = "overlays"
DOSE_PARTS = ("amount", "over")
SITE = "this site"
PLACEHOLDER = re.compile(r"{(\w*)}")

Raw = dict[str, Any]


@dataclass(frozen=True)
class Moves:
    """One overlay as it is written: `raw` is the file, `source` the hospital's own document behind it."""

    file: str
    raw: Raw
    source: Source
    signed_off: bool


def load_moves(folder: Path, sources: Mapping[str, Source], signed: frozenset[str]) -> dict[str, Moves]:
    """The site's overlays, by the name of the guidance file that each is laid over. An empty file moves nothing."""
    found = {}
    own = _own_sources(folder, sources)
    for path, name in Roots((folder,)).glob(f"{FOLDER}/**/*"):
        if path.is_dir() or path.name.startswith("."):
            continue
        if len(Path(name).parts) != 3 or path.suffix != ".toml":
            raise KnowledgeError(name, f"an overlay is a file {FOLDER}/<indication>/<guideline>.toml")
        raw = read_toml(path, "overlay", name)
        if not raw:
            continue
        if not (raw.get("numbers") or raw.get("doses")):
            raise KnowledgeError(name, "it moves nothing; write [numbers] or [doses.…], or take the file out")
        if raw["source"] not in own:
            known = ", ".join(sorted(own)) or "none"
            raise KnowledgeError(
                name, f"source {raw['source']!r} is not in the site's own sources.toml; there: {known}"
            )
        target = "indications" + name.removeprefix(FOLDER)
        found[target] = Moves(name, raw, own[raw["source"]], name in signed)
    return found


def _own_sources(folder: Path, sources: Mapping[str, Source]) -> dict[str, Source]:
    path = folder / "sources.toml"
    return {name: sources[name] for name in read_toml(path, "sources")} if path.is_file() else {}


def check_bounds(raw: Raw, place: str) -> None:
    """Whatever may vary stands within its bounds, in the guidance file as under an overlay."""
    for key, entry in raw["numbers"].items():
        if "may_vary" in entry:
            _within(entry["may_vary"], [entry["value"]], entry["unit"], f"{place}: numbers.{key}")
    for key, dose in raw.get("doses", {}).items():
        for part in DOSE_PARTS:
            if part not in (bounds := dose.get("may_vary", {})):
                continue
            where = f"{place}: doses.{key}.{part}"
            if part not in dose:
                raise KnowledgeError(where, f"the guideline states no {part}, so there is nothing that may vary")
            _within(bounds[part], _ends(dose[part]), dose[part]["unit"], where)


def _ends(raw: Mapping[str, Any]) -> list[Any]:
    return [raw[key] for key in ("value", "from", "to") if key in raw]


def _within(bounds: Mapping[str, Any], values: list[Any], unit: str, place: str) -> None:
    low, high = decimal(bounds["from"], place), decimal(bounds["to"], place)
    if low >= high:
        raise KnowledgeError(place, f"may_vary must rise, and is from {low} to {high}")
    for value in values:
        if not low <= decimal(value, place) <= high:
            raise KnowledgeError(place, f"{value} {unit} is out of bounds; it may vary from {low} to {high} {unit}")


def laid_over(raw: Raw, moves: Moves, sources: Mapping[str, Source]) -> Raw:
    """The guidance file with the hospital's figures and citations in place of the guideline's."""
    default = sources.get(raw["source"])
    numbers = dict(raw["numbers"])
    for key, move in moves.raw.get("numbers", {}).items():
        place = f"{moves.file}: numbers.{key}"
        numbers[key] = _moved_number(_movable(raw["numbers"], key, place), move, moves.source, place) | {
            "cite": _place(move, _span(numbers[key]), _cited(numbers[key], sources, default))
        }
    doses = dict(raw.get("doses", {}))
    for key, move in moves.raw.get("doses", {}).items():
        place = f"{moves.file}: doses.{key}"
        doses[key] = _moved_dose(_movable(doses, key, place), move, moves.source, place) | {
            "cite": _place(move, _was_dose(doses[key]), _cited(doses[key], sources, default))
        }
    over = {**raw, "numbers": numbers} | ({"doses": doses} if doses else {})
    check_bounds(over, moves.file)
    return over


def _movable(entries: Mapping[str, Raw], key: str, place: str) -> Raw:
    movable = {name: entry for name, entry in entries.items() if "may_vary" in entry}
    if key not in movable:
        what = "may not vary" if key in entries else "is not in the guideline"
        raise KnowledgeError(place, f"{key} {what}; what may vary: {', '.join(sorted(movable)) or 'nothing'}")
    return movable[key]


def _moved_number(old: Raw, move: Raw, source: Source, place: str) -> Raw:
    _same_unit(old["unit"], move["unit"], place)
    before, after = decimal(old["value"], place), decimal(move["value"], place)
    if before == after:
        raise KnowledgeError(place, f"{before} is the guideline's own value: leave it out, or move it")
    new = {**old, "value": move["value"], "source": source.name}
    if "title" in old:
        new["title"] = _figure_in(before).sub(plain(after), old["title"])
    return new


def _moved_dose(old: Raw, move: Raw, source: Source, place: str) -> Raw:
    new = {**old, "source": source.name}
    for part in DOSE_PARTS:
        if part not in move:
            continue
        if part not in old["may_vary"]:
            allowed = ", ".join(one for one in DOSE_PARTS if one in old["may_vary"])
            raise KnowledgeError(f"{place}.{part}", f"may not vary; what may vary: {allowed}")
        _same_unit(old[part]["unit"], move[part]["unit"], f"{place}.{part}")
        if [decimal(one, place) for one in _ends(old[part])] == [decimal(one, place) for one in _ends(move[part])]:
            raise KnowledgeError(f"{place}.{part}", "this is the guideline's own value: leave it out, or move it")
        new[part] = move[part]
    return new


def _same_unit(old: str, new: str, place: str) -> None:
    if old != new:
        raise KnowledgeError(place, f"in {new}; write it in the guideline's unit: {old}")


def _cited(entry: Raw, sources: Mapping[str, Source], default: Source | None) -> str:
    source = sources.get(entry["source"]) if "source" in entry else default
    return f"{source.short}, {entry['cite']}" if source else str(entry["cite"])


def _place(move: Raw, was: str, cited: str) -> str:
    return f"{move['cite']}; moved by {SITE} from {was}: {cited}"


def _was_dose(entry: Raw) -> str:
    return " over ".join(_span(entry[part]) for part in DOSE_PARTS if part in entry)


def _span(raw: Mapping[str, Any]) -> str:
    """`0.5–1 g/kg`, `20 x10^9/L`: without an asterisk, since it goes into markdown."""
    figures = dict.fromkeys(plain(Decimal(str(one))) for one in _ends(raw))
    unit = re.sub(r"^10\*", "x10^", raw["unit"])
    return f"{'–'.join(figures)} {unit}"


# --- words ------------------------------------------------------------------------------------


def plain(value: Decimal) -> str:
    """`20`, `0.5`: the figure alone, without trailing zeros."""
    return f"{value.normalize():f}"


def _figure_in(value: Decimal) -> re.Pattern[str]:
    """The figure where it stands alone in a text: 20, but not the 20 of 120 or of 20.5."""
    return re.compile(rf"(?<![\w.]){re.escape(plain(value))}(?!\w|\.\d)")


def filled(raw: Raw, place: str) -> Raw:
    """`asks` and the texts of the recommendations, with the figure of each number that they name in braces.

    A figure that may vary must be named so: written out, it would be wrong wherever a hospital moves it.
    """
    constants = {
        key: decimal(one["value"], f"{place}: numbers.{key}") for key, one in raw["numbers"].items() if "value" in one
    }
    movable = {key: constants[key] for key, one in raw["numbers"].items() if "may_vary" in one}

    def fill(text: str, where: str) -> str:
        _no_figures(text, movable, where)
        return PLACEHOLDER.sub(lambda match: plain(lookup(constants, match[1], where, "constant number")), text)

    entries = []
    for entry in raw["recommend"]:
        where = f"{place}: {entry['id']}"
        _no_figures(entry["card"]["summary"], movable, f"{where}.summary")
        entries.append({**entry, "text": fill(entry["text"], f"{where}.text")})
    return {**raw, "asks": fill(raw["asks"], f"{place}: asks"), "recommend": entries}


def _no_figures(text: str, movable: Mapping[str, Decimal], place: str) -> None:
    for key, value in movable.items():
        if _figure_in(value).search(text):
            raise KnowledgeError(place, f"{plain(value)} stands in the text, but {key} may vary: write {{{key}}}")


# --- what was moved ---------------------------------------------------------------------------


def recited(guidance: Guidance, moves: Moves, original: Raw) -> Guidance:
    """The guidance with the overlay on record, and each recommendation that hangs on a moved limit citing it."""
    numbers, doses = moves.raw.get("numbers", {}), moves.raw.get("doses", {})

    def recite(entry: Recommendation) -> Recommendation:
        hangs_on = (numbers[name]["cite"] for name in _numbers(entry.when, guidance) if name in numbers)
        places = "; ".join(dict.fromkeys(hangs_on))
        if not places:
            return entry
        return replace(entry, cite=Cite(moves.source, f"{places}; moved by {SITE} from: {entry.cite}"))

    return replace(
        guidance,
        recommendations=tuple(recite(entry) for entry in guidance.recommendations),
        doses={key: replace(dose, set_by=SITE) if key in doses else dose for key, dose in guidance.doses.items()},
        overlay=Overlay(moves.file, moves.signed_off, tuple(_said(moves, original))),
    )


def _numbers(condition: Condition, guidance: Guidance) -> Iterator[str]:
    """Every number that a condition compares with, its statements followed."""
    if isinstance(condition, Group):
        for item in condition.items:
            yield from _numbers(item, guidance)
    elif isinstance(condition, Named):
        yield from _numbers(guidance.statements[condition.name], guidance)
    elif isinstance(condition, Comparison):
        yield condition.number.name


def _said(moves: Moves, original: Raw) -> Iterator[Moved]:
    for key, move in moves.raw.get("numbers", {}).items():
        old = original["numbers"][key]
        yield Moved(_span(old), _span(move), Cite(moves.source, move["cite"]))
    for key, move in moves.raw.get("doses", {}).items():
        old = original["doses"][key]
        new = {**old, **{part: move[part] for part in DOSE_PARTS if part in move}}
        yield Moved(_was_dose(old), _was_dose(new), Cite(moves.source, move["cite"]))
