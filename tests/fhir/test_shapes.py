"""The shapes that drafts are held against are those of the R4B models."""

from __future__ import annotations

from tests.fhir import r4_shapes


def test_the_shapes_on_file_are_those_of_the_models() -> None:
    assert r4_shapes.TARGET.read_text("utf-8") == r4_shapes.text()
