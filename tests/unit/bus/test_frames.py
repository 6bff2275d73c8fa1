"""A message in one piece is what pika would send in three."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import frame, spec

from hub.bus.frames import Outgoing, joined
from hub.errors import Rejected

LARGEST = 4096
names = st.text(max_size=300)
texts = st.none() | st.text(max_size=60)
values: st.SearchStrategy[Any] = st.text(max_size=30) | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none()
properties = st.builds(
    spec.BasicProperties,
    content_type=texts,
    content_encoding=texts,
    headers=st.none() | st.dictionaries(names, st.text(max_size=30)) | st.dictionaries(names, values),
    delivery_mode=st.none() | st.just(2),
    message_id=st.none() | names,
    type=texts,
    app_id=texts,
    correlation_id=st.none() | st.just("c"),
)


def by_pika(message: Outgoing) -> bytes:
    """The frames that pika's own way comes to."""
    method = frame.Method(1, spec.Basic.Publish(exchange=message.exchange, routing_key=message.key)).marshal()
    header = frame.Header(1, len(message.body), message.properties).marshal()
    parts = [message.body[start : start + LARGEST] for start in range(0, len(message.body), LARGEST)]
    return b"".join([method, header, *(frame.Body(1, part).marshal() for part in parts)])


@given(properties, st.sampled_from(["", "hub.golden"]), st.sampled_from(["k", "customer.created.v1"]), st.integers(0, 9000))
def test_a_message_is_the_bytes_that_pika_makes_of_it(told: spec.BasicProperties, exchange: str, key: str, size: int) -> None:
    message = Outgoing(exchange, key, "m", told, b"x" * size)
    try:
        ours = joined(1, message, LARGEST)
    except Rejected as never:
        if never.code == "headers_invalid":
            with pytest.raises(Exception):  # noqa: B017 - whatever pika says of what it cannot write
                by_pika(message)
        else:
            assert len(b"".join(told.encode())) + 12 > LARGEST
    else:
        assert ours == by_pika(message)


def test_a_text_that_is_no_unicode_is_refused() -> None:
    for told in ({"headers": {"x": "\ud800"}}, {"headers": {"\ud800": "x"}}, {"message_id": "\ud800"}, {"type": "y" * 256}):
        with pytest.raises(Rejected) as refused:
            joined(1, Outgoing("", "k", "m", spec.BasicProperties(delivery_mode=2, **told), b""), LARGEST)
        assert refused.value.code == "headers_invalid"
