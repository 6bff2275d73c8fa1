"""COBOL copybooks: where each field of a fixed-width record lies and how it is written.

Understood: levels, PIC X/A/9/S/V (edited pictures as text), COMP, COMP-3, COMP-4, COMP-5, BINARY, PACKED-DECIMAL, SIGN LEADING
or TRAILING [SEPARATE], OCCURS n, REDEFINES, FILLER, levels 66, 77 and 88. Not: OCCURS DEPENDING ON, COMP-1 and COMP-2, SYNC, and
P in a PIC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.errors import BadSettings

_STATEMENT = re.compile(r"\.(?=\s|$)")
_WORDS = re.compile(r"'[^']*'|\"[^\"]*\"|\S+")
_REPEAT = re.compile(r"(.)\((\d+)\)")
_BINARY = {"COMP", "COMP-4", "COMP-5", "BINARY", "COMPUTATIONAL", "COMPUTATIONAL-4", "COMPUTATIONAL-5"}
_PACKED = {"COMP-3", "PACKED-DECIMAL", "COMPUTATIONAL-3"}
_REFUSED = {"COMP-1", "COMP-2", "COMPUTATIONAL-1", "COMPUTATIONAL-2", "SYNC", "SYNCHRONIZED", "DEPENDING"}
_NOISE = {"IS", "TIMES", "CHARACTER", "USAGE", "SIGN", "DISPLAY", "ON", "ARE"}


@dataclass
class Item:
    """One field or group."""

    level: int
    name: str  # lower case, with underscores; empty for FILLER
    line: int
    picture: str = ""
    kind: str = "group"  # group | text | zoned | packed | binary
    digits: int = 0
    scale: int = 0
    signed: bool = False
    sign_leading: bool = False
    sign_separate: bool = False
    occurs: int = 0  # 0: once
    redefines: str = ""
    shared: bool = False  # other fields lie on the same bytes, so its bytes may not be its own
    offset: int = 0
    width: int = 0  # of one occurrence
    items: list[Item] = field(default_factory=list)

    @property
    def length(self) -> int:
        return self.width * max(1, self.occurs)


def parse(text: str, name: str = "copybook", record: str = "") -> Item:
    """The record that a copybook describes: the only one at level 01, or the one called ``record``."""
    roots = _tree([_item(words, line, name) for words, line in _statements(text)], name)
    wanted = record.lower().replace("-", "_")
    chosen = [root for root in roots if root.name == wanted] if record else roots
    if len(chosen) != 1:
        known = ", ".join(root.name for root in roots) or "none"
        raise BadSettings(f"{name} describes the records {known}: say which one in `record`.", name="record")
    _place(chosen[0], 0, name)
    return chosen[0]


def _statements(text: str) -> Iterator[tuple[list[str], int]]:
    """Statements as words, each with the line on which it begins."""
    kept = "\n".join(_code(line) for line in text.splitlines())
    start = 0
    for end in [*(found.end() for found in _STATEMENT.finditer(kept)), len(kept)]:
        piece = kept[start:end]
        words = _WORDS.findall(piece.strip().rstrip(".").upper())
        if words and words[0].isdigit() and words[0] not in {"88", "66"}:
            yield words, kept.count("\n", 0, start + len(piece) - len(piece.lstrip())) + 1
        start = end


def _code(line: str) -> str:
    """The code of a line in fixed form (columns 8 to 72) or in free form, without comments."""
    numbered = len(line) > 6 and (line[:6].isdigit() or not line[:6].strip())
    if numbered and line[6] in "*/":
        return ""
    code = line[6:72] if numbered else line
    return "" if code.lstrip().startswith("*") else code.split("*>")[0]


def _item(words: list[str], line: int, source: str) -> Item:
    named = len(words) > 1 and not _is_clause(words[1])
    name = words[1] if named else "FILLER"
    item = Item(int(words[0]), "" if name == "FILLER" else name.lower().replace("-", "_"), line)
    rest = iter(words[2 if named else 1 :])
    usage = ""
    for word in rest:
        if word in _REFUSED:
            raise BadSettings(f"{source}:{line}: {word} is not understood; describe these bytes as PIC X.", name="copybook")
        if word in _BINARY | _PACKED:
            usage = word
        elif word in {"VALUE", "VALUES"}:
            break  # initial values say nothing about data
        else:
            _clause(item, word, rest)
    _measure(item, usage, source)
    return item


def _is_clause(word: str) -> bool:
    return word in {"PIC", "PICTURE", "OCCURS", "REDEFINES", "VALUE", "SIGN", "USAGE"} | _BINARY | _PACKED


def _clause(item: Item, word: str, rest: Iterator[str]) -> None:
    if word in {"PIC", "PICTURE"}:
        found = next(rest, "")
        item.picture = next(rest, "") if found == "IS" else found
    elif word == "REDEFINES":
        item.redefines = next(rest, "").lower().replace("-", "_")
    elif word == "OCCURS":
        item.occurs = int(next(rest, "0"))
    elif word == "LEADING":
        item.sign_leading = True
    elif word == "SEPARATE":
        item.sign_separate = True


def _measure(item: Item, usage: str, source: str) -> None:
    """Kind and width from the picture and the usage."""
    if not item.picture:
        return
    picture = _REPEAT.sub(lambda found: found[1] * int(found[2]), item.picture)
    item.signed = picture.startswith("S")
    digits, _, decimals = picture.lstrip("S").partition("V")
    if "P" in picture:
        raise BadSettings(f"{source}:{item.line}: P in a PIC is not understood.", name="copybook")
    if set(digits + decimals) != {"9"}:
        item.kind, item.width = "text", len(picture.replace("V", ""))
        return
    item.digits, item.scale = len(digits) + len(decimals), len(decimals)
    if usage in _PACKED:
        item.kind, item.width = "packed", item.digits // 2 + 1
    elif usage:
        item.kind, item.width = "binary", 2 if item.digits < 5 else 4 if item.digits < 10 else 8
    else:
        item.kind, item.width = "zoned", item.digits + item.sign_separate


def _tree(items: list[Item], source: str) -> list[Item]:
    roots: list[Item] = []
    open_groups: list[Item] = []
    for item in items:
        while open_groups and open_groups[-1].level >= item.level:
            open_groups.pop()
        if open_groups and item.level != 77:
            if open_groups[-1].picture:
                raise BadSettings(f"{source}:{item.line}: a field with a PIC cannot hold other fields.", name="copybook")
            open_groups[-1].items.append(item)
        else:
            roots.append(item)
        open_groups.append(item)
    if roots and roots[0].level > 1 and all(root.level == roots[0].level for root in roots):
        return [Item(1, "record", 1, items=roots)]  # a copybook without the 01 that includes it
    return roots


def _place(item: Item, offset: int, source: str) -> None:
    """Offsets and widths of a group, from the first field to the last."""
    item.offset = offset
    if item.picture:
        return
    if not item.items:
        raise BadSettings(f"{source}:{item.line}: {item.name or 'FILLER'} has neither a PIC nor fields.", name="copybook")
    at = end = offset
    for child in item.items:
        if child.redefines:
            at = _redefined(child, item, source).offset
        _place(child, at, source)
        at = child.offset + child.length if not child.redefines else max(end, child.offset + child.length)
        end = max(end, at)
    item.width = end - offset


def _redefined(child: Item, group: Item, source: str) -> Item:
    for other in group.items:
        if other is child:
            break
        if other.name == child.redefines:
            _share(other)
            _share(child)
            return other
    raise BadSettings(f"{source}:{child.line}: {child.name} redefines {child.redefines}, which is not there.", name="copybook")


def _share(item: Item) -> None:
    item.shared = True
    for child in item.items:
        _share(child)
