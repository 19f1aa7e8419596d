"""Runs the tests of what is compiled against the compiled package in a folder: `make test-compiled`.

Fails unless every module that is to be compiled is, and nothing of the package comes from anywhere else.
"""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ELSEWHERE = ("clients", "feedback", "observe", "supply")  # ask for nothing that is compiled


def main(folder: Path) -> int | str:
    """The exit code, or why it is none."""
    home = folder.resolve()
    for name in to_be_compiled():
        module = importlib.import_module(name)
        file = str(module.__file__)
        if not (file.endswith(".so") and Path(file).is_relative_to(home)):
            return f"not compiled: {file}"
    code = pytest.main(["--import-mode=append", *(f"--ignore={ROOT / 'tests' / folder}" for folder in ELSEWHERE)])
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "cds_service"]
    strays = [file for module in ours if not Path(file := str(module.__file__)).is_relative_to(home)]
    return f"tested, but not of the compiled package: {strays}" if strays else code


def to_be_compiled() -> list[str]:
    """Names of the modules that pyproject.toml gives to the compiler."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    hook = build["targets"]["wheel"]["hooks"]["mypyc"]
    left_out = {path for pattern in hook["exclude"] for path in ROOT.glob(pattern.lstrip("/"))}
    names = []
    for entry in hook["include"]:
        chosen = ROOT / entry.lstrip("/")
        files = [chosen] if chosen.is_file() else [path for path in chosen.rglob("*.py") if path not in left_out]
        if not files:
            sys.exit(f"pyproject.toml compiles {entry}, and nothing is there")
        names += [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return names


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
