"""Puts the pages of a search together; what is left out stays visible as a link to a next page."""

from __future__ import annotations

from collections.abc import Callable

from cds_service.errors import RequestError
from cds_service.fhir.bases import under
from cds_service.fhir.body import read_object
from cds_service.fhir.cause import Cause, NotObtained
from cds_service.fhir.read import Json, as_dict, as_list, as_text

PAGES = 10  # of one search; our own choice
ENTRIES = 500  # of one search; our own choice: five pages of a hundred, and no more than is judged within the deadline
Read = Callable[[str], bytes]


def whole(url: str, base: str, expected: str, read: Read) -> tuple[Json, Cause | None]:
    """One resource, or a search with all its pages as one Bundle. With a cause, it is not all there is."""
    first = resource(read(url), expected)
    if expected != "Bundle":
        return first, None
    entries, seen, page, at = as_list(first.get("entry")), {url}, first, url
    if len(entries) > ENTRIES:
        raise NotObtained(Cause.TOO_LARGE)
    while link := next_link(page):
        following = under(base, link, at)
        if following is None or following in seen or len(seen) >= PAGES:
            return {**first, "entry": entries}, Cause.INCOMPLETE
        seen.add(following)
        try:
            page = resource(read(following), "Bundle")
        except NotObtained as error:
            return {**first, "entry": entries}, error.cause
        more, at = as_list(page.get("entry")), following
        if len(entries) + len(more) > ENTRIES:
            return {**first, "entry": entries}, Cause.TOO_LARGE
        entries = [*entries, *more]
    return {**first, "entry": entries, "link": []}, None


def resource(body: bytes, expected: str) -> Json:
    """The resource of the type asked for. Raises NotObtained: ERROR for an OperationOutcome, else NOT_FHIR."""
    try:
        found = read_object(body)
    except RequestError:
        raise NotObtained(Cause.NOT_FHIR) from None
    kind = found.get("resourceType")
    if kind == "OperationOutcome":
        raise NotObtained(Cause.ERROR)
    if kind != expected:
        raise NotObtained(Cause.NOT_FHIR)
    return found


def next_link(bundle: object) -> str:
    """The address of the next page; empty where this is the last one."""
    links = as_list(as_dict(bundle).get("link"))
    return next(
        (as_text(as_dict(one).get("url")) or "#" for one in links if as_dict(one).get("relation") == "next"), ""
    )
