"""Signed tokens, forged ones, and the clients files that trust them. Keys are made once a session; none is kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

ISSUER = "https://ehr.example/fhir"
BASE_URL = "https://cds.example"
PATH = "/cds-services/neonatal-ivig-order-select"
ENDPOINT = BASE_URL + PATH
LIFE = 300  # seconds, as the public sandbox's tokens
KINDS = {"ES384": "P-384", "ES256": "P-256", "ES512": "P-521"}
LEFT_OUT = object()  # as the value of a claim or a header member: it is not there

Json = dict[str, Any]


@cache
def private_key(kind: str, number: int = 0) -> ECKey | RSAKey:
    """`ES384`, `ES256` or `ES512` for a curve, `RSA` for 2048 bits; another `number` is another key."""
    return ECKey.generate_key(KINDS[kind]) if kind in KINDS else RSAKey.generate_key(2048)


@dataclass(frozen=True)
class Signer:
    """One key of one client."""

    alg: str = "ES384"
    kid: str = "key-1"
    number: int = 0

    @property
    def key(self) -> ECKey | RSAKey:
        return private_key(self.alg if self.alg in KINDS else "RSA", self.number)

    def jwk(self, **more: Any) -> Json:
        """The public half, as it stands in a key set."""
        return {**self.key.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": self.alg, **more}

    def sign(self, header: bytes, payload: bytes, alg: str = "") -> str:
        """Any two parts, with this key's signature behind them."""
        text = f"{b64(header)}.{b64(payload)}"
        return f"{text}.{b64(JWSRegistry.algorithms[alg or self.alg].sign(text.encode(), self.key))}"

    def token(self, header: Mapping[str, Any] | None = None, *, at: datetime | None = None, **claims: Any) -> str:
        """A good token for ENDPOINT; `header` and `claims` replace members, LEFT_OUT takes one away."""
        head = members({"alg": self.alg, "typ": "JWT", "kid": self.kid}, header or {})
        return self.sign(dumped(head), dumped(members(good_claims(at), claims)))

    def bearer(self, header: Mapping[str, Any] | None = None, *, at: datetime | None = None, **claims: Any) -> str:
        return f"Bearer {self.token(header, at=at, **claims)}"


def good_claims(at: datetime | None = None) -> Json:
    issued = int((at or datetime.now(UTC)).timestamp())
    return {"iss": ISSUER, "aud": ENDPOINT, "iat": issued, "exp": issued + LIFE, "jti": str(uuid4())}


def members(given: Json, changes: Mapping[str, Any]) -> Json:
    return {name: value for name, value in {**given, **changes}.items() if value is not LEFT_OUT}


def dumped(content: object) -> bytes:
    return json.dumps(content).encode()


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def key_set(*keys: Json) -> bytes:
    return dumped({"keys": keys})


def write_clients(folder: Path, *entries: Mapping[str, Any], keys: bytes | None = None) -> Path:
    """clients.toml and keys.json. Without entries one client, `ehr-1`, with the key of Signer()."""
    (folder / "keys.json").write_bytes(key_set(Signer().jwk()) if keys is None else keys)
    listed = entries or ({"name": "ehr-1", "issuer": ISSUER, "jwks_file": "keys.json"},)
    path = folder / "clients.toml"
    tables = [
        "[[client]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in one.items()) for one in listed
    ]
    path.write_text("\n".join(tables), "utf-8")
    return path
