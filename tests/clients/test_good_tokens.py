"""Tokens as real EHRs send them are admitted."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.clients.gate import Gate
from tests.clients.conftest import CERTIFICATE, ES256, ES384, JWKS_URL, NOW, RS256, RS384, Memory
from tests.clients.tokens import BASE_URL, ENDPOINT, ISSUER, PATH, Signer, good_claims

AT = int(NOW.timestamp())
EPIC: dict[str, Any] = {"iat": AT, "nbf": AT - 300, "exp": AT + 900, "sub": "typed in by the hospital"}

GOOD: dict[str, tuple[str, str, str | None]] = {
    "ES384": (ES384.bearer(at=NOW), "ehr-1", None),
    "RS384, a kid with slash, plus and equals sign": (RS384.bearer(at=NOW), "ehr-1", None),
    "RS256 where the entry lists it": (RS256.bearer(at=NOW, iss="urn:old"), "old", None),
    "ES256 where the entry lists it": (ES256.bearer(at=NOW, iss="urn:old"), "old", None),
    "as Epic: nbf before iat, sub, a life of 15 minutes": (RS384.bearer(at=NOW, **EPIC), "ehr-1", None),
    "as the sandbox: jku, a life of 5 minutes": (
        ES384.bearer({"jku": "https://sandbox.example/.well-known/jwks.json"}, at=NOW),
        "ehr-1",
        None,
    ),
    "an audience that the hospital typed in": (
        ES384.bearer(at=NOW, iss="urn:north", aud="ivig-service"),
        "typed-in",
        None,
    ),
    "the endpoint's own address where others are listed": (ES384.bearer(at=NOW, iss="urn:north"), "typed-in", None),
    "several audiences, ours among them": (ES384.bearer(at=NOW, aud=["https://else.example", ENDPOINT]), "ehr-1", None),
    "keys at an address, and the jku of the entry": (
        ES384.bearer({"jku": JWKS_URL}, at=NOW, iss="https://ehr-2.example"),
        "ehr-2",
        None,
    ),
    "keys at an address, no jku": (ES384.bearer(at=NOW, iss="https://ehr-2.example"), "ehr-2", None),
    "the tenant of an entry": (ES384.bearer(at=NOW, iss="https://shared.example", tenant="south"), "south", None),
    "a tenant where no entry asks for one": (ES384.bearer(at=NOW, tenant="any"), "ehr-1", None),
    "bearer in small letters": ("bearer" + ES384.bearer(at=NOW)[6:], "ehr-1", None),
    "BEARER and two spaces": ("BEARER " + ES384.bearer(at=NOW)[6:], "ehr-1", None),
    "typ in small letters": (ES384.bearer({"typ": "jwt"}, at=NOW), "ehr-1", None),
    "header members that mean nothing to us": (ES384.bearer({"x5t": "abc", "vendor": {"a": 1}}, at=NOW), "ehr-1", None),
    "claims that mean nothing to us": (ES384.bearer(at=NOW, sub=12, roles=["a"], deep={"a": [None]}), "ehr-1", None),
    "times with fractions": (ES384.bearer(at=NOW, iat=AT + 0.5, exp=AT + 300.25), "ehr-1", None),
    "expired within the leeway": (ES384.bearer(at=NOW, iat=AT - 330, exp=AT - 30), "ehr-1", None),
    "issued within the leeway ahead": (ES384.bearer(at=NOW, iat=AT + 30), "ehr-1", None),
    "the longest life": (ES384.bearer(at=NOW, exp=AT + 3600), "ehr-1", None),
    "a jti of other letters": (ES384.bearer(at=NOW, jti="número-№-1"), "ehr-1", None),
    "the registered certificate": (ES384.bearer(at=NOW, iss="urn:mutual"), "mutual", CERTIFICATE),
    "the certificate in capitals with colons": (
        ES384.bearer(at=NOW, iss="urn:mutual"),
        "mutual",
        "SHA256:" + ":".join(["AB"] * 32),
    ),
    "the certificate by its subject": (ES384.bearer(at=NOW, iss="urn:named"), "named", "CN=ehr-1,O=Example"),
    "a certificate where none is asked for": (ES384.bearer(at=NOW), "ehr-1", "CN=anybody"),
}


@pytest.mark.parametrize("name", GOOD)
def test_it_is_admitted(gate: Gate, name: str) -> None:
    authorization, client, certificate = GOOD[name]
    assert gate.admit(authorization, PATH, certificate).client.name == client


def test_who_asks_is_told(gate: Gate) -> None:
    admitted = gate.admit(ES384.bearer(at=NOW, iss="https://shared.example", tenant="north", jti="told"), PATH)
    assert (admitted.issuer, admitted.tenant, admitted.jti) == ("https://shared.example", "north", "told")


def test_feedback_has_an_audience_of_its_own(gate: Gate) -> None:
    assert gate.admit(ES384.bearer(at=NOW, aud=f"{ENDPOINT}/feedback"), f"{PATH}/feedback").issuer == ISSUER


def test_it_is_remembered_until_it_could_not_be_sent_again(make_gate: Any) -> None:
    memory = Memory()
    make_gate(memory.seen).admit(ES384.bearer(at=NOW, jti="once"), PATH)
    assert int(memory.until["once"].timestamp()) == AT + 300 + 60


def test_the_helpers_make_tokens_for_now() -> None:
    claims = good_claims()
    assert claims["aud"].startswith(BASE_URL)
    assert claims["exp"] - claims["iat"] == 300
    assert Signer().token() != Signer().token()
