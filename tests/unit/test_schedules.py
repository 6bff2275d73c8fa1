"""Which feeds run on a schedule, and which schedules can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dags.schedules import scheduled_feeds
from hub.errors import BadLandscape
from hub.landscape import Landscape, load_landscape

COMPANY = """
company: Example Trading
systems:
  erp: {kind: sql, url: env:ERP_URL}
feeds:
  erp.customers: {system: erp, stream: customers, mapping: erp/customer, schedule: "*/10 * * * *"}
  erp.orders/2026: {system: erp, stream: orders, mapping: erp/order, schedule: "@daily", lane: bulk}
  erp.old: {system: erp, stream: old, mapping: erp/old}
"""


def landscape(folder: Path, text: str = COMPANY) -> Landscape:
    path = folder / "landscape.yaml"
    path.write_text(text)
    return load_landscape(path)


def test_only_a_feed_with_a_schedule_gets_one(tmp_path: Path) -> None:
    assert [planned.feed for planned in scheduled_feeds(landscape(tmp_path))] == ["erp.customers", "erp.orders/2026"]


def test_a_dag_is_named_after_its_feed_in_letters_that_airflow_takes(tmp_path: Path) -> None:
    assert [planned.dag_id for planned in scheduled_feeds(landscape(tmp_path))] == ["feed.erp.customers", "feed.erp.orders_2026"]


def test_a_dag_can_be_found_by_its_system_and_lane(tmp_path: Path) -> None:
    assert scheduled_feeds(landscape(tmp_path))[1].tags == ["goldenhub", "system:erp", "lane:bulk"]


@pytest.mark.parametrize("schedule", ["*/10 * * * *", "0 3 * * 1-5", "0,30 8-18/2 1 1,7 *", "59 23 31 12 7", "@hourly"])
def test_a_schedule_is_cron_or_a_preset(schedule: str, tmp_path: Path) -> None:
    read = landscape(tmp_path, COMPANY.replace("*/10 * * * *", schedule))

    assert read.feeds["erp.customers"].schedule == schedule


@pytest.mark.parametrize(
    "schedule",
    ["every ten minutes", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *", "* * * * mon", "@never", ""],
)
def test_a_schedule_that_no_scheduler_can_read_is_refused_with_its_line(schedule: str, tmp_path: Path) -> None:
    with pytest.raises(BadLandscape, match=r"is no schedule; write five numbers") as caught:
        landscape(tmp_path, COMPANY.replace("*/10 * * * *", schedule))

    assert caught.value.line == 6
