"""`make conformance`: runs the tests that requirements name, prints requirement, level, test and result, and writes
docs/conformance.md. Fails where a test does, or where a requirement has neither a test nor a reason."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

import pytest

from tests.conformance import page
from tests.conformance.requirements import ROOT, Requirement, exists, faults, function, load

WIDTH = 120


class Results:
    """Picks the tests that are named, and counts how many cases of each passed, failed or were skipped."""

    def __init__(self, named: set[str]) -> None:
        self.named = named
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self.named & _names(item.nodeid)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            for name in _names(report.nodeid):
                self.counts[name][report.outcome] += 1

    def of(self, test: str) -> str:
        found = self.counts[test]
        if found["failed"]:
            return f"FAILED ({found['failed']})"
        return f"passed ({found['passed']})" if found["passed"] else "NOT RUN"


def _names(case: str) -> set[str]:
    """What a requirement may call it: the case, its test, or the file."""
    return {case, function(case), case.partition("::")[0]}


def main() -> int:
    requirements = load()
    wrong = list(faults(requirements))
    page.FILE.write_text(page.page(requirements), "utf-8")
    tests = sorted({test for one in requirements for test in one.tests})
    results = Results(set(tests))
    files = sorted({test.partition("::")[0] for test in tests if exists(test)})
    options = ["--rootdir", str(ROOT), "-q", "--continue-on-collection-errors"]
    code = pytest.main([*options, *files], plugins=[results])
    for one in requirements:
        _print(one, results)
    missed = [test for test in tests if not results.of(test).startswith("passed")]
    print(*wrong, *(f"{test}: {results.of(test)}" for test in missed), sep="\n")
    print(f"{len(requirements)} requirements, {len(tests)} tests; {len(wrong) + len(missed)} open")
    return int(bool(code or wrong or missed))


def _print(one: Requirement, results: Results) -> None:
    for test in one.tests:
        print(f"{one.id:5}{one.level:15}{results.of(test):14}{test}")
    if not one.tests:
        print(f"{one.id:5}{one.level:15}{'no test':14}{one.reason or 'NEITHER A TEST NOR A REASON'}"[:WIDTH])


if __name__ == "__main__":
    sys.exit(main())
