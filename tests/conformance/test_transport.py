"""The wire: TLS wherever another machine can call, strict JSON with nothing empty, and answers in time."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import SettingsError
from cds_service.review.check import empties
from cds_service.settings import Settings, load_settings
from tests.test_examples import EXAMPLES, ROOT, SERVICES, client_of, request_of, site_of

FETCHED = ("/cds-services", "/health/live", "/health/ready")
# In the examples everything comes with the call. The specification's order of magnitude; CRD asks for 5 s of 90 in 100.
IN_TIME = 0.5


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"host": "0.0.0.0", "public_url": "https://cds.example"}, "CDS_TLS_PROXY"),
        ({"host": "192.0.2.1", "public_url": "https://cds.example"}, "CDS_TLS_CERTIFICATE"),
        ({"tls_certificate": "server.pem"}, "go together"),
        ({"public_url": "http://cds.example"}, "CDS_PUBLIC_URL must be an https address"),
        ({"public_url": "ftp://127.0.0.1"}, "CDS_PUBLIC_URL must be an https address"),
    ],
    ids=str,
)
def test_without_tls_nothing_is_served_to_another_machine(given: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=says):
        load_settings(clients=tmp_path / "clients.toml", **given)


@pytest.mark.parametrize("given", [{"tls_proxy": True}, {"tls_certificate": "server.pem", "tls_key": "server.key"}])
def test_with_tls_here_or_at_a_proxy_it_is_served(given: dict[str, Any], tmp_path: Path) -> None:
    settings = Settings(
        host="0.0.0.0", public_url="https://cds.example", clients=tmp_path / "clients.toml", _env_file=None, **given
    )
    assert settings.base_url == "https://cds.example"


def strictly(body: bytes) -> Any:
    """JSON of RFC 8259: no NaN, no key twice, nothing behind it; comments and trailing commas never parse."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    return json.loads(body.decode("utf-8"), parse_constant=refuse, object_pairs_hook=once)


@pytest.mark.parametrize("path", FETCHED)
def test_what_is_fetched_is_strict_json_with_nothing_empty(path: str) -> None:
    answer = client_of("demo").get(path)
    assert answer.mimetype == "application/json"
    assert not list(empties(strictly(answer.data)))


def test_cards_are_strict_json_with_nothing_empty_and_come_in_time() -> None:
    took = []
    for name in EXAMPLES:
        call = (ROOT / name / "request.json").read_bytes()
        address = f"/cds-services/{SERVICES[request_of(name)['hook']]}"
        client = client_of(site_of(name))
        start = time.perf_counter()
        answer = client.post(address, data=call, content_type="application/json")
        took.append(time.perf_counter() - start)
        assert answer.mimetype == "application/json"
        message = strictly(answer.data)
        found = list(empties(message))
        assert found == ([] if message["cards"] else found[:1])
    assert statistics.quantiles(took, n=20)[-1] < IN_TIME


def test_an_empty_value_would_be_found() -> None:
    for value in (None, "", [], {}):
        assert list(empties({"cards": [{"detail": value}]}))
    with pytest.raises(AssertionError):
        strictly(b'{"a": NaN}')
    with pytest.raises(AssertionError):
        strictly(b'{"a": 1, "a": 2}')
