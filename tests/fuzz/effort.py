"""How long to draw: a bounded, repeatable run with the other tests, a long and new one in `make fuzz`."""

from __future__ import annotations

import os

EFFORT = int(os.environ.get("FUZZ_EFFORT", "1"))
STEADY = EFFORT == 1
