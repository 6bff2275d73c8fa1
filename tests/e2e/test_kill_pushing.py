"""A hub that is killed while it lands what was pushed has all of a batch or nothing of it, and knows what it had."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub.app import open_hub
from hub.settings import Settings
from hub.store import inbox
from hub.store.raw import sizes
from hub.store.tables import inbox as inbox_table
from hub.store.tables import messages, raw_messages, rejects
from tests.e2e.company import found_company
from tests.waiting import until

ROWS, KILLS = 3000, 4
PUSH = """
import sys
from pathlib import Path
from hub.app import open_hub
from hub.settings import Settings

with open_hub(Settings(home=Path(sys.argv[1]), batch_size=100)) as hub:
    hub.migrate()
    people = [{"id": str(n), "first": "Ana", "last": "Gil", "born": "1980-02-03" if n % 10 else "never",
               "mail": f"a{n}@example.com", "note": ""} for n in range(int(sys.argv[2]))]
    hub.receive("crm.people", people, "shop", [one["id"] for one in people])
"""


def push(home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PUSH, str(home), str(ROWS)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_killed_while_landing_it_keeps_whole_batches_and_takes_the_rest_once(tmp_path: Path) -> None:
    home = found_company(tmp_path).home
    with open_hub(Settings(home=home)) as hub:
        hub.migrate()
    chance, deaths = random.Random(5), 0
    for _ in range(KILLS):
        more = kept(home) + chance.randint(1, ROWS // KILLS - 200)
        pusher = push(home)
        until(lambda: pusher.poll() is not None or kept(home) >= more)  # noqa: B023 - it is called at once
        time.sleep(chance.uniform(0, 0.1))  # somewhere in the next batch
        pusher.kill()
        deaths += pusher.wait() == -9
        check(home, whole=False)
    last = push(home)
    assert last.wait() == 0

    check(home, whole=True)
    assert deaths > 0


def kept(home: Path) -> int:
    with open_hub(Settings(home=home)) as hub, hub.store.read() as tx:
        return tx.scalar(select(func.count()).select_from(raw_messages)) or 0


def check(home: Path, *, whole: bool) -> None:
    """What is kept, what waits or was set aside, what is remembered and what is counted: the same number everywhere."""
    with open_hub(Settings(home=home)) as hub:
        hub.migrate()
        with hub.store.read() as tx:
            kept = tx.scalar(select(func.count()).select_from(raw_messages)) or 0
            became = {*tx.scalars(select(messages.c.message_id)), *tx.scalars(select(rejects.c.message_id))}
            remembered = tx.scalar(select(func.count()).select_from(inbox_table)) or 0
            counted = {feed: bodies for feed, (bodies, _) in sizes(tx).items()}
            assert set(tx.scalars(select(raw_messages.c.id))) == became
            assert inbox.known(tx, "shop", ["nobody"]) == {}
        assert kept == remembered == len(became) == counted.get("crm.people", 0)
        assert kept == ROWS if whole else kept % 100 == 0
