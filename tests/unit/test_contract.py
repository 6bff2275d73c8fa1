"""The words of the contract: secrets stay hidden, settings are declared, requests have careful defaults."""

from __future__ import annotations

import copy
import json
import logging
from dataclasses import dataclass, fields
from datetime import timedelta

import pytest

from hub.contract import Connector, CursorRule, Secret, StreamRequest, duration, setting


@dataclass(frozen=True)
class Harbour:
    """A connector's settings as an author writes them."""

    url: Secret = setting("Where it is.", secret=True)
    style: str = setting("How it pages.", default="page", choices=["page", "cursor"])
    headers: dict[str, str] = setting("What every request carries.", default={})


def test_a_secret_can_be_used_but_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("hunter2")

    logging.getLogger("hub").warning("login with %s", secret)

    assert secret.reveal() == "hunter2"
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret:>10}", f"{secret!r}", caplog.text):
        assert "hunter2" not in shown


def test_a_secret_is_not_json() -> None:
    with pytest.raises(TypeError):
        json.dumps({"password": Secret("hunter2")})


def test_secrets_compare_by_value_and_an_empty_one_is_false() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")


def test_a_copied_secret_is_still_secret() -> None:
    assert copy.deepcopy(Secret("hunter2")) == Secret("hunter2")


def test_a_setting_declares_its_help_its_choices_and_whether_it_is_secret() -> None:
    url, style, _ = fields(Harbour)

    assert url.metadata["help"] == "Where it is."
    assert url.metadata["secret"]
    assert not style.metadata["secret"]
    assert style.metadata["choices"] == ("page", "cursor")
    assert style.default == "page"


def test_secret_settings_do_not_appear_when_a_connector_is_printed() -> None:
    assert repr(Harbour(url=Secret("hunter2"))) == "Harbour(style='page', headers={})"


def test_two_connectors_do_not_share_a_default_that_can_change() -> None:
    first, second = Harbour(url=Secret("a")), Harbour(url=Secret("b"))

    first.headers["x"] = "1"

    assert second.headers == {}


def test_a_setting_without_a_default_must_be_given() -> None:
    with pytest.raises(TypeError, match="url"):
        Harbour()


def test_a_request_is_careful_unless_told_otherwise() -> None:
    request = StreamRequest("customers")

    assert request.cursor == CursorRule(lag=timedelta(minutes=5))
    assert request.max_deleted_share == 0.2
    assert not request.accept


def test_a_class_without_the_four_verbs_is_no_connector() -> None:
    assert not isinstance(Harbour(url=Secret("a")), Connector)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("90s", 90), ("5m", 300), ("1.5h", 5400), (" 26 h ", 93_600), ("730d", 63_072_000), ("2w", 1_209_600)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)
    assert duration(timedelta(minutes=1)) == timedelta(minutes=1)
    assert duration(7, unit="m") == timedelta(minutes=7)


@pytest.mark.parametrize(
    "text", ["", "soon", "90", 90, "-5m", "5 years", "1e3s", "5m ago", "9" * 400 + "d", "\u0665m", None, True]
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        duration(text)
