"""Two addresses are one server only if every part is the same; what could be read in two ways is neither."""

from __future__ import annotations

import doctest

import pytest

from cds_service.clients import bases, certificate
from cds_service.clients.bases import address, canonical_base, is_loopback, same_base
from cds_service.settings import Settings

BASE = "https://ehr.example/fhir"
SAME = [
    (BASE, BASE),
    (BASE, "https://ehr.example/fhir/"),
    (BASE, "HTTPS://EHR.EXAMPLE/fhir"),
    (BASE, "https://ehr.example:443/fhir"),
    ("https://ehr.example", "https://ehr.example/"),
    ("http://127.0.0.1:8090/fhir", "http://127.0.0.1:8090/fhir/"),
    ("http://localhost/fhir", "http://LOCALHOST:80/fhir"),
    ("http://[::1]:8090/r4", "http://[0:0:0:0:0:0:0:1]:8090/r4"),
    ("https://10.0.0.7/fhir", "https://10.0.0.7:443/fhir"),
    ("https://ehr.example/api/FHIR/R4", "https://ehr.example/api/FHIR/R4/"),
    ("https://fhir_server.internal/r4", "https://fhir_server.internal/r4"),
]
OTHERS = {
    "a longer host": "https://ehr.example.evil.test/fhir",
    "a host in front": "https://evil.test/ehr.example/fhir",
    "a name below": "https://api.ehr.example/fhir",
    "a user that looks like the host": "https://ehr.example@evil.test/fhir",
    "a user": "https://user@ehr.example/fhir",
    "user and password": "https://user:word@ehr.example/fhir",
    "an empty user": "https://@ehr.example/fhir",
    "an encoded @": "https://ehr.example%40evil.test/fhir",
    "a backslash": "https://ehr.example\\@evil.test/fhir",
    "a backslash as slash": "https://ehr.example\\fhir",
    "another port": "https://ehr.example:8443/fhir",
    "http": "http://ehr.example/fhir",
    "http on the port of https": "http://ehr.example:443/fhir",
    "another scheme": "ftp://ehr.example/fhir",
    "file": "file:///fhir",
    "no scheme": "//ehr.example/fhir",
    "a path alone": "/fhir",
    "nothing": "",
    "a longer path": "https://ehr.example/fhir/tenant",
    "a path that begins alike": "https://ehr.example/fhir-evil",
    "a shorter path": "https://ehr.example/",
    "a path in capitals": "https://ehr.example/FHIR",
    "two slashes at the end": "https://ehr.example/fhir//",
    "two slashes in front": "https://ehr.example//fhir",
    "dots": "https://ehr.example/fhir/../fhir",
    "one dot": "https://ehr.example/./fhir",
    "encoded dots": "https://ehr.example/x/%2e%2e/fhir",
    "an encoded letter": "https://ehr.example/fhi%72",
    "an encoded slash": "https://ehr.example/fhir%2f",
    "a parameter": "https://ehr.example/fhir;a=b",
    "a query": "https://ehr.example/fhir?a=b",
    "an empty query": "https://ehr.example/fhir?",
    "a fragment": "https://ehr.example/fhir#a",
    "an empty fragment": "https://ehr.example/fhir#",
    "a space in front": " https://ehr.example/fhir",
    "a line break behind": "https://ehr.example/fhir\n",
    "a line break in the host": "https://ehr.exa\nmple/fhir",
    "a tab in the path": "https://ehr.example/fh\tir",
    "a zero byte": "https://ehr.example/fhir\x00",
    "a dot behind the host": "https://ehr.example./fhir",
    "a Cyrillic e": "https://\u0435hr.example/fhir",
    "a full-width dot": "https://ehr\uff0eexample/fhir",
    "an ideographic full stop": "https://ehr\u3002example/fhir",
    "a soft hyphen": "https://ehr\u00ad.example/fhir",
    "another name in Punycode": "https://xn--hr-kxc.example/fhir",
    "no port behind the colon": "https://ehr.example:/fhir",
    "port zero": "https://ehr.example:0/fhir",
    "a port too large": "https://ehr.example:99999/fhir",
    "a port that is no number": "https://ehr.example:https/fhir",
    "no host": "https:///fhir",
    "an empty part of the host": "https://ehr..example/fhir",
    "a wildcard": "https://*.example/fhir",
    "3,000 characters": "https://ehr.example/fhir" + "r" * 3000,
}
HARMLESS = {  # other addresses than BASE, but addresses
    "a longer host",
    "a host in front",
    "a name below",
    "another port",
    "a longer path",
    "a path that begins alike",
    "a shorter path",
    "a path in capitals",
    "another name in Punycode",
    "nothing",
}
ODD_HOSTS = [
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.0.0.1.evil.test/",
    "http://localhost.evil.test/",
    "http://0.0.0.0/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fe80::1%25eth0]/",
    "http://[v1.a]/",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/",
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_server(one: str, other: str) -> None:
    assert same_base(one, other)
    assert same_base(other, one)
    assert canonical_base(canonical_base(other)) == canonical_base(one)


@pytest.mark.parametrize("name", OTHERS)
def test_another_server_or_none(name: str) -> None:
    assert not same_base(BASE, OTHERS[name])
    assert not same_base(OTHERS[name], BASE)


@pytest.mark.parametrize("url", ODD_HOSTS)
def test_plain_http_does_not_leave_the_machine(url: str) -> None:
    with pytest.raises(ValueError):
        canonical_base(url)
    with pytest.raises(ValueError):
        address(url)
    assert not same_base(url, url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("name", [name for name in OTHERS if name not in HARMLESS])
def test_the_public_address_is_held_to_the_same_rules(name: str) -> None:
    assert Settings(auth="off", public_url=BASE, _env_file=None).base_url == BASE
    with pytest.raises(ValueError, match="CDS_PUBLIC_URL"):
        Settings(auth="off", public_url=OTHERS[name], _env_file=None)


def test_the_examples_in_the_words() -> None:
    for module in (bases, certificate):
        found = doctest.testmod(module)
        assert found.attempted
        assert not found.failed
