"""A golden record as the hub knew it at a moment."""

from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.company import ANA, EVA, clear, found_company


def test_the_past_shows_what_was_known_then(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.people(EVA)
    company("ingest")
    company.people(EVA, ANA)
    company("ingest")
    first = company("explain", "crm:1", "--json").json["story"][0]["at"]
    company.people(EVA, ANA.replace("Gil Romero", "Gil Soler"))
    company("ingest")

    now = company("golden", "show", "crm:1", "--json").json
    then = company("golden", "show", "crm:1", "--known", _after(first), "--json").json

    assert now["name"]["family"] == "Gil Soler"
    assert (then["version"], then["golden"]["name"]["family"]) == (1, "Gil Romero")
    clear(company("golden", "show", "crm:1", "--known", "2001-01-01"), 1, "Nobody was known as 'crm:1' at 2001-01-01")


def _after(at: str) -> str:
    """The moment itself, in UTC and as a person would type it; with its fraction, since both ingests may fall into one second."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
