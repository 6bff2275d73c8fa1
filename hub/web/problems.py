"""What went wrong, told as RFC 9457 says: ``application/problem+json`` with a stable ``code`` and the way out in ``detail``."""

from __future__ import annotations

import sys
import traceback
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from hub.errors import BadLandscape, BadModel, HubError, Misconfigured, Rejected, Retryable, Throttled

MEDIA_TYPE = "application/problem+json"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_STATUS = {"position_gone": 410, "position_unknown": 404, "not_known": 404, "entity_unknown": 404, "not_allowed": 403}
_LATER = 5  # seconds until a store that is busy or away is asked again


class WrongRequest(Exception):
    """A request that cannot be answered as it is."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **facts: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers, self.facts = status, code, detail, dict(headers or {}), facts


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **facts: Any) -> Response:
    told = {"type": f"urn:goldenhub:problem:{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    body = orjson.dumps({**told, "detail": detail, **facts}, default=str)
    return Response(body, status, {**HEADERS, **(headers or {})}, media_type=MEDIA_TYPE)


def tell_problems(app: FastAPI) -> None:
    """Every error of this application becomes such an answer."""
    app.add_exception_handler(WrongRequest, _wrong_request)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(HubError, _hub)
    app.add_exception_handler(Exception, _unexpected)


def _wrong_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, WrongRequest)  # noqa: S101 - as it was registered
    return problem(error.status, error.code, error.detail, error.headers, **error.facts)


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    wrong = [{"where": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()]
    return problem(422, "parameter_invalid", "; ".join(f"{one['where']}: {one['message']}" for one in wrong), violations=wrong)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    said = {
        404: f"There is nothing at {request.url.path}; see /api/openapi.json.",
        405: f"{request.method} is not possible here.",
    }
    code = HTTPStatus(error.status_code).name.lower()
    return problem(error.status_code, code, said.get(error.status_code, str(error.detail)), error.headers)


def _hub(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)  # noqa: S101
    if isinstance(error, Rejected):
        facts = {name: value for name, value in error.facts.items() if name in ("first", "last")}
        return problem(_STATUS.get(error.code, 422), error.code, error.message, **facts)
    if isinstance(error, Throttled):
        wait = max(1, round(float(error.facts.get("wait") or _LATER)))
        return problem(429, error.code, error.message, {"Retry-After": str(wait)})
    if isinstance(error, Retryable):
        return problem(503, error.code, error.message, {"Retry-After": str(_LATER)})
    if isinstance(error, BadModel | BadLandscape) and "hint" in error.facts:
        return problem(422, error.code, error.message)
    return _unexpected(_request, error)


def _unexpected(request: Request, error: Exception) -> Response:
    """The log says what it was, under a number; who asked is told nothing of the inside."""
    number = str(uuid.uuid4())
    said = error.message if isinstance(error, Misconfigured) else _where(error)
    print(f"{request.method} {request.url.path} failed ({number}): {said}", file=sys.stderr, flush=True)
    return problem(500, "failed", f"Something is wrong with the hub; its log says more under {number}.", number=number)


def _where(error: Exception) -> str:
    """The place, and one line of what it was: what a database adds below it may be the row."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__name__}: {str(error).partition(chr(10))[0]}"
