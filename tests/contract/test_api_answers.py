"""What an API may answer, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def test_an_api_that_asks_for_patience_gets_it(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(5)
    api.troubles = [(429, {"Retry-After": "0"}, b""), (503, {"Retry-After": "0"}, b""), (500, {}, b"")]
    assert len(peer.read().keys()) == 5


def test_an_api_that_asks_for_too_much_patience_is_throttled(api: Api) -> None:
    peer = RestPeer(api)
    api.troubles = [(429, {"Retry-After": "3600"}, b"")]
    error = peer.read().error
    assert isinstance(error, Throttled)
    assert error.wait == 3600


def test_an_api_that_never_stops_asking_is_throttled(api: Api) -> None:
    peer = RestPeer(api)
    api.troubles = [(429, {"Retry-After": "0"}, b"")] * 500
    assert isinstance(peer.read().error, Throttled)


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
