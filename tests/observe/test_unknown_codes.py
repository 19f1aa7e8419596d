"""Results whose code is not known are counted, so that a laboratory's change of codes shows."""

from __future__ import annotations

from tests.conftest import ReadRecord
from tests.facts.records import TSB, measured, record

UNLISTED = "2160-0x"  # no code of anybody


def local(number: int) -> dict[str, object]:
    return {"coding": [{"system": "urn:oid:1.2.3", "code": f"LAB{number}"}]}


def test_of_a_record_whose_codes_are_all_known(read: ReadRecord) -> None:
    baby = read(record())
    assert (baby.uncoded, baby.unlisted) == (0, 0)


def test_local_and_unlisted_codes_are_told_apart(read: ReadRecord) -> None:
    results = [measured(TSB, 18.1, "mg/dL"), *(measured(TSB, 1, "mg/dL", code=local(one)) for one in range(3))]
    results += [measured(UNLISTED, 1, "mg/dL"), measured(TSB, 1, "mg/dL", code=None)]
    baby = read(record(bilirubin=results))
    assert (baby.uncoded, baby.unlisted) == (4, 1)
    assert baby.known("tsb") is not None
