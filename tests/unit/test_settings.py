"""Settings come from HUB_* variables, are checked at the door, and never show a password."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hub.errors import BadSettings
from hub.settings import Settings, from_environment, without_password


def test_an_empty_environment_needs_no_server() -> None:
    settings = from_environment({})

    assert settings == Settings()
    assert settings.store_url.startswith("sqlite:///")


def test_each_setting_is_read_from_its_variable() -> None:
    settings = from_environment({"HUB_HOME": "/company", "HUB_BATCH_SIZE": "50", "HUB_AS_OF": "2026-03-01"})

    assert settings.home == Path("/company")
    assert settings.batch_size == 50
    assert settings.as_of == "2026-03-01"
    assert settings.store_url == "sqlite:////company/.hub/hub.db"


def test_an_unknown_setting_stops_with_the_nearest_known_one() -> None:
    with pytest.raises(BadSettings, match=r"HUB_BATCHSIZE.*did you mean 'HUB_BATCH_SIZE'") as caught:
        from_environment({"HUB_BATCHSIZE": "50"})

    assert caught.value.name == "HUB_BATCHSIZE"


def test_a_setting_of_a_few_words_takes_no_other() -> None:
    assert from_environment({"HUB_BUS_DECLARE": "passive"}).bus_declare == "passive"
    with pytest.raises(BadSettings, match="HUB_BUS_DECLARE must be one of create, passive, none, not 'perhaps'"):
        from_environment({"HUB_BUS_DECLARE": "perhaps"})


def test_variables_for_the_tests_and_of_others_do_not_matter() -> None:
    assert from_environment({"HUB_TEST_POSTGRES_URL": "x", "HOME": "/somebody", "GITHUB_TOKEN": "x"}) == Settings()


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", " "])
def test_a_batch_size_is_a_whole_number_above_zero(text: str) -> None:
    with pytest.raises(BadSettings, match="HUB_BATCH_SIZE must be a whole number"):
        from_environment({"HUB_BATCH_SIZE": text})


def test_no_password_is_shown() -> None:
    settings = from_environment({"HUB_DATABASE_URL": "postgresql+psycopg://hub:hunter2@db.example/hub"})

    assert "hunter2" in settings.store_url
    for shown in (repr(settings), str(settings), settings.shown_store_url):
        assert "hunter2" not in shown
    assert settings.shown_store_url == "postgresql+psycopg://hub:***@db.example/hub"


@pytest.mark.parametrize("url", ["sqlite:///hub.db", "postgresql://hub@db.example/hub", ""])
def test_a_url_without_a_password_is_shown_as_it_is(url: str) -> None:
    assert without_password(url) == url


def test_a_password_that_needed_quoting_is_hidden_too() -> None:
    assert without_password("amqp://hub:p%40ss@mq.example//") == "amqp://hub:***@mq.example//"


def test_a_password_equal_to_the_user_name_is_hidden_and_the_name_shown() -> None:
    assert without_password("amqp://guest:guest@mq.example/") == "amqp://guest:***@mq.example/"


@pytest.mark.parametrize("field", dataclasses.fields(Settings), ids=lambda f: f.name)
def test_every_setting_says_what_it_is_for(field: dataclasses.Field[object]) -> None:
    assert field.metadata["help"].endswith(".")
