"""One tree of errors: each class says what the loop does next, keeps its facts, and survives a process border."""

from __future__ import annotations

import inspect
import pickle

import pytest

from hub import errors
from hub.errors import HubError, Misconfigured, Rejected, Retryable, Throttled, did_you_mean

EVERY = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, HubError)]
KINDS = [c for c in EVERY if c not in (HubError, Retryable, Rejected, Misconfigured)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_exactly_one_thing_about_what_happens_next(kind: type[HubError]) -> None:
    assert sum(issubclass(kind, what_next) for what_next in (Retryable, Rejected, Misconfigured)) == 1


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_has_a_message_of_its_own(kind: type[HubError]) -> None:
    assert str(kind()) == (kind.__doc__ or "").strip().splitlines()[0]
    assert kind.__doc__ not in {k.__doc__ for k in EVERY if k is not kind}


def test_codes_are_unique_so_that_a_count_by_code_is_a_count_by_kind() -> None:
    assert len({kind.code for kind in EVERY}) == len(EVERY)


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_is_drawn_in_the_tree(kind: type[HubError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("kind", EVERY)
def test_an_error_crosses_a_process_border_with_message_and_facts(kind: type[HubError]) -> None:
    sent = kind("the harbour is closed", system="erp", wait=2.5)

    arrived = pickle.loads(pickle.dumps(sent))

    assert type(arrived) is kind
    assert str(arrived) == "the harbour is closed"
    assert arrived.facts == {"system": "erp", "wait": 2.5}


def test_facts_are_attributes_and_a_missing_one_is_a_mistake() -> None:
    error = Throttled(wait=3)

    assert error.wait == 3
    with pytest.raises(AttributeError):
        _ = error.weight


def test_a_typing_mistake_is_answered_with_the_nearest_word() -> None:
    assert did_you_mean("postgers", ["postgres", "mariadb"]) == " (did you mean 'postgres'?)"
    assert did_you_mean("quite something else", ["postgres", "mariadb"]) == ""
