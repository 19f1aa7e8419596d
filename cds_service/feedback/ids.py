"""Ids of users, patients and calls, hashed under the site's key before they are stored."""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from hmac import digest
from pathlib import Path

from cds_service.errors import SettingsError

SHORTEST_KEY = 32  # our own choice: characters; a short key could be guessed, and then every id tried


class Ids:
    """Hashes by HMAC-SHA256. The same id at two sites or of two clients gives two hashes that cannot be joined."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def hashed(self, kind: str, site: str, client: str, tenant: str, value: str) -> str:
        """64 hex digits; empty for no id."""
        if not value:
            return ""
        said = "\0".join((kind, site, client, tenant, value))
        return digest(self._key, said.encode("utf-8", "surrogatepass"), sha256).hex()


def check_key(key: str, store: Path | None) -> None:
    """Raises SettingsError for a key that is too short, and for none where none can be made beside the store."""
    if (key or store is None) and len(key) < SHORTEST_KEY:
        raise SettingsError(
            f"CDS_ID_KEY needs at least {SHORTEST_KEY} characters, drawn at random: on PostgreSQL always, the same for "
            "every host; beside a SQLite store one is made where none is set"
        )


def key_beside(store: Path) -> str:
    """The key in the file beside a SQLite store; made at the first start. Raises OSError.

    The file appears whole or not at all, whichever of several workers makes it.
    """
    path = store.with_name(f"{store.name}.key")
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another worker was first
        finally:
            draft.unlink()
    return path.read_text("ascii").strip()
