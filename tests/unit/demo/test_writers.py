"""Each system's files open with readers that are not ours."""

from __future__ import annotations

import hashlib
import json
import mailbox
import sqlite3
from pathlib import Path

import dbf
import pytest
import requests

from hub.demo.billing_server import TOKEN, BillingServer, serving
from hub.demo.generate import generate
from hub.demo.legacy import RECORD_LENGTH, packed
from hub.demo.systems import write_all
from hub.demo.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return generate(seed=3, customers=200)


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    write_all(world, folder)
    return folder


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_world_is_written_in_the_same_bytes(world: World, folder: Path, tmp_path: Path) -> None:
    write_all(generate(seed=3, customers=200), tmp_path)
    assert _digests(tmp_path) == _digests(folder)


def test_the_erp_is_a_database_with_children_and_codes(world: World, folder: Path) -> None:
    database = sqlite3.connect(folder / "systems" / "erp.db")
    count = {
        table: database.execute(f"select count(*) from {table}").fetchone()[0]
        for table in ("customers", "addresses", "phones", "customer_types")
    }
    entries = world.of("erp")
    database.close()
    assert count["customers"] == len(entries)
    assert count["addresses"] == sum(entry.address is not None for entry in entries)
    assert count["phones"] == sum(len(entry.phones) for entry in entries)
    assert count["customer_types"] == 2


def test_the_shop_writes_json_lines_and_cuts_two(world: World, folder: Path) -> None:
    broken = 0
    for path in sorted((folder / "systems" / "shop").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                assert isinstance(json.loads(line), dict)
            except json.JSONDecodeError:
                broken += 1
    assert broken == world.flaws()["line_truncated"] == 2


def test_the_mailbox_is_a_maildir_in_several_encodings(world: World, folder: Path) -> None:
    box = mailbox.Maildir(folder / "systems" / "mailbox", create=False)
    mails = list(box)
    charsets = {part.get_content_charset() for mail in mails for part in mail.walk() if not part.is_multipart()}
    box.close()
    assert len(mails) == len(world.contacts_of("mail"))
    assert {"utf-8", "iso-8859-1", "windows-1252", "iso-8859-2", "us-ascii"} <= charsets
    assert any(mail["In-Reply-To"] for mail in mails)
    assert any(part.get_filename() for mail in mails for part in mail.walk())


def test_every_mail_text_decodes(folder: Path) -> None:
    for mail in mailbox.Maildir(folder / "systems" / "mailbox", create=False):
        for part in mail.walk():
            if charset := part.get_content_charset():
                payload = part.get_payload(decode=True)
                assert isinstance(payload, bytes)
                assert payload.decode(charset)


def test_the_card_index_opens_as_dbase_in_code_page_850(world: World, folder: Path) -> None:
    table = dbf.Table(str(folder / "systems" / "legacy" / "KUNDEN.DBF"))
    table.open(mode=dbf.READ_ONLY)
    try:
        assert table.codepage.name == "cp850"
        assert [str(row.KDNR).strip() for row in table] == [entry.key for entry in world.of("legacy")]
        towns = {str(row.ORT).strip() for row in table}
    finally:
        table.close()
    assert "München" in towns or "Köln" in towns


def test_the_host_file_has_records_of_the_copybooks_length(world: World, folder: Path) -> None:
    raw = (folder / "systems" / "legacy" / "LOYALTY.DAT").read_bytes()
    assert len(raw) % RECORD_LENGTH == 0
    keys = [raw[at : at + 5].hex()[:-1] for at in range(0, len(raw), RECORD_LENGTH)]
    assert keys == [entry.key for entry in world.of("host")]
    first = raw[5:35].decode("cp273").strip()
    assert first == first.upper()
    assert first


@pytest.mark.parametrize(("number", "signed", "expected"), [(12345, False, "12345f"), (-7, True, "00007d"), (0, True, "00000c")])
def test_packed_decimals_end_with_their_sign(number: int, signed: bool, expected: str) -> None:
    assert packed(number, 5, signed=signed).hex() == expected


def _ask(server: BillingServer, path: str, token: str = TOKEN) -> requests.Response:
    return requests.get(server.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=5)


def test_the_billing_interface_hands_out_every_page_once(world: World, folder: Path) -> None:
    with serving(folder / "systems" / "billing") as server:
        server.patience_every, server.fails_at = 10**9, 10**9
        ids, page, pages = [], 1, 1
        while page <= pages:
            answer = _ask(server, f"/v1/customers?page={page}&per_page=50").json()
            ids += [row["id"] for row in answer["data"]]
            page, pages = page + 1, answer["pages"]
    assert len(ids) == len(set(ids)) == len(world.of("billing"))


def test_the_billing_interface_has_bad_moments(folder: Path) -> None:
    with serving(folder / "systems" / "billing") as server:
        statuses = [_ask(server, "/v1/invoices").status_code for _ in range(12)]
        assert _ask(server, "/v1/invoices", token="wrong").status_code == 401
        refused = server.refused
    assert statuses.count(500) == 1
    assert statuses.count(429) == 1
    assert refused == {"401": 1, "429": 1, "500": 1}


def test_the_billing_interface_tells_what_changed_since(folder: Path) -> None:
    with serving(folder / "systems" / "billing") as server:
        answer = _ask(server, "/v1/invoices?updated_since=2026-01-01T00:00:00Z").json()
    assert answer["data"]
    assert all(row["updated_at"] >= "2026-01-01T00:00:00Z" for row in answer["data"])


def test_the_truth_is_beside_the_systems_and_not_in_them(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["size"] == len(truth["customers"])
    assert not list((folder / "systems").rglob("truth*"))
