"""Which addresses lie on a FHIR server: compared part by part, never as the beginning of a text."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

PORTS = {"http": 80, "https": 443}
TWO_WAYS = re.compile(r"[/\\;%]")  # some servers read `..;` and what was encoded twice as `..`
PLAIN = re.compile(r"[\x21\x23-\x5b\x5d\x5f\x61-\x7a\x7c\x7e]+")  # printable ASCII without what is read in two ways


def under(base: str, found: str, page: str = "") -> str | None:
    """The address of `found` where it lies on the server at `base`, else None; a relative one is meant from `page`."""
    known = _base(base)
    try:
        url = urljoin(page or base.rstrip("/") + "/", found)
        parts = urlsplit(url)
    except ValueError:
        return None
    place = _place(parts) if PLAIN.fullmatch(url) else None
    if known is None or place is None or parts.fragment:
        return None
    inside = place[3] == known[3] or place[3].startswith(f"{known[3]}/")
    return url if place[:3] == known[:3] and inside else None


def _base(url: str) -> tuple[str, str, int, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not PLAIN.fullmatch(url) or parts.query or parts.fragment or "?" in url or "#" in url:
        return None
    return _place(parts)


def _place(parts: SplitResult) -> tuple[str, str, int, str] | None:
    """Scheme, host, port and path; None where it is no web address, names a user, or climbs with dots."""
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not host or "@" in parts.netloc:
        return None
    if any(unquote(segment) in (".", "..") or TWO_WAYS.search(unquote(segment)) for segment in parts.path.split("/")):
        return None
    return parts.scheme, host.lower(), PORTS[parts.scheme] if port is None else port, parts.path.rstrip("/")
