"""The command `goldenhub`: one file a command, loaded when it is called, so that help is quick.

Exit codes: 0 done, 1 done but something needs a look (findings, failed examples, differences), 2 wrong usage,
3 a person must change a setting or a file, 4 a system is not ready: try again later, 130 interrupted.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from pathlib import Path

import click

from hub.errors import HubError, Misconfigured, Rejected, Retryable, did_you_mean

NEEDS_A_LOOK, MISCONFIGURED, NOT_READY = 1, 3, 4

# command -> (module below hub.cli, attribute, one line of help): the overview must not import what it lists
COMMANDS = {
    "demo": ("demo", "Make a small company, read its five systems, resolve, and show the result."),
    "lint": ("lint", "Check landscape, mappings, code lists and rules without touching data."),
    "test": ("examples", "Run the examples beside the mappings."),
    "ingest": ("ingest", "Read feeds, translate, check, resolve."),
    "load": ("load", "Read feeds and resolve everything at once, for a first load."),
    "work": ("work", "Take what waits and do it, in processes of their own, until told to stop."),
    "post": ("post", "Push records into a feed in its system's own words, and get receipts."),
    "trace": ("trace", "A record's way through every hop, with times."),
    "replay": ("replay", "Translate what is kept once more, after a mapping was mended; or say what that would change."),
    "match": ("match", "Find the duplicates in files, without a hub."),
    "explain": ("explain", "Why two records are one customer, or not; how a golden record was built."),
    "golden": ("golden", "Show and export golden records."),
    "who-is": ("who_is", "Who a system's record is, and under which keys the others know the same customer."),
    "changes": ("changes", "The feed of changes in golden records: from the beginning, after a position, or as they come."),
    "deliver": ("deliver", "Write what changed in golden records back to systems."),
    "deliveries": ("deliveries", "What was written back, what waits, and what was parked with the system's answer."),
    "serve": ("serve", "Answer over HTTP: what systems push, ask and follow."),
    "token": ("token", "What systems show to be let in by `goldenhub serve`."),
    "review": ("review", "What waits for a person, and the answers people gave."),
    "rejects": ("rejects", "What was set aside, and why: correct, replay, put away."),
    "dead": ("dead", "What no worker could take, and why: correct, replay, put away."),
    "train": ("train", "Estimate a new version of the matching model from what is held, or from stewards' answers."),
    "model": ("model", "Versions of the matching model: list, show, simulate, apply, roll back."),
    "rebuild": ("rebuild", "Compute all golden records anew and prove that nothing differs."),
    "doctor": ("doctor", "Check everything the hub depends on, and say what to do."),
    "migrate": ("migrate", "Bring the store's tables to this version."),
    "prune": ("prune", "Let go of what is kept longer than it must be."),
    "keys": ("keys", "The master keys that seal what is kept raw: list, rotate, forget."),
    "connectors": ("connectors", "The kinds of systems, their settings, and a check of your own."),
    "services": ("services", "PostgreSQL, RabbitMQ, workers and interface on this machine, from Debian packages."),
    "bus": ("bus", "The broker: what the hub needs there, as files too, and whether it is there."),
    "bench": ("bench", "Measure: speed against the plain libraries, accuracy on labelled sets."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"hub.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as unknown:
            raise click.UsageError(unknown.message + did_you_mean(args[0], COMMANDS), ctx) from unknown


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="goldenhub", prog_name="goldenhub")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="The company's folder with landscape.yaml; as HUB_HOME. Default: here.",
)
def goldenhub(home: Path | None) -> None:
    """Every system connected once, one golden record per customer, every value explained.

    Start with `goldenhub demo`. Settings come from HUB_* variables; see `goldenhub doctor`.
    """
    if home is not None:
        os.environ["HUB_HOME"] = str(home)


def main() -> None:
    """The door: errors of the hub become one line on standard error and an exit code."""
    gc.set_threshold(50_000, 20, 50)  # records live as long as their batch: looking for cycles all the time costs a seventh
    try:
        goldenhub.main(prog_name="goldenhub", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except HubError as error:
        click.echo(f"goldenhub: {error}", err=True)
        sys.exit(_exit_code(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _exit_code(error: HubError) -> int:
    if isinstance(error, Misconfigured):
        return MISCONFIGURED
    if isinstance(error, Retryable):
        return NOT_READY
    return NEEDS_A_LOOK if isinstance(error, Rejected) else MISCONFIGURED
