"""One mail as one record: who, when, what was said, how it was signed; attachments by name and hash, never their content."""

from __future__ import annotations

import email
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage, Message
from typing import Any

from hub.formats.mail_text import html_to_text, split
from hub.formats.rows import MEBIBYTE, Flaw, Row
from hub.records import Data

LONGEST_MAIL = 64 * MEBIBYTE
FIELDS = {
    "message_id": "string",
    "date": "string",
    "subject": "string",
    "from": "object",
    **dict.fromkeys(("reply_to", "to", "cc", "bcc"), "array"),
    "in_reply_to": "string",
    "references": "array",
    "list_id": "string",
    "automatic": "boolean",
    **dict.fromkeys(("text", "html_text", "quoted", "signature"), "string"),
    "signature_lines": "array",
    "attachments": "array",
}
"""Field of a mail -> type in JSON Schema's words."""

_ADDRESSES = ("from", "reply_to", "to", "cc", "bcc")
_IDENTIFIER = re.compile(r"<([^<>\s]+)>")
_POLICY = email.policy.compat32  # never raises while parsing; the modern policy does on some broken headers


def read(raw: bytes, where: str) -> Row | Flaw:
    """The record of one mail."""
    message = email.message_from_bytes(raw, policy=_POLICY)
    if not any(message.get(name) for name in ("From", "Message-ID", "Date", "Subject", "To", "Received")):
        return Flaw(where, "no_headers", "The mail has no headers, so nobody knows whose it is.")
    try:
        return Row(_mail(message), where, len(raw))
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        return Flaw(where, "mail_malformed", f"The mail cannot be taken apart ({type(error).__name__}).")


def _mail(message: Message) -> Data:
    plain, html, attachments = _bodies(message)
    html_text = html_to_text(html) if html else ""
    parts = split(plain if plain.strip() else html_text)
    data: Data = {
        "message_id": _first(_identifiers(_header(message, "Message-ID"))),
        "date": _date(_header(message, "Date")),
        "subject": _header(message, "Subject"),
        **{name: _people(message, name.replace("_", "-")) for name in _ADDRESSES},
        "in_reply_to": _first(_identifiers(_header(message, "In-Reply-To"))),
        "references": _identifiers(_header(message, "References")),
        "list_id": _first(_identifiers(_header(message, "List-Id"))),
        "automatic": _is_automatic(message),
        "text": parts.text,
        "html_text": html_text,
        "quoted": parts.quoted,
        "signature": parts.signature,
        "signature_lines": [line.strip() for line in parts.signature.split("\n") if line.strip(" -")],
        "attachments": attachments,
    }
    data["from"] = data["from"][0] if data["from"] else None
    return data


def _header(message: Message, name: str) -> str:
    """A header as text, its encoded words decoded, whatever they are."""
    value = message.get(name)
    if value is None:
        return ""
    text = str(value)
    with suppress(HeaderParseError, LookupError, ValueError):
        pieces = email.header.decode_header(text)
        text = "".join(_text(part, charset) if isinstance(part, bytes) else part for part, charset in pieces)
    return " ".join(_clean(text).split())


def _people(message: Message, name: str) -> list[dict[str, str]]:
    values = [str(value) for value in message.get_all(name, [])]
    found = []
    for shown, address in email.utils.getaddresses(values):
        if address:
            holder = Message()
            holder["X"] = shown.replace("\n", " ").replace("\r", " ")
            found.append({"name": _header(holder, "X"), "address": _clean(address)})
    return found


def _identifiers(text: str) -> list[str]:
    return _IDENTIFIER.findall(text) or ([text] if text and " " not in text else [])


def _first(values: list[str]) -> str | None:
    return values[0] if values else None


def _date(text: str) -> str | None:
    """RFC 3339; None when the mail has no date that exists."""
    with suppress(TypeError, ValueError, OverflowError):
        return email.utils.parsedate_to_datetime(text).isoformat() if text else None
    return None


def _is_automatic(message: Message) -> bool:
    """Written by a machine: an out-of-office answer, a newsletter, a bounce."""
    if _header(message, "Auto-Submitted").lower() not in {"", "no"}:
        return True
    mass = _header(message, "Precedence").lower() in {"bulk", "list", "junk", "auto_reply"}
    return mass or bool(message.get("List-Unsubscribe"))


def _bodies(message: Message) -> tuple[str, str, list[dict[str, Any]]]:
    plain: list[str] = []
    html: list[str] = []
    attachments: list[dict[str, Any]] = []
    for part in _leaves(message):
        content = part.get_payload(decode=True)
        raw = content if isinstance(content, bytes) else b""
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment" or part.get_filename() or not kind.startswith("text/"):
            attachments.append(_attachment(part, raw, kind))
        else:
            (html if kind == "text/html" else plain).append(_text(raw, part.get_content_charset()))
    return "\n".join(plain), "\n".join(html), attachments


def _leaves(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if not part.is_multipart():
            yield part


def _attachment(part: Message, raw: bytes, kind: str) -> dict[str, Any]:
    holder = EmailMessage(policy=_POLICY)
    holder["X"] = (part.get_filename() or "").replace("\n", " ").replace("\r", " ")
    return {"name": _header(holder, "X"), "type": kind, "size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def _text(raw: bytes, charset: str | None) -> str:
    """Text in its declared charset; where that is wrong or unknown, in the one that fits."""
    for name in (charset or "utf-8", "utf-8", "cp1252"):
        with suppress(UnicodeDecodeError, LookupError):
            return _clean(raw.decode(name))
    return raw.decode("latin-1")


def _clean(text: str) -> str:
    """Without lone surrogates: raw bytes in headers come as such."""
    if text.isascii():
        return text
    raw = text.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "replace")
