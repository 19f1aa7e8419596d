"""The gate: what is on no list is not written, whoever tries, and that it was tried is."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from cds_service.observe.events import report_error
from cds_service.observe.fields import FIELDS, gate
from cds_service.observe.logs import configure_logs
from cds_service.observe.vocabulary import label, learn
from tests.observe.watched import events

MRN = "70330118"


def passed(**fields: Any) -> dict[str, Any]:
    return dict(gate(None, "info", fields))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service", MRN),
        ("client", MRN),
        ("cause", "baby smith"),
        ("hook", ["order-sign"]),
        ("status", "200"),
        ("status", True),
        ("cards", -1),
        ("duration_ms", float("nan")),
        ("request_id", MRN),
        ("user", "Practitioner/5540311"),
        ("verdicts", [f"hdn:aap_2022:{MRN}"]),
        ("verdicts", MRN),
        ("prefetch", {MRN: "came"}),
        ("prefetch", {"patient": MRN}),
        ("indicators", {"warning": MRN}),
        ("card_uuids", [MRN]),
        ("card_uuids", ["effc3871-b20c-8927-9c83-bc6383c13630"] * 65),
        ("message", f"Listening at: http://127.0.0.1:8080/{MRN} for Smith"),
        ("place", ["Smith"]),
        ("error", "Smith, Zoë"),
    ],
)
def test_a_value_that_does_not_fit_is_dropped_and_its_field_named(name: str, value: object) -> None:
    learn("key", ["patient"])
    assert passed(**{name: value}) == {"dropped_fields": [name]}


def test_a_field_that_is_not_listed_is_counted_without_its_name() -> None:
    assert passed(status=200, patient_id=MRN, **{MRN: 1}) == {"status": 200, "dropped_unlisted": 2}


@given(st.sampled_from(sorted(FIELDS)), st.text())
def test_no_text_passes_for_being_text(name: str, text: str) -> None:
    planted = f"Canary {text}"
    for value in (planted, [planted], {planted: 1}, {"patient": planted}):
        assert "Canary" not in str(passed(**{name: value}))


def test_whoever_asks_for_a_logger_gets_the_gate(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    structlog.get_logger("anybody").warning("call", patient=MRN, status=200, text=f"{MRN}", exc_info=True)
    structlog.get_logger().info(f"the patient {MRN}")
    out, err = capfd.readouterr()
    assert MRN not in out + err
    first, second = events(err)
    assert (first["event"], first["status"], first["dropped_unlisted"]) == ("call", 200, 3)
    assert second["dropped_fields"] == ["event"]


def test_an_exception_is_told_by_type_and_place(capfd: pytest.CaptureFixture[str]) -> None:
    from cds_service.fhir.body import read_object

    try:
        read_object(f"[{MRN}".encode())
    except Exception as error:  # noqa: BLE001
        report_error("judgment_failed", error)
    out, err = capfd.readouterr()
    (told,) = events(err)
    assert MRN not in out + err
    assert (told["level"], told["error"]) == ("error", "cds_service.RequestError")
    assert [place.partition(":")[0] for place in told["place"]] == ["body.py"]


@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_a_log_that_cannot_be_written_stops_nothing(stderr: str) -> None:
    script = "from cds_service.observe.events import report; report('start'); report('start'); print('goes on')"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(script)} {stderr}"
    found = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    assert found.stdout == "goes on\n"


def test_a_label_is_a_word_of_the_list_or_unknown() -> None:
    learn("guideline", ["aap_2022"])
    assert [label("guideline", one) for one in ("aap_2022", MRN, "")] == ["aap_2022", "unknown", "none"]
