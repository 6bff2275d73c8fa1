"""What is wrong with a mapping, said so that an analyst can put it right: code, file, line, column, message, hint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.documents import Document
from hub.errors import BadMapping

ERROR, WARNING, INFO = "error", "warning", "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about one place. The code is stable; the message is for people."""

    code: str
    severity: str  # error | warning | info
    path: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {self.severity} {self.code}: {self.message}{hint}"


class Notes:
    """Collects findings of one file while it is read."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Finding] = []

    def error(self, code: str, message: str, *steps: str | int, hint: str = "", offset: int | None = None) -> None:
        self._add(code, ERROR, message, steps, hint, offset)

    def warning(self, code: str, message: str, *steps: str | int, hint: str = "", offset: int | None = None) -> None:
        self._add(code, WARNING, message, steps, hint, offset)

    def info(self, code: str, message: str, *steps: str | int, hint: str = "", offset: int | None = None) -> None:
        self._add(code, INFO, message, steps, hint, offset)

    def _add(self, code: str, severity: str, message: str, steps: tuple[str | int, ...], hint: str, offset: int | None) -> None:
        line, column = self.document.place(*steps)
        if offset is not None and steps in self.document.starts:
            line, column = self.document.starts[steps]
            column += offset
        self.found.append(Finding(code, severity, self.document.path, line, column, message, hint))

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.found if finding.severity == ERROR]

    def stop_on_errors(self) -> None:
        """Raise :class:`BadMapping` with every error found so far."""
        if self.errors:
            raise bad_mapping(self.errors)


def bad_mapping(errors: Sequence[Finding]) -> BadMapping:
    first = errors[0]
    hint = f" {first.hint}" if first.hint else ""
    more = f" (and {len(errors) - 1} more; run `goldenhub lint`)" if len(errors) > 1 else ""
    message = f"{first.path}:{first.line}:{first.column}: {first.message}{hint}{more}"
    return BadMapping(message, path=first.path, line=first.line, column=first.column, findings=list(errors))


def from_error(error: BadMapping, code: str = "yaml_invalid") -> list[Finding]:
    """The findings an error carries; a file that is no YAML carries only its own message."""
    if "findings" in error.facts:
        return list(error.facts["findings"])
    path, line, column = error.facts.get("path", ""), error.facts.get("line", 1), error.facts.get("column", 1)
    return [Finding(code, ERROR, path, line, column, error.message.removeprefix(f"{path}:{line}:{column}: "))]
