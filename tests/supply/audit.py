"""Asks whether what is locked has known faults, and says so where that could not be asked: `make audit`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path("requirements.lock")
CLEAN, FAULTS, NOT_CHECKED = 0, 1, 2
Json = dict[str, Any]


def ask(lock: Path) -> tuple[str, str]:
    """What pip-audit says of the lock file, as JSON, and what it complains of."""
    command = [str(Path(sys.executable).parent / "pip-audit"), "--requirement", str(lock), "--disable-pip"]
    command += ["--require-hashes", "--format", "json", "--progress-spinner", "off", "--timeout", "15"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout, done.stderr


def judge(said: str, complaint: str) -> tuple[list[str], int]:
    """Lines to print, and the exit code. pip-audit counts a package that it could not ask about as none at fault; here
    that is no all-clear."""
    try:
        packages: list[Json] = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = complaint.strip().splitlines()[-1:] or ["no answer"]
        return [f"not checked: {last[0]}"], NOT_CHECKED
    faults = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none yet'}"
        for one in packages
        for fault in one.get("vulns", ())
    ]
    skipped = [f"not checked: {one['name']}: {one['skip_reason']}" for one in packages if "skip_reason" in one]
    if not packages:
        skipped = ["not checked: nothing is locked"]
    summary = f"{len(packages) - len(skipped)} of {len(packages)} packages checked, {len(faults)} known faults"
    return [*faults, *skipped, summary], FAULTS if faults else NOT_CHECKED if skipped else CLEAN


def main() -> None:
    lines, code = judge(*ask(LOCK))
    print("\n".join(lines))
    sys.exit(code)


if __name__ == "__main__":
    main()
