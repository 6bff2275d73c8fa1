"""TLS: the broker's certificate is verified, the hub shows its own, and what is wrong is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.bus.declaring import declare
from hub.bus.topology import topology
from hub.contract import Secret
from hub.errors import BadSettings, Unavailable
from hub.settings import Settings
from hub.store.store import Store
from tests.contract.buses import Rabbit, record
from tests.services.brokers import OwnBroker


@pytest.fixture
def settings(own_broker: OwnBroker) -> Iterator[Settings]:
    at = own_broker.certificates
    yield Settings(
        bus_url=Secret(own_broker.tls_url()),
        bus_declare="none",
        bus_ca=str(at / "ca.pem"),
        bus_certificate=str(at / "hub.pem"),
        bus_key=str(at / "hub.key"),
    )


def test_records_travel_over_tls_in_both_directions(own_broker: OwnBroker, settings: Settings, sqlite_store: Store) -> None:
    files = {"bus_ca": settings.bus_ca, "bus_certificate": settings.bus_certificate, "bus_key": settings.bus_key}
    twin = Rabbit.at(sqlite_store, own_broker.tls_url(), **files)
    twin.publish([record(number) for number in range(300)])

    assert len(twin.drain()) == 300
    twin.remove()


def test_a_certificate_of_nobody_we_trust_is_refused(settings: Settings) -> None:
    with pytest.raises(BadSettings, match="cannot be trusted: set HUB_BUS_CA"):
        declare(replace(settings, bus_ca=""), topology([]))


def test_a_certificate_for_another_name_is_refused(own_broker: OwnBroker, settings: Settings) -> None:
    with pytest.raises(BadSettings, match="cannot be trusted"):
        declare(replace(settings, bus_url=Secret(own_broker.tls_url("127.0.0.1"))), topology([]))


def test_a_broker_that_asks_for_a_certificate_lets_nobody_in_without(settings: Settings) -> None:
    with pytest.raises(Unavailable, match="HUB_BUS_CERTIFICATE"):
        declare(replace(settings, bus_certificate="", bus_key=""), topology([]))


def test_files_that_are_no_certificates_are_named(settings: Settings, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")

    with pytest.raises(BadSettings, match=r"HUB_BUS_CA names .*missing\.pem, which is no file"):
        declare(replace(settings, bus_ca=str(tmp_path / "missing.pem")), topology([]))
    with pytest.raises(BadSettings, match="cannot be used"):
        declare(replace(settings, bus_certificate=str(wrong)), topology([]))


def test_a_url_that_is_none_is_told(settings: Settings) -> None:
    for url in ("http://localhost/", "amqp://localhost:port/", "localhost"):
        with pytest.raises(BadSettings, match="HUB_BUS_URL"):
            declare(replace(settings, bus_url=Secret(url)), topology([]))
