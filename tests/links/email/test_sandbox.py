"""Templates reach nothing but the words they are given, and neither hang the office nor fill its memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.email.templates import validate
from syncd.letters import LetterTray
from tests.links.email.test_templates import LINE, reminder

PAGE = "{{% extends layout %}}{{% block subject %}}Hello{{% endblock %}}{{% block opening %}}{}{{% endblock %}}"
REACHING = (
    "{{ ''.__class__ }}",
    "{{ name.__class__.__mro__[1].__subclasses__() }}",
    "{{ name|attr('__class__') }}",
    "{{ (name|attr('__cla' ~ 'ss__')) }}",
    "{{ lines.__class__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}",
    "{{ in_days.__globals__ }}",
    "{{ in_days.__code__ }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ '%s'|format(name) }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../../etc/passwd' %}",
    "{% import 'os' as os %}{{ os.system('id') }}",
    "{{ request }}",
    "{{ config }}",
)
ENDLESS = (
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{{ name }} and again at some length, {{ name }} {{ name }}{% endfor %}",
    "{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('aaaa') }}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set ns = namespace(x='aaaa') %}{% for a in range(999) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{{ 'x' * 10000000000 }}",
    "{{ [1] * 10000000000 }}",
    "{{ 'x'.center(10000000000) }}",
    "{{ 'x'|center(10000000000) }}",
    "{{ 'x'.ljust(10000000000) }}",
    "{{ 'x'|indent(10000000000) }}",
    "{{ '%10000000000d'|format(1) }}",
    "{{ '%10000000000d' % 1 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ lipsum(1000000) }}",
    "{{ [1]|slice(10000000000)|list }}",
    "{{ range(10000000000)|list }}",
)


@pytest.mark.parametrize("text", [*REACHING, *ENDLESS])
def test_a_template_that_reaches_out_or_does_not_end_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "firm.txt").write_text(PAGE.format(text))
    problems = validate(tmp_path)
    assert problems
    assert all("root:" not in problem and "uid=" not in problem for problem in problems)


@pytest.mark.parametrize("text", ["{{ 1|wrapped }}", "{{ none|paragraphs|capitalize_first }}", "{{ lines|wrapped }}"])
def test_our_own_filters_given_the_wrong_thing_are_a_problem_and_no_crash(tmp_path: Path, text: str) -> None:
    (tmp_path / "firm.txt").write_text(PAGE.format(text))
    assert validate(tmp_path) == [] or all(one.startswith("firm.txt: line") for one in validate(tmp_path))


def test_an_ordinary_template_of_an_office_still_works(tmp_path: Path) -> None:
    text = "{% for line in lines %}{{ loop.index * 2 }} {{ line.number.upper() }} {{ name|upper }}{% endfor %}"
    (tmp_path / "firm.txt").write_text(PAGE.format(text))
    assert validate(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", "\u202eevil", "a\nb"]
)
def test_a_letter_shows_a_strangers_name_and_does_nothing_else_with_it(tmp_path: Path, name: str) -> None:
    tray = LetterTray(tmp_path / "letters", None)
    letter = reminder(template="final", channel="letter", to="", name=name, customer="../C-1", lines=(LINE,))
    path = Path(tray.write(letter, "reminders/I-1/level-4").remote_id)
    assert path.parent == tmp_path / "letters"
    page = path.read_text()
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
