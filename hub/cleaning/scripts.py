"""Which script a text is written in."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from hub.cleaning.values import short

# First code point of a block and the script of its letters (ISO 15924), as far as names and addresses use them.
_BLOCKS = (
    (0x0041, "Latn"), (0x005B, ""), (0x0061, "Latn"), (0x007B, ""), (0x00AA, "Latn"), (0x00AB, ""), (0x00BA, "Latn"),
    (0x00BB, ""),
    (0x00C0, "Latn"), (0x02B0, ""), (0x0370, "Grek"), (0x0400, "Cyrl"), (0x0530, "Armn"), (0x0590, "Hebr"), (0x0600, "Arab"),
    (0x0700, "Syrc"), (0x0750, "Arab"), (0x0780, "Thaa"), (0x07C0, ""), (0x08A0, "Arab"), (0x0900, "Deva"), (0x0980, "Beng"),
    (0x0A00, "Guru"), (0x0A80, "Gujr"), (0x0B00, "Orya"), (0x0B80, "Taml"), (0x0C00, "Telu"), (0x0C80, "Knda"), (0x0D00, "Mlym"),
    (0x0D80, "Sinh"), (0x0E00, "Thai"), (0x0E80, "Laoo"), (0x0F00, "Tibt"), (0x1000, "Mymr"), (0x10A0, "Geor"), (0x1100, "Hang"),
    (0x1200, "Ethi"), (0x13A0, ""), (0x1780, "Khmr"), (0x1800, "Mong"), (0x18B0, ""), (0x1C80, "Cyrl"), (0x1C90, "Geor"),
    (0x1CC0, ""),
    (0x1E00, "Latn"), (0x1F00, "Grek"), (0x2000, ""), (0x2C60, "Latn"), (0x2C80, ""), (0x2DE0, "Cyrl"), (0x2E00, ""),
    (0x2E80, "Hani"),
    (0x2FE0, ""), (0x3005, "Hani"), (0x3008, ""), (0x3041, "Hira"), (0x30A0, "Kana"), (0x3100, "Bopo"), (0x3130, "Hang"),
    (0x3190, ""),
    (0x31F0, "Kana"), (0x3200, ""), (0x3400, "Hani"), (0x4DC0, ""), (0x4E00, "Hani"), (0xA000, ""), (0xA640, "Cyrl"),
    (0xA6A0, ""),
    (0xA720, "Latn"), (0xA800, ""), (0xA960, "Hang"), (0xA980, ""), (0xAC00, "Hang"), (0xD7FC, ""), (0xF900, "Hani"),
    (0xFB00, "Latn"),
    (0xFB13, "Armn"), (0xFB1D, "Hebr"), (0xFB50, "Arab"), (0xFE00, ""), (0xFE70, "Arab"), (0xFEFF, ""), (0xFF21, "Latn"),
    (0xFF3B, ""),
    (0xFF41, "Latn"), (0xFF5B, ""), (0xFF66, "Kana"), (0xFFA0, "Hang"), (0xFFE0, ""), (0x1B000, "Kana"), (0x1B170, ""),
    (0x20000, "Hani"), (0x33480, ""),
)  # fmt: skip
_STARTS = [start for start, _ in _BLOCKS]


def script(given: object) -> str:
    """The script of most letters, as ISO 15924 names it: ``Latn``, ``Cyrl``, ``Hani``; ``Jpan`` and ``Kore`` for texts that
    hold any kana or hangul; ``Zyyy`` where there are no letters."""
    raw = short(given)
    if raw.isascii():
        return "Latn" if any(map(str.isalpha, raw)) else "Zyyy"
    return _script(raw)


@lru_cache(maxsize=8_192)
def _script(given: str) -> str:
    counts: dict[str, int] = {}
    for sign in given:
        name = _BLOCKS[bisect_right(_STARTS, ord(sign)) - 1][1] if sign >= "A" else ""
        if name:
            counts[name] = counts.get(name, 0) + 1
    if not counts:
        return "Zyyy"
    if "Hira" in counts or "Kana" in counts:
        return "Jpan"
    if "Hang" in counts:
        return "Kore"
    return min(counts, key=lambda name: (-counts[name], name))
