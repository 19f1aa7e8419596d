"""The outermost layer of the application: a request id of our own, one report a request, and no exception beyond it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import getrandbits
from time import perf_counter
from typing import Any

from cds_service.observe.observer import Observer
from cds_service.observe.request import REQUEST_ID
from cds_service.observe.told import Told

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

TOLD = "ivig_cds.told"  # the layers below leave here what they have to tell
HEADER = "X-Request-ID"
_NOTHING = Told()


class Observed:
    """`fault` is the body of a 500. A client's own X-Request-ID is neither logged nor given back: it could hold
    anything."""

    def __init__(self, app: Wsgi, observer: Observer, fault: bytes) -> None:
        self.app = app
        self.observer = observer
        self.fault = fault

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = perf_counter()
        request_id = f"{getrandbits(128):032x}"  # tells requests apart, and guards nothing
        status = 500

        def started(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            return start_response(line, [*headers, (HEADER, request_id)], *rest)

        before = REQUEST_ID.set(request_id)
        try:
            body = self._answer(environ, started)
            self._tell(environ, status, perf_counter() - began)
        finally:
            REQUEST_ID.reset(before)
        return body

    def _answer(self, environ: Environ, started: StartResponse) -> Iterable[bytes]:
        try:
            return self.app(environ, started)
        except Exception as error:  # noqa: BLE001 (the server below would log its text, which may hold anything)
            self.observer.error("fault", error)
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(self.fault)))]
            headers += [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
            started("500 Internal Server Error", headers)
            return [self.fault]

    def _tell(self, environ: Environ, status: int, seconds: float) -> None:
        """A card must reach the bedside also where it cannot be counted."""
        try:
            self.observer.answered(environ.get(TOLD, _NOTHING), status, seconds, body_size(environ))
        except Exception as error:  # noqa: BLE001 (see above)
            self.observer.error("fault", error)


def body_size(environ: Environ) -> int:
    """What the client says that it sends; 0 where it does not say."""
    said = environ.get("CONTENT_LENGTH") or ""
    return int(said) if said.isdecimal() and len(said) < 12 else 0
