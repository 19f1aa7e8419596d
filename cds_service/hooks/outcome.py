"""Every answer that is not 2xx is a FHIR OperationOutcome with a clear text and no internals."""

from __future__ import annotations

from typing import Any

CODES = {400: "invalid", 404: "not-found", 405: "not-supported", 412: "required", 413: "too-long", 415: "not-supported"}


def operation_outcome(status: int, text: str, code: str = "") -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": code or CODES.get(status, "exception"),
                "details": {"text": text},
                "diagnostics": f"HTTP {status}",
            }
        ],
    }
