"""What was set aside, or could not be worked on, through the command line: looked at, corrected, replayed, put away."""

from __future__ import annotations

import json
import multiprocessing
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.app import failures, open_hub
from hub.bus.envelopes import Envelope
from hub.bus.reading import letter
from hub.contract import Secret
from hub.settings import Settings
from hub.store import dead_letters, rejects
from tests.e2e.company import ANA, EVA, JON, MAPPING, Company, Said, clear, found_company, run
from tests.waiting import PATIENCE

NO_DAY = "2,Jonas,Weber,31/31/1975,jonas.weber@example.org\n"
NO_MAIL = "3,Petra,Blum,1980-01-01,petra at home\n"
TORN = "5,a,b,1980-01-01,x@example.org,too,many\n"
LEAD = {"id": "9", "first": "Ada", "last": "Bonn", "born": "1980-01-01", "mail": "ada@example.org"}
LENIENT = MAPPING.replace("type: date}", "type: date, on_error: flag}")


def three_aside(home: Path) -> Company:
    """One customer, and three lines that were set aside: 1 without a date, 2 without an address, 3 that is no record."""
    company = found_company(home)
    company.people(ANA, NO_DAY, NO_MAIL, TORN)
    assert company("ingest").code == 0
    return company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return three_aside(tmp_path)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The same for whatever changes nothing."""
    return three_aside(tmp_path_factory.mktemp("untouched"))


def groups(company: Company, *words: str) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in company("rejects", *words, "--json").json["groups"]}


def shown(company: Company, number: int) -> dict[str, Any]:
    found: dict[str, Any] = company("rejects", "show", number, "--json").json
    return found


def balance(company: Company) -> dict[str, int]:
    with open_hub(Settings(home=company.home)) as hub:
        return hub.accounting()["customer"]


def whole(company: Company) -> None:
    """Nothing leaks, and everything can be computed again."""
    assert company.leakage() == 0
    clear(company("rebuild"), 0)


# -- looking --


def test_groups_say_what_is_wrong_where_and_whom_it_touches(company: Company) -> None:
    found = groups(company)
    assert {code: (one["field"], one["records"], one["customers"], one["unknown_keys"]) for code, one in found.items()} == {
        "date_invalid": ("birth_date", 1, 0, 1),
        "email_invalid": ("emails[].address", 1, 0, 1),
        "too_many_columns": ("", 1, 0, 0),
    }
    company.people(ANA.replace("1980-02-03", "tomorrow"), NO_DAY, NO_MAIL, TORN)
    company("ingest")
    again = groups(company)["date_invalid"]
    assert (again["group"], again["records"], again["customers"], again["unknown_keys"]) == (
        found["date_invalid"]["group"], 2, 1, 1,
    )  # fmt: skip


def test_the_table_fits_a_hundred_columns_and_shows_no_values(untouched: Company) -> None:
    said = untouched("rejects")
    assert max(map(len, (line.rstrip() for line in said.out.splitlines()))) <= 100
    assert "petra at home" not in said.all + untouched("rejects", "list").all
    group = groups(untouched)["email_invalid"]["group"]
    assert "petra at home" not in untouched("rejects", "show", group).all
    assert "petra at home" in untouched("rejects", "show", 2).out


def test_what_is_not_there_is_said(untouched: Company) -> None:
    clear(untouched("rejects", "show", 99), 1, "no reject 99")
    clear(untouched("rejects", "show", "9" * 30), 1, "no reject")
    clear(untouched("rejects", "show", "gzzz"), 1, "no group 'gzzz'")
    clear(untouched("rejects", "replay", "--group", "g"), 1, "no group")
    clear(untouched("rejects", "replay"), 2, "IDS, --group, --feed or --all")
    clear(untouched("rejects", "replay", 1, "--all"), 2, "only one")
    clear(untouched("rejects", "replay", "--feed", "crm.peple"), 3, "did you mean 'crm.people'")
    clear(untouched("rejects", "replay", 1, 99, "--dry-run"), 1, "There is no reject 99")
    clear(untouched("rejects", "archive", 1), 2, "--why")
    clear(untouched("rejects", "archive", 1, "--why", " "), 2, "few words")
    clear(untouched("dead"), 0, "no dead letters")
    clear(untouched("dead", "list"), 0, "no dead letters")
    clear(untouched("dead", "replay", "--all"), 0, "no dead letters")
    clear(untouched("dead", "show", 1), 1, "no dead letter 1")


# -- replaying --


def test_a_dry_run_says_what_would_come_and_changes_nothing(company: Company) -> None:
    company.write("mappings/crm/customer.yaml", LENIENT)
    before = balance(company)
    said = company("rejects", "replay", "--all", "--dry-run", "--json")
    assert (said.code, said.json["counts"]) == (1, {"accepted": 1, "set aside again": 1})
    assert said.json["rejects"][0]["keys"] == ["crm:2"]
    assert said.json["rejects"][0]["replayed_as"] is None
    assert (balance(company), len(company.rejects())) == (before, 3)


def test_a_mended_mapping_brings_a_cause_back_and_what_fails_again_is_linked(company: Company) -> None:
    company.write("mappings/crm/customer.yaml", LENIENT)
    said = company("rejects", "replay", "--all", "--by", "ana", "--json")

    assert (said.code, said.json["counts"]) == (1, {"accepted": 1, "set aside again": 1})
    assert company.keys() == {"crm:1", "crm:2"}
    one, other = shown(company, 1), shown(company, 2)
    assert (one["state"], one["closed_by"], one["left"]) == ("replayed", "ana", [])
    assert (other["state"], other["left"]) == ("replayed", [4])
    later = shown(company, 4)
    assert (later["state"], later["came_of"], later["code"], later["key"]) == ("open", 2, "email_invalid", "3")
    assert later["payload"] == other["payload"]
    whole(company)


def test_a_replay_that_was_done_is_not_done_again(company: Company) -> None:
    company.write("mappings/crm/customer.yaml", LENIENT)
    clear(company("rejects", "replay", 1), 0, "accepted as crm:2")
    before = balance(company)
    clear(company("rejects", "replay", 1), 0, "passed over", "replayed as")
    assert balance(company) == before


def test_what_never_became_a_record_says_what_to_do(company: Company) -> None:
    clear(company("rejects", "replay", 3), 1, "never became a record", "edit 3 --file")
    clear(company("rejects", "edit", 3, "--set", "a=b"), 1, "There is no 'a'")
    record = {"id": "5", "first": "Ada", "last": "Bonn", "born": "1980-01-01", "mail": "x@example.org"}
    file = company.write("mended.json", json.dumps(record))
    clear(company("rejects", "edit", 3, "--file", file), 0, "accepted as crm:5")
    assert company.keys() == {"crm:1", "crm:5"}
    whole(company)


def test_a_feed_or_a_mapping_that_is_gone_is_named(company: Company) -> None:
    landscape = (company.home / "landscape.yaml").read_text()
    company.write("landscape.yaml", landscape.replace("crm.people:", "crm.customers:"))
    clear(company("rejects", "replay", 1), 3, "There is no feed 'crm.people'")
    clear(company("rejects", "edit", 1, "--set", "born=1975-11-30"), 3, "There is no feed 'crm.people'")
    company.write("landscape.yaml", landscape.replace("mapping: crm/customer", "mapping: crm/people"))
    company.write("mappings/crm/people.yaml", MAPPING)
    clear(company("rejects", "replay", 1), 3, "uses the mapping 'crm/customer' no more", "crm/people", "archive 1")
    clear(company("rejects", "archive", "--feed", "crm.people", "--why", "moved"), 0, "3 archived")
    assert company.leakage() == 0


def test_only_the_mapping_that_failed_is_tried_again(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    landscape = (company.home / "landscape.yaml").read_text()
    company.write("landscape.yaml", landscape.replace("mapping: crm/customer", "mapping: [crm/customer, crm/campaign]"))
    company.write(
        "mappings/crm/campaign.yaml", "version: 1\nfrom: people\nto: campaign\nkey: id\nfields: {name: first}\nignore: [note]\n"
    )
    company.people(NO_DAY)
    company("ingest")
    with open_hub(Settings(home=company.home)) as hub:
        assert hub.accounting()["campaign"]["arrived"] == 1
        company.write("mappings/crm/customer.yaml", LENIENT)
        clear(company("rejects", "replay", "--all"), 0, "accepted as crm:2")
        assert hub.accounting()["campaign"] == {**hub.accounting()["campaign"], "arrived": 1, "deleted": 0}
    whole(company)


def test_an_older_version_that_is_replayed_leaves_a_younger_reject_open(company: Company) -> None:
    company.people("2,Jonas,Weber-Smith,nonsense,jonas.weber@example.org\n")
    company("ingest")
    clear(company("rejects", "edit", 1, "--set", "born=1975-11-30"), 0, "accepted as crm:2")
    assert [one["id"] for one in company.rejects() if one["key"] == "2"] == [4]
    clear(company("rejects", "edit", 4, "--set", "born=1975-11-30"), 0)
    assert company("golden", "show", "crm:2", "--json").json["name"]["family"] == "Weber-Smith"
    whole(company)


def test_a_record_that_its_source_mends_closes_its_rejects(company: Company) -> None:
    company.people(JON)
    company("ingest")
    assert shown(company, 1)["state"] == "mended"
    clear(company("rejects", "replay", 1), 1, "mended", "reopen 1")
    clear(company("rejects", "reopen", 1), 0, "1 opened again")
    clear(company("rejects", "reopen", 1), 0, "stays as it is: open")
    whole(company)


def _replay_all(home: str, url: str, barrier: Any, told: Any) -> None:
    settings = Settings(home=Path(home), database_url=Secret(url))
    with open_hub(settings) as hub, hub.reading() as tx:
        ids = rejects.open_ids(tx)
    barrier.wait(PATIENCE)
    with open_hub(settings) as hub:
        done = failures.replay(hub, ids, "somebody", lambda what, done, total: None)
    told.put([one.outcome for one in done])


def test_two_processes_that_replay_the_same_at_once_replay_it_once(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", store_url)
    company = found_company(tmp_path)
    company.people(ANA, *(f"1{n},A,B{n},no day,a{n}@example.org\n" for n in range(20)))
    company("ingest")
    company.write("mappings/crm/customer.yaml", LENIENT)
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(2), context.Queue()
    both = [context.Process(target=_replay_all, args=(str(company.home), store_url, barrier, told)) for _ in range(2)]
    for one in both:
        one.start()
    outcomes = sorted(told.get(timeout=PATIENCE) for _ in both)
    for one in both:
        one.join(PATIENCE)

    assert outcomes == [["accepted"] * 20, ["passed over"] * 20]
    company("ingest")
    with open_hub(Settings(home=tmp_path, database_url=Secret(store_url))) as hub:
        balance = hub.accounting()["customer"]
    assert (balance["arrived"], balance["members"], balance["rejected"], balance["leakage"]) == (41, 21, 20, 0)


def test_what_comes_to_a_group_meanwhile_waits_for_the_next_replay(company: Company) -> None:
    company.people(ANA, NO_DAY, NO_MAIL, TORN, *(f"1{n},A,B{n},no day,a{n}@example.org\n" for n in range(7)))
    company("ingest")
    group = groups(company)["date_invalid"]["group"]
    said = company("rejects", "replay", "--group", group, "--json")
    assert (said.code, said.json["counts"]) == (1, {"set aside again": 8})
    assert groups(company)["date_invalid"]["records"] == 8
    assert groups(company, "--every")["date_invalid"]["states"] == {"open": 8, "replayed": 8}
    whole(company)


def test_a_crash_while_replaying_leaves_everything_as_it_was(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.write("mappings/crm/customer.yaml", LENIENT)
    before = balance(company)

    def crash(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, open_hub(Settings(home=company.home)) as hub:
        patch.setattr(rejects, "numbers", crash)  # the last thing before the commit
        with pytest.raises(KeyboardInterrupt):
            failures.replay(hub, [1, 2], "ana", lambda what, done, total: None)

    assert balance(company) == before
    assert [one["state"] for one in company.rejects()] == ["open"] * 3
    clear(company("rejects", "replay", 1), 0, "accepted")


# -- correcting --


def test_a_correction_is_a_copy_that_is_linked_to_what_came(company: Company) -> None:
    clear(company("rejects", "edit", 1, "--set", "born=1975-11-30", "--by", "ana"), 0, "accepted as crm:2")
    one = shown(company, 1)
    assert (one["state"], one["closed_by"], one["note"]) == ("replayed", "ana", "corrected: born")
    assert one["payload"]["born"] == "31/31/1975"
    assert company("golden", "show", "crm:2", "--json").json["birth_date"] == "1975-11-30"
    clear(company("rejects", "edit", 1, "--set", "born=1975-11-29"), 1, "Reject 1 is replayed")
    whole(company)


def test_a_correction_that_is_not_enough_is_set_aside_again_with_the_corrected_copy(company: Company) -> None:
    clear(company("rejects", "edit", 2, "--set", "mail=petra at work"), 1, "set aside again as 4")
    assert shown(company, 4)["payload"]["mail"] == "petra at work"
    clear(company("rejects", "edit", 4, "--unset", "mail"), 0, "accepted as crm:3")
    assert shown(company, 4)["came_of"] == 2
    whole(company)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--set", "id=9"), 1, "change the key from 2 to 9"),
        (("--unset", "id"), 1, "change the key from 2 to none"),
        (("--set", "bron=1975-11-30"), 1, "did you mean 'born'"),
        (("--set", "born"), 1, "path=value"),
        (("--set", "=x"), 1, "path=value"),
        (("--set", "[x=1"), 1, "is no path"),
        (("--set", "born[0].x=1"), 1, "There is no 'born[0].x'"),
        (("--add", "born=1"), 1, "there already"),
        (("--unset", "nothing"), 1, "There is no 'nothing'"),
        (("--set", "born=31/31/1975"), 1, "changes nothing"),
        (("--set", "first=a\x00b"), 1, "NUL"),
        (("--set", "first=\udcff"), 1, "UTF-8"),
        ((), 2, "Say what to correct"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_and_changes_nothing(
    untouched: Company, words: tuple[str, ...], code: int, said: str
) -> None:
    clear(untouched("rejects", "edit", 1, *words), code, said)
    assert len(untouched.rejects()) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"id": "2", "born": }', "mended.json:1:"),
        (b"\xff\xfe{}", "no JSON"),
        (b"[1, 2]", "a JSON object"),
        (b"", "no JSON"),
        (b'{"id": "2", "first": "\\ud800"}', "no JSON"),
        (b'{"id": "2", "x": ' + b"[" * 200 + b"]" * 200 + b"}", "deeper than 100"),
        (b'{"id": "2", "first": "' + b"x" * (17 * 2**20) + b'"}', "larger than 16 MB"),
        (b'{"id": 2.5, "first": "A"}', "change the key"),
    ],
)
def test_a_file_that_is_no_record_is_refused_and_changes_nothing(untouched: Company, content: bytes, said: str) -> None:
    clear(untouched("rejects", "edit", 1, "--file", untouched.write("mended.json", content)), 1, said)
    assert len(untouched.rejects()) == 3


NAMES = [
    "Zo\u00eb \u05d0\u05d1\u05d2",
    "e\u0301\u200d\u202e",
    "\U0001f468\u200d\U0001f469",
    "Ana\t\x1b[31m",
    "x" * 300_000,
    '"; DROP',
    "{{7*7}}",
]


def test_any_text_can_be_a_correction(company: Company) -> None:
    number = 1
    for name in NAMES:
        file = company.write("mended.json", json.dumps(shown(company, number)["payload"] | {"first": name}))
        clear(company("rejects", "edit", number, "--file", file), 1, "set aside again")
        (number,) = shown(company, number)["left"]
        assert shown(company, number)["payload"]["first"] == name
        assert "\x1b" not in company("rejects", "show", number).all + company("rejects").all
    company("rejects", "edit", number, "--set", "born=1975-11-30", "--set", "first=Jonas")
    assert company.keys() == {"crm:1", "crm:2"}
    whole(company)


def test_what_was_text_stays_text_and_numbers_stay_numbers(company: Company) -> None:
    company.write("landscape.yaml", (company.home / "landscape.yaml").read_text().replace("people.csv", "people.jsonl"))
    row = {"id": "8", "first": "Ana", "last": "Gil", "born": "x", "deep": {"a.b": [{"n": 1, "zip": "01234"}]}, "mail": None}
    company.write("drop/people.jsonl", json.dumps(row) + "\n")
    company("ingest")
    (one,) = [one for one in company.rejects() if one["key"] == "8"]
    words = ("--set", "/deep/a.b/0/n=2", "--set", "/deep/a.b/0/zip=00017", "--add", '/deep/a.b/1={"n": null}')
    company("rejects", "edit", one["id"], *words)
    (later,) = [one for one in company.rejects() if one["key"] == "8"]
    payload = shown(company, later["id"])["payload"]
    assert payload["deep"] == {"a.b": [{"n": 2, "zip": "00017"}, {"n": None}]}
    assert shown(company, one["id"])["note"] == "corrected: deep.a.b"


def test_an_archived_reject_is_corrected_only_after_it_was_opened_again(company: Company) -> None:
    clear(company("rejects", "archive", 1, "--why", "nobody", "--by", "eva"), 0, "1 archived")
    clear(company("rejects", "archive", 1, "--why", "twice"), 0, "stays as it is: archived by eva")
    clear(company("rejects", "edit", 1, "--set", "born=1975-11-30"), 1, "archived by eva", "reopen 1")
    clear(company("rejects", "replay", 1), 1, "passed over", "archived by eva")
    clear(company("rejects", "reopen", 1), 0, "1 opened again")
    clear(company("rejects", "edit", 1, "--set", "born=1975-11-30"), 0, "accepted")
    whole(company)


def test_who_did_it_comes_from_the_setting(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_USER", "steward@example.org")
    company("rejects", "archive", 1, "--why", "a test")
    assert shown(company, 1)["closed_by"] == "steward@example.org"


# -- dead letters --


@pytest.fixture
def killed(tmp_path: Path) -> Company:
    """Two customers whose records killed their worker: dead letters 1 and 2."""
    company = found_company(tmp_path)
    company.people(ANA, EVA)
    assert company("ingest", "--no-work").code == 0
    with open_hub(Settings(home=company.home)) as hub:
        delivery = hub.bus.take("resolve", 10)
        assert delivery is not None
        with hub.store.begin() as tx:
            hub.bus.bury_in(tx, delivery, "killed_worker", "Its worker died 5 times.")
            hub.bus.settle_in(tx, delivery)
        hub.bus.settle(delivery)
    return company


def test_dead_letters_are_shown_by_cause_and_replayed(killed: Company) -> None:
    (group,) = killed("dead", "--json").json["groups"]
    assert (group["code"], group["stage"], group["letters"], group["records"]) == ("killed_worker", "resolve", 2, 2)
    clear(killed("dead"), 0, group["group"], "killed_worker at resolve")
    clear(killed("dead", "list"), 0, group["group"])
    clear(killed("dead", "show", group["group"]), 0, "2 open")
    assert balance(killed)["dead"] == 2 and killed.leakage() == 0
    clear(killed("dead", "replay", "--group", group["group"], "--dry-run"), 0, "would go back")
    assert balance(killed)["dead"] == 2

    clear(killed("dead", "replay", "--group", group["group"], "--by", "ana"), 0, "2 of 2 dead letters went back")

    assert killed.keys() == {"crm:1", "crm:7"}
    assert (balance(killed)["dead"], balance(killed)["arrived"]) == (0, 2)
    one = killed("dead", "show", 1, "--json").json
    assert (one["state"], one["closed_by"], one["replayed_as"]) == ("replayed", "ana", one["message_id"])
    clear(killed("dead", "replay", 1), 0, "passed over")
    clear(killed("dead"), 0, "no dead letters")
    whole(killed)


def test_a_record_of_a_dead_letter_can_be_corrected_and_bears_a_new_id(killed: Company) -> None:
    clear(killed("dead", "edit", 1, "--set", "name.given=Anna", "--dry-run"), 0, "nothing was changed")
    clear(killed("dead", "edit", 1, "--set", "name.given=Anna", "--by", "ana"), 0, "went back")
    one = killed("dead", "show", 1, "--json").json
    assert (one["note"], one["replayed_as"]) == ("corrected in crm:1: name.given", one["message_id"] + ".c1")
    assert one["payload"][0]["data"]["name"]["given"] == "Ana"
    assert killed("golden", "show", "crm:1", "--json").json["name"]["given"] == "Anna"
    assert (balance(killed)["dead"], balance(killed)["arrived"]) == (1, 2)
    clear(killed("dead", "edit", 1, "--set", "name.given=Anne"), 1, "is replayed")
    whole(killed)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "name.gvien=x"), "There is no 'name.gvien'"),
        (("--set", "kind=dog"), "kind"),
        (("--add", "nme=x"), "nme"),
        (("--record", "2", "--set", "name.given=x"), "holds 1 records"),
        (("--set", "name.given=Ana"), "changes nothing"),
    ],
)
def test_a_correction_that_breaks_the_model_is_refused(killed: Company, words: tuple[str, ...], said: str) -> None:
    clear(killed("dead", "edit", 1, *words), 1, said)
    assert len(killed("dead", "list", "--json").json["dead"]) == 2


def test_dead_letters_are_put_away_and_taken_up_again(killed: Company) -> None:
    clear(killed("dead", "archive", 1, "--why", "left us"), 0, "1 archived")
    clear(killed("dead", "replay", 1), 1, "archived", "dead reopen 1")
    assert (balance(killed)["dead"], killed.leakage()) == (2, 0)
    clear(killed("dead", "reopen", 1), 0, "1 opened again")
    clear(killed("dead", "replay", "--all"), 0, "2 of 2")
    whole(killed)


def test_a_dead_letter_that_nobody_can_read_is_shown_and_put_away(killed: Company) -> None:
    bodies = [b"", b"\xff\x00", b"no json", b"[]", b"[1]", b'{"entity": "customer"}', b"[" * 10000, b'"text"', b"\x1b[31m"]
    with open_hub(Settings(home=killed.home)) as hub, hub.store.begin() as tx:
        (one,) = dead_letters.by_ids(tx, [1])
        dead_letters.add(tx, [replace(one.letter, body=body, message_id=f"b{n}") for n, body in enumerate(bodies)])
    for number in range(3, 3 + len(bodies)):
        said = killed("dead", "show", number)
        clear(said, 0)
        assert "\x1b" not in said.all
        clear(killed("dead", "edit", number, "--set", "a=b"), 1)
    numbers = range(3, 3 + len(bodies))
    clear(killed("dead", "replay", *numbers), 1, "passed over", "0 of 9 dead letters")
    clear(killed("dead", "archive", *numbers, "--why", "unreadable"), 0, "9 archived")


# -- what systems pushed and nobody could land --


def pushed(company: Company, key: str, body: bytes, **more: Any) -> int:
    """A message from `hub.in` that was buried: its number."""
    headers = {"cloudEvents_specversion": "1.0", "cloudEvents_id": "push-1", "cloudEvents_source": "/crm"}
    given: dict[str, Any] = {"content_type": "application/json", "headers": headers} | more
    envelope = Envelope("push-1", key, "", body=body, **given)
    with open_hub(Settings(home=company.home)) as hub, hub.store.begin() as tx:
        dead_letters.add(tx, [letter(envelope, "in", "live", "feed_unknown", "There is no such feed.", hub.clock(), 2**20)])
        return dead_letters.open_ids(tx, stage="in")[-1]


def test_a_pushed_message_is_landed_when_its_feed_is_there(company: Company) -> None:
    number = pushed(company, "crm.leads.upsert.v1", json.dumps(LEAD).encode())
    clear(company("dead", "replay", number), 1, "no feed 'crm.leads'", "Add the feed")
    landscape = (company.home / "landscape.yaml").read_text()
    company.write("landscape.yaml", landscape + landscape[landscape.index("  crm.people:") :].replace("people", "leads"))
    clear(company("dead", "replay", number, "--dry-run"), 0, "1 records for the feed crm.leads")

    clear(company("dead", "replay", number), 0, "accepted")

    assert {"crm:9"} <= company.keys()
    clear(company("dead", "replay", number), 0, "passed over")
    whole(company)


def test_a_pushed_message_can_be_corrected_but_not_given_to_somebody_else(company: Company) -> None:
    number = pushed(company, "crm.people.upsert.v1", json.dumps([LEAD, {**LEAD, "id": "10", "mail": "none"}]).encode())
    clear(company("dead", "edit", number, "--record", 2, "--set", "id=11"), 1, "change the key from 10 to 11")
    clear(company("dead", "edit", number, "--record", 3, "--set", "id=11"), 1, "holds 2 records")
    clear(company("dead", "edit", number, "--record", 2, "--set", "mail=eva@example.org", "--dry-run"), 0, "nothing was changed")
    clear(company("dead", "edit", number, "--record", 2, "--set", "mail=eva@example.org"), 0, "accepted, accepted")
    assert {"crm:9", "crm:10"} <= company.keys()
    assert company("dead", "show", number, "--json").json["note"] == "corrected in record 2: mail"
    whole(company)


def test_a_pushed_message_that_is_no_json_can_be_written_anew(company: Company) -> None:
    number = pushed(company, "crm.people.upsert.v1", b"{broken")
    clear(company("dead", "show", number), 0, "{broken")
    clear(company("dead", "replay", number), 1, "not JSON", "--file")
    clear(company("dead", "edit", number, "--set", "id=9"), 1, "There is no 'id'")
    clear(company("dead", "edit", number, "--file", company.write("mended.json", json.dumps(LEAD))), 0, "accepted")
    assert {"crm:9"} <= company.keys()
    whole(company)


def test_a_structured_event_is_corrected_within_its_data(company: Company) -> None:
    event = {"specversion": "1.0", "id": "e-1", "source": "/crm", "type": "person", "data": {**LEAD, "mail": "none"}}
    body = zlib.compress(json.dumps(event).encode())
    more = {"content_type": "application/cloudevents+json", "encoding": "deflate", "headers": {}}
    number = pushed(company, "crm.people.upsert.v1", body, **more)
    clear(company("dead", "edit", number, "--set", "mail=ada@example.org"), 0, "accepted")
    assert {"crm:9"} <= company.keys()


def test_help_tells_what_each_of_them_does() -> None:
    for command in ("rejects", "dead"):
        said: Said = run(command, "--help")
        assert all(f"  {name} " in said.out for name in ("list", "show", "edit", "replay", "archive", "reopen"))
