"""The office's own texts: what takes whose place, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.email.templates import TemplateRefused, letter, render, validate
from connectors.errors import Rejected
from tests.links.email.office import LINE, reminder

OWN = (
    "{% extends layout %}\n{% block subject %}Our words, {{ name }}{% endblock %}\n"
    "{% block opening %}We write about {{ invoices }}.{% endblock %}\n{% block closing %}Thanks.{% endblock %}\n"
)


def put(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def test_a_file_of_the_same_name_takes_the_place_of_ours(tmp_path: Path) -> None:
    rendered = render(reminder(), put(tmp_path, firm_txt=OWN))
    assert rendered.subject == "Our words, Oak Ltd"
    assert "We write about invoice 1001." in rendered.text
    assert ">We write about invoice 1001.</p>" in rendered.html
    assert render(reminder(template="friendly"), tmp_path) == render(reminder(template="friendly"), None)


def test_a_tone_of_the_offices_own_can_be_named_by_a_rule(tmp_path: Path) -> None:
    put(tmp_path, payday_txt=OWN)
    assert validate(tmp_path) == []
    assert render(reminder(template="payday"), tmp_path).subject == "Our words, Oak Ltd"


def test_a_layout_can_be_the_offices_own(tmp_path: Path) -> None:
    put(tmp_path, layout_html="<p>{{ company }}</p>{% block opening %}{% endblock %}")
    rendered = render(reminder(company="A & B"), tmp_path)
    assert rendered.html.startswith("<p>A &amp; B</p>")
    assert rendered.text.startswith("Dear Oak Ltd,")


def test_an_edited_file_counts_from_the_next_message_on(tmp_path: Path) -> None:
    put(tmp_path, firm_txt=OWN)
    assert render(reminder(), tmp_path).subject == "Our words, Oak Ltd"
    put(tmp_path, firm_txt=OWN.replace("Our words", "Other and longer words"))
    assert render(reminder(), tmp_path).subject == "Other and longer words, Oak Ltd"


def test_our_own_texts_are_sound(tmp_path: Path) -> None:
    assert validate(tmp_path) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"firm_txt": OWN.replace("{{ name }}", "{{ nme }}")}, "firm.txt: line 2: 'nme' is undefined"),
        ({"firm_txt": OWN.replace("{% endblock %}\n", "", 1)}, "firm.txt: line "),
        ({"firm_txt": "Hello"}, "firm.txt: there is no block subject"),
        ({"firm_txt": OWN.replace("Our words, {{ name }}", " ")}, "firm.txt: the block subject is empty"),
        ({"firm_txt": OWN.replace("{{ name }}", "{{ name.__class__.__mro__ }}")}, "firm.txt: "),
        ({"firm_txt": OWN.replace("{{ name }}", "{{ 1 // 0 }}")}, "firm.txt: line 2: "),
        ({"firm_txt": OWN.replace("{{ name }}", "{{ in_days(10 ** 12) }}")}, "firm.txt: line 2: "),
        ({"firm_txt": OWN.replace("{{ name }}", "{{ lines.append(1) }}")}, "firm.txt: "),
        ({"firm_txt": OWN.replace("{{ name }}", "{% include '../secret' %}")}, "../secret: there is no such template"),
        ({"layout_txt": "{{ tabel }}"}, "layout.txt: line 1: 'tabel' is undefined"),
        ({"letter_html": "{{ tabel }}"}, "letter.html: line 1: 'tabel' is undefined"),
        ({"frendly_txt": OWN}, 'frendly.txt: this replaces nothing; did you mean "friendly.txt"?'),
        ({"firm_html": "x"}, 'firm.html: this replaces nothing; did you mean "firm.txt"?'),
        ({"logo_png": "x"}, "logo.png: only texts (.txt) and layout.txt, layout.html, letter.html are used here"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_before_a_message_needs_it(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    found = validate(put(tmp_path, **files))
    assert any(problem.startswith(said) for problem in found), found
    assert len(found) <= 3


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert validate(tmp_path / "texts") == ["texts: there is no such folder"]


def test_a_letter_is_a_page_to_print_with_everything_on_it() -> None:
    page = letter(reminder(template="final", channel="letter", to="", name="Oak & Co", lines=(LINE,)), None)
    assert page.startswith("<!doctype html>")
    for said in ("Oak &amp; Co", "31 March 2025", "1001", "USD 550.00", "Final reminder", "Yours faithfully", "Acme"):
        assert said in page


def test_a_letter_that_cannot_be_written_is_rejected_like_any_other_operation(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"template: firm\.txt: line 1: 'nme' is undefined"):
        letter(reminder(), put(tmp_path, firm_txt="{% extends layout %}{% block subject %}{{ nme }}{% endblock %}"))


def test_a_text_that_is_not_there_is_refused_by_its_name() -> None:
    with pytest.raises(TemplateRefused, match=r"nowhere\.txt: there is no such template"):
        render(reminder(template="nowhere"), None)
