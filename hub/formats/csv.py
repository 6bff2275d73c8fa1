"""CSV to rows: one damaged row costs only itself, whatever is wrong with it.

A quote that nobody closes would swallow the rows behind it. So when a row over several lines does not come out right, only
its first line is set aside and the following lines are read again on their own.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from hub.errors import BadSettings
from hub.formats.lines import Line, is_damaged, read_lines
from hub.formats.rows import LONGEST_RECORD, Flaw, Row, excerpt, too_long, unknown_bytes
from hub.records import Data

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # process-wide; the limit that counts is on the whole record, below

_RESTARTS = 100  # a file with more open quotes than this is no CSV


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How a file is written."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'
    columns: tuple[str, ...] = ()  # names, for files without a header line
    skip: int = 0  # lines above the header
    longest: int = LONGEST_RECORD


def read(stream: BinaryIO, name: str, form: CsvFormat) -> Iterator[Row | Flaw]:
    """Every row of the file. The first row names the columns, unless the format does."""
    columns = _once(form.columns, "`columns`")
    start = form.skip
    for _ in range(_RESTARTS):
        feed = _Feed(stream, form, start)
        yield from _rows(feed, columns, name)
        if not feed.swallowed:
            return
        start = feed.first


def header(stream: BinaryIO, form: CsvFormat) -> list[str]:
    """The names of the columns."""
    if form.columns:
        return _once(form.columns, "`columns`")
    first = next(_Feed(stream, form, form.skip).rows(), None)
    return _names(first or [], form)


def _names(values: Sequence[str], form: CsvFormat, where: str = "The header") -> list[str]:
    """Where not even the names can be read, no row can: a wrong encoding, or no text at all."""
    if any(is_damaged(value) for value in values):
        said = f"{where}: the names of the columns are no {form.encoding}: correct `encoding`, or is this no CSV file?"
        raise BadSettings(said, name="encoding", where=where)
    return _once([value.strip() for value in values], where)


def _once(names: Sequence[str], where: str) -> list[str]:
    """The names, unless one is there twice: of two such values nobody could say which is meant. Empty ones may be many."""
    twice = next((name for name, number in Counter(names).items() if name and number > 1), None)
    if twice is not None:
        said = f"{where}: there are several columns {twice!r}: rename them at the source, or skip the header and name `columns`."
        raise BadSettings(said, name="columns", where=where)
    return list(names)


def _rows(feed: _Feed, columns: list[str], name: str) -> Iterator[Row | Flaw]:
    for values in feed.rows():
        where = f"{name}:{feed.first}"
        if values is not None and not columns:
            columns += _names(values, feed.form, where)
        elif values is None or values:
            found = _row(values, columns, where, feed) if values else _broken(where, feed)
            if isinstance(found, Flaw):
                feed.read_again()
            yield found
        if feed.swallowed:
            return


class _Feed:
    """Gives the CSV reader its lines, and remembers what this row was made of."""

    def __init__(self, stream: BinaryIO, form: CsvFormat, start: int) -> None:
        stream.seek(0)
        self.form = form
        self._lines = read_lines(stream, form.encoding, form.longest, keep=form.quote + form.delimiter)
        self._shape = re.compile(f"[^{re.escape(form.quote + form.delimiter)}\r\n]+")
        self._again: deque[Line] = deque()
        self._next = start + 1
        for _ in range(start):
            next(self._lines, None)
        self._begin()

    def _begin(self) -> None:
        self.first = self._next
        self.size = 0
        self.too_long = False
        self.ended = True
        self.open = False  # the file ended inside a quote
        self._row: list[Line] = []

    @property
    def swallowed(self) -> bool:
        """An open quote took more lines than could be kept, up to the end of the file: read again from behind the quote."""
        return self.open and self.too_long

    @property
    def single(self) -> bool:
        return len(self._row) == 1

    @property
    def shown(self) -> str:
        """The beginning of the row as it stands in the file."""
        return excerpt(self._row[0].text.rstrip("\r\n")) if self._row and not is_damaged(self._row[0].text) else ""

    def rows(self) -> Iterator[list[str] | None]:
        """The values of each row; None where the quotes make no sense."""
        reader = self._reader()
        while True:
            self._begin()
            values: list[str] | None = None
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:
                reader = self._reader()
            yield values

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self, delimiter=self.form.delimiter, quotechar=self.form.quote, strict=True)

    def read_again(self) -> None:
        """Give the lines of this row behind its first one once more, as rows of their own."""
        if len(self._row) > 1:
            self._again.extendleft(reversed(self._row[1:]))
            self._next = self._row[1].number

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines, None)
        if line is None:
            self.open = self.size > 0
            raise StopIteration
        self._next = line.number + 1
        self.ended = line.ended
        self.size += len(line.text)
        if line.too_long or self.size > self.form.longest:
            self.too_long = True
            self._row.clear()
            return line.text if line.too_long else self._shape.sub("x", line.text)
        self._row.append(line)
        return line.text


def _broken(where: str, feed: _Feed) -> Flaw:
    if feed.too_long and not feed.open:
        return Flaw(where, "record_too_long", too_long("The record", feed.form.longest))
    if feed.open and feed.single and not feed.ended:
        return Flaw(where, "truncated", "The file ends in the middle of this row.", feed.shown)
    if feed.open:
        return Flaw(where, "quote_open", "A quote is opened here and never closed.", feed.shown)
    return Flaw(where, "quote_misplaced", "A quote stands where none may be; inside a value it is written twice.", feed.shown)


def _row(values: list[str], columns: Sequence[str], where: str, feed: _Feed) -> Row | Flaw:
    data: Data = dict(zip(columns, values, strict=False))
    if feed.too_long:
        return Flaw(where, "record_too_long", too_long("The record", feed.form.longest), "", _short(data))
    if any(map(is_damaged, values)):
        return Flaw(where, "encoding_invalid", unknown_bytes("The row", feed.form.encoding), "", _readable(data))
    if len(values) == len(columns):
        return Row(data, where, feed.size)
    shown = excerpt(",".join(values))
    count = f"The row has {len(values)} columns, the header {len(columns)}."
    if len(values) > len(columns):
        return Flaw(where, "too_many_columns", count, shown, data)
    if feed.ended:
        return Flaw(where, "too_few_columns", count, shown, data)
    return Flaw(where, "truncated", "The file ends in the middle of this row.", shown)


def _readable(data: Data) -> Data:
    return {name: value for name, value in data.items() if not is_damaged(value)}


def _short(data: Data) -> Data:
    return {name: value for name, value in data.items() if len(value) < 1000}
