"""Why a call was refused: one word each, for the audit log alone."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """None of them says anything of the token but which check it failed."""

    ABSENT = "absent"  # no Authorization header
    FORM = "form"  # not `Bearer` and one token of three parts, too long, or no JSON in it
    HEADER = "header"  # typ, kid or jku wrong, or a member that would choose the key or the way to read
    ALGORITHM = "algorithm"  # not one of those of the client's entry
    ISSUER = "issuer"  # no client of this name
    TENANT = "tenant"  # the issuer is known, the tenant is not
    CERTIFICATE = "certificate"  # the entry asks for one, and the proxy named another or none
    NO_KEYS = "no-keys"  # the client's key set could not be read
    KEY = "key"  # the client's key set has no such key
    SIGNATURE = "signature"  # not made with that key and algorithm
    CLAIM = "claim"  # iss, aud, exp, iat or jti is not there
    AUDIENCE = "audience"  # meant for another address
    EXPIRED = "expired"
    EXP = "exp"  # not a time
    IAT = "iat"  # not a time, or in the future
    NBF = "nbf"  # not a time, or in the future
    JTI = "jti"  # empty, too long, or not text
    LIFE = "life"  # valid for longer than we accept
    REPLAYED = "replayed"  # seen before
