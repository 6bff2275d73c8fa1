"""The billing system's data: what its HTTP interface (``billing_server``) hands out."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.demo.places import COUNTRIES
from hub.demo.world import Contact, Entry, World

_TAX_TYPES = {"ES": "es_cif", "DE": "eu_vat", "FR": "eu_vat", "GB": "gb_vat", "PL": "eu_vat"}
_PRODUCTS = ("Service contract", "Spare parts", "Inspection", "Delivery", "Training day", "Annual licence")


def write(world: World, folder: Path) -> None:
    """``customers.json`` and ``invoices.json``, sorted by the time of their last change."""
    folder.mkdir(parents=True, exist_ok=True)
    customers = [_customer(entry) for entry in world.of("billing") if entry.state != "removed"]
    invoices = [_invoice(contact) for contact in world.contacts_of("invoice")]
    for name, rows in (("customers", customers), ("invoices", invoices)):
        rows.sort(key=lambda row: (row["updated_at"], row["id"]))
        (folder / f"{name}.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _customer(entry: Entry) -> dict[str, Any]:
    language = COUNTRIES[entry.country].language
    return {
        "id": entry.key,
        "object": "customer",
        "type": "business" if entry.kind == "organization" else "individual",
        "name": entry.name,
        "local_name": entry.native or None,
        "email": entry.email.replace("@", "@@") if entry.flaw == "email_invalid" else entry.email or None,
        "phone": entry.phones[0] if entry.phones else None,
        "address": _address(entry),
        "tax_ids": [{"type": _TAX_TYPES[entry.country], "value": entry.vat, "country": entry.country}] if entry.vat else [],
        "preferred_locale": f"{language}-{entry.country}",
        "currency": COUNTRIES[entry.country].currency.lower(),
        "deleted": entry.state == "deleted",
        "created": int(entry.created_at.timestamp()),
        "updated_at": _iso(entry.changed_at),
        "livemode": True,
    }


def _address(entry: Entry) -> dict[str, Any] | None:
    place = entry.address
    if not place:
        return None
    return {
        "line1": place.line, "line2": None, "city": place.city, "state": place.region, "postal_code": place.postal_code,
        "country": place.country,
    }  # fmt: skip


def _invoice(contact: Contact) -> dict[str, Any]:
    net = contact.amount
    tax = net * 21 // 100
    paid = contact.subject % 5 != 0
    return {
        "id": f"in_{contact.key}",
        "object": "invoice",
        "number": contact.key,
        "customer": contact.by_key,
        "currency": contact.currency.lower(),
        "subtotal": net,
        "tax": tax,
        "total": net + tax,
        "amount_due": 0 if paid else net + tax,
        "status": "paid" if paid else "open",
        "issued_at": _iso(contact.at),
        "due_at": _iso(contact.at + timedelta(days=30)),
        "lines": [{"description": _PRODUCTS[contact.subject % len(_PRODUCTS)], "quantity": 1, "amount": net}],
        "updated_at": _iso(contact.at),
    }


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
