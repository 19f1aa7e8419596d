"""Every setting, its default and its check. Settings are environment variables `CDS_*`, or a `.env` file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cds_service.clients.bases import canonical_base, is_loopback
from cds_service.errors import SettingsError

PREFIX = "CDS_"
DOTENV = ".env"
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """The effective settings. Refuses what is unknown or unsafe, and says why."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=DOTENV, extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="where to listen")
    port: int = Field(8080, ge=1, le=65535, description="where to listen")
    site: str = Field("demo", min_length=1, description="a site folder's name or path")
    auth: Literal["required", "off"] = Field(
        "required", description="client authentication; `off` binds to loopback only"
    )
    clients: Path | None = Field(None, description="path of a TOML file of trusted clients")
    public_url: str = Field("", description="base of the addresses that clients call; default: of host and port")
    demo: bool = Field(
        default=False, description="let a client use the public sandbox's key, which anybody has; loopback only"
    )
    accept_as_of: bool = Field(default=False, description="honor the as-of extension of a call")
    allowed_origins: Words = Field((), description="browser origins that may call, separated by commas; `*` for any")
    deadline_ms: int = Field(400, ge=50, le=30_000, description="total time for one answer, FHIR look-ups included")
    database_url: str = Field("", description="SQLAlchemy URL of the store; default: SQLite in the user's data folder")
    id_key: SecretStr = Field(
        SecretStr(""), description="key by which ids are hashed before they are stored; default: made beside SQLite"
    )
    keep_days: int = Field(730, ge=1, le=36_500, description="how long answers and feedback are kept")
    keep_comments: bool = Field(default=False, description="store what users write with an override")
    metrics_port: int | None = Field(None, ge=1, le=65535, description="serve /metrics on this port; default: off")
    metrics_host: str = Field("127.0.0.1", description="where /metrics listens")
    tls_certificate: Path | None = Field(None, description="serve TLS with this certificate (PEM)")
    tls_key: Path | None = Field(None, description="the private key of the certificate (PEM)")
    tls_proxy: bool = Field(default=False, description="a proxy in front ends TLS: plain HTTP comes from nowhere else")
    certificate_header: str = Field(
        "", description="header in which that proxy names the verified client certificate (mutual TLS)"
    )
    workers: int = Field(2, ge=1, le=64, description="server processes")
    threads: int = Field(32, ge=1, le=256, description="calls that one process may have open, most of them waiting")

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def listens_at(self) -> str:
        scheme = "https" if self.tls_certificate else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    @property
    def base_url(self) -> str:
        """The public address, without a slash at its end: what a token's audience is made from."""
        return self.public_url.rstrip("/") or self.listens_at

    @model_validator(mode="after")
    def _safe(self) -> Settings:
        for fault in self._faults():
            raise ValueError(fault)
        return self

    def _faults(self) -> list[str]:
        inside = is_loopback(self.host)
        off = self.auth == "off"
        checks = {
            f"CDS_AUTH=off listens on loopback only; CDS_HOST is {self.host}": off and not inside,
            "CDS_AUTH=required needs CDS_CLIENTS, the file of the clients that may call; "
            "CDS_AUTH=off serves a local try-out": not off and self.clients is None,
            f"CDS_DEMO=true listens on loopback only; CDS_HOST is {self.host}": self.demo and not inside,
            "CDS_METRICS_PORT must be another than CDS_PORT": self.metrics_port == self.port,
            "CDS_TLS_CERTIFICATE and CDS_TLS_KEY go together": bool(self.tls_certificate) != bool(self.tls_key),
            f"CDS_HOST={self.host} is reached by other machines: set CDS_TLS_CERTIFICATE and CDS_TLS_KEY, or "
            "CDS_TLS_PROXY=true where a proxy in front ends TLS": not inside
            and not (self.tls_certificate or self.tls_proxy),
            "CDS_CERTIFICATE_HEADER must be the name of a header: letters, digits and -": bool(self.certificate_header)
            and not HEADER.fullmatch(self.certificate_header),
            "CDS_ALLOWED_ORIGINS holds what no browser sends; allowed: https://host with its port, or *": any(
                one != "*" and not ORIGIN.fullmatch(one) for one in self.allowed_origins
            ),
            "CDS_CERTIFICATE_HEADER needs CDS_TLS_PROXY=true: only a proxy in front can vouch for it": bool(
                self.certificate_header
            )
            and not self.tls_proxy,
            "CDS_PUBLIC_URL must be an https address (http for loopback only), without a query": bool(self.public_url)
            and not safe_base(self.public_url),
            "CDS_PUBLIC_URL is needed where CDS_HOST is no address that a client could call": not inside
            and not self.public_url,
        }
        return [fault for fault, found in checks.items() if found]


def safe_base(url: str) -> bool:
    """An https address, or an http one of this machine, that paths can be put behind."""
    try:
        canonical_base(url)
    except ValueError:
        return False
    return True


def load_settings(**given: object) -> Settings:
    """From the environment, with `given` (command line) before it. Raises SettingsError."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named = [*os.environ, *_dotenv_names()]
    unknown = sorted(name for name in named if name.upper().startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"unknown setting {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(
            f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" if fault["loc"] else str(fault["msg"])
            for fault in error.errors()
        )
        raise SettingsError(faults.replace("Value error, ", "")) from None


def masked(settings: Settings) -> dict[str, str]:
    """The settings as a person may see them: without the key, and without the password in the store's URL."""
    shown = {}
    for name, value in settings.model_dump().items():
        shown[name] = ",".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    shown["database_url"] = _without_password(settings.database_url)
    return shown


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).set(query={}).render_as_string(hide_password=True) if url else ""
    except ArgumentError:
        return "*** (not a URL)"


def _dotenv_names() -> list[str]:
    path = Path(DOTENV)
    if not path.is_file():
        return []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{DOTENV} cannot be read as UTF-8") from None
    return [line.partition("=")[0].strip() for line in lines if "=" in line]
