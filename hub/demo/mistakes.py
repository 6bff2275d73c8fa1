"""How people write the same thing differently: typing errors, abbreviations, nicknames, lost accents, placeholders."""

from __future__ import annotations

from random import Random

from hub.demo.names import NICKNAMES

_NEAR = (
    "sq", "vn", "xv", "sf", "wr", "dg", "fh", "gj", "uo", "hk", "jl", "kñ", "n",
    "mb", "ip", "o", "w", "et", "ad", "ry", "yi", "cb", "e", "z", "tu", "x",
)  # fmt: skip
_NEIGHBOURS = dict(zip("abcdefghijklmnopqrstuvwxyz", _NEAR, strict=True))
_BY_EAR = {"ph": "f", "th": "t", "ck": "k", "ll": "l", "ss": "s", "ei": "ai", "ie": "i", "v": "b", "z": "s", "y": "i"}
_STREETS = (
    ("Calle ", "C/ "), ("Avenida ", "Avda. "), ("Plaza ", "Pza. "), ("Paseo ", "Pº "), ("straße", "str."), ("Straße", "Str."),
    ("Rue ", "R. "), ("Avenue", "Av."), ("Boulevard ", "Bd "), ("Street", "St"), ("Road", "Rd"), ("Lane", "Ln"), ("ul. ", ""),
)  # fmt: skip
PLACEHOLDERS = {
    "email": ("n/a", "unknown", "noemail@noemail.example", "-"),
    "phone": ("000000000", "999999999", "n/a"),
    "birth": ("1900-01-01",),
    "given": ("N.N.", "?", "xxx"),
}


def typed_badly(text: str, chance: Random) -> str:
    """One slip: a swap, a neighbouring key, a letter lost or doubled, a sound written otherwise."""
    if len(text) < 3:
        return text
    slip = chance.choice((_swapped, _neighbour, _lost, _doubled, _by_ear))
    return slip(text, chance.randrange(1, len(text) - 1), chance)


def _swapped(text: str, at: int, chance: Random) -> str:
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _neighbour(text: str, at: int, chance: Random) -> str:
    near = "0123456789" if text[at].isdigit() else _NEIGHBOURS.get(text[at].lower(), text[at])
    return text[:at] + chance.choice(near) + text[at + 1 :]


def _lost(text: str, at: int, chance: Random) -> str:
    return text[:at] + text[at + 1 :]


def _doubled(text: str, at: int, chance: Random) -> str:
    return text[:at] + text[at] + text[at:]


def _by_ear(text: str, at: int, chance: Random) -> str:
    for heard, written in _BY_EAR.items():
        if heard in text[1:]:
            return text[0] + text[1:].replace(heard, written, 1)
    return _swapped(text, at, chance)


def digit_slip(number: str, chance: Random) -> str:
    """Two digits of the second half swapped, or one mistyped."""
    at = chance.randrange(len(number) // 2, len(number) - 1)
    if number[at].isdigit() and number[at + 1].isdigit() and number[at] != number[at + 1]:
        return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    return number[:at] + (str((int(number[at]) + 3) % 10) if number[at].isdigit() else number[at]) + number[at + 1 :]


def date_slip(iso: str, chance: Random) -> str:
    """Day and month swapped where that is a date, or one digit of the year wrong."""
    year, month, day = iso.split("-")
    if int(day) <= 12 and chance.random() < 0.5:
        return f"{year}-{day}-{month}"
    if (month, day) == ("02", "29"):
        return iso
    return f"{year[:3]}{(int(year[3]) + chance.choice((1, 9))) % 10}-{month}-{day}"


def given_name(name: str, chance: Random) -> str:
    """A nickname, an initial, or the first of two given names."""
    if name in NICKNAMES and chance.random() < 0.6:
        return NICKNAMES[name]
    if " " in name and chance.random() < 0.5:
        return name.split()[0]
    return f"{name[0]}." if chance.random() < 0.4 else name


def street_line(line: str, chance: Random) -> str:
    """Abbreviated as most people do."""
    for long, short in _STREETS:
        if long in line and chance.random() < 0.7:
            return line.replace(long, short, 1)
    return line


def phone_text(number: str, calling: str, chance: Random, *, abroad: bool = False) -> str:
    """As people write it: international, with zeros, national, grouped or not. ``abroad``: so that anybody can dial it."""
    national = number.removeprefix(f"+{calling}")
    trunk = "" if calling in ("34", "48") else "0"
    grouped = " ".join(national[at : at + 3] for at in range(0, len(national), 3))
    anywhere = (number, f"+{calling} {grouped}", f"00{calling} {national}")
    at_home = (f"{trunk}{national}", f"{trunk}{grouped}", f"{trunk}{national[:2]}-{national[2:]}")
    return chance.choice(anywhere if abroad else anywhere + at_home)
