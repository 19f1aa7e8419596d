"""What the service says of its own state, to load balancers and to people."""

from __future__ import annotations


def readiness(*, site: str, knowledge_version: str, software_version: str, store: bool) -> dict[str, str]:
    """The body of /health/ready; its status is 200 also without the store. Hooks are answered without it, and a load
    balancer that took the service out would silence every safety card to save feedback."""
    return {
        "status": "ok" if store else "degraded",
        "store": "ok" if store else "unavailable",
        "site": site,
        "knowledge_version": knowledge_version,
        "software_version": software_version,
    }
