"""The service mailbox: a Maildir with MIME mails of many programs: replies, attachments, signatures, several encodings."""

from __future__ import annotations

import shutil
from email.encoders import encode_base64
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from pathlib import Path

from hub.demo.world import Contact, Entry, World

SERVICE = "service@example-trading.example"
_TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("Question about my invoice", "Hello,\n\ncould you please explain the last line of my invoice?"),
        ("Delivery", "Hello,\n\nthe parcel has not arrived yet. When can I expect it?"),
    ),
    "es": (
        ("Pregunta sobre mi factura", "Hola:\n\n¿Podrían explicarme la última línea de la factura?"),
        ("Cambio de dirección", "Buenos días:\n\nEl pedido aún no ha llegado. ¿Cuándo lo recibiré?"),
    ),
    "de": (
        ("Frage zur Rechnung", "Guten Tag,\n\nkönnten Sie mir bitte die letzte Zeile der Rechnung erklären?"),
        (
            "Lieferung überfällig",
            "Guten Tag,\n\ndas Paket ist noch nicht da. Wann dürfen wir es erwarten? Mit freundlichen Grüßen",
        ),
    ),
    "fr": (
        ("Question sur ma facture", "Bonjour,\n\npourriez-vous m'expliquer la dernière ligne de la facture ?"),
        ("Livraison en retard", "Bonjour,\n\nle colis n'est pas encore arrivé. Où est-il resté ?"),
    ),
    "pl": (
        ("Pytanie o fakturę", "Dzień dobry,\n\nproszę o wyjaśnienie ostatniej pozycji na fakturze."),
        ("Opóźniona dostawa", "Dzień dobry,\n\nprzesyłka jeszcze nie dotarła. Kiedy mogę się jej spodziewać?"),
    ),
}
_CHARSETS = {"en": "us-ascii", "es": "iso-8859-1", "de": "windows-1252", "fr": "iso-8859-15", "pl": "iso-8859-2"}
_BROKEN = b"\x00\x01garbage that is no mail\n\xff\xfe no header, no colon in sight\n"


def write(world: World, folder: Path) -> None:
    """Some mails read (``cur``), some new; file names and boundaries follow from the mails, never from the clock."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    senders = {entry.key: entry for entry in world.of("mail")}
    for mail in world.contacts_of("mail"):
        name = f"{int(mail.at.timestamp())}.M{mail.key[1:]}P1.example"
        path = folder / "new" / name if mail.subject % 3 == 0 else folder / "cur" / f"{name}:2,S"
        path.write_bytes(_BROKEN if mail.flaw == "without_headers" else _mail(mail, senders.get(mail.by_key)))


def _mail(mail: Contact, sender: Entry | None) -> bytes:
    subject, body = _TEXTS[mail.language][mail.subject % 2]
    text = body + "\n"
    if mail.subject % 4 == 1:
        text += f"\nAm 01.02.2026 schrieb {SERVICE}:\n> Dear customer,\n> thank you for your message.\n> -- \n> Example Trading\n"
    if mail.signature and sender:
        text += "\n-- \n" + signature(mail, sender)
    message = _parts(mail, text, _charset(mail, text))
    name = mail.native or mail.name
    message["From"] = formataddr((str(Header(name, _charset(mail, name)).encode()), mail.email))
    message["To"] = SERVICE
    message["Subject"] = Header(subject if mail.subject % 4 != 1 else f"Re: {subject}", _charset(mail, subject)).encode()
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.key}@{mail.email.partition('@')[2]}>"
    if mail.subject % 4 == 1:
        message["In-Reply-To"] = message["References"] = f"<ticket-{mail.subject}@example-trading.example>"
    return message.as_bytes()


def _charset(mail: Contact, text: str) -> str:
    """The charset of the sender's country where it suffices, else UTF-8; every fifth program always takes UTF-8."""
    if mail.subject % 5 == 0:
        return "utf-8"
    for charset in (_CHARSETS[mail.language], "iso-2022-jp", "koi8-u"):
        try:
            text.encode(charset)
        except UnicodeEncodeError:
            continue
        return charset
    return "utf-8"


def signature(mail: Contact, sender: Entry) -> str:
    """Name, address and telephone below two dashes."""
    lines = [mail.name]
    if mail.native:
        lines.append(mail.native)
    if sender.address:
        place = sender.address
        lines += [place.line, f"{place.postal_code} {place.city}"]
    if mail.phone:
        lines.append(f"Tel: {mail.phone}")
    return "\n".join(lines) + "\n"


def _parts(mail: Contact, text: str, charset: str) -> Message:
    plain = MIMEText(text, "plain", charset)
    if mail.subject % 7 == 0:
        return _with_html(mail, plain, text, charset)
    if mail.subject % 9 == 0:
        return _with_attachment(mail, plain)
    return plain


def _with_html(mail: Contact, plain: MIMEText, text: str, charset: str) -> Message:
    both = MIMEMultipart("alternative", boundary=f"=_alt_{mail.key}")
    html = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>\n")
    both.attach(plain)
    both.attach(MIMEText(f"<html><body><p>{html}</p></body></html>", "html", charset))
    return both


def _with_attachment(mail: Contact, plain: MIMEText) -> Message:
    mixed = MIMEMultipart("mixed", boundary=f"=_mixed_{mail.key}")
    mixed.attach(plain)
    paper = MIMEBase("application", "pdf")
    paper.set_payload(b"%PDF-1.4\n% an invented invoice " + mail.key.encode() + b"\n%%EOF\n")
    encode_base64(paper)
    paper.add_header("Content-Disposition", "attachment", filename=("utf-8", "", f"Factura nº {mail.key}.pdf"))
    mixed.attach(paper)
    return mixed
