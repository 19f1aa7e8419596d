"""Takes a token out of an Authorization header and apart, before anything in it is believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact
from joserfc.util import urlsafe_b64decode

from cds_service.clients.cause import Cause
from cds_service.clients.strict import read_object
from cds_service.errors import Refused

LONGEST = 8192  # characters; our own choice: web servers commonly take headers of that size
LONGEST_KID = 1024  # characters; our own choice
BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
# A header that brings its own key, or changes how the token is to be read. No EHR that we know of sends one.
REFUSED_MEMBERS = ("crit", "b64", "jwk", "x5u", "x5c", "zip", "enc")


class _Sizes(JWSRegistry):
    """The header's `kid` and `jku` may be long; the whole is bounded before."""

    max_header_length = LONGEST


SIZES = _Sizes(strict_check_header=False)  # unknown members mean nothing (RFC 7515, 4)


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says of itself. Nothing of it is true before its signature is verified."""

    algorithm: str
    kid: str
    jku: str | None
    claims: dict[str, Any]
    signed: CompactSignature


def read_token(authorization: str | None) -> Token:
    """From `Bearer` and one token. Raises Refused."""
    if not authorization:
        raise Refused(Cause.ABSENT)
    found = BEARER.fullmatch(authorization.strip(" ")) if len(authorization) <= LONGEST else None
    if found is None:
        raise Refused(Cause.FORM)
    try:
        signed = extract_compact(found[1].encode("ascii"), registry=SIZES)
        header = read_object(urlsafe_b64decode(signed.segments["header"]))
        claims = read_object(signed.payload)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Refused(Cause.FORM) from None
    return _named(header, claims, signed)


def _named(header: dict[str, Any], claims: dict[str, Any], signed: CompactSignature) -> Token:
    """`typ` in any case: media types have none. It must be there, as CDS Hooks asks."""
    typ, kid, jku = header.get("typ"), header.get("kid"), header.get("jku")
    if not isinstance(header.get("alg"), str):
        raise Refused(Cause.ALGORITHM)
    if not isinstance(typ, str) or typ.upper() != "JWT" or any(name in header for name in REFUSED_MEMBERS):
        raise Refused(Cause.HEADER)
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
        raise Refused(Cause.HEADER)
    if "jku" in header and not isinstance(jku, str):
        raise Refused(Cause.HEADER)
    return Token(header["alg"], kid, jku, claims, signed)
