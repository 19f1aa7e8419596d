"""The clients file: what is said of each client, and every fault with its place and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from cds_service.clients.table import Client, load_clients
from cds_service.errors import SettingsError
from tests.clients.conftest import CERTIFICATE
from tests.clients.tokens import ISSUER, Signer, key_set, write_clients

ONE: dict[str, Any] = {"name": "ehr-1", "issuer": ISSUER, "jwks_file": "keys.json"}
SANDBOX_KEY = {
    "kty": "EC",
    "use": "sig",
    "crv": "P-384",
    "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
    "alg": "ES384",
}
SANDBOX = "https://sandbox.cds-hooks.org"
URL = {"name": "ehr-2", "issuer": "urn:2", "jwks_url": "https://ehr.example/jwks.json"}


def load(folder: Path, *entries: dict[str, Any], keys: bytes | None = None, demo: bool = False) -> tuple[Client, ...]:
    return load_clients(write_clients(folder, *entries, keys=keys), demo=demo).listed


def test_a_client_is_what_its_table_says(tmp_path: Path) -> None:
    full = {
        **ONE,
        "tenant": "north",
        "algorithms": ["RS256"],
        "audiences": ["ivig"],
        "fhir_base": "https://ehr.example/fhir",
        "site": "demo",
        "certificate": CERTIFICATE.upper().replace("SHA", "sha"),
        "cds_hooks": "1.0",
    }
    (client,) = load(tmp_path, full)
    assert client == Client(
        name="ehr-1",
        issuer=ISSUER,
        tenant="north",
        algorithms=("RS256",),
        audiences=("ivig",),
        jwks_file=tmp_path / "keys.json",
        fhir_base="https://ehr.example/fhir",
        site="demo",
        certificate=CERTIFICATE,
        cds_hooks="1.0",
    )


def test_what_is_left_out_has_the_safe_value(tmp_path: Path) -> None:
    (client,) = load(tmp_path, ONE)
    assert client.algorithms == ("ES384", "RS384")
    assert (client.audiences, client.tenant, client.fhir_base, client.certificate) == ((), None, None, None)


def test_no_server_is_asked_at_the_start(tmp_path: Path) -> None:
    """A key set that cannot be had keeps out one client, not the service."""
    (client,) = load(tmp_path, {**URL, "jwks_url": "http://127.0.0.1:9/jwks.json"})
    assert client.jwks_url == "http://127.0.0.1:9/jwks.json"


def test_one_bad_key_does_not_spoil_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, ONE, keys=key_set({"kty": "EC", "kid": "a"}, Signer().jwk()))


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({**ONE, "jwks": "keys.json"}, "client ehr-1: unknown key jwks; allowed: name, issuer, "),
    "no name": ({"issuer": ISSUER, "jwks_file": "keys.json"}, "client 1: name: Field required"),
    "an empty name": ({**ONE, "name": ""}, "client 1: name: allowed: up to 64 letters"),
    "a name with a space": ({**ONE, "name": "ehr 1"}, "name: allowed: up to 64 letters"),
    "no issuer": ({"name": "ehr-1", "jwks_file": "keys.json"}, "issuer: Field required"),
    "an empty issuer": ({**ONE, "issuer": ""}, "issuer: String should have at least 1 character"),
    "an issuer with a space behind": ({**ONE, "issuer": "urn:1 "}, "issuer: allowed: one line"),
    "an issuer with a line break": ({**ONE, "issuer": "urn:1\n2"}, "issuer: allowed: one line"),
    "an issuer that is a number": ({**ONE, "issuer": 1}, "issuer: Input should be a valid string"),
    "no key source": ({"name": "ehr-1", "issuer": ISSUER}, "allowed: either jwks_file or jwks_url, one of them"),
    "both key sources": ({**ONE, "jwks_url": "https://ehr.example/jwks"}, "allowed: either jwks_file or jwks_url"),
    "alg none": ({**ONE, "algorithms": ["none"]}, "algorithms.0: Input should be 'ES384', 'RS384', 'ES256' or 'RS256'"),
    "alg HS256": ({**ONE, "algorithms": ["ES384", "HS256"]}, "algorithms.1: Input should be"),
    "alg RS512": ({**ONE, "algorithms": ["RS512"]}, "algorithms.0: Input should be"),
    "no algorithm": ({**ONE, "algorithms": []}, "algorithms: List should have at least 1 item"),
    "algorithms that are text": ({**ONE, "algorithms": "ES384"}, "algorithms: Input should be a valid list"),
    "an empty audience": ({**ONE, "audiences": [""]}, "audiences.0: "),
    "an empty tenant": ({**ONE, "tenant": ""}, "tenant: "),
    "plain http for the keys": ({**URL, "jwks_url": "http://ehr.example/jwks"}, "plain http is allowed for loopback"),
    "a user in the address of the keys": (
        {**URL, "jwks_url": "https://a@ehr.example/jwks"},
        "https address without user",
    ),
    "keys at a file address": ({**URL, "jwks_url": "file:///etc/keys.json"}, "jwks_url: an https address"),
    "plain http for FHIR": ({**ONE, "fhir_base": "http://ehr.example/fhir"}, "fhir_base: plain http is allowed for"),
    "a FHIR base with a query": ({**ONE, "fhir_base": "https://ehr.example/fhir?a=b"}, "fhir_base: a query"),
    "a FHIR base with dots": ({**ONE, "fhir_base": "https://ehr.example/../fhir"}, "fhir_base: the path may not"),
    "a FHIR base without scheme": ({**ONE, "fhir_base": "ehr.example/fhir"}, "fhir_base: an https address"),
    "a key file above": (
        {**ONE, "jwks_file": "../keys.json"},
        "allowed: a path below the clients file, or a whole one",
    ),
    "a key file that is not there": ({**ONE, "jwks_file": "none.json"}, "none.json is no file"),
    "a key file that is a folder": ({**ONE, "jwks_file": "."}, "is no file"),
    "a SHA-1 fingerprint": ({**ONE, "certificate": "sha1:" + "ab" * 20}, "certificate: allowed: sha256:"),
    "a release that is none": ({**ONE, "cds_hooks": "3.0"}, "cds_hooks: Input should be '1.0' or '2.0'"),
    "a short fingerprint": ({**ONE, "certificate": "sha256:abcd"}, "certificate: allowed: sha256:"),
    "the issuer of the public sandbox": ({**ONE, "issuer": SANDBOX}, "allowed with CDS_DEMO=true"),
    "the same in capitals with a dot": ({**ONE, "issuer": "https://SANDBOX.CDS-Hooks.org./"}, "CDS_DEMO=true"),
    "the same without scheme": ({**ONE, "issuer": "sandbox.cds-hooks.org"}, "CDS_DEMO=true"),
    "the key set of the public sandbox": ({**URL, "jwks_url": f"{SANDBOX}/.well-known/jwks.json"}, "CDS_DEMO=true"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_said_with_its_place(tmp_path: Path, name: str) -> None:
    entry, said = FAULTS[name]
    with pytest.raises(SettingsError, match=r"^clients\.toml: client ") as fault:
        load(tmp_path, entry)
    assert said in str(fault.value)


def test_two_clients_that_cannot_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="client ehr-1: name: there is another client of this name"):
        load(tmp_path, ONE, {**ONE, "issuer": "urn:2"})
    with pytest.raises(SettingsError, match="client ehr-2: issuer: another client has it too"):
        load(tmp_path, ONE, {**ONE, "name": "ehr-2", "algorithms": ["RS256"]})
    with pytest.raises(SettingsError, match="once for each tenant"):
        load(tmp_path, {**ONE, "tenant": "north"}, {**ONE, "name": "ehr-2", "tenant": "north"})
    assert len(load(tmp_path, {**ONE, "tenant": "north"}, {**ONE, "name": "ehr-2", "tenant": "south"})) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no client; needed: at least one"),
        ("client = []", "no client"),
        ("client = 1", "no client"),
        ("client = [1]", "client 1: Input should be"),
        ("[[clients]]\nname = 'a'", r"unknown clients; allowed: \[\[client\]\] tables"),
        ("[[client]\n", "not TOML: .*line 1"),
        ("[[client]]\nname = 'a'\nname = 'b'", "not TOML"),
    ],
)
def test_a_file_that_is_no_clients_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "clients.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=said):
        load_clients(path, demo=False)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"CDS_CLIENTS: .*none\.toml: cannot be read"):
        load_clients(tmp_path / "none.toml", demo=False)
    (tmp_path / "clients.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not TOML"):
        load_clients(tmp_path / "clients.toml", demo=False)


BAD_KEYS: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"keys", "no JWK Set"),
    "an array": (b"[]", "no JWK Set"),
    "no keys": (b"{}", "needed is a member 'keys'"),
    "keys that are an object": (b'{"keys": {}}', "needed is a member 'keys'"),
    "keys twice": (b'{"keys": [], "keys": []}', "a member is there twice"),
    "an empty set": (b'{"keys": []}', "has no key that can be used: it is empty"),
    "a set of 101 keys": (key_set(*[{"kty": "EC"}] * 101), "at most 100"),
    "a set of 300,000 bytes": (b" " * 300_000, "more than 262144 bytes"),
    "no kid": (key_set({**Signer().jwk(), "kid": ""}), "key 1: a key needs a kid"),
    "a private key": (key_set(Signer().key.as_dict(private=True) | {"kid": "a"}), "a private or secret key"),
    "a secret": (key_set({"kty": "oct", "kid": "a", "k": "c2VjcmV0"}), "a private or secret key"),
    "a key for encryption": (key_set(Signer().jwk(use="enc")), "not for signatures"),
    "a key that may only sign": (key_set(Signer().jwk(key_ops=["sign"])), "not for signatures"),
    "a curve we do not take": (key_set(Signer("ES512").jwk()), "neither RSA nor EC on P-384 or P-256"),
    "a point off the curve": (key_set(Signer().jwk(y=Signer(number=3).jwk()["x"])), "key 1: "),
    "no point": (key_set({"kty": "EC", "kid": "a", "crv": "P-384"}), "key 1: malformed"),
    "a modulus that is a number": (key_set({"kty": "RSA", "kid": "a", "n": 5, "e": "AQAB"}), "key 1: "),
    "a key that is no object": (b'{"keys": ["key"]}', "key 1: a key needs a kid"),
    "the key of the public sandbox": (key_set(SANDBOX_KEY), "the public CDS Hooks Sandbox signs with it"),
    "the same under another name": (key_set({**SANDBOX_KEY, "kid": "ours", "ext": True}), "Sandbox signs with it"),
    "the same with a zero in front": (key_set({**SANDBOX_KEY, "x": "AAAA" + SANDBOX_KEY["x"]}), "key 1: "),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_keys_that_verify_nothing(tmp_path: Path, name: str) -> None:
    keys, said = BAD_KEYS[name]
    with pytest.raises(SettingsError, match=r"^clients\.toml: client ehr-1: jwks_file: ") as fault:
        load(tmp_path, ONE, keys=keys)
    assert said in str(fault.value)


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_a_short_rsa_key(tmp_path: Path) -> None:
    short = RSAKey.generate_key(1024).as_dict(private=False) | {"kid": "short"}
    with pytest.raises(SettingsError, match="RSA of 1024 bits; at least 2048"):
        load(tmp_path, ONE, keys=key_set(short))


def test_the_sandbox_may_call_a_demo(tmp_path: Path) -> None:
    entry = {"name": "sandbox", "issuer": SANDBOX, "jwks_file": "keys.json"}
    assert load(tmp_path, entry, keys=key_set(SANDBOX_KEY), demo=True)
