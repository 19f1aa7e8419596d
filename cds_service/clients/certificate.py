"""One spelling of a client certificate, for a deployment whose proxy ends mutual TLS."""

from __future__ import annotations

import re

PREFIX = "sha256:"
FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")


def spelled(certificate: str) -> str:
    """A fingerprint without colons and in small letters; a subject as it is. Raises ValueError for neither.

    >>> spelled("SHA256:" + ":".join(["AB"] * 32)) == "sha256:" + "ab" * 32
    True
    >>> spelled("CN=ehr-1,O=Example Hospital")
    'CN=ehr-1,O=Example Hospital'
    """
    if certificate[: len(PREFIX)].lower() == PREFIX:
        found = PREFIX + certificate[len(PREFIX) :].replace(":", "").lower()
        if FINGERPRINT.fullmatch(found):
            return found
    elif "=" in certificate:
        return certificate
    raise ValueError("allowed: sha256: and 64 hex digits, or the subject as the proxy writes it, 'CN=…'")


def is_certificate(registered: str, named: str | None) -> bool:
    """Whether the proxy named the registered one; False where it named none."""
    try:
        return spelled(named or "") == registered
    except ValueError:
        return False
