"""Takes from a JWK Set the keys that may verify a signature, and says why it leaves out the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey
from joserfc.util import base64_to_int, to_bytes

from cds_service.clients.published import THUMBPRINTS
from cds_service.clients.strict import read_object

LARGEST = 256 * 1024  # bytes of a set; our own choice: a key with its certificates takes a few thousand
MOST = 100  # keys of a set; our own choice
SMALLEST_RSA = 2048  # bits; NIST SP 800-131A rev. 2
CURVES = ("P-384", "P-256")
PUBLIC = ("kty", "n", "e", "crv", "x", "y", "use", "alg", "key_ops")
PRIVATE = ("d", "p", "q", "k")


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys by `kid`; more than one of a name while a client changes keys carelessly."""

    keys: Mapping[str, tuple[Key, ...]]
    left_out: tuple[str, ...] = ()


def read_keys(path: Path, *, demo: bool) -> KeySet:
    """The set of a file. Raises ValueError for what cannot be read or is no set."""
    try:
        if not path.is_file():
            raise ValueError(f"{path} is no file")
        with path.open("rb") as file:
            return key_set(file.read(LARGEST + 1), demo=demo)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from None


def key_set(raw: bytes, *, demo: bool) -> KeySet:
    """One bad key does not spoil the others. Raises ValueError where there is no set at all."""
    if len(raw) > LARGEST:
        raise ValueError(f"a key set of more than {LARGEST} bytes")
    try:
        listed = read_object(raw).get("keys")
    except ValueError as error:
        raise ValueError(f"no JWK Set: {error}") from None
    if not isinstance(listed, list) or len(listed) > MOST:
        raise ValueError(f"no JWK Set: needed is a member 'keys', an array of at most {MOST}")
    found: dict[str, tuple[Key, ...]] = {}
    left_out: list[str] = []
    for number, jwk in enumerate(listed, 1):
        try:
            kid, key = _usable(jwk, demo=demo)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            said = error if type(error) is ValueError else "malformed"
            left_out.append(f"key {number}: {said}")
            continue
        found[kid] = (*found.get(kid, ()), key)
    return KeySet(found, tuple(left_out))


def _usable(jwk: Any, *, demo: bool) -> tuple[str, Key]:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str) or not jwk["kid"]:
        raise ValueError("a key needs a kid")
    if any(name in jwk for name in PRIVATE):
        raise ValueError("it holds a private or secret key; only public ones belong here")
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        raise ValueError("it is not for signatures")
    key = _imported({name: jwk[name] for name in PUBLIC if name in jwk})
    kind: Any = type(key)
    if not demo and kind.import_key(key.public_key).thumbprint() in THUMBPRINTS:  # however its numbers are spelled
        raise ValueError("the public CDS Hooks Sandbox signs with it, and anybody can")
    return jwk["kid"], key


def _imported(jwk: dict[str, Any]) -> RSAKey | ECKey:
    if jwk.get("kty") == "RSA":
        bits = base64_to_int(to_bytes(jwk["n"]).decode()).bit_length()
        if bits < SMALLEST_RSA:
            raise ValueError(f"RSA of {bits} bits; at least {SMALLEST_RSA}")
        return RSAKey.import_key(jwk)
    if jwk.get("kty") == "EC" and jwk.get("crv") in CURVES:
        return ECKey.import_key(jwk)
    raise ValueError("neither RSA nor EC on P-384 or P-256")
