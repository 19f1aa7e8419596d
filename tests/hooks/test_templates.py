"""What is asked of the EHR: narrow, dated where nothing can be lost by that, and each query by itself."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cds_service.errors import KnowledgeError
from cds_service.hooks.discovery import discovery, templates
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.queries import query
from cds_service.knowledge.shapes import Knowledge

TODAY = date(2026, 11, 21)
# The parameters of the recommended subset: references, tokens by equality, dates with a prefix, _count and _sort.
SUBSET = {"patient", "code", "status", "date", "_count", "_sort"}


def parameters(template: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in template.partition("?")[2].split("&"))


def test_each_template_is_a_read_or_a_search_of_the_subset(demo: Knowledge) -> None:
    found = templates(demo, TODAY)
    assert found.pop("patient") == "Patient/{{context.patientId}}"
    assert len(found) <= 8
    for template in found.values():
        assert set(parameters(template)) <= SUBSET
        assert parameters(template)["patient"] == "{{context.patientId}}"
        assert template.count("{{") == 1
        assert "|" not in template
        assert " " not in template


def test_results_are_asked_for_from_a_day_on_that_is_far_enough_back(demo: Knowledge) -> None:
    found = {key: parameters(template) for key, template in templates(demo, TODAY).items() if "?" in template}
    assert found["bilirubin"]["date"] == "ge2026-10-01"
    assert found["laboratory"]["date"] == "ge2026-05-01"
    for key, days in (("bilirubin", 30), ("laboratory", 180)):
        assert date.fromisoformat(found[key]["date"].removeprefix("ge")) <= TODAY - timedelta(days=days)


def test_what_may_have_no_date_is_asked_for_without_one(demo: Knowledge) -> None:
    found = templates(demo, TODAY)
    dated = {key for key, template in found.items() if "date=" in template}
    assert dated == {"bilirubin", "laboratory"}


def test_discovery_is_the_same_for_weeks(demo: Knowledge) -> None:
    assert discovery(demo, date(2026, 11, 1)) == discovery(demo, date(2026, 11, 26))
    assert discovery(demo, date(2026, 11, 1)) != discovery(demo, date(2027, 1, 1))


def test_fewer_days_than_a_fact_looks_back_are_refused(demo: Knowledge) -> None:
    with pytest.raises(KnowledgeError, match="27 days are fewer than igg looks back"):
        query("laboratory", {"resource": "Observation", "days": 27}, demo.facts)


def test_days_are_refused_where_something_without_a_date_would_be_lost(demo: Knowledge) -> None:
    with pytest.raises(KnowledgeError, match="Condition without a date would be lost"):
        query("conditions", {"resource": "Condition", "days": 30}, demo.facts)


def test_a_days_that_is_no_number_stops_the_loader(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "facts.toml").write_text('[queries]\nextra = {resource = "Observation", days = 0}\n', "utf-8")
    with pytest.raises(KnowledgeError):
        load_knowledge(str(site))
