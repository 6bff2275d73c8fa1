"""What a door logs of an error that nobody expected."""

from __future__ import annotations

import orjson
import pytest
from fastapi import FastAPI, Request, Response

from hub.web.problems import tell_problems


def test_the_log_says_where_and_what_but_not_the_row_that_a_database_adds(capsys: pytest.CaptureFixture[str]) -> None:
    app = FastAPI()
    tell_problems(app)
    scope = {"type": "http", "method": "GET", "path": "/broken", "server": ("hub", 80), "query_string": b"", "headers": []}
    row = "DETAIL: Key (name)=(" + "Ana Gil" + ") already exists."

    with pytest.raises(ValueError, match="duplicate") as failed:
        _refuse(f"duplicate key value\n{row}")
    answer = app.exception_handlers[Exception](Request(scope), failed.value)

    logged = capsys.readouterr().err
    assert isinstance(answer, Response)
    assert answer.status_code == 500
    assert orjson.loads(answer.body)["number"] in logged
    assert "test_problems.py" in logged
    assert "ValueError: duplicate key value" in logged
    assert row not in logged
    assert "duplicate" not in bytes(answer.body).decode()


def _refuse(why: str) -> None:
    raise ValueError(why)
