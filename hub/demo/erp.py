"""The ERP: an SQL database with header, address and phone rows and code tables, in the local time of Madrid.

Each row has a time of its own. Most of its programs change an address without touching the header. What is changed through the
database, as the hub does it, a trigger stamps with the ERP's own day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    func,
    select,
    update,
)

from hub.demo.places import COUNTRIES
from hub.demo.world import Entry, World

_MADRID = ZoneInfo("Europe/Madrid")
_NEVER = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - a local time, as the ERP keeps them
metadata = MetaData()

customers = Table(
    "customers", metadata,
    Column("id", Integer, primary_key=True),
    Column("type_code", String(1), nullable=False),
    Column("title", String(20)),
    Column("first_name", String(60)),
    Column("last_name", String(60)),
    Column("name_suffix", String(10)),
    Column("company", String(120)),
    Column("born", String(10)),
    Column("gender_code", String(1)),
    Column("vat", String(20)),
    Column("tax_no", String(20)),
    Column("mail", String(120)),
    Column("lang_code", String(2)),
    Column("cc", String(2), nullable=False),
    Column("payment_terms", String(4)),
    Column("status", String(10), nullable=False),
    Column("rep", String(20)),
    Column("internal_note", Text),
    Column("merged_into", Integer),
    Column("hub_id", String(36)),  # filled by the hub: which golden record the customer is
    Column("created_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
    Column("deleted_at", DateTime),
    Index("customers_changed", "changed_at", "id"),
)  # fmt: skip
addresses = Table(
    "addresses", metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False, index=True),
    Column("use_code", String(1), nullable=False),
    Column("street", String(120)),
    Column("zip", String(12)),
    Column("city", String(60)),
    Column("region", String(60)),
    Column("cc", String(2), nullable=False),
    Column("changed_at", DateTime, nullable=False),
    Index("addresses_changed", "changed_at", "id"),
)  # fmt: skip
phones = Table(
    "phones", metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind_code", String(1), nullable=False),
    Column("number", String(30)),
    Column("cc", String(2), nullable=False),
    Column("changed_at", DateTime, nullable=False),
    Index("phones_changed", "changed_at", "id"),
)  # fmt: skip
customer_types = Table("customer_types", metadata, Column("code", String(1), primary_key=True), Column("text", String(40)))
address_uses = Table("address_uses", metadata, Column("code", String(1), primary_key=True), Column("text", String(40)))
phone_kinds = Table("phone_kinds", metadata, Column("code", String(1), primary_key=True), Column("text", String(40)))

_CODES = (
    (customer_types, {"P": "Particular", "C": "Empresa"}),
    (address_uses, {"F": "Facturación", "E": "Entrega"}),
    (phone_kinds, {"F": "Fijo", "M": "Móvil"}),
)


_STAMP = """
CREATE TRIGGER stamp AFTER UPDATE OF {columns} ON customers BEGIN
  UPDATE customers SET changed_at = '{now}' WHERE id = NEW.id;
END
"""


def write(world: World, path: Path) -> None:
    """The whole database as it is on the world's day. What the hub wrote into it on the day before stays there."""
    kept_words = _written_by_the_hub(path)
    path.unlink(missing_ok=True)
    engine = create_engine(f"sqlite:///{path}")
    kept = [entry for entry in world.of("erp") if entry.state != "removed"]
    with engine.begin() as connection:
        metadata.create_all(connection)
        for table, codes in _CODES:
            connection.execute(table.insert(), [{"code": code, "text": text} for code, text in codes.items()])
        connection.execute(customers.insert(), [_header(entry) for entry in kept])
        connection.execute(addresses.insert(), list(_address_rows(kept)))
        connection.execute(phones.insert(), list(_phone_rows(kept)))
        for number, (hub_id, mail) in kept_words.items():
            filled = update(customers).where(customers.c.id == number)
            connection.execute(filled.values(hub_id=hub_id, mail=func.coalesce(customers.c.mail, mail)))
        stamped = [column.name for column in customers.columns if column.name not in ("id", "changed_at")]
        connection.exec_driver_sql(_STAMP.format(columns=", ".join(stamped), now=f"{_local(world.today):%Y-%m-%d %H:%M:%S.%f}"))
    engine.dispose()


def _written_by_the_hub(path: Path) -> dict[int, tuple[str, str | None]]:
    """Number, the hub's id and the address of the customers that it told the ERP something about."""
    if not path.is_file():
        return {}
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            told = select(customers.c.id, customers.c.hub_id, customers.c.mail).where(customers.c.hub_id.is_not(None))
            return {row.id: (row.hub_id, row.mail) for row in connection.execute(told)}
    finally:
        engine.dispose()


def _header(entry: Entry) -> dict[str, Any]:
    person = entry.kind == "person"
    number = int(entry.key)
    return {
        "id": number,
        "type_code": "Z" if entry.flaw == "code_unmapped" else "P" if person else "C",
        "title": {"female": "Sra.", "male": "Sr."}.get(entry.gender) if number % 3 else None,
        "first_name": entry.given or None,
        "last_name": entry.family + "\x07" * (entry.flaw == "control_character") or None,
        "name_suffix": entry.suffix or None,
        "company": entry.company or None,
        "born": _born(entry),
        "gender_code": {"female": "M", "male": "H"}.get(entry.gender),  # mujer, hombre
        "vat": _spaced_vat(entry.vat, number) or None,
        "tax_no": entry.national_id or None,
        "mail": entry.email or None,
        "lang_code": COUNTRIES[entry.country].language.upper(),
        "cc": entry.country,
        "payment_terms": ("N30", "N60", "PRE")[number % 3],
        "status": "test" if entry.flaw == "test_row" else "active",
        "rep": f"rep{number % 7 + 1}",
        "internal_note": "call before noon" if number % 11 == 0 else None,
        "merged_into": int(entry.merged_into) if entry.merged_into else None,
        "created_at": _local(entry.created_at),
        "changed_at": _NEVER if entry.flaw == "year_9999" else _local(entry.changed_at),
        "deleted_at": _local(entry.changed_at) if entry.state == "deleted" else None,
    }


def _born(entry: Entry) -> str | None:
    if entry.flaw == "birth_impossible":
        return "31/02/1980"
    return "/".join(reversed(entry.birth.split("-"))) if entry.birth else None


def _spaced_vat(vat: str, number: int) -> str:
    """Half of them as people write them."""
    return f"{vat[:2]} {vat[2:6]}-{vat[6:]}" if vat and number % 2 else vat


def _address_rows(entries: list[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        if entry.address:
            place = entry.address
            yield {
                "id": int(entry.key) * 10 + 1, "customer_id": int(entry.key), "use_code": "F", "street": place.line,
                "zip": place.postal_code, "city": place.city, "region": place.region, "cc": place.country,
                "changed_at": _local(entry.moved_at or entry.created_at),
            }  # fmt: skip


def _phone_rows(entries: list[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        for nth, number in enumerate(entry.phones):
            yield {
                "id": int(entry.key) * 10 + nth, "customer_id": int(entry.key), "kind_code": "FM"[nth], "number": number,
                "cc": entry.country, "changed_at": _local(entry.created_at),
            }  # fmt: skip


def _local(moment: datetime) -> datetime:
    return moment.astimezone(_MADRID).replace(tzinfo=None)
