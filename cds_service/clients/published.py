"""Keys whose private half anybody can read: whoever holds one of them is nobody in particular."""

from __future__ import annotations

from urllib.parse import urlsplit

SANDBOX = "sandbox.cds-hooks.org"
# RFC 7638 thumbprints of the keys that the public CDS Hooks Sandbox signs or once signed with; the private halves are
# in its public repository, https://github.com/cds-hooks/sandbox (keys/jwk-keypair.json and its history).
THUMBPRINTS = frozenset({
    "s9fOe-KDYD1myZ8YCzleUqJQgrYZL49kVijBxhnZvZc",  # ES384, kid 44823f3d-0b01-4a6c-a80e-b9d3e8a7226f
    "WUEVfFenRfMtdDhwPUzCCfmqEN45h61hdHclwVoqfes",  # ES256, kid d9cd3c4f-eb08-4304-b973-44f352fd2ca2
    "oinqNI3POUw3TTo_R_BmQFF2EK2jQK8R7cJm3Cw-K6Y",  # ES256, ecpublickey.pem
})  # fmt: skip


def of_the_sandbox(address: str) -> bool:
    """True for an issuer or an address of the public sandbox, however it is spelled."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return host.rstrip(".") == SANDBOX or address.strip().lower() == SANDBOX
