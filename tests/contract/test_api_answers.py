"""What an API may answer, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from hub.contract import Batch
from hub.errors import BadSettings, Throttled, Unavailable
from tests.contract.api_peer import Api, serving
from tests.contract.service_peers import RestPeer

MEGABYTES = 1_000_000


LONG = "x" * (20 * MEGABYTES)


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as api:
        yield api


def test_a_page_of_html_is_unavailable_and_says_where_to_look(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(2)
    api.troubles = [(200, {"Content-Type": "text/html"}, b"<html>We are down for maintenance</html>")]
    error = peer.read().error
    assert isinstance(error, Unavailable)
    assert "login or maintenance page" in str(error)


@pytest.mark.parametrize("wrong", [rb'"a\ud800b"', b"1e400", b"NaN", b"-Infinity", b'"\xff"', b"-" + b"9" * 5000])
def test_a_record_that_json_has_no_word_for_costs_only_itself(api: Api, wrong: bytes) -> None:
    peer = RestPeer(api, sweep=None)
    good = b'{"id": 1, "name": "one", "big": 36893488147419103232, "deep": [0.5, 18446744073709551615]}'
    api.troubles = [(200, {}, b'{"data": {"items": [{"id": 2, "name": [' + wrong + b"]}, " + good + b"]}}")]
    got = peer.read()
    assert [(damage.code, damage.where) for damage in got.damages] == [("json_invalid", "customers page 1[0]")]
    assert "at 'name'" in got.damages[0].reason
    assert [record.data for record in got.records] == [orjson.loads(good)]


@pytest.mark.parametrize("body", [b'[{"id": 1, "na', b"", b"[" * 100_000])
def test_json_that_is_cut_off_is_no_login_page(api: Api, body: bytes) -> None:
    api.troubles = [(200, {}, body)]
    error = RestPeer(api).read().error
    assert isinstance(error, Unavailable)
    assert "JSON that cannot be read" in str(error) and "login" not in str(error)


def test_an_api_that_asks_for_patience_gets_it(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(5)
    api.troubles = [(429, {"Retry-After": "0"}, b""), (503, {"Retry-After": "0"}, b""), (500, {}, b"")]
    assert len(list(_keys(peer, attempts=4))) == 5


def _keys(peer: RestPeer, **settings: Any) -> Iterator[str | None]:
    for event in peer.connector(**settings).read(peer.request(), None):
        yield from (record.key for record in event.records) if isinstance(event, Batch) else ()


def test_an_api_that_asks_for_too_much_patience_is_throttled(api: Api) -> None:
    peer = RestPeer(api)
    api.troubles = [(429, {"Retry-After": "3600"}, b"")]
    error = peer.read().error
    assert isinstance(error, Throttled)
    assert error.wait == 3600


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "60"}])
def test_nobody_waits_where_no_attempt_follows(api: Api, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("hub.reading.http.time.sleep", waited.append)
    peer = RestPeer(api)
    for attempts in (1, 3):
        api.troubles = [(429, headers, b"")] * 500
        with pytest.raises(Throttled, match=f"at attempt {attempts}; allowed are `attempts: {attempts}`"):
            list(_keys(peer, attempts=attempts))
        assert 500 - len(api.troubles) == attempts
        assert len(waited) == attempts - 1
        waited.clear()


@pytest.mark.parametrize("trouble", [(429, {"Retry-After": "2"}, b""), (429, {}, b""), (500, {}, b"")])
def test_all_waits_together_stay_within_patience(
    api: Api, trouble: tuple[int, dict[str, str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("hub.reading.http.time.sleep", waited.append)
    api.troubles = [trouble] * 500
    with pytest.raises((Throttled, Unavailable)):
        list(_keys(RestPeer(api), attempts=400, patience="5s", pause="1s"))
    assert 2 <= len(waited) <= 4
    assert sum(waited) <= 5


def test_a_cursor_that_an_api_has_forgotten_leads_to_a_full_read(api: Api) -> None:
    peer = RestPeer(api, sweep=None)
    peer.fill(4)
    first = peer.read()
    api.troubles = [(410, {}, b"{}")]
    second = peer.read(first.cursor)
    assert [signal.kind for signal in second.signals] == ["resync"]
    assert sorted(second.keys()) == ["1", "2", "3", "4"]
    assert peer.read(second.cursor).records == []


@pytest.mark.parametrize("status", [401, 403, 404, 400])
def test_an_api_that_refuses_is_a_matter_of_settings(api: Api, status: int) -> None:
    peer = RestPeer(api)
    api.troubles = [(status, {}, b"{}")] * 20
    assert isinstance(peer.read().error, BadSettings)


def test_a_redirect_to_another_host_is_not_followed(api: Api) -> None:
    peer = RestPeer(api)
    api.troubles = [(302, {"Location": "http://127.0.0.1:9/customers"}, b"")]
    error = peer.read().error
    assert isinstance(error, BadSettings)
    assert "not configured" in str(error)


def test_an_answer_above_the_limit_is_refused(api: Api) -> None:
    peer = RestPeer(api)
    peer.put(1, LONG)
    with pytest.raises(BadSettings, match="smaller pages"):
        list(peer.connector(max_response=MEGABYTES).read(peer.request(), None))


def test_a_record_above_the_limit_costs_only_itself(api: Api) -> None:
    peer = RestPeer(api, sweep=None)
    peer.put(1, "one")
    peer.put(2, LONG[: 5 * MEGABYTES])
    got = peer.read()
    assert [damage.code for damage in got.damages] == ["record_too_long"]
    assert got.keys() == ["1"]


def test_records_that_shift_between_pages_are_not_taken_for_deleted(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(9)
    first = peer.read()
    sweeping = [False]

    def delete_while_paging(page: int) -> None:
        if page == 3 and "updated_since" not in api.asked[-1][1] and not sweeping[0]:
            sweeping[0] = True
            peer.remove(1)  # everything behind it moves up one place, over the border of the page

    api.between = delete_while_paging
    second = peer.read(first.cursor)
    assert sweeping == [True]
    assert second.deleted() == []
    assert peer.read(second.cursor).deleted() == ["1"]


@pytest.mark.parametrize("style", ["page", "offset", "cursor", "link", "keyset"])
def test_every_style_of_pages_reads_everything(api: Api, style: str) -> None:
    peer = RestPeer(api, sweep=None)
    peer.fill(7)
    paging = {"style": style, **({"next_path": "next"} if style == "cursor" else {})}
    got = peer.read(options={"pagination": paging})
    assert sorted(got.keys()) == [str(k) for k in range(1, 8)]


def test_an_api_that_ignores_the_page_is_found_out(api: Api) -> None:
    peer = RestPeer(api, sweep=None)
    peer.fill(5)
    error = peer.read(options={"pagination": {"style": "page", "param": "p"}}).error
    assert isinstance(error, BadSettings)
    assert "same page" in str(error)


@pytest.mark.parametrize(
    "auth",
    [
        {"bearer": "env:TOKEN"},
        {"api_key": {"value": "env:TOKEN", "query": "api_key"}},
        {"oauth2": {"token_url": "", "client_id": "hub", "client_secret": "env:TOKEN"}},
    ],
)
def test_ways_to_log_in(api: Api, auth: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    if "oauth2" in auth:
        auth = {"oauth2": {**auth["oauth2"], "token_url": f"{api.url}/token"}}
    peer = RestPeer(api)
    peer.fill(3)
    got = [e for e in peer.connector(auth=auth).read(peer.request(), None) if isinstance(e, Batch)]
    assert sum(len(batch.records) for batch in got) == 3
    assert "s3cr3t" not in caplog.text


def test_a_token_that_has_run_out_is_asked_for_again(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(3)
    auth = {"oauth2": {"token_url": f"{api.url}/token", "client_id": "hub", "client_secret": "env:TOKEN"}}
    api.troubles = [(401, {}, b"{}")]
    events = list(peer.connector(auth=auth).read(peer.request(), None))
    assert sum(len(e.records) for e in events if isinstance(e, Batch)) == 3
    assert [path for path, *_ in api.asked].count("/token") == 2
