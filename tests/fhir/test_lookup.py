"""Look-ups: all at once, whole searches, and no client in the way of another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from cds_service.fhir.breaker import Breaker
from cds_service.fhir.cause import Cause, NotObtained
from cds_service.fhir.http import Http
from cds_service.fhir.lookup import READS, Found, Lookups
from cds_service.fhir.paging import ENTRIES, PAGES, resource, whole
from tests.fhir.faults import FAULTS, WRONG
from tests.fhir.servers import Answer, Handler, Json, Server, serving

DEADLINE = 0.15
QUERIES = {f"key-{number}": f"Observation?patient=1&code={number}" for number in range(9)}


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    found = Http()
    yield found
    found.close()


@pytest.fixture
def lookups(http: Http) -> Iterator[Lookups]:
    found = Lookups(http.get, callers=2)
    yield found
    found.close()


def bundle(*ids: str, following: str = "") -> Json:
    entries = [{"resource": {"resourceType": "Observation", "id": one}} for one in ids]
    links = [{"relation": "self", "url": "x"}] + ([{"relation": "next", "url": following}] if following else [])
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}


def fetch(
    lookups: Lookups, server: Server, queries: dict[str, str] | None = None, seconds: float = 2.0, name: str = "ehr"
) -> dict[str, Found]:
    return lookups.fetch(name, server.base, "token", queries or QUERIES, time.monotonic() + seconds)


def one(lookups: Lookups, server: Server, query: str = "Observation?patient=1") -> Found:
    return fetch(lookups, server, {"one": query})["one"]


def ids(found: Found) -> list[str]:
    assert found.value is not None
    return [entry["resource"]["id"] for entry in found.value["entry"]]


def test_everything_is_asked_at_once(lookups: Lookups) -> None:
    together = threading.Barrier(len(QUERIES))

    def answer(_: Handler) -> Json:
        together.wait(2)
        return bundle("a")

    with serving(answer) as server:
        assert all(ids(found) == ["a"] and found.cause is None for found in fetch(lookups, server).values())


@pytest.mark.parametrize("fault", WRONG)
def test_a_200_that_is_no_answer_is_not_taken_for_one(lookups: Lookups, fault: str) -> None:
    answer, cause = WRONG[fault]
    with serving(answer) as server:
        assert one(lookups, server) == Found(None, cause)


def test_a_read_gives_the_type_that_was_asked_for(lookups: Lookups) -> None:
    with serving(lambda _: {"resourceType": "Patient", "id": "1"}) as server:
        assert one(lookups, server, "Patient/1").value == {"resourceType": "Patient", "id": "1"}
        assert one(lookups, server, "Medication/1") == Found(None, Cause.NOT_FHIR)


def pages(make: Callable[[int, Server], Json]) -> Answer:
    def answer(handler: Handler) -> Json:
        number = int(handler.path.rpartition("page=")[2] or 0) if "page=" in handler.path else 0
        return make(number, handler.server.known)

    return answer


@pytest.mark.parametrize("link", ["{base}?page={next}", "{base}/Observation?page={next}", "?page={next}"])
def test_pages_are_put_together(lookups: Lookups, link: str) -> None:
    def make(number: int, server: Server) -> Json:
        following = link.format(base=server.base, next=number + 1) if number < 2 else ""
        return bundle(str(number), following=following)

    with serving(pages(make)) as server:
        found = one(lookups, server)
        assert (ids(found), found.cause) == (["0", "1", "2"], None)
        assert found.value is not None
        assert not found.value["link"]
        assert server.tokens == {"Bearer token"}


def test_pages_have_an_end(lookups: Lookups) -> None:
    with serving(pages(lambda n, server: bundle(str(n), following=f"{server.base}?page={n + 1}"))) as server:
        found = one(lookups, server)
        assert found.cause is Cause.INCOMPLETE
        assert len(ids(found)) == len(server.asked) == PAGES


@pytest.mark.parametrize("back", ["?page=0", "?page=1", "Observation?patient=1"])
def test_a_circle_of_pages_is_noticed(lookups: Lookups, back: str) -> None:
    def make(number: int, server: Server) -> Json:
        return bundle(str(number), following=f"{server.base}?page=1" if number == 0 else f"{server.base}/{back}")

    with serving(pages(make)) as server:
        assert one(lookups, server).cause is Cause.INCOMPLETE
        assert len(server.asked) <= 3


@pytest.mark.parametrize(
    "link",
    [
        "http://evil.example/fhir?page=1",
        "{base}x?page=1",
        "{base}/../other?page=1",
        "{base}/%2e%2e/other?page=1",
        "/other?page=1",
        "//evil.example/fhir?page=1",
        "{other}?page=1",
        "https{rest}?page=1",
        "{base}\\@evil.example?page=1",
        "http://user@{rest}",
        "javascript:alert(1)",
        "http://[::1?page=1",
    ],
)
def test_a_next_page_elsewhere_is_not_asked_for(lookups: Lookups, link: str) -> None:
    with serving(lambda _: bundle("other"), "/fhir") as other:

        def make(number: int, server: Server) -> Json:
            rest = server.base.removeprefix("http")
            return bundle(str(number), following=link.format(base=server.base, other=other.base, rest=rest))

        with serving(pages(make)) as server:
            found = one(lookups, server)
            assert (ids(found), found.cause) == (["0"], Cause.INCOMPLETE)
            assert len(server.asked) == 1
        assert not other.asked


@pytest.mark.parametrize(
    "link", [[{"relation": "next"}], {"relation": "next", "url": 7}, [{"relation": "next", "url": ""}]]
)
def test_a_link_that_cannot_be_read_is_still_a_further_page(lookups: Lookups, link: object) -> None:
    with serving(lambda _: bundle("a") | {"link": link}) as server:
        assert one(lookups, server).cause is Cause.INCOMPLETE


def test_what_came_before_a_page_failed_is_a_part(lookups: Lookups) -> None:
    def answer(handler: Handler) -> Json | None:
        if "page" in handler.path:
            handler.give(b"{}", 500)
            return None
        return bundle("a", following="?page=1")

    with serving(answer) as server:
        found = one(lookups, server)
        assert (ids(found), found.cause) == (["a"], Cause.ERROR)


def test_the_waiter_leaves_at_the_deadline_and_the_threads_after_it(lookups: Lookups) -> None:
    with serving(FAULTS["drips the body"][0]) as server:
        start = time.monotonic()
        found = fetch(lookups, server, seconds=DEADLINE)
        assert time.monotonic() - start < DEADLINE + 0.05
        assert {one.cause for one in found.values()} == {Cause.TIMEOUT}


def test_a_client_whose_server_hangs_takes_nothing_from_another(lookups: Lookups) -> None:
    with serving(FAULTS["silent"][0]) as hanging, serving(lambda _: bundle("a")) as well:
        with ThreadPoolExecutor(2) as calls:
            waiting = [calls.submit(fetch, lookups, hanging, None, 0.4, "hangs") for _ in range(2)]
            time.sleep(0.05)
            start = time.monotonic()
            crowded = fetch(lookups, hanging, name="hangs")
            answered = fetch(lookups, well, name="well")
            assert time.monotonic() - start < 0.25
            assert {one.cause for one in crowded.values()} == {Cause.CROWDED}
            assert {one.cause for one in answered.values()} == {None}
            assert all(one.cause is Cause.TIMEOUT for done in waiting for one in done.result().values())
        assert len(hanging.asked) <= READS


def test_a_server_that_answered_nothing_several_times_is_asked_one_thing_for_a_part_of_the_time(
    lookups: Lookups,
) -> None:
    with serving(FAULTS["silent"][0]) as server:
        for _ in range(3):
            fetch(lookups, server, {"one": "Observation?patient=1"}, 0.05)
        before, start = len(server.asked), time.monotonic()
        found = fetch(lookups, server, seconds=0.4)
        assert time.monotonic() - start < 0.3
        assert {one.cause for one in found.values()} == {Cause.RESTED}
        assert len(server.asked) == before + 1


def test_calls_that_doubt_a_server_at_the_same_time_share_one_question(http: Http) -> None:
    lookups = Lookups(http.get, callers=8)
    with serving(FAULTS["silent"][0]) as server, ThreadPoolExecutor(8) as calls:
        for _ in range(3):
            fetch(lookups, server, {"one": "Observation?patient=1"}, 0.05)
        before = len(server.asked)
        done = [calls.submit(fetch, lookups, server, None, 0.8) for _ in range(8)]
        assert {one.cause for found in done for one in found.result().values()} == {Cause.RESTED}
        assert len(server.asked) <= before + 2
    lookups.close()


def test_a_server_that_is_back_is_asked_everything_at_once(lookups: Lookups) -> None:
    hangs = [True]

    def answer(handler: Handler) -> Json | None:
        if hangs[0]:
            handler.wait()
            return None
        return bundle("a")

    with serving(answer) as server:
        for _ in range(3):
            fetch(lookups, server, seconds=0.05)
        hangs[0] = False
        assert {one.cause for one in fetch(lookups, server).values()} == {None}
        assert {one.cause for one in fetch(lookups, server).values()} == {None}


@pytest.mark.parametrize("fault", ["401", "429", "500", "huge"])
def test_a_server_that_refuses_is_not_one_that_is_silent(lookups: Lookups, fault: str) -> None:
    with serving(FAULTS[fault][0]) as server:
        for _ in range(5):
            assert one(lookups, server).cause is FAULTS[fault][1]


def test_silence_is_counted_in_a_row() -> None:
    breaker = Breaker(calls=2)
    breaker.silent()
    breaker.answered()
    breaker.silent()
    assert not breaker.doubted
    breaker.silent()
    assert breaker.doubted
    breaker.answered()
    assert not breaker.doubted


def test_an_answer_that_says_one_thing_twice_is_not_used() -> None:
    with pytest.raises(NotObtained) as raised:
        resource(b'{"resourceType":"Bundle","entry":[{}],"entry":[]}', "Bundle")
    assert raised.value.cause is Cause.NOT_FHIR


@pytest.mark.parametrize(("first", "then"), [(ENTRIES + 1, 0), (ENTRIES, 1)])
def test_no_more_is_read_than_can_be_judged_in_time(first: int, then: int) -> None:
    base = "https://ehr.example/fhir"
    more = [{"relation": "next", "url": f"{base}?page=2"}]
    pages = {
        f"{base}/Observation?x": {"resourceType": "Bundle", "entry": [{}] * first, "link": more if then else []},
        f"{base}?page=2": {"resourceType": "Bundle", "entry": [{}] * then},
    }
    try:
        _, cause = whole(f"{base}/Observation?x", base, "Bundle", lambda url: orjson.dumps(pages[url]))
    except NotObtained as error:
        cause = error.cause
    assert cause in (Cause.TOO_LARGE, Cause.INCOMPLETE)
