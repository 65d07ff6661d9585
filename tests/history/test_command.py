"""`syncd backfill` as its users run it: over a configuration, in a pipe, with JSON."""

from __future__ import annotations

import json

import pytest

from syncd.cli.root import run
from syncd.clock import SystemClock
from tests.history.conftest import fill


@pytest.fixture(params=["quickbooks", "xero"])
def years(request, years_of):
    """A company that lives by this machine's clock, as the command does."""
    clock = SystemClock()
    found = years_of(request.param, clock)
    fill(found.company, months=12, a_month=2, before=clock.now().date().replace(day=1))
    return found


@pytest.fixture
def command(years, capsys):
    def call(*arguments):
        code = run(["backfill", "--config", str(years.folder / "config.toml"), *arguments])
        return code, capsys.readouterr()

    return call


class TestTheCommand:
    def test_it_says_what_it_loaded_and_that_it_agrees(self, command):
        code, said = command("--connection", "acme")
        assert code == 0
        assert "months of its lists" in said.out
        assert "documents" in said.err

    def test_json_is_one_document_with_every_month_and_progress_beside_it(self, command):
        code, said = command("--all", "--json")
        (row,) = json.loads(said.out)
        assert (code, row["failure"], row["disagreements"]) == (0, None, 0)
        assert {"list", "month", "currency", "provider", "held", "agrees"} == set(row["months"][0])
        progress = [json.loads(line) for line in said.err.splitlines()]
        assert progress[0]["connection"] == "acme"
        assert {"documents", "expected", "documents_a_second", "calls", "calls_left_today", "seconds_left"} <= set(
            progress[0]
        )

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ((), "say which connection with --connection NAME, or --all"),
            (("--connection", "acme", "--calls", "0"), "--calls 0 leaves no call to load anything with"),
            (("--connection", "acme", "--calls", "4"), "each run needs 5 at least; give it more, or leave --calls out"),
            (("--connection", "acme", "--since", "2999-01-01"), "is after the last day to load"),
            (("--connection", "acme", "--until", "2999-01-01"), "is in the future"),
        ],
    )
    def test_what_makes_no_sense_is_said_before_the_first_call(self, years, command, arguments, sentence):
        years.server.seen.clear()
        code, said = command(*arguments)
        assert code == 2
        assert sentence in said.err
        assert years.server.seen == []

    def test_books_of_another_company_are_refused_before_the_first_call(self, years, command):
        config = years.folder / "config.toml"
        config.write_text(config.read_text().replace(years.company.account, "999"))
        years.server.seen.clear()
        code, said = command("--connection", "acme")
        assert code == 78
        assert "this name already holds the books or the consent of company" in said.err
        assert years.server.seen == []

    def test_a_folder_of_files_has_nothing_to_load(self, years, command):
        config = years.folder / "config.toml"
        config.write_text('state_dir = "other"\n[connections.f]\nkind = "file"\npath = "b"\ntimezone = "UTC"\n')
        code, said = command("--connection", "f")
        assert code == 2
        assert "there is nothing to load" in said.err
