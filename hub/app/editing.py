"""A person's correction of a payload: by path, or as a whole. What it was is never touched; a corrected copy is made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import orjson

from hub.errors import Rejected, did_you_mean

MOST_BYTES = 16 * 1024 * 1024
DEEPEST = 100
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")

Step = str | int


def edited(payload: Any, changed: Iterable[str] = (), added: Iterable[str] = (), removed: Iterable[str] = ()) -> Any:
    """A corrected copy: ``path=value`` for what stands there and for what is missing, ``path`` for what should not be there."""
    made = deepcopy(payload)
    for text in changed:
        path, value = _parted(text)
        holder, step = _holder(made, path)
        if not _is_there(holder, step):
            raise _unknown(holder, step, path, f" To add it, write --add {path}=...")
        holder[step] = _as_before(holder[step], value, path)
    for text in added:
        path, value = _parted(text)
        _add(made, path, value)
    for path in removed:
        holder, step = _holder(made, path)
        if not _is_there(holder, step):
            raise _unknown(holder, step, path)
        del holder[step]
    return checked(made)


def differing(before: Any, after: Any, path: str = "") -> list[str]:
    """The paths at which two payloads differ; never the values."""
    if isinstance(before, dict) and isinstance(after, dict):
        steps = [name for name in {**before, **after} if name not in before or name not in after or before[name] != after[name]]
        return [one for name in steps for one in differing(before.get(name), after.get(name), f"{path}.{name}" if path else name)]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [one for place, (old, new) in pairs if old != new for one in differing(old, new, f"{path}[{place}]")]
    return [path or "(record)"] if before != after else []


def read_json(content: bytes, name: str) -> Any:
    """JSON as somebody wrote it; what is wrong with it, by line and column."""
    if len(content) > MOST_BYTES:
        raise _wrong(f"{name} is larger than {MOST_BYTES // 1024 // 1024} MB.")
    try:
        return checked(orjson.loads(content.removeprefix(b"\xef\xbb\xbf")))
    except orjson.JSONDecodeError as wrong:
        raise _wrong(f"{name}:{wrong.lineno}:{wrong.colno}: this is no JSON ({wrong.msg}). Nothing was changed.") from wrong


def checked(value: Any) -> Any:
    """The same, when the hub can keep it: text that is Unicode, numbers that JSON has, no bottomless nesting."""
    _look(value, 0)
    return value


def _look(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise _wrong(f"The record is nested deeper than {DEEPEST} levels.")
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as wrong:
            raise _wrong("A value is not text in UTF-8. Nothing was changed.") from wrong
        if "\x00" in value:
            raise _wrong("A value holds the character NUL, which nobody can keep. Nothing was changed.")
    elif isinstance(value, dict):
        for name, one in value.items():
            _look(name, depth + 1)
            _look(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _look(one, depth + 1)


def _parted(text: str) -> tuple[str, str]:
    path, found, value = text.partition("=")
    if not found or not path:
        raise _wrong(f"{text!r} is no correction; write path=value, for instance address.city=Lugo.")
    return path, value


def _steps(path: str) -> list[Step]:
    """``lines[0].price``; or as a JSON pointer, ``/a.b/0``, where names have dots or brackets in them."""
    if path.startswith("/"):
        names = [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]
        return [int(name) if name.isdecimal() and name.isascii() and len(name) < 10 else name for name in names]
    steps: list[Step] = [int(m[2][:9]) if m[2] else m[1] for m in _STEP.finditer(path)]
    if not steps or _STEP.sub("", path).strip("."):
        raise _wrong(f"{path!r} is no path; write for instance address.city, lines[0].price or /name.with.dots/0.")
    return steps


def _holder(payload: Any, path: str) -> tuple[Any, Step]:
    """What holds the value at a path, and the last step to it."""
    *before, last = _steps(path)
    found = payload
    for step in before:
        step = _fitting(found, step)
        if not _is_there(found, step):
            raise _unknown(found, step, path)
        found = found[step]
    return found, _fitting(found, last)


def _fitting(holder: Any, step: Step) -> Step:
    return str(step) if isinstance(holder, dict) else step


def _is_there(holder: Any, step: Step) -> bool:
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and isinstance(step, int) and step < len(holder)


def _add(payload: Any, path: str, value: str) -> None:
    holder, step = _holder(payload, path)
    if _is_there(holder, step) and isinstance(holder, dict):
        raise _wrong(f"{path!r} is there already; write --set {path}=...")
    if isinstance(holder, dict):
        holder[step] = _plain(value)
    elif isinstance(holder, list) and isinstance(step, int) and step <= len(holder):
        holder.insert(step, _plain(value))
    else:
        raise _unknown(holder, step, path)


def _as_before(before: Any, text: str, path: str) -> Any:
    """A value in the place of another: what was text stays text, so that 01234 keeps its zero."""
    if isinstance(before, str):
        return text
    if not isinstance(before, dict | list):
        return _plain(text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as wrong:
        raise _wrong(f"{path}: what stands there is an object or a list, and this is no JSON ({wrong.msg}).") from wrong
    if type(value) is not type(before):
        raise _wrong(f"{path}: an object stays an object, and a list a list.")
    return value


def _plain(text: str) -> Any:
    """JSON where it is some (12, true, null, "12", [1]), else the text itself."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _unknown(holder: Any, step: Step, path: str, more: str = "") -> Rejected:
    hint = did_you_mean(str(step), holder) if isinstance(holder, dict) else ""
    return _wrong(f"There is no {path!r} in what came{hint}.{more}")


def _wrong(message: str) -> Rejected:
    return Rejected(message, code="wrong_edit")
