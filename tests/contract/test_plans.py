"""Plans of feeds: compiled once, and again when a file they are made of has changed."""

from __future__ import annotations

from collections.abc import Callable

from hub.app import Hub
from hub.app.receiving import plan_of
from tests.contract.test_raw_log import PEOPLE, Clock, families, person
from tests.e2e.company import MAPPING


def passes(hub: Hub, seconds: int) -> None:
    """The clock goes on by a second whenever it is looked at."""
    for _ in range(seconds):
        hub.clock()


def test_what_is_pushed_is_translated_as_the_mapping_says_now(opened: Callable[..., Hub]) -> None:
    hub = opened()
    assert isinstance(hub.clock, Clock)
    hub.receive(PEOPLE, [person("1")])
    path = hub.settings.home / "mappings/crm/customer.yaml"
    path.write_text(MAPPING.replace("name.family: last", "name.family: note"), encoding="utf-8")
    passes(hub, 10)
    hub.receive(PEOPLE, [person("2", note="Vega")])
    hub.work()

    assert families(hub) == {"1": "Gil Romero", "2": "Vega"}


def test_nothing_is_compiled_again_as_long_as_no_file_changes(opened: Callable[..., Hub]) -> None:
    hub = opened()
    plan = plan_of(hub, PEOPLE)
    passes(hub, 10)
    (hub.settings.home / "mappings/crm/.customer.yaml.swp").symlink_to("nowhere")  # as editors leave them

    assert plan_of(hub, PEOPLE) is plan
    (hub.settings.home / "mappings/crm/customer.examples.yaml").write_text("[]", encoding="utf-8")
    assert plan_of(hub, PEOPLE) is plan, "it was looked a moment ago"
    passes(hub, 10)
    assert plan_of(hub, PEOPLE) is not plan
