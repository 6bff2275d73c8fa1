"""goldenhub prune"""

from __future__ import annotations

import click

from hub.app import open_hub
from hub.app.pruning import prune as let_go
from hub.cli.show import console, emit_json, json_option, progress, table

KEPT = ("keep_raw", "raw_budget", "keep_inbox", "keep_rejects", "keep_history", "keep_changes")


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Say what would go, and let nothing go.")
@json_option
def command(dry_run: bool, as_json: bool) -> None:
    """Let go of what is kept longer than HUB_KEEP_RAW, _INBOX, _REJECTS, _HISTORY, _CHANGES and HUB_RAW_BUDGET say.

    What still counts stays: what holds, what an open reject waits for, and every figure of the accounting. Workers (`goldenhub
    work`) do the same by themselves every HUB_PRUNE_EVERY, and as soon as the budget is full.
    """
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        settings = {f"HUB_{name.upper()}": getattr(hub.settings, name) for name in KEPT}
        done = let_go(hub, tell, dry_run=dry_run)
    if as_json:
        emit_json(done.as_dict() | {"dry_run": dry_run})
        return
    if not any(value is not None for value in settings.values()):
        click.echo(f"Everything is kept for ever. To let go of something, set one of {', '.join(settings)}.")
        return
    rows = [
        (done.receipts, "raw records, with their receipts", "HUB_KEEP_RAW"),
        (done.bodies, "raw bodies, whose receipts stay", "HUB_RAW_BUDGET"),
        (done.inbox, "ids of pushed messages", "HUB_KEEP_INBOX"),
        (done.rejects, "closed rejects", "HUB_KEEP_REJECTS"),
        (done.dead_letters, "closed dead letters", "HUB_KEEP_REJECTS"),
        (done.versions, "versions that count for nothing", "HUB_KEEP_HISTORY"),
        (done.changes, "changes of golden records, out of the feed", "HUB_KEEP_CHANGES"),
        (done.deliveries, "receipts of deliveries", "HUB_KEEP_CHANGES"),
    ]
    gone = [row for row in rows if settings[row[2]] is not None]
    console().print(table("Would go" if dry_run else "Gone", ("number", "what", "because of"), gone, right=("number",)))
    click.echo(f"\n{done.bytes:,} bytes of raw bodies {'would be' if dry_run else 'were'} freed.")
    if done.over_budget:
        said = "Open rejects wait for what is left: replay or archive them (goldenhub rejects), or raise HUB_RAW_BUDGET."
        click.echo(f"Still {done.over_budget:,} bytes over HUB_RAW_BUDGET. {said}", err=True)
