"""One Airflow DAG per feed with a ``schedule:`` in ``landscape.yaml``. Airflow says when; the data never passes through it.

A run is repeated when a system is not ready, and fails at once when a person must change something first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, get_parsing_context, task
from airflow.sdk.exceptions import AirflowFailException

from dags.schedules import ScheduledFeed, scheduled_feeds
from hub.errors import Misconfigured, Unavailable
from hub.landscape import load_landscape
from hub.settings import from_environment

TRY_AGAIN = {"retries": 3, "retry_delay": timedelta(minutes=2), "retry_exponential_backoff": True}


def ingest(feed: str) -> dict[str, Any]:
    """Read what is new, translate, check, resolve; the numbers of the run are the task's result."""
    from hub.app import open_hub  # here, since Airflow reads this file every few seconds

    try:
        with open_hub() as hub:
            (report,) = hub.ingest([feed])
            hub.work()
    except Misconfigured as wrong:
        raise AirflowFailException(wrong.message) from wrong
    if report.state in ("held", "stopped"):
        raise AirflowFailException(report.message)
    if report.state == "failed":
        raise Unavailable(report.message)
    return report.as_dict()


def feed_dag(planned: ScheduledFeed) -> DAG:
    with DAG(
        dag_id=planned.dag_id,
        schedule=planned.schedule,
        description=f"Reads what is new in the feed {planned.feed}.",
        tags=planned.tags,
        catchup=False,  # the feed's own cursor knows what is new
        max_active_runs=1,
    ) as dag:
        task(task_id="ingest", **TRY_AGAIN)(ingest)(planned.feed)
    return dag


_wanted = get_parsing_context().dag_id  # a worker needs only the DAG it runs
for _planned in scheduled_feeds(load_landscape(from_environment().home / "landscape.yaml")):
    if _wanted in (None, _planned.dag_id):
        globals()[_planned.dag_id] = feed_dag(_planned)
