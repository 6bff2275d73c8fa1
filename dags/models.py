"""An Airflow DAG that asks every night whether a new version of the matching model is due, and proposes one if so.

It applies nothing: a person looks at `goldenhub model simulate` first.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

from hub.errors import Misconfigured, Rejected

TRY_AGAIN = {"retries": 3, "retry_delay": timedelta(minutes=10), "retry_exponential_backoff": True}


def propose() -> dict[str, Any]:
    """Why a new version is due or not, and which one was proposed; what the task says is its result."""
    from hub.app import open_hub, untold  # here, since Airflow reads this file every few seconds
    from hub.app.modelling.proposing import propose as propose_model

    try:
        with open_hub() as hub:
            hub.stand()
            need, made = propose_model(hub, "airflow", untold)
    except (Misconfigured, Rejected) as wrong:
        raise AirflowFailException(wrong.message) from wrong
    logging.getLogger(__name__).info(need.in_words())
    return {"need": need.as_dict(), "proposed": None if made is None else made.model.version}


with DAG(
    dag_id="model.propose",
    schedule="@daily",
    description="Proposes a new version of the matching model when the population doubled or its values drifted.",
    tags=["goldenhub", "model"],
    catchup=False,
    max_active_runs=1,
) as dag:
    task(task_id="propose", **TRY_AGAIN)(propose)()
