"""The clients that a hospital has registered: what each is called, signs with, and lets us read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

Algorithm = Literal["ES384", "RS384", "ES256", "RS256"]
Release = Literal["1.0", "2.0"]
DEFAULT_ALGORITHMS: tuple[Algorithm, ...] = ("ES384", "RS384")  # the two that CDS Hooks recommends


@dataclass(frozen=True, slots=True)
class Client:
    """One table of the clients file. `audiences` are accepted beside the address of the endpoint called; `cds_hooks` is
    the release that the client knows, 2.0 standing for all later ones."""

    name: str
    issuer: str
    tenant: str | None = None
    algorithms: tuple[Algorithm, ...] = DEFAULT_ALGORITHMS
    audiences: tuple[str, ...] = ()
    jwks_url: str | None = None
    jwks_file: Path | None = None
    fhir_base: str | None = None
    site: str | None = None
    certificate: str | None = None
    cds_hooks: Release = "2.0"

    @property
    def keys_at(self) -> str:
        """Where its key set is: an address or a path."""
        return self.jwks_url or str(self.jwks_file)


@dataclass(frozen=True)
class Clients:
    """All of them. `demo` lets keys be used that anybody has."""

    listed: tuple[Client, ...]
    demo: bool = False

    def issued_by(self, issuer: str) -> Mapping[str | None, Client]:
        """The entries of an issuer, by tenant."""
        return self._by_issuer.get(issuer, {})

    @cached_property
    def _by_issuer(self) -> Mapping[str, Mapping[str | None, Client]]:
        found: dict[str, dict[str | None, Client]] = {}
        for one in self.listed:
            found.setdefault(one.issuer, {})[one.tenant] = one
        return found


def load_clients(path: Path, *, demo: bool) -> Clients:
    """Reads the file and every key file it names. Raises SettingsError on any fault; asks no server."""
    from cds_service.clients.entries import read_entries  # brings the libraries of models and of keys

    return Clients(read_entries(path, demo=demo), demo)
