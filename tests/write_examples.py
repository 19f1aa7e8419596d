"""Answers every example again and rewrites its response.json: `python -m tests.write_examples`.

For after a change of knowledge or of words. It prints what each answer says now: read it, and the diff, before
committing; `why.md` is worked out by hand and must still be true.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from tests.test_examples import EXAMPLES, ROOT, SERVICES, client_of, records, request_of, site_of, version_of


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CDS_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'store.sqlite'}"
        write()


def write() -> None:
    for name in EXAMPLES:
        site = site_of(name)
        service = SERVICES[request_of(name)["hook"]]
        reply = client_of(site).post(f"/cds-services/{service}", json=request_of(name))
        text = reply.get_data(as_text=True).replace(version_of(site), "KNOWLEDGE")
        message = json.loads(text)
        written = json.dumps(message, indent=2, ensure_ascii=False) + "\n"
        target = ROOT / name / "response.json"
        changed = not target.is_file() or target.read_text("utf-8") != written
        target.write_text(written, "utf-8")
        verdicts = ", ".join(f"{one['indication']} {one['verdict']}" for one in records(message))
        print(f"{'changed ' if changed else 'the same'} {name}: {verdicts}: {message['cards'][0]['summary']}")


if __name__ == "__main__":
    main()
