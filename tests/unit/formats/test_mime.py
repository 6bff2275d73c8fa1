"""Mails: what was said, who said it, and nothing that breaks."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.formats.mail_text import html_to_text, split
from hub.formats.mime import FIELDS, read
from hub.formats.rows import Flaw, Row
from hub.records import Data


def mail(raw: bytes) -> Data:
    found = read(raw, "f")
    assert isinstance(found, Row)
    return found.data


def test_a_mail_with_all_its_parts() -> None:
    message = EmailMessage()
    message["From"] = "Jürgen Groß <juergen@example.org>"
    message["To"] = 'info@example.com, "Gil, Ana" <ana@example.com>'
    message["Subject"] = "Änderung der Anschrift"
    message["Message-ID"] = "<1@example.org>"
    message["In-Reply-To"] = "<0@example.com>"
    message["References"] = "<a@example.com> <0@example.com>"
    message["Date"] = "Sun, 01 Mar 2026 10:00:00 +0100"
    message.set_content("Guten Tag,\n\nich bin umgezogen.\n\n-- \nJürgen Groß\nTel. +49 30 1234567\n")
    message.add_alternative("<p>Guten Tag,</p><p>ich bin umgezogen.</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Übersicht.pdf")
    data = mail(message.as_bytes())
    assert set(data) == set(FIELDS)
    assert data["from"] == {"name": "Jürgen Groß", "address": "juergen@example.org"}
    assert [person["name"] for person in data["to"]] == ["", "Gil, Ana"]
    assert data["subject"] == "Änderung der Anschrift"
    assert (data["message_id"], data["in_reply_to"], data["references"]) == (
        "1@example.org",
        "0@example.com",
        ["a@example.com", "0@example.com"],
    )
    assert data["date"] == "2026-03-01T10:00:00+01:00"
    assert data["text"] == "Guten Tag,\n\nich bin umgezogen."
    assert data["html_text"] == "Guten Tag,\n\nich bin umgezogen."
    assert data["signature_lines"] == ["Jürgen Groß", "Tel. +49 30 1234567"]
    assert [(a["name"], a["type"], a["size"]) for a in data["attachments"]] == [("Übersicht.pdf", "application/pdf", 4)]


ON = "On Sun, 1 Mar 2026 at 10:00, Ana Gil wrote:"
EL = "El dom, 1 mar 2026, Ana Gil escribió:"


@pytest.mark.parametrize(
    ("body", "text", "quoted", "signature"),
    [
        ("Hi\n\n> old\n> older\n", "Hi", "> old\n> older", ""),
        (
            "Yes.\n\nOn Sun, 1 Mar 2026 at 10:00, Ana Gil wrote:\n> Really?\n",
            "Yes.",
            "On Sun, 1 Mar 2026 at 10:00, Ana Gil wrote:\n> Really?",
            "",
        ),
        (
            "Sí.\n\nEl dom, 1 mar 2026, Ana Gil escribió:\n> ¿De verdad?\n",
            "Sí.",
            "El dom, 1 mar 2026, Ana Gil escribió:\n> ¿De verdad?",
            "",
        ),
        ("See below\n-----Original Message-----\nFrom: x\nText\n", "See below", "-----Original Message-----\nFrom: x\nText", ""),
        ("Text\n\nBest regards,\nAna Gil\nTel 1\n", "Text", "", "Best regards,\nAna Gil\nTel 1"),
        ("Tekst\n\nPozdrawiam\nJan\n", "Tekst", "", "Pozdrawiam\nJan"),
        ("Thanks\n" + "a line\n" * 20, "Thanks\n" + "\n".join(["a line"] * 20), "", ""),
        ("Text\r\n-- \r\nAna\r\n", "Text", "", "-- \nAna"),
    ],
)
def test_the_parts_of_a_text(body: str, text: str, quoted: str, signature: str) -> None:
    found = split(body)
    assert (found.text, found.quoted, found.signature) == (text, quoted, signature)


@given(st.text(st.sampled_from("ab >-\n:"), max_size=80))
def test_every_line_lands_in_one_part(body: str) -> None:
    found = split(body)
    parts = [line for part in (found.text, found.quoted, found.signature) for line in part.split("\n")]
    assert sorted(line for line in parts if line.strip()) == sorted(line for line in body.split("\n") if line.strip())


def test_the_text_of_html() -> None:
    html = "<head><title>t</title></head><style>p{}</style><p>A&amp;B&nbsp;<b>c</b><br>d</p><ul><li>e</li></ul><script>x</script>"
    assert html_to_text(html) == "A&B c\nd\n\ne"


def test_wrong_and_unknown_encodings_are_read_as_well_as_they_can_be() -> None:
    data = mail(b"From: =?nope?q?Zo=EB?= <z@example.org>\nContent-Type: text/plain; charset=nope\nDate: never\n\nZo\xeb\n")
    assert data["text"] == "Zoë"
    assert data["date"] is None


def test_a_mail_without_headers_is_no_record() -> None:
    found = read(b"just text\n\nmore text", "f")
    assert isinstance(found, Flaw)
    assert found.code == "no_headers"


def test_mails_of_machines_are_marked() -> None:
    assert mail(b"From: a@example.org\nAuto-Submitted: auto-replied\n\nx")["automatic"]
    assert mail(b"From: a@example.org\nList-Unsubscribe: <x>\n\nx")["automatic"]
    assert not mail(b"From: a@example.org\n\nx")["automatic"]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    read(b"From: a@example.org\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" + raw, "f")
    read(raw, "f")
