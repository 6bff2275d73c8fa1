"""Write a world into its systems' true formats, and remember the truth beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hub.demo import billing, erp, legacy, mailbox, shop
from hub.demo.flaws import LOST
from hub.demo.world import Contact, World

TRUTH = "truth.json"


def write_all(world: World, folder: Path) -> None:
    """``systems/`` with the five systems, and ``truth.json``, which the hub never reads."""
    systems = folder / "systems"
    systems.mkdir(parents=True, exist_ok=True)
    erp.write(world, systems / "erp.db")
    billing.write(world, systems / "billing")
    shop.write(world, systems / "shop")
    mailbox.write(world, systems / "mailbox")
    legacy.write(world, systems / "legacy")
    text = json.dumps(truth_of(world), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / TRUTH).write_text(text + "\n", encoding="utf-8")


def truth_of(world: World) -> dict[str, Any]:
    """Whom every readable record and contact is really about, and what was broken on purpose."""
    live = [entry for entry in world.entries if entry.state == "live" and entry.flaw not in LOST]
    about = {f"{contact.system}:{_known_as(contact)}": contact.customer for contact in world.contacts if contact.flaw not in LOST}
    about |= {f"host:{entry.key}": entry.customer for entry in live if entry.system == "host"}  # the points on a card
    return {
        "seed": world.seed,
        "size": len(world.customers),
        "day": world.today.date().isoformat(),
        "records": {f"{entry.system}:{entry.key}": entry.customer for entry in live},
        "contacts": about,
        "customers": {
            one.id: {
                "name": one.name,
                "kind": one.kind,
                "story": one.story,
                "group": one.group,
                "changed": one.former_family != "",
            }
            for one in world.customers.values()
        },
        "flaws": world.flaws(),
    }


def _known_as(contact: Contact) -> str:
    """The key that its system, and so the hub, gives a contact."""
    if contact.kind == "invoice":
        return f"in_{contact.key}"
    return contact.key if contact.kind != "mail" else f"{contact.key}@{contact.email.partition('@')[2]}"
