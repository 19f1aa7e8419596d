"""Settings: what is unsafe, unknown or could never work stops the start with one line; secrets are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.errors import SettingsError
from cds_service.server import check
from cds_service.settings import load_settings, masked

OFF = {"CDS_AUTH": "off"}
REFUSED = {
    "an unknown setting": (OFF | {"CDS_SIET": "demo"}, "unknown setting CDS_SIET"),
    "another case": (OFF | {"Cds_Port": "1"}, "unknown setting Cds_Port"),
    "verification without clients": ({}, "needs CDS_CLIENTS"),
    "open to other machines": (OFF | {"CDS_HOST": "0.0.0.0"}, "loopback only"),
    "other machines without TLS": ({"CDS_CLIENTS": "x", "CDS_HOST": "0.0.0.0"}, "CDS_TLS_CERTIFICATE"),
    "a certificate alone": (OFF | {"CDS_TLS_CERTIFICATE": "x"}, "go together"),
    "plain http for other machines": (OFF | {"CDS_PUBLIC_URL": "http://cds.example"}, "CDS_PUBLIC_URL"),
    "an origin that no browser sends": (OFF | {"CDS_ALLOWED_ORIGINS": "https://a.example/path"}, "CDS_ALLOWED_ORIGINS"),
    "a header that is none": (OFF | {"CDS_CERTIFICATE_HEADER": "bad header"}, "CDS_CERTIFICATE_HEADER"),
    "one port for two": (OFF | {"CDS_PORT": "9100", "CDS_METRICS_PORT": "9100"}, "CDS_METRICS_PORT"),
    "days beyond any calendar": (OFF | {"CDS_KEEP_DAYS": "999999999"}, "CDS_KEEP_DAYS"),
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no `.env` of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDS_DATABASE_URL")


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_not_work_is_refused_and_said(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    given, said = REFUSED[name]
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=said):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CDS_CLIENTS", "/nowhere/clients.toml", "cannot be read"),
        ("CDS_DATABASE_URL", "mysql://host/name", "CDS_DATABASE_URL"),
    ],
)
def test_what_a_setting_names_is_looked_at_before_the_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv("CDS_AUTH", "off")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=said):
        check(load_settings())


@pytest.mark.parametrize("url", ["postgresql://u:SECRET@h/x", "postgresql://u@h/x?password=SECRET", "SECRET"])
def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("CDS_AUTH", "off")
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    monkeypatch.setenv("CDS_ID_KEY", "SECRET" * 8)
    assert "SECRET" not in str(masked(load_settings()))


def test_a_file_of_settings_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("CDS_SITE=ä".encode("utf-16"))
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings()
