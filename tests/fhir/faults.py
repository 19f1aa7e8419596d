"""What a FHIR server can do wrong, by name: each is given the request and answers in its own way."""

from __future__ import annotations

import gzip

import orjson

from cds_service.fhir.cause import Cause
from tests.fhir.servers import Answer, Handler, Json

OUTCOME: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
DRIP = 0.02  # seconds between two bytes: far below the limit of a socket, so that only the deadline ends it


def silent(handler: Handler) -> None:
    handler.wait()


def drips_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.wait(DRIP):
        handler.wfile.write(b"x")


def drips_continues(handler: Handler) -> None:
    while not handler.wait(DRIP):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def drips_body(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
    while not handler.wait(DRIP):
        handler.wfile.write(b" ")


def drips_chunks(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
    while not handler.wait(DRIP):
        handler.wfile.write(b"0")


def half(handler: Handler) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"resourceType": "Bundle", "entry": [')
    handler.close_connection = True


def hangs_up(handler: Handler) -> None:
    handler.close_connection = True


def noise(handler: Handler) -> None:
    handler.wfile.write(b"\x00\xffnot http at all\r\n\r\n")
    handler.close_connection = True


def too_many_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: x\r\n" % number for number in range(500)) + b"\r\n")
    handler.close_connection = True


def endless_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        handler.wfile.write(b"X-%d: %s\r\n" % (number % 50, b"x" * 10_000))
    handler.close_connection = True


def huge(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(200):
        handler.wfile.write(b"100000\r\n" + b" " * 0x100000 + b"\r\n")


BOMB = gzip.compress(gzip.compress(b" " * (64 * 1024 * 1024)))


def bomb(handler: Handler) -> None:
    handler.give(BOMB, Content_Encoding="gzip, gzip")


def status(code: int, **headers: str) -> Answer:
    return lambda handler: handler.give(orjson.dumps(OUTCOME), code, **headers)


def body(sent: bytes, kind: str = "application/fhir+json") -> Answer:
    return lambda handler: handler.give(sent, kind=kind)


def elsewhere(handler: Handler) -> None:
    handler.give(b"", 302, Location="/elsewhere")


FAULTS: dict[str, tuple[Answer, Cause]] = {
    "silent": (silent, Cause.TIMEOUT),
    "drips headers": (drips_headers, Cause.TIMEOUT),
    "drips continues": (drips_continues, Cause.TIMEOUT),
    "drips the body": (drips_body, Cause.TIMEOUT),
    "drips chunks": (drips_chunks, Cause.TIMEOUT),
    "half": (half, Cause.UNREACHABLE),
    "hangs up": (hangs_up, Cause.UNREACHABLE),
    "noise": (noise, Cause.UNREACHABLE),
    "too many headers": (too_many_headers, Cause.UNREACHABLE),
    "endless headers": (endless_headers, Cause.TOO_LARGE),
    "huge": (huge, Cause.TOO_LARGE),
    "gzip bomb": (bomb, Cause.TOO_LARGE),
    "no gzip": (lambda handler: handler.give(b"{}", Content_Encoding="gzip"), Cause.NOT_FHIR),
    "redirect": (elsewhere, Cause.REDIRECT),
    "304": (status(304), Cause.ERROR),
    "400": (status(400), Cause.ERROR),
    "401": (status(401), Cause.REFUSED),
    "403": (status(403), Cause.REFUSED),
    "404": (status(404), Cause.NOT_FOUND),
    "410": (status(410), Cause.NOT_FOUND),
    "429": (status(429, Retry_After="0"), Cause.BUSY),
    "500": (status(500), Cause.ERROR),
    "503": (status(503), Cause.BUSY),
    "202": (status(202), Cause.ERROR),
}
# Answers with status 200 that are no answer to a search.
WRONG: dict[str, tuple[Answer, Cause]] = {
    "outcome": (body(orjson.dumps(OUTCOME)), Cause.ERROR),
    "outcome without issues": (body(b'{"resourceType": "OperationOutcome"}'), Cause.ERROR),
    "a page for people": (body(b"<html>Please sign in</html>", "text/html"), Cause.NOT_FHIR),
    "xml": (body(b"<Bundle xmlns='http://hl7.org/fhir'/>", "application/fhir+xml"), Cause.NOT_FHIR),
    "empty": (body(b""), Cause.NOT_FHIR),
    "null": (body(b"null"), Cause.NOT_FHIR),
    "array": (body(b"[]"), Cause.NOT_FHIR),
    "number": (body(b"7"), Cause.NOT_FHIR),
    "no type": (body(b"{}"), Cause.NOT_FHIR),
    "type is no text": (body(b'{"resourceType": ["Bundle"]}'), Cause.NOT_FHIR),
    "another type": (body(b'{"resourceType": "Binary"}'), Cause.NOT_FHIR),
    "NaN": (body(b'{"resourceType": "Bundle", "total": NaN}'), Cause.NOT_FHIR),
    "deep": (body(b'{"resourceType": "Bundle", "entry": ' + b"[" * 100_000), Cause.NOT_FHIR),
    "not utf-8": (body(b'{"resourceType": "Bundle", "id": "\xff"}'), Cause.NOT_FHIR),
}
