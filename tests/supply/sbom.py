"""Writes the bill of materials of what is locked, in CycloneDX: `make sbom`."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from cds_service import __version__

LOCK = Path("requirements.lock")
WRITTEN = Path("build") / "sbom.json"
APPROVED = "License :: OSI Approved :: "
LONGEST_NAME = 80  # of a license; a longer one is its text
Json = dict[str, Any]


def read(lock: Path) -> Json:
    """The bill as cyclonedx-py makes it from the lock file, without a time or anything drawn at random."""
    made = Path(sys.executable).parent / "cyclonedx-py"
    command = [str(made), "requirements", str(lock), "--pyproject", "pyproject.toml", "--output-reproducible"]
    quiet = ["-W", "ignore"]
    found = subprocess.run([sys.executable, *quiet, *command, "--short-PURLs"], check=True, capture_output=True).stdout
    bill: Json = json.loads(found)
    return bill


def completed(bill: Json) -> Json:
    """With versions and licenses, and packages known by their names alone: where they were fetched from is no part of
    what they are."""
    bill["metadata"]["component"]["version"] = __version__
    for tool in bill["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    for component in bill["components"]:
        del component["description"]
        for reference in component["externalReferences"]:
            reference["url"] = component["purl"]
            reference["comment"] = "the files that may be installed, by their hashes"
        if licenses := license_of(component["name"]):
            component["licenses"] = licenses
    return bill


def license_of(name: str) -> list[Json]:
    """As the installed package declares it; empty where it is not installed or declares none."""
    try:
        said: PackageMetadata = metadata(name)
    except PackageNotFoundError:
        return []
    if "License-Expression" in said:
        return [{"expression": said["License-Expression"]}]
    approved = [one.removeprefix(APPROVED) for one in said.get_all("Classifier") or () if one.startswith(APPROVED)]
    if approved:
        return [{"license": {"name": one}} for one in approved]
    declared = said["License"].strip() if "License" in said else ""
    return [{"license": {"name": declared}}] if declared and len(declared) <= LONGEST_NAME else []


def main() -> None:
    WRITTEN.parent.mkdir(exist_ok=True)
    WRITTEN.write_text(json.dumps(completed(read(LOCK)), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{WRITTEN}")


if __name__ == "__main__":
    main()
