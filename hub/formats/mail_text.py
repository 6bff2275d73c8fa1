"""The text of a mail in parts: what was said, what was quoted, how it was signed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

_DELIMITER = re.compile(r"^-- ?$")
_QUOTE_INTRO = re.compile(
    r"^(On .{5,200} wrote:|Am .{5,200} schrieb.{0,100}:|El .{5,200} escribi[oó]:|Le .{5,200} a écrit ?:|Il .{5,200} ha scritto:"
    r"|W dniu .{5,200} (pisze|napisał\(?a?\)?):|Op .{5,200} schreef.{0,100}:|Em .{5,200} escreveu:"
    r"|-{2,} ?(Original Message|Original-?Nachricht|Ursprüngliche Nachricht|Mensaje original|Message d'origine"
    r"|Wiadomość oryginalna|Forwarded message|Weitergeleitete Nachricht|Mensaje reenviado) ?-{2,}|_{20,})$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^((best|kind|warm|many) (regards|wishes|thanks)|regards|sincerely( yours)?|yours (sincerely|faithfully|truly)|cheers|thanks"
    r"|(mit )?(freundlichen|besten|herzlichen|vielen|lieben) grüßen?|(viele|liebe|beste|schöne) grüße|mfg|hochachtungsvoll"
    r"|(un )?(cordial )?saludos?( cordial(es)?)?|atentamente|un abrazo|cordialement"
    r"|bien (cordialement|à vous)|salutations( distinguées)?"
    r"|(meilleures|sincères) salutations|(cordiali|distinti) saluti|z poważaniem|pozdrawiam( serdecznie)?"
    r"|met vriendelijke groet(en)?|atenciosamente|με εκτίμηση)[,.!]?$",
    re.IGNORECASE,
)
_LONGEST_SIGNATURE = 12
"""Lines; what follows a closing greeting for longer than this is text, not a signature."""

_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "hr"})
_SILENT = frozenset({"style", "script", "head", "title"})


@dataclass(frozen=True, slots=True)
class MailText:
    text: str  # what the sender wrote now
    quoted: str
    signature: str


def split(body: str) -> MailText:
    """Cut a plain text body into its parts. Every line lands in exactly one of them."""
    said, quoted = _without_quotes(body.replace("\r\n", "\n").split("\n"))
    start = _signature(said)
    return MailText(_join(said[:start]), _join(quoted), _join(said[start:]))


def _without_quotes(lines: list[str]) -> tuple[list[str], list[str]]:
    said: list[str] = []
    quoted: list[str] = []
    for number, line in enumerate(lines):
        if _QUOTE_INTRO.match(line.strip()):
            rest = lines[number:]
            if not any(after.lstrip().startswith(">") for after in rest):
                return said, quoted + rest  # a forward or a top-posted reply: the rest is somebody else's
            quoted.append(line)
        elif line.lstrip().startswith(">"):
            quoted.append(line)
        else:
            said.append(line)
    return said, quoted


def _signature(lines: list[str]) -> int:
    """Where the signature begins: behind ``-- ``, or at a closing greeting that only a few lines follow."""
    for number in range(len(lines) - 1, -1, -1):
        if _DELIMITER.match(lines[number]):
            return number
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for number in filled[-_LONGEST_SIGNATURE:]:
        if _GREETING.match(lines[number].strip()):
            return number
    return len(lines)


def _join(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")


def html_to_text(html: str) -> str:
    """The text that a reader of the HTML sees, in lines."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT and self._silent:
            self._silent -= 1
        elif tag in _BLOCKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data.replace("\n", " "))
