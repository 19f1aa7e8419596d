"""Sign-offs: who approved which guidance file or overlay, bound to the hash of exactly that text."""

from __future__ import annotations

from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import Roots, read_toml, sha256

SIGNED = ("indications/*/*.toml", "safety/*.toml", "overlays/*/*.toml")


def signed_files(roots: Roots) -> frozenset[str]:
    """Names of the files signed as they stand. A signature on another text is an error."""
    hashes = {name: sha256(path) for pattern in SIGNED for path, name in roots.glob(pattern)}
    signed = set()
    for path in roots.find("signoffs.toml"):
        for entry in read_toml(path, "signoffs").get("signoff", ()):
            name = entry["file"]
            if name not in hashes:
                raise KnowledgeError(path.name, f"{name} is signed but does not exist")
            if hashes[name] != entry["sha256"]:
                raise KnowledgeError(
                    path.name, f"{name} was changed after {entry['date']}, when it was signed; sign it again"
                )
            signed.add(name)
    return frozenset(signed)
