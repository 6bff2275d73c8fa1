"""The evidence between two records as a waterfall: in a terminal, or as a drawing (SVG, or a page around it)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from hub.errors import BadSettings

_FOR, _AGAINST, _SUM, _LINE, _GREY, _INK = "#2a7f62", "#b8473d", "#345a8a", "#c58a1b", "#666666", "#222222"
_ROW, _TOP, _LEFT, _PLOT, _RIGHT, _BOTTOM = 34, 86, 330, 520, 76, 44  # pixels
_LONGEST = 46  # characters of a value in the drawing

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body>{drawn}</body></html>
"""


class Bar(NamedTuple):
    """One step of the way from nothing to the sum, in bits."""

    name: str
    level: str
    bits: float
    start: float
    left: str
    right: str

    @property
    def end(self) -> float:
        return self.start + self.bits

    @property
    def label(self) -> str:
        return f"{self.name} {self.level}".strip().replace("_", " ")

    @property
    def values(self) -> str:
        """Both sides, once where they agree."""
        if not self.left and not self.right:
            return ""
        return self.left if self.left == self.right else f"{self.left or '(none)'} | {self.right or '(none)'}"


def bars(parts: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """The parts of a score, each beginning where the one before it ended."""
    made, start = [], 0.0
    for part in parts:
        bar = Bar(part["name"], part["level"], part["bits"], start, part["left"], part["right"])
        made.append(bar)
        start = bar.end
    return made


def in_terminal(story: Mapping[str, Any]) -> Iterator[str]:
    """One line for each part, with the sum so far and what was compared; then what the sum meets."""
    made = bars(story["parts"])
    width = max((len(bar.label) for bar in made), default=0)
    yield f"{'bits':>8} {'sum':>8}"
    for bar in made:
        yield f"{bar.bits:+8.2f} {bar.end:+8.2f}  {bar.label:<{width}}  {bar.values}".rstrip()
    yield f"{'':8} {story['bits']:+8.2f}  in all"
    if story["trusted_bits"] != story["bits"]:
        yield f"{'':8} {story['trusted_bits']:+8.2f}  without what is trusted little"
    for word in ("match", "veto"):
        if story[word]:
            yield f"{'':18} {word}: {story[word]}"


def write_chart(path: Path, title: str, said: str, story: Mapping[str, Any]) -> None:
    """Draw into a file whose name ends in .svg or .html."""
    drawn = drawing(title, said, story)
    if path.suffix == ".html":
        drawn = _PAGE.format(title=escape(title), drawn=drawn)
    elif path.suffix != ".svg":
        raise BadSettings(f"{path.name}: a chart is drawn as .svg or .html.", name="--chart")
    path.write_text(drawn, encoding="utf-8")


class _Scale:
    """Bits to pixels."""

    def __init__(self, made: Sequence[Bar], *more: float) -> None:
        ends = [0.0, *more, *(bar.end for bar in made)]
        self.low, self.high = min(ends), max(ends)
        self.step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if (self.high - self.low) / step <= 9)

    def at(self, bits: float) -> float:
        return round(_LEFT + _PLOT * (bits - self.low) / ((self.high - self.low) or 1), 1)

    def ticks(self) -> Iterator[int]:
        first = int(self.low // self.step) + (self.low % self.step > 0)
        yield from (place * self.step for place in range(first, int(self.high // self.step) + 1))


def drawing(title: str, said: str, story: Mapping[str, Any]) -> str:
    """The waterfall as SVG, with the lines from which a person looks and from which two records are one customer."""
    made = bars(story["parts"])
    scale = _Scale(made, story["match_bits"], story["review_bits"])
    bottom = _TOP + _ROW * (len(made) + 1)
    lines = [*_ground(scale, bottom), *_limits(scale, story, bottom)]
    for place, bar in enumerate(made):
        lines += _step(scale, bar, _TOP + _ROW * place, last=place + 1 == len(made))
    lines += _sum(scale, story, _TOP + _ROW * len(made))
    width, height = _LEFT + _PLOT + _RIGHT, bottom + _BOTTOM
    head = [_text(16, 26, title, 16, _INK, weight="bold"), _text(16, 46, said, 12, _GREY)]
    inner = "\n".join([*head, *lines])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'font-family="system-ui, sans-serif"><title>{escape(title)}</title><desc>{escape(said)}</desc>\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n{inner}\n</svg>\n'
    )


def _ground(scale: _Scale, bottom: int) -> Iterator[str]:
    for tick in scale.ticks():
        x, colour = scale.at(tick), "#999999" if tick == 0 else "#e6e6e6"
        yield _line(x, _TOP - 6, x, bottom, colour)
        yield _text(x, bottom + 16, f"{tick:+d}" if tick else "0", 11, _GREY, anchor="middle")
    yield _text(
        _LEFT + _PLOT / 2,
        bottom + 34,
        "bits: each one more doubles the odds that they are one customer",
        11,
        _GREY,
        anchor="middle",
    )


def _limits(scale: _Scale, story: Mapping[str, Any], bottom: int) -> Iterator[str]:
    review, match = scale.at(story["review_bits"]), scale.at(story["match_bits"])
    wide, high = round(match - review, 1), bottom - _TOP + 6
    yield f'<rect x="{review}" y="{_TOP - 6}" width="{wide}" height="{high}" fill="{_LINE}" opacity="0.12"/>'
    for x, word, bits, anchor in (
        (review, "review", story["review_bits"], "end"),
        (match, "match", story["match_bits"], "start"),
    ):
        yield _line(x, _TOP - 6, x, bottom, _LINE, dash="5 3")
        yield _text(x + (3 if anchor == "start" else -3), _TOP - 12, f"{word} {bits:g}", 11, _LINE, anchor=anchor)


def _step(scale: _Scale, bar: Bar, y: int, *, last: bool) -> Iterator[str]:
    middle = y + _ROW / 2
    yield _text(16, middle - 1 if bar.values else middle + 4, bar.label, 12, _INK)
    if bar.values:
        yield _text(16, middle + 12, _cut(bar.values), 10, _GREY)
    yield from _bar(scale, bar.start, bar.end, y, _FOR if bar.bits > 0 else _AGAINST, f"{bar.bits:+.2f}")
    x = scale.at(bar.end)
    yield _line(x, y + 6, x, y + _ROW + (6 if not last else _ROW / 2), "#aaaaaa")


def _sum(scale: _Scale, story: Mapping[str, Any], y: int) -> Iterator[str]:
    yield _text(16, y + _ROW / 2 + 4, "in all", 12, _INK, weight="bold")
    if story["trusted_bits"] != story["bits"]:
        yield _text(70, y + _ROW / 2 + 4, f"(without what is trusted little {story['trusted_bits']:+.2f})", 10, _GREY)
    yield from _bar(scale, 0.0, story["bits"], y, _SUM, f"{story['bits']:+.2f}")


def _bar(scale: _Scale, start: float, end: float, y: int, colour: str, words: str) -> Iterator[str]:
    low, high = sorted((scale.at(start), scale.at(end)))
    yield f'<rect x="{low}" y="{y + 6}" width="{max(high - low, 1.5):.1f}" height="{_ROW - 12}" fill="{colour}"/>'
    yield _text(high + 5, y + _ROW / 2 + 4, words, 11, colour)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}"{dashed}/>'


def _text(x: float, y: float, words: str, size: int, colour: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )
