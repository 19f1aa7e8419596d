"""Tokens that somebody forged, or that are odd: each is refused, for the reason that its row names."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest

from cds_service.clients.cause import Cause
from cds_service.clients.gate import Gate
from cds_service.errors import Refused
from tests.clients.conftest import CERTIFICATE, ES256, ES384, JWKS_URL, NOW, RS256, RS384, Memory
from tests.clients.tokens import BASE_URL, ENDPOINT, ISSUER, LEFT_OUT, PATH, Signer, b64, dumped, good_claims, members

AT = int(NOW.timestamp())
OTHER = Signer("ES384", "es384", number=9)  # somebody else's key under a known name
OTHER_RSA = Signer("RS384", "rs384/+=", number=9)


def claims(**changes: Any) -> bytes:
    return dumped(members(good_claims(NOW), changes))


def unsigned(alg: object, signature: str = "") -> str:
    return f"Bearer {b64(dumped({'alg': alg, 'typ': 'JWT', 'kid': 'es384'}))}.{b64(claims())}.{signature}"


def by_hmac(alg: str, secret: bytes, kid: str = "es384") -> str:
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
    text = f"{b64(dumped({'alg': alg, 'typ': 'JWT', 'kid': kid}))}.{b64(claims())}"
    return f"Bearer {text}.{b64(hmac.new(secret, text.encode(), digest).digest())}"


def raw(header: bytes | None = None, payload: bytes | None = None) -> str:
    head = dumped({"alg": "ES384", "typ": "JWT", "kid": "es384"}) if header is None else header
    return f"Bearer {ES384.sign(head, claims() if payload is None else payload)}"


def good(header: dict[str, Any] | None = None, **changes: Any) -> str:
    return ES384.bearer(header, at=NOW, **changes)


def changed(part: int, how: Any) -> str:
    parts = good()[7:].split(".")
    parts[part] = how(parts[part])
    return f"Bearer {'.'.join(parts)}"


def twice(name: bytes, value: bytes) -> bytes:
    """The claims with one member a second time, at the end."""
    return claims()[:-1] + b', "' + name + b'": ' + value + b"}"


def other_alg(signer: Signer, alg: str, kid: str, iss: str = ISSUER) -> str:
    """A header that names one algorithm over a signature made by another."""
    return f"Bearer {signer.sign(dumped({'alg': alg, 'typ': 'JWT', 'kid': kid}), claims(iss=iss))}"


def pss() -> str:
    return f"Bearer {RS384.sign(dumped({'alg': 'PS384', 'typ': 'JWT', 'kid': RS384.kid}), claims(), 'PS384')}"


PEM, EC_PEM = RS384.key.as_pem(private=False), ES384.key.as_pem(private=False)
HEADER = b'{"alg": "ES384", "typ": "JWT", "kid": "es384"'
EMBEDDED = OTHER.jwk()
DEEP = b'{"a": ' + b"[" * 2900 + b"]" * 2900 + b"}"

FORGED: dict[str, tuple[str | None, Cause]] = {
    # the header field
    "no Authorization": (None, Cause.ABSENT),
    "an empty Authorization": ("", Cause.ABSENT),
    "Bearer alone": ("Bearer", Cause.FORM),
    "Bearer and a space": ("Bearer ", Cause.FORM),
    "Basic": ("Basic dXNlcjpwYXNz", Cause.FORM),
    "the token without Bearer": (good()[7:], Cause.FORM),
    "Bearer with a colon": ("Bearer: " + good()[7:], Cause.FORM),
    "Bearer and a tab": ("Bearer\t" + good()[7:], Cause.FORM),
    "Bearer twice": ("Bearer " + good(), Cause.FORM),
    "two Authorization values, joined by a comma": (f"{good()},{good()}", Cause.FORM),
    "two Authorization values, joined by a comma and a space": (f"{good()}, {good()}", Cause.FORM),
    "a line break behind the token": (good() + "\r\n", Cause.FORM),
    "letters beyond ASCII": (good()[:-4] + "é" * 4, Cause.FORM),
    "full-width letters": ("Ｂearer " + good()[7:], Cause.FORM),
    "a token of 9,000 characters": (good(pad="x" * 7000), Cause.FORM),
    "a header of 100,000 characters": ("Bearer " + "a" * 100_000, Cause.FORM),
    # the three parts
    "one part": ("Bearer abc", Cause.FORM),
    "two parts": (good().rpartition(".")[0], Cause.FORM),
    "four parts": (good() + ".abc", Cause.FORM),
    "five parts, as of an encrypted token": (good() + ".abc.abc", Cause.FORM),
    "an empty signature": (good().rpartition(".")[0] + ".", Cause.FORM),
    "an empty payload": (changed(1, lambda part: ""), Cause.FORM),
    "an empty header": (changed(0, lambda part: ""), Cause.FORM),
    "a header that is no base64url": (changed(0, lambda part: part + "A" * (5 - len(part) % 4)), Cause.FORM),
    "padding": (changed(1, lambda part: part + "="), Cause.FORM),
    "a header that is no JSON": (raw(b"alg=ES384"), Cause.FORM),
    "a header that is an array": (raw(b'["alg", "ES384"]'), Cause.FORM),
    "a payload that is no JSON": (raw(payload=b"iss=ehr"), Cause.FORM),
    "a payload that is an array": (raw(payload=b"[1]"), Cause.FORM),
    "a payload that is null": (raw(payload=b"null"), Cause.FORM),
    "a payload in UTF-16": (raw(payload=claims().decode().encode("utf-16")), Cause.FORM),
    "a payload with a byte order mark": (raw(payload=b"\xef\xbb\xbf" + claims()), Cause.FORM),
    "a payload that is no UTF-8": (raw(payload=claims()[:-1] + b', "a": "\xff"}'), Cause.FORM),
    "a payload 2,900 arrays deep": (raw(payload=DEEP), Cause.FORM),
    "a header 2,900 arrays deep": (raw(header=DEEP), Cause.FORM),
    "iss twice": (raw(payload=twice(b"iss", b'"https://evil.example"')), Cause.FORM),
    "aud twice": (raw(payload=twice(b"aud", dumped(ENDPOINT))), Cause.FORM),
    "exp twice": (raw(payload=twice(b"exp", b"9999999999")), Cause.FORM),
    "alg twice": (raw(HEADER + b', "alg": "none"}'), Cause.FORM),
    "kid twice": (raw(HEADER + b', "kid": "rs256"}'), Cause.FORM),
    "NaN in the payload": (raw(payload=twice(b"nbf", b"NaN")), Cause.FORM),
    "Infinity as exp": (raw(payload=claims(exp=LEFT_OUT)[:-1] + b', "exp": Infinity}'), Cause.FORM),
    # the algorithm
    "alg none without a signature": (unsigned("none"), Cause.FORM),
    "alg none with a signature": (unsigned("none", "AAAA"), Cause.ALGORITHM),
    "alg None": (unsigned("None", "AAAA"), Cause.ALGORITHM),
    "alg NONE": (unsigned("NONE", "AAAA"), Cause.ALGORITHM),
    "alg nOnE": (unsigned("nOnE", "AAAA"), Cause.ALGORITHM),
    "alg empty": (unsigned("", "AAAA"), Cause.ALGORITHM),
    "alg null": (unsigned(None, "AAAA"), Cause.ALGORITHM),
    "alg an array": (unsigned(["ES384"], "AAAA"), Cause.ALGORITHM),
    "alg missing": (good({"alg": LEFT_OUT}), Cause.FORM),
    "alg in small letters": (good({"alg": "es384"}), Cause.ALGORITHM),
    "HS256 with the RSA public key as secret": (by_hmac("HS256", PEM, RS384.kid), Cause.ALGORITHM),
    "HS384 with the EC public key as secret": (by_hmac("HS384", EC_PEM), Cause.ALGORITHM),
    "HS512 with the key set's own secret": (by_hmac("HS512", b"secret" * 5, "secret"), Cause.ALGORITHM),
    "ES256, which the entry does not list": (ES256.bearer(at=NOW), Cause.ALGORITHM),
    "RS256, which the entry does not list": (RS256.bearer(at=NOW), Cause.ALGORITHM),
    "ES384, which the entry's own list leaves out": (good(iss="urn:old"), Cause.ALGORITHM),
    "PS384": (pss(), Cause.ALGORITHM),
    "RS512": (other_alg(RS384, "RS512", RS384.kid), Cause.ALGORITHM),
    "EdDSA": (other_alg(ES384, "EdDSA", "es384"), Cause.ALGORITHM),
    # the key
    "another key under a known name": (OTHER.bearer(at=NOW), Cause.SIGNATURE),
    "another RSA key under a known name": (OTHER_RSA.bearer(at=NOW), Cause.SIGNATURE),
    "one client's key under the name of its other": (good({"kid": "rs256"}), Cause.SIGNATURE),
    "RS384 by name, an EC key by kid": (other_alg(RS384, "RS384", "es384"), Cause.SIGNATURE),
    "ES384 by name, an RSA key by kid": (other_alg(ES384, "ES384", RS384.kid), Cause.SIGNATURE),
    "ES384 by name, made with a P-256 key": (other_alg(ES256, "ES384", "p-256"), Cause.SIGNATURE),
    "ES256 by name, a P-384 key by kid": (other_alg(ES256, "ES256", "es384", "urn:old"), Cause.SIGNATURE),
    "RS384 by name, a key that is for RS256": (other_alg(RS384, "RS384", "any-rsa"), Cause.SIGNATURE),
    "a key that is for ES512": (good({"kid": "for-es512"}), Cause.SIGNATURE),
    "a key that is for encryption": (good({"kid": "for-encryption"}), Cause.KEY),
    "a key whose private half is in the set": (good({"kid": "private"}), Cause.KEY),
    "a secret key of the set": (good({"kid": "secret"}), Cause.KEY),
    "kid unknown": (good({"kid": "nobody"}), Cause.KEY),
    "kid in capitals": (good({"kid": "ES384"}), Cause.KEY),
    "kid with a space behind": (good({"kid": "es384 "}), Cause.KEY),
    "kid as a path": (good({"kid": "../../../../dev/null"}), Cause.KEY),
    "kid as SQL": (good({"kid": "' OR 1=1 --"}), Cause.KEY),
    "kid missing": (good({"kid": LEFT_OUT}), Cause.HEADER),
    "kid empty": (good({"kid": ""}), Cause.HEADER),
    "kid a number": (good({"kid": 1}), Cause.HEADER),
    "kid an array": (good({"kid": ["es384"]}), Cause.HEADER),
    "kid of 2,000 characters": (good({"kid": "k" * 2000}), Cause.HEADER),
    "jwk embedded": (OTHER.bearer({"jwk": EMBEDDED}, at=NOW), Cause.HEADER),
    "jwk embedded, its own kid": (OTHER.bearer({"jwk": EMBEDDED, "kid": "mine"}, at=NOW), Cause.HEADER),
    "x5c embedded": (OTHER.bearer({"x5c": ["MIIB"]}, at=NOW), Cause.HEADER),
    "x5u": (OTHER.bearer({"x5u": "https://evil.example/cert.pem"}, at=NOW), Cause.HEADER),
    "jku to elsewhere": (good({"jku": "https://evil.example/jwks.json"}, iss="https://ehr-2.example"), Cause.HEADER),
    "jku that begins alike": (good({"jku": f"{JWKS_URL}.evil.example"}, iss="https://ehr-2.example"), Cause.HEADER),
    "jku with a user": (
        good({"jku": "https://ehr-2.example@evil.example/jwks.json"}, iss="https://ehr-2.example"),
        Cause.HEADER,
    ),
    "jku in capitals": (good({"jku": JWKS_URL.upper()}, iss="https://ehr-2.example"), Cause.HEADER),
    "jku an array": (good({"jku": [JWKS_URL]}, iss="https://ehr-2.example"), Cause.HEADER),
    "jku null": (good({"jku": None}, iss="https://ehr-2.example"), Cause.HEADER),
    "typ missing": (good({"typ": LEFT_OUT}), Cause.HEADER),
    "typ JWS": (good({"typ": "JWS"}), Cause.HEADER),
    "typ null": (good({"typ": None}), Cause.HEADER),
    "crit": (good({"crit": ["exp"], "exp": 1}), Cause.HEADER),
    "crit empty": (good({"crit": []}), Cause.HEADER),
    "b64 true": (good({"b64": True}), Cause.HEADER),
    "b64 false, the payload as it is": (good({"b64": False, "crit": ["b64"]}), Cause.FORM),
    "zip": (good({"zip": "DEF"}), Cause.HEADER),
    # the signature
    "one claim changed after signing": (changed(1, lambda part: b64(claims(tenant="south"))), Cause.SIGNATURE),
    "a signature of zeros": (changed(2, lambda part: b64(bytes(96))), Cause.SIGNATURE),
    "a signature cut short": (changed(2, lambda part: part[:-4]), Cause.SIGNATURE),
    "a signature with more behind it": (changed(2, lambda part: part + "AAAA"), Cause.SIGNATURE),
    "another token's signature": (changed(2, lambda part: good().rpartition(".")[2]), Cause.SIGNATURE),
    # who
    "iss missing": (good(iss=LEFT_OUT), Cause.CLAIM),
    "iss null": (good(iss=None), Cause.CLAIM),
    "iss unknown": (good(iss="https://evil.example"), Cause.ISSUER),
    "iss with a slash more": (good(iss=ISSUER + "/"), Cause.ISSUER),
    "iss in capitals": (good(iss=ISSUER.upper()), Cause.ISSUER),
    "iss that begins alike": (good(iss=ISSUER + ".evil.example"), Cause.ISSUER),
    "iss with a Cyrillic e": (good(iss="https://\u0435hr.example/fhir"), Cause.ISSUER),
    "iss an array": (good(iss=[ISSUER]), Cause.ISSUER),
    "iss an object": (good(iss={"a": ISSUER}), Cause.ISSUER),
    "iss of the public sandbox": (good(iss="https://sandbox.cds-hooks.org"), Cause.ISSUER),
    "tenant unknown": (good(iss="https://shared.example", tenant="east"), Cause.TENANT),
    "tenant missing where entries name it": (good(iss="https://shared.example"), Cause.TENANT),
    "tenant null": (good(iss="https://shared.example", tenant=None), Cause.TENANT),
    "tenant an array": (good(iss="https://shared.example", tenant=["north"]), Cause.TENANT),
    "tenant a number": (good(tenant=1), Cause.TENANT),
    # for whom
    "aud missing": (good(aud=LEFT_OUT), Cause.CLAIM),
    "aud empty": (good(aud=""), Cause.AUDIENCE),
    "aud an empty array": (good(aud=[]), Cause.AUDIENCE),
    "aud another service": (good(aud=f"{BASE_URL}/cds-services/neonatal-ivig-order-sign"), Cause.AUDIENCE),
    "aud the feedback of the service": (good(aud=f"{ENDPOINT}/feedback"), Cause.AUDIENCE),
    "aud the base alone": (good(aud=BASE_URL), Cause.AUDIENCE),
    "aud with a slash more": (good(aud=ENDPOINT + "/"), Cause.AUDIENCE),
    "aud with a query": (good(aud=ENDPOINT + "?a=1"), Cause.AUDIENCE),
    "aud that begins alike": (good(aud=ENDPOINT + "-2"), Cause.AUDIENCE),
    "aud that ends alike": (good(aud="https://evil.example/?" + ENDPOINT), Cause.AUDIENCE),
    "aud in capitals": (good(aud=ENDPOINT.upper()), Cause.AUDIENCE),
    "aud by plain http": (good(aud=ENDPOINT.replace("https", "http")), Cause.AUDIENCE),
    "aud with the port written out": (good(aud=f"https://cds.example:443{PATH}"), Cause.AUDIENCE),
    "aud of another host, as of a forged Host header": (
        good(aud=f"https://evil.example{PATH}"),
        Cause.AUDIENCE,
    ),
    "aud an object": (good(aud={"a": ENDPOINT}), Cause.AUDIENCE),
    "aud an array in an array": (good(aud=[[ENDPOINT]]), Cause.AUDIENCE),
    "aud with a number beside ours": (good(aud=[ENDPOINT, 1]), Cause.AUDIENCE),
    "aud that another client typed in": (good(aud="ivig-service"), Cause.AUDIENCE),
    # when
    "exp missing": (good(exp=LEFT_OUT), Cause.CLAIM),
    "exp null": (good(exp=None), Cause.CLAIM),
    "expired an hour ago": (good(iat=AT - 3900, exp=AT - 3600), Cause.EXPIRED),
    "expired just beyond the leeway": (good(iat=AT - 360, exp=AT - 60), Cause.EXPIRED),
    "exp zero": (good(exp=0), Cause.EXPIRED),
    "exp negative": (good(exp=-1), Cause.EXPIRED),
    "exp text": (good(exp=str(AT + 300)), Cause.EXP),
    "exp true": (good(exp=True), Cause.EXP),
    "exp an array": (good(exp=[AT + 300]), Cause.EXP),
    "exp 1e400": (raw(payload=claims(exp=LEFT_OUT)[:-1] + b', "exp": 1e400}'), Cause.EXP),
    "exp of 4,000 digits": (good(exp=10**4000), Cause.LIFE),
    "exp of 4,000 digits, iat with a fraction": (good(exp=10**4000, iat=AT + 0.5), Cause.LIFE),
    "exp of 5,000 digits": (
        raw(payload=claims(exp=LEFT_OUT)[:-1] + b', "exp": ' + b"9" * 5000 + b"}"),
        Cause.FORM,
    ),
    "exp 1e300": (good(exp=1e300), Cause.LIFE),
    "exp in milliseconds": (good(exp=(AT + 300) * 1000), Cause.LIFE),
    "a life of a second more than an hour": (good(exp=AT + 3601), Cause.LIFE),
    "a life of ten years": (good(exp=AT + 315_360_000), Cause.LIFE),
    "issued long ago, still valid": (good(iat=AT - 86_400), Cause.LIFE),
    "exp before iat": (good(iat=AT + 30, exp=AT - 90), Cause.EXPIRED),
    "iat missing": (good(iat=LEFT_OUT), Cause.CLAIM),
    "iat in the future": (good(iat=AT + 120, exp=AT + 300), Cause.IAT),
    "iat text": (good(iat=str(AT)), Cause.IAT),
    "iat false": (good(iat=False), Cause.IAT),
    "iat minus 4,000 digits": (good(iat=-(10**4000)), Cause.IAT),
    "nbf in the future": (good(nbf=AT + 120), Cause.NBF),
    "nbf text": (good(nbf="now"), Cause.NBF),
    "nbf null": (good(nbf=None), Cause.NBF),
    "nbf true": (good(nbf=True), Cause.NBF),
    # its id
    "jti missing": (good(jti=LEFT_OUT), Cause.CLAIM),
    "jti empty": (good(jti=""), Cause.JTI),
    "jti of spaces": (good(jti="   "), Cause.JTI),
    "jti a number": (good(jti=7), Cause.JTI),
    "jti an array": (good(jti=["a"]), Cause.JTI),
    "jti of 256 characters": (good(jti="j" * 256), Cause.JTI),
    "jti with a zero byte": (good(jti="a\x00b"), Cause.JTI),
    "jti with a line break": (good(jti="a\nb"), Cause.JTI),
    "jti with half a surrogate pair": (good(jti="\ud800"), Cause.JTI),
}


@pytest.mark.parametrize("name", FORGED)
def test_it_is_refused(gate: Gate, name: str) -> None:
    authorization, cause = FORGED[name]
    with pytest.raises(Refused) as refused:
        gate.admit(authorization, PATH)
    assert refused.value.cause == cause


@pytest.mark.parametrize(
    "certificate",
    [
        None,
        "",
        "sha256:",
        "sha256:" + "cd" * 32,
        CERTIFICATE[:-1],
        f"{CERTIFICATE},{CERTIFICATE}",
        "CN=ehr-1,O=Example",
    ],
)
@pytest.mark.parametrize("issuer", ["urn:mutual", "urn:named"])
def test_another_certificate_or_none_is_refused(gate: Gate, issuer: str, certificate: str | None) -> None:
    if (issuer, certificate) == ("urn:named", "CN=ehr-1,O=Example"):
        certificate = "CN=ehr-1,O=Example,OU=Other"
    with pytest.raises(Refused) as refused:
        gate.admit(good(iss=issuer), PATH, certificate)
    assert refused.value.cause == Cause.CERTIFICATE


def test_a_certificate_alone_does_not_admit(gate: Gate) -> None:
    with pytest.raises(Refused) as refused:
        gate.admit(None, PATH, CERTIFICATE)
    assert refused.value.cause == Cause.ABSENT


def test_what_is_refused_is_not_remembered(make_gate: Any) -> None:
    """Else a forger could use up the ids of a client's own tokens."""
    memory = Memory()
    gate = make_gate(memory.seen)
    for authorization, _ in FORGED.values():
        with pytest.raises(Refused):
            gate.admit(authorization, PATH)
    assert not memory.seen_before


def test_one_text_for_every_cause(gate: Gate) -> None:
    """The cause, and the client whose name the token gave, are for the audit log; the text that is answered is one."""
    said = set()
    for authorization, _ in FORGED.values():
        with pytest.raises(Refused) as refused:
            gate.admit(authorization, PATH)
        said.add((refused.value.status, refused.value.code, refused.value.text, str(refused.value)))
        assert refused.value.cause in set(Cause)
        assert refused.value.client in ("", "ehr-1", "ehr-2", "old", "north", "south")
        assert refused.value.__cause__ is None, "a traceback must not show what a library says of the token"
    assert len(said) == 1


def test_the_audit_log_learns_whom_the_token_named(gate: Gate) -> None:
    """The registered name, never what the token says: an unknown issuer has none."""
    for authorization, client in ((OTHER.bearer(at=NOW), "ehr-1"), (good(iss="https://evil.example"), "")):
        with pytest.raises(Refused) as refused:
            gate.admit(authorization, PATH)
        assert refused.value.client == client


def test_every_cause_has_a_row() -> None:
    elsewhere = {Cause.CERTIFICATE, Cause.NO_KEYS, Cause.REPLAYED}
    assert {cause for _, cause in FORGED.values()} == set(Cause) - elsewhere


def test_tokens_age(make_gate: Any) -> None:
    """The clock that counts is ours: yesterday's token is not good today."""
    with pytest.raises(Refused) as refused:
        make_gate().admit(ES384.bearer(at=NOW - timedelta(days=1)), PATH)
    assert refused.value.cause == Cause.EXPIRED
