"""Code lists: what a system's codes mean. Owned, versioned files with crosswalks both ways.

    name: customer_kind
    owner: sales operations
    version: 2
    codes: {P: person, C: organization, X: null}     # null: known, and means nothing
    reverse: {person: P, organization: C}            # only needed where two codes mean the same

A code that is not in the list is never guessed: its record waits with ``unmapped_code``. A list holds for records of any time, so
it takes no dates: dates that nobody applies would promise what does not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.documents import Document, read_document
from hub.errors import BadMapping, Unclean, did_you_mean
from hub.mapping.findings import Notes

_KEYS = ("name", "owner", "version", "description", "codes", "reverse")
_DATES = ("valid_from", "valid_to")


@dataclass(frozen=True)
class CodeList:
    """One list. Codes are text: ``01`` and ``NO`` mean themselves, and a number in the data is looked up as its digits."""

    name: str
    codes: Mapping[str, Any]
    reverse: Mapping[Any, str] = field(default_factory=dict)
    owner: str = ""
    version: int = 1
    path: str = ""

    def meaning(self, code: Any) -> Any:
        """What a code of the system means here."""
        return self._find(self.codes, code)

    def code(self, meaning: Any) -> Any:
        """The system's own code for what we mean."""
        return self._find(self.reverse, meaning)

    def _find(self, table: Mapping[Any, Any], value: Any) -> Any:
        text = _as_text(value)
        if text in table:
            return table[text]
        message = f"The code list {self.name} lacks this code; add it to codes/{self.name}.yaml beside the mapping, then replay."
        raise Unclean(message, code="unmapped_code", list=self.name, value=text)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value).strip()
    raise Unclean("A code must be text or a number.", code="code_invalid")


def load_code_lists(folder: Path) -> dict[str, CodeList]:
    """Every list of ``mappings/<system>/codes/``, by name."""
    lists = [load_code_list(path) for path in sorted(folder.glob("*.yaml"))]
    return {found.name: found for found in lists}


def load_code_list(path: Path) -> CodeList:
    document = read_document(path, BadMapping)
    notes = Notes(document)
    found = _checked(document, notes, path)
    notes.stop_on_errors()
    return found


def _checked(document: Document, notes: Notes, path: Path) -> CodeList:
    data = document.data
    if not isinstance(data, dict):
        notes.error("value_invalid", "a code list is a mapping with at least `codes`.")
        notes.stop_on_errors()
    for key in data:
        if key in _DATES:
            message = f"`{key}` would change nothing: a code list holds for records of any time."
            notes.error(
                "key_unknown", message, key, hint="Leave it out; say in `description` since when, if people need to know."
            )
        elif key not in _KEYS:
            notes.error("key_unknown", f"unknown key {key!r}.", key, hint=did_you_mean(key, _KEYS))
    codes = _table(data, "codes", notes)
    if "codes" not in data:
        notes.error("key_missing", "a code list needs `codes`.")
    if data.get("name", path.stem) != path.stem:
        notes.error("value_invalid", f"the name must be the file's name, {path.stem!r}.", "name")
    version = data.get("version", 1)
    if type(version) is not int or version < 1:
        notes.error("value_invalid", "the version must be a whole number from 1.", "version")
        version = 1
    reverse = _reverse(codes, _table(data, "reverse", notes), notes)
    return CodeList(path.stem, codes, reverse, str(data.get("owner") or ""), version, str(path))


def _table(data: Mapping[str, Any], key: str, notes: Notes) -> dict[str, Any]:
    table = data.get(key) or {}
    if not isinstance(table, dict):
        notes.error("value_invalid", f"`{key}` must be a mapping of codes to meanings.", key)
        return {}
    for code, meaning in table.items():
        if isinstance(meaning, (list, dict)):
            notes.error("value_invalid", f"the meaning of {code!r} must be one value.", key, code)
    return {str(code).strip(): meaning for code, meaning in table.items() if not isinstance(meaning, (list, dict))}


def _reverse(codes: Mapping[str, Any], given: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """The way back: as written, and for the rest where only one code has the meaning."""
    meanings = {_as_text(meaning) for meaning in codes.values() if meaning is not None}
    for meaning, code in given.items():
        if str(code) not in codes:
            notes.error(
                "code_unknown", f"{code!r} is no code of this list.", "reverse", meaning, hint=did_you_mean(str(code), codes)
            )
        elif meaning not in meanings:
            notes.error("code_unknown", f"no code means {meaning!r}.", "reverse", meaning, hint=did_you_mean(meaning, meanings))
    back: dict[str, list[str]] = {}
    for code, meaning in codes.items():
        if meaning is not None:
            back.setdefault(_as_text(meaning), []).append(code)
    return {**{meaning: many[0] for meaning, many in back.items() if len(many) == 1}, **given}
