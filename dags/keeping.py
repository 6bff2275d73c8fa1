"""An Airflow DAG that lets go once a day of what is kept long enough, for hubs whose workers do not run all the time.

Workers (`goldenhub work`) do it by themselves; where this DAG was first, they find nothing left to do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

from hub.errors import Misconfigured

TRY_AGAIN = {"retries": 3, "retry_delay": timedelta(minutes=10), "retry_exponential_backoff": True}


def prune() -> dict[str, Any]:
    """What went, by the settings; the numbers are the task's result."""
    from hub.app import open_hub  # here, since Airflow reads this file every few seconds
    from hub.app.pruning import prune as let_go

    try:
        with open_hub() as hub:
            hub.stand()
            return let_go(hub).as_dict()
    except Misconfigured as wrong:
        raise AirflowFailException(wrong.message) from wrong


with DAG(
    dag_id="hub.prune",
    schedule="@daily",
    description="Lets go of what is kept longer than the settings say, and keeps the raw budget.",
    tags=["goldenhub", "keeping"],
    catchup=False,
    max_active_runs=1,
) as dag:
    task(task_id="prune", **TRY_AGAIN)(prune)()
