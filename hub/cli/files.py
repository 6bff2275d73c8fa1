"""Files that a command is to write: looked at before the work begins, not when it is done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class Out(click.Path):
    """A file to be written. Its folder must be there: a command makes no folders by mistake."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"The folder {path.parent} is not there; make it first.", param, ctx)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            self.fail(f"{path} cannot be written.", param, ctx)
        return path


def all_different(*paths: Path | None) -> None:
    """Raise a usage error when a file is written twice, or is read and written."""
    seen: set[Path] = set()
    for path in paths:
        if path is not None and path.resolve() in seen:
            raise click.UsageError(f"{path} is named twice; what is read and what is written must be different files.")
        if path is not None:
            seen.add(path.resolve())
