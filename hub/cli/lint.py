"""goldenhub lint"""

from __future__ import annotations

import sys

import click

from hub.app import open_hub
from hub.app.checking import covered, lint
from hub.cli.show import emit_json, json_option


@click.command("lint")
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@json_option
def command(strict: bool, as_json: bool) -> None:
    """Check landscape, mappings, code lists, examples and rules. No system is asked and no data is touched.

    Each finding is one line, `file:line:column: severity code: message`. Exit code 1 when there is an error.
    """
    with open_hub() as hub:
        findings, coverage = lint(hub), covered(hub)
    if as_json:
        emit_json(
            {
                "findings": [{name: getattr(found, name) for name in found.__slots__} for found in findings],
                "coverage": coverage,
            }
        )
    else:
        for found in findings:
            click.echo(str(found))
        for name, share in coverage.items():
            click.echo(
                f"{name}: {share['mapped']} source fields mapped, {share['ignored']} ignored, {len(share['unmapped'])} neither"
            )
        errors = sum(found.severity == "error" for found in findings)
        warnings = sum(found.severity == "warning" for found in findings)
        click.echo(f"{errors} errors, {warnings} warnings in {len(coverage)} mappings")
    if any(found.severity == "error" or (strict and found.severity == "warning") for found in findings):
        sys.exit(1)
