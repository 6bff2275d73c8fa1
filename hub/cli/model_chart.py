"""Weights as a chart: bars to either side of nothing, in a terminal or as a drawing (SVG, or a page around it)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from hub.app.modelling.comparing import level_bits, level_share
from hub.errors import BadSettings
from hub.matching.rules import LEVELS

_COLUMNS = 24  # of a terminal, to either side
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_ROW, _GAP, _LEFT, _HALF, _TOP = 17, 10, 250, 250, 92  # pixels
_FOR, _AGAINST, _BEFORE, _GREY = "#2a7f62", "#b8473d", "#222222", "#666666"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body>{drawn}</body></html>
"""

Document = Mapping[str, Any]


class Bar(NamedTuple):
    """One level of one comparison, in thousandths of a bit."""

    comparison: str
    level: str
    bits: int
    share: int
    before: int | None


def bars(document: Document, before: Document | None = None) -> list[Bar]:
    """Every level that a document gives a weight, comparison by comparison."""
    return [
        Bar(name, level, bits, level_share(document, name, level), level_bits(before, name, level) if before else None)
        for name, levels in LEVELS.items()
        for level in levels
        if (bits := level_bits(document, name, level)) or level in document["comparisons"].get(name, {})
    ]


def in_terminal(document: Document, before: Document | None = None) -> Iterator[str]:
    """One line per level; where it differs from ``before``, what it was."""
    shown = bars(document, before)
    most = max((abs(bar.bits) for bar in shown), default=1) or 1
    last = ""
    for bar in shown:
        name = bar.comparison if bar.comparison != last else ""
        last = bar.comparison
        was = f"  was {bar.before / 1000:+.1f}" if bar.before is not None and bar.before != bar.bits else ""
        rarity = f"  × rarity {bar.share / 1000:g}" if bar.share else ""
        yield f"{name:<21}{bar.level:<16}{bar.bits / 1000:+7.2f} {_bar(bar.bits, most)}{rarity}{was}".rstrip()


def _bar(bits: int, most: int) -> str:
    eighths = round(abs(bits) * _COLUMNS * 8 / most)
    whole, rest = divmod(eighths, 8)
    if bits < 0:  # there are no blocks that fill from the right: half of one is as near as it gets
        drawn = "█" * whole if rest < 4 else "▐" + "█" * whole
        return f"{drawn:>{_COLUMNS}}│{'':<{_COLUMNS}}"
    return f"{'':>{_COLUMNS}}│{'█' * whole + (_EIGHTHS[rest] if rest else ''):<{_COLUMNS}}"


def write_chart(path: Path, title: str, lines: list[str], document: Document, before: Document | None = None) -> None:
    """Draw into a file whose name ends in .svg or .html."""
    drawn = drawing(title, lines, document, before)
    if path.suffix == ".html":
        drawn = _PAGE.format(title=escape(title), drawn=drawn)
    elif path.suffix != ".svg":
        raise BadSettings(f"{path.name}: a chart is drawn as .svg or .html.", name="--chart")
    path.write_text(drawn, encoding="utf-8")


def drawing(title: str, lines: list[str], document: Document, before: Document | None = None) -> str:
    """The chart as SVG."""
    shown = bars(document, before)
    most = max(5000, -(-max((abs(bar.bits) for bar in shown), default=1) // 5000) * 5000)
    groups = len({bar.comparison for bar in shown})
    height = _TOP + len(shown) * _ROW + groups * _GAP + 16
    width = _LEFT + 2 * _HALF + 130
    body = [*_heading(title, lines, before is not None), *_axis(most, height), *_rows(shown, most)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-size="12">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _heading(title: str, lines: list[str], compared: bool) -> Iterator[str]:
    yield _text(16, 24, title, size=16, weight="bold")
    for number, line in enumerate(lines):
        yield _text(16, 42 + number * 15, line, fill=_GREY)
    if compared:
        yield f'<rect x="{_LEFT + _HALF + 80}" y="14" width="3" height="12" fill="{_BEFORE}"/>'
        yield _text(_LEFT + _HALF + 90, 24, "in force now, where it differs", fill=_GREY)


def _axis(most: int, height: int) -> Iterator[str]:
    for bits in range(-most, most + 1, 5000):
        x = _x(bits, most)
        colour = "#999999" if bits == 0 else "#e4e4e4"
        yield f'<line x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{height - 10}" stroke="{colour}"/>'
        yield _text(x, _TOP - 10, f"{bits // 1000:+d} bits" if bits else "0", fill=_GREY, anchor="middle", size=10)


def _rows(shown: list[Bar], most: int) -> Iterator[str]:
    y, last = _TOP - _GAP, ""
    for bar in shown:
        if bar.comparison != last:
            y += _GAP
            yield _text(16, y + 12, bar.comparison, weight="bold")
        last = bar.comparison
        yield _text(_LEFT - 8, y + 12, bar.level, anchor="end", fill="#333333")
        yield from _drawn(bar, y, most)
        y += _ROW


def _drawn(bar: Bar, y: int, most: int) -> Iterator[str]:
    zero, end = _x(0, most), _x(bar.bits, most)
    left, wide = min(zero, end), max(abs(end - zero), 1)
    colour = _FOR if bar.bits >= 0 else _AGAINST
    yield f'<rect x="{left}" y="{y + 2}" width="{wide}" height="{_ROW - 5}" fill="{colour}"/>'
    value = f"{bar.bits / 1000:+.1f}" + (f"  × rarity {bar.share / 1000:g}" if bar.share else "")
    if bar.bits >= 0:
        yield _text(end + 5, y + 12, value, size=10)
    else:
        yield _text(zero + 5, y + 12, value, size=10)
    if bar.before is not None and bar.before != bar.bits:
        yield f'<rect x="{_x(bar.before, most) - 1}" y="{y}" width="3" height="{_ROW - 1}" fill="{_BEFORE}"/>'


def _x(bits: int, most: int) -> float:
    return round(_LEFT + _HALF + bits * _HALF / most, 1)


def _text(x: float, y: float, text: str, *, size: int = 12, weight: str = "", fill: str = "black", anchor: str = "") -> str:
    more = (f' font-weight="{weight}"' if weight else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}"{more}>{escape(text)}</text>'
