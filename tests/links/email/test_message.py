"""The mail itself: headers, threading, and that nothing from a stranger's books can break out of its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.domain.actions import SendMessage
from rules.domain.money import Money
from tests.links.email.office import KEY, LINE, mailer, reminder, usd


def arrived(operation: SendMessage, key: str = KEY) -> EmailMessage:
    """The mail as its reader's program understands the bytes we send."""
    return message_from_bytes(mailer(25).render(operation, key).as_bytes(), policy=default)


def bodies(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def test_the_headers_say_who_to_whom_when_and_that_a_machine_wrote() -> None:
    mail = arrived(reminder(copy_to="dana"))
    assert mail["From"] == "Acme Accounts <ar@acme.example>"
    assert mail["To"] == "Oak Ltd <ap@oak.example>"
    assert mail["Cc"] == "dana@acme.example"
    assert mail["Reply-To"] == "dana@acme.example"
    assert mail["Bcc"] is None
    assert mail["Date"] == "Mon, 31 Mar 2025 09:30:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Precedence"] is None
    assert mail["X-Syncd-Key"] == KEY
    assert mail["Subject"] == "Overdue: invoice 1001 from Acme, USD 550.00 due"
    assert "archive@acme.example" not in mail.as_string()
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_message_id_comes_from_the_key_and_our_domain_and_differs_between_companies() -> None:
    first = arrived(reminder())["Message-ID"]
    assert first == arrived(replace(reminder(), level=7))["Message-ID"]
    assert first.endswith("@acme.example>")
    others = {arrived(reminder(), "k/2")["Message-ID"], arrived(reminder(company="Other"))["Message-ID"]}
    assert first not in others
    assert len(others) == 2


def test_a_message_on_the_same_matter_answers_the_ones_before() -> None:
    earlier = tuple(f"reminders/I-1/level-{level}" for level in range(1, 6))
    ids = [arrived(reminder(), key)["Message-ID"] for key in earlier]
    mail = arrived(reminder(replies_to=earlier))
    assert mail["In-Reply-To"] == ids[-1]
    assert mail["References"].split() == ids
    assert arrived(reminder())["In-Reply-To"] is None


def test_a_long_key_comes_through_whole() -> None:
    key = "reminders/" + "x" * 180 + "/level-2"
    assert arrived(reminder(), key)["X-Syncd-Key"] == key


@pytest.mark.parametrize("length", [20, 40, 60, 120])
def test_a_subject_begins_on_its_own_line_and_no_line_of_a_body_is_long(length: int) -> None:
    mail = mailer(25).render(reminder(company="Acme " + "x" * length, name="Ö" * length), KEY)
    lines = mail.as_bytes().split(b"\r\n")
    (subject,) = (line for line in lines if line.startswith(b"Subject:"))
    assert subject.startswith(b"Subject: Overdue: invoice 1001 from Acme x")
    assert max(map(len, lines[lines.index(b"") :])) <= 78


def test_several_addresses_of_one_customer_all_get_it() -> None:
    mail = arrived(reminder(to="ap@oak.example; Jo <jo@oak.example>"))
    assert [address.addr_spec for address in mail["To"].addresses] == ["ap@oak.example", "jo@oak.example"]


def test_a_name_with_letters_of_any_script_arrives_as_it_is() -> None:
    name = "Größe, 大和 & Söhne"
    mail = arrived(reminder(name=name, company="Café Zoë"))
    assert mail["To"].addresses[0].display_name == name
    assert f"Dear {name}," in bodies(mail)[0]
    assert "Café Zoë" in mail["Subject"]


HOSTILE = [
    "Oak\r\nBcc: victim@example.com",
    "Oak\n\nBody <b>now</b>",
    '"><script>alert(1)</script>',
    "Oak \u202egnp.exe\u202c Ltd",
    "Oak\u2028Ltd\u0000\u0007\u2066x\u200b",
    "{{ 7 * 7 }}{% include 'x' %}",
    "ap@evil.example, Oak",
    "=?utf-8?q?Bcc=3A?=",
    "<img src=x onerror=alert(1)>",
    "\U000e0041\U000e0042 tagged",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    line = replace(LINE, number=name)
    mail = arrived(reminder(name=name, company=name, customer=name, lines=(line,)))
    assert mail["Bcc"] is None
    assert [address.addr_spec for address in mail["To"].addresses] == ["ap@oak.example"]
    assert mail.defects == []
    text, html = bodies(mail)
    assert "<script" not in html.split("</style>")[1]
    assert "<img" not in html
    assert "<b>" not in html
    assert " 49" not in text
    for mark in "\u202e\u202c\u2028\u2066\u200b\0\x07\U000e0041":
        assert mark not in text + html + mail["Subject"]


@given(name=st.text(max_size=40))
def test_no_name_whatever_breaks_a_mail(name: str) -> None:
    mail = arrived(reminder(name=name, company=name))
    assert set(mail.keys()) == {
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
        *("Content-Language", "X-Syncd-Key", "MIME-Version", "Content-Type"),
    }
    assert [address.addr_spec for address in mail["To"].addresses] == ["ap@oak.example"]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://pay.example/\r\nx", "https://pay.example/ x", "data:x"]
)
def test_a_link_that_is_no_plain_web_address_is_left_out(link: str) -> None:
    text, html = bodies(arrived(reminder(lines=(replace(LINE, pay_link=link),))))
    assert "Pay" not in text
    assert "<a " not in html


def test_a_link_to_pay_is_shown_in_both_bodies() -> None:
    link = 'https://pay.example/?a=1&b="2"'
    text, html = bodies(arrived(reminder(lines=(replace(LINE, pay_link=link),))))
    assert f"Pay invoice 1001 online: {link}" in text
    assert '<a href="https://pay.example/?a=1&amp;b=&#34;2&#34;"' in html


EURO = replace(LINE, invoice="I-2", number="1002", asked=Money(Decimal("99.50"), "EUR"),
               balance=Money(Decimal("99.50"), "EUR"), due_on=date(2025, 3, 30), days_past_due=1)  # fmt: skip


def test_the_table_has_every_invoice_and_a_total_for_each_currency() -> None:
    third = replace(LINE, invoice="I-3", number="1003", asked=usd("1450.00"), balance=usd("1450.00"))
    text, html = bodies(arrived(reminder(lines=(LINE, EURO, third))))
    assert text.count("EUR 99.50") == 3
    assert "  USD 2,000.00" in text
    assert "1001     30 Jan 2025  1 Mar 2025   30 days     USD 1,000.00    USD 550.00" in text
    assert "1002     30 Jan 2025  30 Mar 2025  1 day          EUR 99.50     EUR 99.50" in text
    assert "USD 2,000.00" in html
    assert "left out of this reminder" in " ".join(text.split())


def test_a_fee_is_named_and_kept_out_of_the_total() -> None:
    text, html = bodies(arrived(reminder(fee=usd("10.00"))))
    assert "This reminder carries a fee of USD 10.00" in text
    assert "Total due: USD 550.00" in text
    assert "fee of USD 10.00" in html
    assert "fee" not in bodies(arrived(reminder()))[0]


THREATS = ("legal", "court ", "solicitor", "lawyer", "agency", "agencies", "credit rating", "bailiff", "consequence")


@pytest.mark.parametrize("tone", ["upcoming", "friendly", "firm", "final", "notice"])
def test_every_tone_is_polite_complete_and_says_what_if_you_have_paid(tone: str) -> None:
    text, html = bodies(arrived(reminder(template=tone)))
    assert text.startswith("Dear Oak Ltd,\n\n")
    assert text.endswith("\n\nKind regards\nAcme\n")
    assert "If you have already paid, thank you" in text
    assert "If you have already paid, thank you" in html
    assert "\n\n\n" not in text
    assert max(map(len, text.splitlines())) <= 90
    assert not [word for word in THREATS if word in text.lower()]


def test_earlier_reminders_are_spoken_of_only_where_there_were_any() -> None:
    for tone in ("firm", "final", "notice"):
        first = " ".join(bodies(arrived(reminder(template=tone)))[0].split())
        later = " ".join(bodies(arrived(reminder(template=tone, replies_to=("k/1",))))[0].split())
        assert not any(word in first for word in ("earlier", "before, and"))
        assert any(word in later for word in ("earlier", "before, and"))
