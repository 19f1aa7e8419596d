"""Every setting, its default and its check. Settings are environment variables `CDS_*`, or a `.env` file."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cds_service.errors import SettingsError

PREFIX = "CDS_"
DOTENV = ".env"


class Settings(BaseSettings):
    """The effective settings. Refuses what is unknown or unsafe, and says why."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=DOTENV, extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="where to listen")
    port: int = Field(8080, ge=1, le=65535, description="where to listen")
    site: str = Field("demo", min_length=1, description="a site folder's name or path")
    auth: Literal["required", "off"] = Field(
        "required", description="client authentication; `off` binds to loopback only"
    )
    accept_as_of: bool = Field(default=False, description="honor the as-of extension of a call")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="browser origins that may call, separated by commas; `*` for any"
    )
    workers: int = Field(2, ge=1, le=64, description="server processes")

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _safe(self) -> Settings:
        if self.auth == "required":
            raise ValueError(
                "CDS_AUTH=required: this version cannot verify clients yet and does not pretend to; "
                "set CDS_AUTH=off to run on a loopback address"
            )
        if not is_loopback(self.host):
            raise ValueError(f"CDS_AUTH=off listens on loopback only; CDS_HOST is {self.host}")
        return self


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(**given: object) -> Settings:
    """From the environment, with `given` (command line) before it. Raises SettingsError."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in [*os.environ, *_dotenv_names()] if name.startswith(PREFIX) and name not in known)
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


def _dotenv_names() -> list[str]:
    path = Path(DOTENV)
    if not path.is_file():
        return []
    return [line.partition("=")[0].strip() for line in path.read_text("utf-8").splitlines() if "=" in line]
