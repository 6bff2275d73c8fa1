"""goldenhub test"""

from __future__ import annotations

import sys

import click

from hub.app import open_hub
from hub.app.checking import examples
from hub.cli.show import emit_json, json_option


@click.command("test")
@click.argument("names", nargs=-1)
@json_option
def command(names: tuple[str, ...], as_json: bool) -> None:
    """Run the examples beside the mappings: all, or those of NAMES such as erp/customer. Exit code 1 when one fails."""
    with open_hub() as hub:
        results = examples(hub, names)
    failed = [result for result in results if not result.passed]
    if as_json:
        shown = [{"name": r.name, "path": r.path, "line": r.line, "problems": list(r.problems)} for r in results]
        emit_json({"passed": len(results) - len(failed), "failed": len(failed), "examples": shown})
    else:
        for result in failed:
            click.echo(str(result))
        click.echo(f"{len(results) - len(failed)} examples passed, {len(failed)} failed")
    if failed:
        sys.exit(1)
