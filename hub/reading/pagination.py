"""The ways in which APIs cut a list into pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import requests.utils

from hub.contract import setting
from hub.errors import BadSettings
from hub.reading.http import Answer, Gone, Web
from hub.reading.keys import key_text
from hub.reading.known import fingerprint
from hub.records import at_path


@dataclass(frozen=True)
class Pagination:
    """What `pagination:` may say."""

    style: str = setting(
        "How pages are asked for.", default="none", choices=("none", "page", "offset", "cursor", "link", "keyset")
    )
    param: str = setting("The query parameter that moves on. Default: page, offset, cursor or after, by style.", default="")
    size_param: str = setting("The query parameter for the size of a page.", default="")
    size: int = setting("Records on a page.", default=100)
    first: int = setting("The number of the first page.", default=1)
    next_path: str = setting("Style cursor: where the answer has the next cursor. Style link: its next address.", default="")


@dataclass(frozen=True, slots=True)
class Page:
    records: list[Any]
    answer: Answer
    number: int


_PARAMS = {"page": "page", "offset": "offset", "cursor": "cursor", "keyset": "after"}


def pages(web: Web, path: str, params: Mapping[str, Any], how: Pagination, record_path: str, key: str) -> Iterator[Page]:
    """All pages. A list ends with an empty page: a short one may only be a page that the system made smaller."""
    ask: dict[str, Any] | None = {**params, **({how.size_param: how.size} if how.size_param else {}), **_start(how)}
    number, former = 0, ""
    while ask is not None:
        try:
            answer = web.get(path, ask)
        except Gone as gone:
            if number and gone.status == 404 and how.style in {"page", "offset"}:
                return  # some systems have no page behind the last
            raise
        page = Page(records(answer, record_path), answer, number)
        now = fingerprint(page.records)
        if page.records and now == former:
            message = f"The same page comes twice: does {path} know the parameter {how.param or _PARAMS.get(how.style)!r}?"
            raise BadSettings(message, name="pagination")
        yield page
        former, number = now, number + 1
        path, ask = _next(page, path, ask, how, key)


def records(answer: Answer, path: str) -> list[Any]:
    """The array of records in an answer."""
    found = at_path(answer.body, path) if path and isinstance(answer.body, dict) else answer.body
    if isinstance(found, list):
        return found
    shown = orjson.dumps(sorted(answer.body)[:10]).decode() if isinstance(answer.body, dict) else type(answer.body).__name__
    raise BadSettings(f"The answer has no array at {path or 'its top'}, but {shown}: correct `record_path`.", name="record_path")


def _start(how: Pagination) -> dict[str, Any]:
    if how.style == "page":
        return {how.param or "page": how.first}
    return {how.param or "offset": 0} if how.style == "offset" else {}


def _next(page: Page, path: str, ask: dict[str, Any], how: Pagination, key: str) -> tuple[str, dict[str, Any] | None]:
    name = how.param or _PARAMS.get(how.style, "")
    if how.style == "link":
        found = _link(page.answer, how.next_path)
        return (found, {}) if found else (path, None)
    if how.style == "cursor":
        token = at_path(page.answer.body, how.next_path or "next")
        return path, ({**ask, name: token} if token and token != ask.get(name) else None)
    if how.style == "none" or not page.records:
        return path, None
    if how.style == "keyset":
        last = page.records[-1]
        return path, {**ask, name: key_text(at_path(last, key))} if isinstance(last, dict) else None
    return path, {**ask, name: int(ask[name]) + (1 if how.style == "page" else len(page.records))}


def _link(answer: Answer, path: str) -> str:
    if path:
        return str(at_path(answer.body, path) or "")
    links = requests.utils.parse_header_links(answer.headers.get("Link", ""))
    return next((str(link["url"]) for link in links if link.get("rel") == "next"), "")
