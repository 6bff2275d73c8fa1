"""The web shop: accounts, orders and forms as JSON Lines, one export file each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.demo.world import Address, Contact, Entry, World

_ARTICLES = (
    ("A-100", "Oak table", "249.00"), ("A-205", "Desk lamp", "39.90"), ("A-310", "Office chair", "189.00"),
    ("A-477", "Shelf", "79.50"), ("A-512", "Carpet", "129.00"), ("A-690", "Water carafe", "19.90"),
)  # fmt: skip
_FORMS = ("contact", "callback", "newsletter", "complaint")


def write(world: World, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    live = [entry for entry in world.of("shop") if entry.state != "removed"]
    _lines(folder / "accounts.jsonl", (_dump(_account(entry)) for entry in live for _ in range(1 + (entry.flaw == "duplicated"))))
    _lines(folder / "orders.jsonl", (_cut(_order(order), order) for order in world.contacts_of("order")))
    _lines(folder / "forms.jsonl", (_cut(_form(form), form) for form in world.contacts_of("form")))


def _lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _dump(row: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in row.items() if value not in (None, "")}, ensure_ascii=False)


def _cut(row: dict[str, Any], contact: Contact) -> str:
    """As if the export had stopped in the middle of a line."""
    line = _dump(row)
    return line[: len(line) // 2] if contact.flaw == "line_truncated" else line


def _account(entry: Entry) -> dict[str, Any]:
    return {
        "account": entry.key,
        "email": entry.email,
        "first_name": entry.given,
        "last_name": entry.family,
        "display_name": entry.native or entry.name,
        "company": entry.company,
        "birthday": entry.birth,
        "phone": entry.phones[0] if entry.phones else None,
        "country": entry.country,
        "delivery_address": _place(entry.address),
        "vat_id": entry.vat,
        "registered": _iso(entry.created_at),
        "updated": _iso(entry.changed_at),
        "closed": entry.state == "deleted" or None,
    }


def _place(address: Address | None) -> dict[str, str] | None:
    if not address:
        return None
    return {"street": address.line, "zip": address.postal_code, "city": address.city, "country": address.country}


def _order(contact: Contact) -> dict[str, Any]:
    code, name, price = _ARTICLES[contact.subject % len(_ARTICLES)]
    return {
        "order": contact.key,
        "placed": _iso(contact.at),
        "account": contact.by_key,
        "buyer": {"name": contact.name, "email": contact.email},
        "total": f"{contact.amount / 100:.2f}",
        "currency": contact.currency,
        "status": ("shipped", "delivered", "returned", "open")[contact.subject % 4],
        "lines": [{"article": code, "name": name, "quantity": contact.subject % 3 + 1, "price": price}],
    }


def _form(contact: Contact) -> dict[str, Any]:
    return {
        "form": contact.key,
        "kind": _FORMS[contact.subject % len(_FORMS)],
        "sent": _iso(contact.at),
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "message": f"Question no. {contact.subject}",
        "language": contact.language,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
