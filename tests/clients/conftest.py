"""A gate with several clients, at a fixed moment, and what it has seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cds_service.clients.gate import Gate
from cds_service.clients.keys import KeyStore
from cds_service.clients.table import load_clients
from tests.clients.tokens import BASE_URL, ISSUER, Signer, key_set, write_clients

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
JWKS_URL = "https://ehr-2.example/jwks.json"
CERTIFICATE = "sha256:" + "ab" * 32

ES384 = Signer("ES384", "es384")
RS384 = Signer("RS384", "rs384/+=")
RS256 = Signer("RS256", "rs256", 1)
ES256 = Signer("ES256", "es256")
ENTRIES: tuple[dict[str, Any], ...] = (
    {"name": "ehr-1", "issuer": ISSUER, "jwks_file": "keys.json", "fhir_base": "https://ehr.example/fhir"},
    {"name": "ehr-2", "issuer": "https://ehr-2.example", "jwks_url": JWKS_URL},
    {"name": "typed-in", "issuer": "urn:north", "jwks_file": "keys.json", "audiences": ["ivig-service"]},
    {"name": "north", "issuer": "https://shared.example", "tenant": "north", "jwks_file": "keys.json"},
    {"name": "south", "issuer": "https://shared.example", "tenant": "south", "jwks_file": "keys.json"},
    {"name": "old", "issuer": "urn:old", "algorithms": ["RS256", "ES256"], "jwks_file": "keys.json"},
    {"name": "mutual", "issuer": "urn:mutual", "certificate": CERTIFICATE, "jwks_file": "keys.json"},
    {"name": "named", "issuer": "urn:named", "certificate": "CN=ehr-1,O=Example", "jwks_file": "keys.json"},
)
KEYS = key_set(
    ES384.jwk(),
    RS384.jwk(),
    RS256.jwk(),
    ES256.jwk(),
    ES384.jwk(kid="for-encryption", use="enc"),
    ES384.jwk(kid="for-es512", alg="ES512"),
    ES256.jwk(kid="p-256", alg="ES384"),
    RS384.jwk(kid="any-rsa") | {"alg": "RS256"},
    {"kty": "oct", "kid": "secret", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"},
    ES384.key.as_dict(private=True) | {"kid": "private"},
)
MakeGate = Callable[..., Gate]


class Memory:
    """What a store does for replays, in one process."""

    def __init__(self) -> None:
        self.seen_before: set[tuple[str, str]] = set()
        self.until: dict[str, datetime] = {}

    def seen(self, issuer: str, jti: str, until: datetime) -> bool:
        known = (issuer, jti) in self.seen_before
        self.seen_before.add((issuer, jti))
        self.until[jti] = until
        return known


@pytest.fixture(scope="session")
def clients_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clients(tmp_path_factory.mktemp("clients"), *ENTRIES, keys=KEYS)


@pytest.fixture(scope="session")
def make_gate(clients_path: Path) -> MakeGate:
    clients = load_clients(clients_path, demo=False)

    def make(seen: Any = None, **more: Any) -> Gate:
        keys = KeyStore(clients, lambda url: KEYS, patience=2)
        return Gate(clients, keys, seen or Memory().seen, BASE_URL, clock=lambda: NOW, **more)

    return make


@pytest.fixture(scope="session")
def gate(make_gate: MakeGate) -> Gate:
    return make_gate()
