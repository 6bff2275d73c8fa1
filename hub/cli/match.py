"""goldenhub match"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hub.app.files import LOCAL, SPARK, match
from hub.cli import NEEDS_A_LOOK
from hub.cli.files import Out, all_different
from hub.cli.show import emit_json, json_option, progress

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
OUT = Out()
_SIZE = re.compile(r"\d+(\.\d+)?\s*(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", re.IGNORECASE)


def sized(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not _SIZE.fullmatch(value.strip()):
        raise click.BadParameter(f"{value!r} is no size; write one as 500MB or 4GB.")
    return value.strip()


def engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """Who does the heavy part."""
    who = "Who joins, scores and clusters: processes of this machine, or Spark."
    engine = click.option("--engine", default=LOCAL, show_default=True, type=click.Choice([LOCAL, SPARK]), help=who)
    master = click.option("--spark-master", default="local[2]", show_default=True, help="Where Spark runs.")
    return engine(master(command))


@click.command("match")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--mapping", required=True, type=FILE, help="How a row becomes a customer; `key` names the record.")
@click.option("--out", required=True, type=OUT, help="CSV: record_id, cluster_id (and system, for several files).")
@click.option("--review", type=OUT, help="CSV of pairs a person should look at: record_id_a, record_id_b, bits, reason.")
@click.option("--rejects", type=OUT, help="CSV of rows that could not become a record, with the reason.")
@click.option(
    "--model",
    default="default",
    show_default=True,
    help="`default`: the shipped weights; `fitted`: they, with the size and the common values of this input; `trained`: weights "
    "estimated from this input, without labels; or a FILE.",
)
@click.option("--delimiter", default="", help="What parts the columns of CSV files. Default: a comma, in .tsv files a tab.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Processes.")
@click.option(
    "--memory",
    default="1GB",
    show_default=True,
    callback=sized,
    help="What the join may hold in memory; the rest spills to disk.",
)
@engine_options
@json_option
def command(
    files: tuple[Path, ...],
    mapping: Path,
    out: Path,
    review: Path | None,
    rejects: Path | None,
    model: str,
    delimiter: str,
    workers: int,
    memory: str,
    engine: str,
    spark_master: str,
    as_json: bool,
) -> None:
    """Find the duplicates in CSV or JSON Lines FILES, without a hub, with the same rules as in one.

    Records of one cluster are one customer. The order of rows and files makes no difference.
    """
    all_different(*files, out, review, rejects)
    with progress(as_json) as tell:
        report = match(
            files,
            mapping,
            out,
            review=review,
            rejects=rejects,
            model=model,
            delimiter=delimiter,
            workers=workers,
            memory=memory,
            engine=engine,
            spark_master=spark_master,
            tell=tell,
        )
    for column in report["missing"]:
        click.echo(f"No row has {column!r}, which {mapping} reads; correct the mapping if it should be there.", err=True)
    if report["missing"] and not delimiter:
        click.echo("If the columns are parted by something else than a comma, say --delimiter.", err=True)
    if as_json:
        emit_json(report)
    else:
        _tell(report, out, review, rejects)
    if report["rejected"] and not report["records"]:
        sys.exit(NEEDS_A_LOOK)


def _tell(report: dict[str, Any], out: Path, review: Path | None, rejects: Path | None) -> None:
    click.echo(
        f"{report['records']:,} records in {report['clusters']:,} clusters, the largest of {report['largest']:,}; "
        f"{report['review']:,} pairs to review, {report['rejected']:,} rows rejected. Written to {out}"
        + (f", {review}" if review else "")
        + (f", {rejects}" if rejects else "")
        + "."
    )
    if report["rejected"] and not rejects:
        click.echo("Call it with --rejects FILE to see why rows were rejected.", err=True)
