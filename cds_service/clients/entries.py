"""Reads the clients file strictly: what is unknown, ambiguous or unsafe is refused at the start, with its place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from cds_service.clients.bases import address, canonical_base
from cds_service.clients.certificate import spelled
from cds_service.clients.keyset import read_keys
from cds_service.clients.published import of_the_sandbox
from cds_service.clients.table import DEFAULT_ALGORITHMS, Algorithm, Client, Release
from cds_service.errors import SettingsError


def _line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("allowed: one line without spaces around it")
    return text


def _address(url: str) -> str:
    address(url)
    return url


def _base(url: str) -> str:
    canonical_base(url)
    return url


Text = Annotated[str, StringConstraints(min_length=1, max_length=2048), AfterValidator(_line)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]  # stands in logs and measures
    issuer: Text
    tenant: Text | None = None
    algorithms: list[Algorithm] = Field(default_factory=lambda: [*DEFAULT_ALGORITHMS], min_length=1)
    audiences: list[Text] = []
    jwks_url: Annotated[Text, AfterValidator(_address)] | None = None
    jwks_file: Text | None = None
    fhir_base: Annotated[Text, AfterValidator(_base)] | None = None
    site: Text | None = None
    certificate: Annotated[Text, AfterValidator(spelled)] | None = None
    cds_hooks: Release = "2.0"

    @model_validator(mode="after")
    def _one_source(self) -> _Entry:
        if (self.jwks_url is None) == (self.jwks_file is None):
            raise ValueError("allowed: either jwks_file or jwks_url, one of them")
        return self


def read_entries(path: Path, *, demo: bool) -> tuple[Client, ...]:
    """Every client of the file, its key file read once to see that it can be. Raises SettingsError."""
    listed = _tables(path)
    found: list[Client] = []
    for number, table in enumerate(listed, 1):
        name = table.get("name") if isinstance(table, dict) else None
        place = f"{path.name}: client {name if isinstance(name, str) and name else number}"
        client = _client(table, place, path.parent)
        _not_public(client, place, demo=demo)
        _not_twice(client, found, place)
        _keys_there(client, place, demo=demo)
        found.append(client)
    return tuple(found)


def _tables(path: Path) -> list[Any]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"CDS_CLIENTS: {path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise SettingsError(f"{path.name}: not TOML: {error}") from None
    listed = content.pop("client", [])
    if content:
        raise SettingsError(f"{path.name}: unknown {', '.join(sorted(content))}; allowed: [[client]] tables")
    if not isinstance(listed, list) or not listed:
        raise SettingsError(f"{path.name}: no client; needed: at least one [[client]] table")
    return listed


def _client(table: Any, place: str, folder: Path) -> Client:
    try:
        entry = _Entry.model_validate(table)
    except ValidationError as error:
        raise SettingsError("; ".join(f"{place}: {_said(fault)}" for fault in error.errors())) from None
    given = entry.model_dump(exclude={"algorithms", "audiences", "jwks_file"})
    return Client(
        **given,
        algorithms=tuple(dict.fromkeys(entry.algorithms)),
        audiences=tuple(entry.audiences),
        jwks_file=None if entry.jwks_file is None else _inside(entry.jwks_file, folder, place),
    )


def _said(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown key {where}; allowed: {', '.join(_Entry.model_fields)}"
    text = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "string_pattern_mismatch":
        text = "allowed: up to 64 letters, digits, '.', '_' and '-'"
    return f"{where}: {text}" if where else text


def _inside(name: str, folder: Path, place: str) -> Path:
    """A relative path stays beside the clients file; one that is meant to lie elsewhere is written whole."""
    if ".." in Path(name).parts:
        raise SettingsError(f"{place}: jwks_file: {name}: allowed: a path below the clients file, or a whole one")
    return folder / name


def _not_public(client: Client, place: str, *, demo: bool) -> None:
    if not demo and (of_the_sandbox(client.issuer) or of_the_sandbox(client.jwks_url or "")):
        raise SettingsError(
            f"{place}: the public CDS Hooks Sandbox signs with a key that anybody can read; allowed with CDS_DEMO=true"
        )


def _not_twice(client: Client, others: list[Client], place: str) -> None:
    if any(one.name == client.name for one in others):
        raise SettingsError(f"{place}: name: there is another client of this name; allowed: one each")
    if any((one.issuer, one.tenant) == (client.issuer, client.tenant) for one in others):
        raise SettingsError(f"{place}: issuer: another client has it too; allowed: once, or once for each tenant")


def _keys_there(client: Client, place: str, *, demo: bool) -> None:
    if client.jwks_file is None:
        return
    try:
        found = read_keys(client.jwks_file, demo=demo)
    except ValueError as error:
        raise SettingsError(f"{place}: jwks_file: {error}") from None
    if not found.keys:
        why = "; ".join(found.left_out) or "it is empty"
        raise SettingsError(f"{place}: jwks_file: {client.jwks_file.name} has no key that can be used: {why}")
