"""Judges what a verified token claims: for whom it is, and from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc.errors import ClaimError, ExpiredTokenError, MissingClaimError
from joserfc.jwt import JWTClaimsRegistry

from cds_service.clients.cause import Cause
from cds_service.errors import Refused

# Our own choices, in seconds. CDS Hooks names none; tokens of the public sandbox live 300, an example of Epic's 900.
LONGEST_LIFE = 3600
LEEWAY = 60  # for clocks that differ
LONGEST_JTI = 255  # characters; our own choice: a UUID has 36, and stores have limits
FARTHEST = 10**11  # seconds from 1970, the year 5138: no date is beyond, and no arithmetic overflows below

CHECKED = ("aud", "exp", "iat", "nbf", "jti")
CAUSES = {"aud": Cause.AUDIENCE, "exp": Cause.EXP, "iat": Cause.IAT, "nbf": Cause.NBF, "jti": Cause.JTI}


def check_claims(claims: Mapping[str, Any], audiences: list[str], now: datetime) -> tuple[str, datetime]:
    """The token's id, and until when it could be sent again. Raises Refused."""
    given = {name: claims[name] for name in CHECKED if name in claims}
    registry = JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY,
        aud={"essential": True, "values": audiences},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        registry.validate(given)
    except MissingClaimError:
        raise Refused(Cause.CLAIM) from None
    except ExpiredTokenError:
        raise Refused(Cause.EXPIRED) from None
    except ClaimError as error:
        raise Refused(CAUSES.get(getattr(error, "claim", ""), Cause.CLAIM)) from None
    return _id(given["jti"]), _end(given["iat"], given["exp"])


def _id(jti: str) -> str:
    """Printable, so that every store keeps it as it is: no control character, no half of a surrogate pair."""
    if len(jti) > LONGEST_JTI or not jti.strip() or not jti.isprintable():
        raise Refused(Cause.JTI)
    return jti


def _end(issued: float, expires: float) -> datetime:
    if not -FARTHEST < issued < FARTHEST:
        raise Refused(Cause.IAT)
    if not expires < FARTHEST or expires - issued > LONGEST_LIFE:
        raise Refused(Cause.LIFE)
    return datetime.fromtimestamp(expires, UTC) + timedelta(seconds=LEEWAY)
