"""Tells whether two addresses are one FHIR server: by their parts as parsed, never by how they begin."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

LONGEST = 2048  # characters; our own choice
DEFAULT_PORTS = {"https": 443, "http": 80}
PRINTABLE = re.compile(r"[!-~]+")
NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # how the last part of an address in figures is told from a name's
SEGMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@-]+")


def same_base(one: str, other: str) -> bool:
    """True for one server and path, up to the case of scheme and host, a default port and one slash at the end.

    >>> same_base("https://ehr.example/fhir", "HTTPS://EHR.example:443/fhir/")
    True
    >>> same_base("https://ehr.example/fhir", "https://ehr.example/fhir.evil.test")
    False
    """
    try:
        return canonical_base(one) == canonical_base(other)
    except ValueError:
        return False


def canonical_base(url: str) -> str:
    """The one spelling of a base. Raises ValueError for what two programs could read as two addresses.

    >>> canonical_base("HTTPS://EHR.example:443/fhir/")
    'https://ehr.example/fhir'
    """
    parts = address(url)
    if "?" in url:
        raise ValueError("a query is not allowed")
    path = parts.path.removesuffix("/")
    for segment in path.split("/")[1:]:
        if segment in (".", "..") or not SEGMENT.fullmatch(segment):
            raise ValueError("the path may not have empty parts, '.', '..', '%' or ';'")
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{_host(parts)}{port}{path}"


def address(url: str) -> SplitResult:
    """The parts of an https address, or of an http one of this machine. Raises ValueError for any other."""
    if len(url) > LONGEST or not PRINTABLE.fullmatch(url) or "\\" in url:
        raise ValueError("only printable ASCII without spaces and backslashes is allowed")
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or "#" in url or "@" in parts.netloc:
        raise ValueError("an https address without user and fragment is allowed")
    if parts.netloc.endswith(":") or parts.port == 0:
        raise ValueError("the port must be a number from 1 to 65535")
    host = _host(parts)
    if parts.scheme == "http" and not is_loopback(host.strip("[]")):
        raise ValueError("plain http is allowed for loopback addresses only")
    return parts


def is_loopback(host: str) -> bool:
    """`localhost`, or an address that does not leave the machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(parts: SplitResult) -> str:
    """A name, or an address in its one usual form: 127.1 and 0x7f.0.0.1 would be read as 127.0.0.1 by some."""
    host = parts.hostname or ""
    if ":" in host and "%" not in host:
        return f"[{ipaddress.IPv6Address(host)}]"
    if NUMBER.fullmatch(host.rpartition(".")[2]):
        return str(ipaddress.IPv4Address(host))
    if not NAME.fullmatch(host):
        raise ValueError("the host must be a name or an address")
    return host
