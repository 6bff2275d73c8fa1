"""Memory is bounded by the batch, not by the source."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dbf
import pytest
from sqlalchemy import insert

from hub.contract import Batch
from tests.contract.peers import CsvPeer, DbfPeer, FixedPeer, JsonLinesPeer, LogPeer
from tests.contract.service_peers import SqlPeer

MEGABYTES = 1_000_000


PADDING = "y" * 5000


COUNT = 4000


def _csv_file(folder: Path) -> CsvPeer:
    peer = CsvPeer(folder)
    peer.path.write_text("\n".join(["id,name", *(f'{n},"{PADDING}"' for n in range(COUNT)), ""]))
    return peer


def _json_lines_file(folder: Path) -> JsonLinesPeer:
    peer = JsonLinesPeer(folder)
    peer.path.write_text("".join(json.dumps({"id": n, "name": PADDING}) + "\n" for n in range(COUNT)))
    return peer


def _log_file(folder: Path) -> LogPeer:
    peer = LogPeer(folder)
    peer.path.write_text("".join(json.dumps({"id": n, "name": PADDING}) + "\n" for n in range(COUNT)))
    return peer


def _fixed_file(folder: Path) -> FixedPeer:
    peer = FixedPeer(folder)
    peer.put(0, "one")
    (peer.folder / "customer.cpy").write_text("01 R.\n 05 ID PIC 9(9).\n 05 NAME PIC X(5000).")
    peer.path.write_bytes(b"".join(f"{n:09d}{PADDING}".encode("cp273") for n in range(COUNT)))
    return peer


def _dbf_file(folder: Path) -> DbfPeer:
    peer = DbfPeer(folder)
    peer.columns = "id N(9,0); name C(60); " + "; ".join(f"pad{n} C(250)" for n in range(8))
    peer.put(0, "one")
    table = dbf.Table(str(peer.path), codepage="cp850")
    table.open(dbf.READ_WRITE)
    for n in range(1, COUNT):
        table.append({"id": n, "name": "x", **{f"pad{pad}": PADDING[:250] for pad in range(8)}})
    table.close()
    return peer


def _database(folder: Path) -> SqlPeer:
    peer = SqlPeer(f"sqlite:///{folder / 'erp.db'}")
    with peer.engine.begin() as connection:
        rows = [{"id": n, "name": PADDING, "changed_at": f"2026-03-01 10:{n // 60 % 60:02d}:00"} for n in range(COUNT)]
        connection.execute(insert(peer.customers), rows)
    return peer


@pytest.mark.parametrize("make", [_csv_file, _json_lines_file, _log_file, _fixed_file, _dbf_file, _database])
def test_memory_does_not_grow_with_the_source(make: Callable[[Path], Any], tmp_path: Path) -> None:
    peer = make(tmp_path)
    count = 0
    tracemalloc.start()
    for event in peer.connector().read(peer.request(batch_size=250), None):
        count += len(event.records) if isinstance(event, Batch) else 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if isinstance(peer, SqlPeer):
        peer.close()
    assert count == COUNT
    assert peak < 8 * MEGABYTES  # the sources have twenty and, for dBASE, eight
