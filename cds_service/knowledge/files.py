"""Reads the knowledge files strictly: a wrong key, a wrong type or a missing figure stops the load."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cds_service.errors import KnowledgeError
from cds_service.knowledge.fits import Unsure, fits

PACKAGE = Path(__file__).parent

T = TypeVar("T")


@dataclass(frozen=True)
class Roots:
    """Where knowledge lies: the package first, then the site's own folder, which may add files."""

    folders: tuple[Path, ...]

    def find(self, name: str) -> list[Path]:
        """Every file of this name, the package's first."""
        return [path for folder in self.folders if (path := folder / name).is_file()]

    def glob(self, pattern: str) -> Iterator[tuple[Path, str]]:
        """Every file that fits, with its name inside its folder."""
        for folder in self.folders:
            for path in sorted(folder.glob(pattern)):
                yield path, path.relative_to(folder).as_posix()


@cache
def read_schema(name: str) -> dict[str, Any]:
    """`schemas/<name>.json`."""
    document: dict[str, Any] = json.loads((PACKAGE / "schemas" / f"{name}.json").read_text("utf-8"))
    return document


def _fault(document: object, schema: str) -> Any:
    """What is wrong with a document, by jsonschema; None where nothing is."""
    try:
        if fits(document, read_schema(schema), read_schema(schema)):
            return None
    except Unsure:
        pass
    from jsonschema import Draft202012Validator

    return next(Draft202012Validator(read_schema(schema)).iter_errors(document), None)


def read_toml(path: Path, schema: str, name: str = "") -> dict[str, Any]:
    """One TOML file, decimals exact, checked against `schemas/<schema>.json`. `name` is what errors call it."""
    name = name or path.name
    try:
        document = tomllib.loads(read_text(path), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(name, f"not valid TOML: {error}") from error
    fault = _fault(document, schema)
    if fault is not None:
        fault = _deepest(fault)
        place = ".".join(str(part) for part in fault.absolute_path)
        raise KnowledgeError(f"{name}: {place or 'top level'}", _plain(fault))
    return document


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(path.name, f"cannot be read as UTF-8 text: {error}") from error


def _deepest(fault: Any) -> Any:
    """Where one of several shapes is allowed, the fault of the shape that comes closest."""
    from jsonschema.exceptions import best_match

    while fault.context:
        fault = best_match(
            fault.context,
            key=lambda one: (len(one.absolute_path), one.validator != "required", one.validator != "type"),
        )
    return fault


def _plain(fault: Any) -> str:
    """A schema fault in words: what is wrong, what is allowed."""
    if fault.validator == "additionalProperties":
        allowed = ", ".join(sorted(fault.schema.get("properties", {})))
        extra = ", ".join(sorted(set(fault.instance) - set(fault.schema.get("properties", {}))))
        return f"unknown key {extra}; allowed: {allowed}"
    if fault.validator == "enum":
        return f"{fault.instance!r} is not allowed; allowed: {', '.join(map(str, fault.validator_value))}"
    return str(fault.message)


def read_csv(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """One CSV file whose header must be exactly `columns`."""
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    if tuple(reader.fieldnames or ()) != columns:
        raise KnowledgeError(path.name, f"columns are {reader.fieldnames}; allowed: {list(columns)}")
    rows = list(reader)
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise KnowledgeError(f"{path.name}:{number}", "the row has more or fewer cells than the header")
    return rows


def decimal(text: object, place: str) -> Decimal:
    """A finite decimal number."""
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        raise KnowledgeError(place, f"{text!r} is not a number") from None
    if not value.is_finite():
        raise KnowledgeError(place, f"{text!r} is not a finite number")
    return value


def whole(text: object, place: str) -> int:
    """A whole number."""
    value = decimal(text, place)
    if value != value.to_integral_value():
        raise KnowledgeError(place, f"{text!r} is not a whole number")
    return int(value)


def lookup(names: Mapping[str, T], name: str, place: str, what: str) -> T:
    """The thing of this name, or an error that lists the names there are."""
    try:
        return names[name]
    except KeyError:
        known = ", ".join(sorted(names))
        raise KnowledgeError(place, f"{what} {name!r} is not known; known: {known}") from None


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
