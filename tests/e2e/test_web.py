"""The hub over HTTP, through its own door: a process that serves, and clients that push, ask, follow and misbehave."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from hub.app import open_hub
from hub.services.processes import free_port
from hub.settings import Settings
from tests.e2e.company import run
from tests.waiting import PATIENCE, until

LANDSCAPE = """\
company: Web Ltd
systems:
  shop: {kind: file, path: drop, trust: 0.8}
feeds:
  shop.accounts:
    system: shop
    stream: {name: people.csv, key: id}
    mapping: shop/customer
  shop.others:
    system: shop
    stream: {name: others.csv, key: id}
    mapping: shop/customer
"""
MAPPING = """\
version: 1
from: people
to: customer
key: id
fields:
  kind: "'person'"
  name.given: first
  name.family: last
  birth_date: {path: born, type: date}
  emails: {each: "mail && [mail] || `[]`", as: {address: email(item), type: "'main'"}}
"""
ANA = {"id": "1", "first": "Ana", "last": "Gil Romero", "born": "1980-02-03", "mail": "ana.gil@example.com"}
JON = {"id": "2", "first": "Jonas", "last": "Weber", "born": "1975-11-30", "mail": "jonas.weber@example.org"}
LIMIT = 200_000


class Served:
    """A hub that answers."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        self.tokens: dict[str, str] = {}

    def token(self, *scopes: str) -> str:
        name = "+".join(scopes)
        if name not in self.tokens:
            words = [word for scope in scopes for word in ("--scope", scope)]
            said = run("--home", self.home, "token", "create", name, *words, "--json")
            self.tokens[name] = said.json["token"]
        return self.tokens[name]

    def get(self, path: str, *scopes: str, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token(*scopes)}"} if scopes else {}
        return requests.get(self.url + path, params=query, headers=headers, timeout=120)

    def post(
        self, body: Any, feed: str = "shop.accounts", scope: str = "feed:shop.accounts", **headers: str
    ) -> requests.Response:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        shown = {"Authorization": f"Bearer {self.token(scope)}", "Content-Type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(f"{self.url}/api/in/{feed}", data=sent, headers=shown | named, timeout=120)

    def work(self) -> None:
        with open_hub(Settings(home=self.home)) as hub:
            hub.work()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with _serving(tmp_path_factory.mktemp("web")) as one:
        yield one


@contextmanager
def _serving(home: Path, **more: str) -> Iterator[Served]:
    (home / "landscape.yaml").write_text(LANDSCAPE)
    (home / "mappings" / "shop").mkdir(parents=True)
    (home / "mappings" / "shop" / "customer.yaml").write_text(MAPPING)
    port = free_port()
    env = (
        {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        | {"HUB_MESSAGE_LIMIT": str(LIMIT)}
        | more
    )
    words = [sys.executable, "-m", "hub", "--home", str(home), "serve", "--port", str(port)]
    process = subprocess.Popen(words, env=env, stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"
    try:
        _until_ready(url, process)
        yield Served(home, url)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
        assert process.stderr is not None
        process.stderr.close()


def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    def ready() -> bool:
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            return requests.get(f"{url}/readyz", timeout=120).status_code == 200
        except requests.ConnectionError:
            return False

    until(ready)


@pytest.fixture(scope="module")
def known(served: Served) -> dict[str, str]:
    """Two customers, pushed and resolved: golden id by key."""
    assert served.post([ANA, JON]).status_code == 202
    served.work()
    asked = {key: served.get(f"/api/who-is/shop/{key}", "who-is").json() for key in ("1", "2")}
    return {key: answer["id"] for key, answer in asked.items()}


def _problem(answer: requests.Response, status: int, code: str) -> Any:
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code), told
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["detail"]
    return told


def test_who_is_answers_with_every_key_of_the_customer(served: Served, known: dict[str, str]) -> None:
    told = served.get("/api/who-is/shop/1", "who-is").json()
    assert told["golden"]["name"]["given"] == "Ana"
    assert [(one["system"], one["key"], one["state"]) for one in told["references"]] == [("shop", "1", "active")]
    assert served.get(f"/api/golden/{told['id']}", "who-is").json()["golden"] == told["golden"]


def test_the_feed_is_read_from_its_beginning_and_from_any_point(served: Served, known: dict[str, str]) -> None:
    first = served.get("/api/changes", "changes", limit=1).json()
    assert (len(first["events"]), first["more"]) == (1, True)
    rest = served.get("/api/changes", "changes", after=first["position"]).json()
    subjects = [event["subject"] for page in (first, rest) for event in page["events"]]
    assert set(known.values()) <= set(subjects)
    assert rest["events"][0]["specversion"] == "1.0"
    end = served.get("/api/changes", "changes", after=rest["position"]).json()
    assert end == {"position": rest["position"], "more": False, "events": []}


def test_a_snapshot_and_the_feed_after_it_hold_what_the_store_holds(served: Served, known: dict[str, str]) -> None:
    page = served.get("/api/golden", "changes", limit=1).json()
    seen, position = [page["events"][0]["subject"]], page["position"]
    while page["next"]:
        page = served.get("/api/golden", "changes", limit=1, after=page["next"]).json()
        seen += [event["subject"] for event in page["events"]]
    assert set(known.values()) <= set(seen)
    assert served.get("/api/changes", "changes", after=position).json()["events"] == []


def test_a_view_hides_what_its_reader_may_not_see(served: Served, known: dict[str, str]) -> None:
    told = served.get("/api/who-is/shop/1", "who-is:marketing").json()
    assert told["golden"].keys() <= {"kind", "name", "organization", "emails", "language"}
    assert "birth_date" not in json.dumps(served.get("/api/changes", "changes:marketing").json())
    _problem(served.get("/api/who-is/shop/1", "who-is", view="markting"), 422, "bad_model")


def test_who_waits_is_told_as_soon_as_something_changes(served: Served, known: dict[str, str]) -> None:
    position = served.get("/api/changes", "changes", limit=1000).json()["position"]

    found: list[Any] = []

    def ask() -> None:
        while not found:  # the answer is empty when nothing changed in as long as may be waited for
            found.extend(served.get("/api/changes", "changes", after=position, wait=25).json()["events"])

    other = threading.Thread(target=ask)
    other.start()
    served.post({**JON, "first": "Jonathan"})
    served.work()
    other.join(PATIENCE)
    assert [event["data"]["golden"]["name"]["given"] for event in found] == ["Jonathan"]


def test_every_record_gets_a_receipt_and_the_same_twice_is_taken_once(served: Served) -> None:
    eva = {"id": "7", "first": "Eva", "last": "Ruiz", "born": "1990-05-06", "mail": "eva@example.com"}
    first = served.post(eva, Idempotency_Key="order-7")
    assert first.status_code == 202
    [receipt] = first.json()["receipts"]
    assert (receipt["state"], first.headers["location"]) == ("accepted", receipt["address"])
    again = served.post(eva, Idempotency_Key="order-7").json()
    assert [(one["state"], one["receipt"]) for one in again["receipts"]] == [("known", receipt["receipt"])]


def test_a_key_that_comes_again_with_another_body_is_refused_and_says_what_to_do(served: Served) -> None:
    ida = {"id": "71", "first": "Ida", "last": "Mora", "born": "1991-05-06", "mail": "ida@example.com"}
    first = served.post([ida, {**ida, "id": "72"}], Idempotency_Key="order-71")
    assert first.status_code == 202

    for other in ([ida, {**ida, "id": "73"}], ida, [ida, {**ida, "id": "72"}, {**ida, "id": "74"}], [{**ida, "id": "72"}, ida]):
        told = _problem(served.post(other, Idempotency_Key="order-71"), 422, "idempotency_key_reused")
        assert "Nothing of this was taken" in told["detail"] and "another key" in told["detail"]
        assert "Mora" not in json.dumps(told)
    body = json.dumps([dict(reversed(ida.items())), {**ida, "id": "72"}], indent=3).encode()
    again = served.post(gzip.compress(body), Content_Encoding="gzip", Idempotency_Key="order-71").json()  # written otherwise
    assert [one["receipt"] for one in again["receipts"]] == [one["receipt"] for one in first.json()["receipts"]]
    assert again["counts"] == {"known": 2}
    assert served.post({**ida, "id": "75"}, Idempotency_Key="order-75").json()["counts"] == {"accepted": 1}
    for number in ("76", "77"):  # an empty one is none
        assert served.post([ida, {**ida, "id": number}], Idempotency_Key="").json()["counts"] == {"accepted": 2}


def test_of_two_who_use_one_key_at_once_one_is_taken_and_the_other_told(served: Served) -> None:
    for number in range(6):
        eva = {"id": f"8{number}", "first": "Eva", "last": "Sanz", "born": "1990-05-06", "mail": "eva.sanz@example.com"}
        answers = at_once(served, f"once-{number}", [eva, {**eva, "last": "Gil"} if number % 2 else eva])
        if number % 2:
            assert sorted(one.status_code for one in answers) == [202, 422]
        else:
            assert sorted(one.json()["receipts"][0]["state"] for one in answers) == ["accepted", "known"]
            assert len({one.json()["receipts"][0]["receipt"] for one in answers}) == 1


def at_once(served: Served, key: str, bodies: list[Any]) -> list[requests.Response]:
    """What each of several who push at the same moment is answered."""
    answers: list[requests.Response] = []
    both = [threading.Thread(target=lambda body=body: answers.append(served.post(body, Idempotency_Key=key))) for body in bodies]
    for one in both:
        one.start()
    for one in both:
        one.join()
    return answers


def test_a_receipts_address_tells_its_way_to_who_may_push_there(served: Served) -> None:
    [receipt] = served.post({**JON, "id": "44", "mail": "j44@example.org"}).json()["receipts"]
    served.work()
    hops = served.get(receipt["address"], "feed:shop.accounts").json()["hops"]
    assert [hop["hop"] for hop in hops][:3] == ["kept", "translated", "taken"]
    assert "golden" in {hop["hop"] for hop in hops}
    assert "j44@" not in json.dumps(hops)
    _problem(served.get(receipt["address"], "changes"), 404, "receipt_unknown")
    _problem(served.get("/api/receipts/none", "feed:shop.accounts"), 404, "receipt_unknown")
    _problem(served.get("/api/receipts/shop:44", "feed:shop.accounts"), 404, "receipt_unknown")


def test_lines_and_compressed_bodies_are_understood(served: Served) -> None:
    lines = b"\n".join(json.dumps({**ANA, "id": f"n{number}"}).encode() for number in range(3))
    told = served.post(lines, Content_Type="application/x-ndjson").json()
    assert told["counts"] == {"accepted": 3}
    for name, packed in (("gzip", gzip.compress(lines)), ("deflate", zlib.compress(lines))):
        sent = served.post(packed, Content_Type="application/x-ndjson", Content_Encoding=name)
        assert sent.status_code == 202, (name, sent.text)


def test_a_record_that_cannot_be_translated_is_kept_and_told(served: Served) -> None:
    told = served.post([{**ANA, "id": "9", "born": "31/02/1980"}, 7]).json()
    assert told["counts"] == {"rejected": 2}
    assert [one["code"] for one in told["receipts"]] == ["date_invalid", "not_a_record"]
    assert all(one["reason"] for one in told["receipts"])


@pytest.mark.parametrize("path", ["/api/changes", "/api/golden", "/api/who-is/shop/1", "/api/golden/x", "/api/openapi.json"])
@pytest.mark.parametrize(
    "shown", ["", "Bearer ", "Bearer x", "Basic YTpi", "Bearer gh_0000_0000", f"Bearer gh_{'0' * 16}_{'x' * 43}"]
)
def test_nothing_is_open_without_a_token(served: Served, path: str, shown: str) -> None:
    answer = requests.get(served.url + path, headers={"Authorization": shown} if shown else {}, timeout=120)
    _problem(answer, 401, "token_invalid")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_opens_only_its_scopes(served: Served) -> None:
    _problem(served.get("/api/changes", "who-is"), 403, "not_allowed")
    _problem(served.get("/api/who-is/shop/1", "changes"), 403, "not_allowed")
    _problem(served.get("/api/changes", "changes:marketing", view="other"), 403, "not_allowed")
    _problem(served.post(ANA, feed="shop.others"), 403, "not_allowed")
    assert "token" not in served.post(ANA, feed="shop.others").text.replace("This token", "")


def test_a_revoked_token_opens_nothing_from_then_on(served: Served) -> None:
    said = run("--home", served.home, "token", "create", "gone", "--scope", "changes", "--json").json
    headers = {"Authorization": f"Bearer {said['token']}"}
    assert requests.get(f"{served.url}/api/changes", headers=headers, timeout=120).status_code == 200
    assert run("--home", served.home, "token", "revoke", "gone").code == 0
    _problem(requests.get(f"{served.url}/api/changes", headers=headers, timeout=120), 401, "token_invalid")
    assert said["token"].encode() not in b"".join(path.read_bytes() for path in (served.home / ".hub").glob("hub.db*"))
    states = {one["name"]: one["state"] for one in run("--home", served.home, "token", "list", "--json").json["tokens"]}
    assert states["gone"] == "revoked"
    assert run("--home", served.home, "token", "revoke", "gone").code == 1
    assert "did you mean" in run("--home", served.home, "token", "create", "x", "--scope", "feed:shop.acounts").err


def test_bodies_that_are_no_json_are_refused_whole(served: Served) -> None:
    before = served.get("/api/changes", "changes", limit=1000).json()["position"]
    for body in (b"{", b"", b"\xff\xfe", b'{"id": 1} x', b"NaN", b"[" * 100_000):
        assert "Nothing of it was taken" in _problem(served.post(body), 400, "json_invalid")["detail"]
    lines = json.dumps(ANA).encode() + b"\nnot json\n"
    told = _problem(served.post(lines, Content_Type="application/x-ndjson"), 400, "json_invalid")
    assert "Line 2" in told["detail"]
    _problem(served.post([]), 422, "no_record")
    _problem(served.post(b"a=1", Content_Type="application/x-www-form-urlencoded"), 415, "media_type_unknown")
    _problem(served.post(b"x", Content_Encoding="br"), 415, "encoding_unknown")
    _problem(served.post(b"x", Content_Encoding="gzip"), 400, "encoding_invalid")
    _problem(served.post(gzip.compress(b"{}" * 100)[:-9], Content_Encoding="gzip"), 400, "encoding_invalid")
    assert served.get("/api/changes", "changes", limit=1000).json()["position"] == before


def test_a_body_that_is_too_large_is_refused_as_it_comes_and_inflated(served: Served) -> None:
    large = b'{"id": "' + b"x" * LIMIT + b'"}'
    _problem(served.post(large), 413, "body_too_large")

    def pieces() -> Iterator[bytes]:  # without a length beforehand
        for start in range(0, len(large), 10_000):
            yield large[start : start + 10_000]

    shown = {"Authorization": f"Bearer {served.token('feed:shop.accounts')}", "Content-Type": "application/json"}
    _problem(
        requests.post(f"{served.url}/api/in/shop.accounts", data=pieces(), headers=shown, timeout=120), 413, "body_too_large"
    )
    bomb = gzip.compress(b"[" + b" " * 100_000_000 + b"]")
    assert len(bomb) < LIMIT
    _problem(served.post(bomb, Content_Encoding="gzip"), 413, "body_too_large")
    _problem(served.post(b"[" + b"1," * 10_000 + b"1]"), 413, "too_many_records")


def test_wrong_questions_get_clear_answers(served: Served, known: dict[str, str]) -> None:
    _problem(served.get("/api/who-is/shop/nobody", "who-is"), 404, "not_known")
    assert "did you mean 'shop'" in _problem(served.get("/api/who-is/shopp/1", "who-is"), 404, "not_known")["detail"]
    _problem(served.get("/api/golden/none", "who-is"), 404, "not_known")
    _problem(served.get("/api/changes", "changes", after=10**9), 404, "position_unknown")
    _problem(served.get("/api/changes", "changes", after=-1), 422, "parameter_invalid")
    _problem(served.get("/api/changes", "changes", after="x"), 422, "parameter_invalid")
    _problem(served.get("/api/changes", "changes", limit=100_000), 422, "parameter_invalid")
    for path, scope in (("/api/who-is/shop/%00", "who-is"), ("/api/golden/a%00", "who-is"), ("/api/golden?after=%00", "changes")):
        _problem(served.get(path, scope), 422, "parameter_invalid")  # which PostgreSQL cannot even compare
    _problem(served.get("/api/changes", "changes", entity="order"), 404, "entity_unknown")
    _problem(served.get("/api/nothing", "changes"), 404, "not_found")
    _problem(requests.put(f"{served.url}/api/changes", timeout=120), 405, "method_not_allowed")


def test_customers_are_merged_and_split_by_who_has_the_right_and_every_attempt_is_kept(
    served: Served, known: dict[str, str]
) -> None:
    wish = {"verdict": "same", "left": ["shop:1"], "right": ["shop:2"], "why": "one and the same"}
    decisions = f"{served.url}/api/decisions"

    def asked(scope: str, content: dict[str, Any]) -> requests.Response:
        return requests.post(decisions, json=content, headers={"Authorization": f"Bearer {served.token(scope)}"}, timeout=120)

    _problem(asked("who-is", wish), 403, "not_allowed")
    assert served.get("/api/who-is/shop/2", "who-is").json()["id"] == known["2"]
    _problem(asked("merge", wish | {"verdict": "maybe"}), 422, "parameter_invalid")
    _problem(asked("merge", wish | {"right": ["shop"]}), 422, "parameter_invalid")
    _problem(asked("merge", wish | {"right": ["shop:nobody"]}), 422, "record_unknown")
    made = asked("merge", wish)
    assert made.status_code == 201
    assert len({served.get(f"/api/who-is/shop/{key}", "who-is").json()["id"] for key in ("1", "2")}) == 1

    shown = {"Authorization": f"Bearer {served.token('merge')}"}
    back = requests.delete(f"{decisions}/{made.json()['decision']}", headers=shown, timeout=120)
    assert back.status_code == 200
    assert {key: served.get(f"/api/who-is/shop/{key}", "who-is").json()["id"] for key in ("1", "2")} == known
    tried = run("--home", served.home, "review", "audit", "--json").json["attempts"]
    assert [(one["by"], one["action"], one["allowed"]) for one in tried] == [
        ("token/merge", "withdraw", True), ("token/merge", "same", True), ("token/who-is", "same", False),
    ]  # fmt: skip


def test_who_writes_to_a_golden_record_is_answered_with_the_record_that_is_his(served: Served, known: dict[str, str]) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        shown = {"Authorization": f"Bearer {served.token('feed:shop.accounts')}"}
        answer = requests.request(method, f"{served.url}/api/golden/{known['1']}", json=ANA, headers=shown, timeout=120)
        told = _problem(answer, 409, "golden_not_written")
        assert (told["records"], told["addresses"]) == (["shop:1"], ["/api/in/shop.accounts"])
        unknown = requests.request(method, f"{served.url}/api/golden/none", headers=shown, timeout=120)
        _problem(unknown, 404, "not_known")
    reader = {"Authorization": f"Bearer {served.token('who-is')}"}
    _problem(requests.put(f"{served.url}/api/golden/{known['1']}", headers=reader, timeout=120), 403, "not_allowed")


def test_the_openapi_document_names_every_endpoint(served: Served) -> None:
    told = served.get("/api/openapi.json", "changes").json()
    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]) >= {
        "/api/changes", "/api/golden", "/api/golden/{golden_id}", "/api/who-is/{system}/{key}", "/api/in/{feed}",
        "/api/receipts/{receipt}", "/api/decisions", "/api/decisions/{decision}",
    }  # fmt: skip


def test_health_needs_no_token_and_says_nothing_else(served: Served) -> None:
    assert requests.get(f"{served.url}/healthz", timeout=120).json() == {"status": "ok"}
    assert requests.get(f"{served.url}/readyz", timeout=120).json() == {"status": "ready"}


def test_who_pushes_need_not_wait_for_a_broker_that_is_away(tmp_path: Path) -> None:
    with _serving(tmp_path, HUB_BUS_URL="amqp://guest:guest@127.0.0.1:1/") as alone:
        answer = alone.post(ANA, **{"Idempotency-Key": "one"})
        assert (answer.status_code, answer.json()["counts"]) == (202, {"accepted": 1})
        again = alone.post(ANA, **{"Idempotency-Key": "one"})
        assert (again.status_code, again.json()["counts"]) == (202, {"known": 1})
        receipt = answer.json()["receipts"][0]["receipt"]
        assert again.json()["receipts"][0]["receipt"] == receipt
        way = alone.get(f"/api/receipts/{receipt}", "feed:shop.accounts").json()
        assert way["hops"][0]["hop"] == "kept"
