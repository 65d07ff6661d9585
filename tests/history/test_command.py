"""`syncd backfill` as its users run it: over a configuration, in a pipe, with JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from syncd.backfill.progress import Progress
from syncd.cli.progress import Meter, fitting
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


class TestHowFarItIs:
    NOW = Progress(17_035, 41_407, 0, 1813.2, 59, 741, 13.4)

    @pytest.mark.parametrize(
        ("room", "said"),
        [
            (100, "17,035 of about 41,407 documents, 1,813 a second, 59 calls, 741 left today, done in 0:00:13"),
            (80, "17,035 of about 41,407 documents, 59 calls, 741 left today, done in 0:00:13"),
            (55, "17,035 of about 41,407 documents, done in 0:00:13"),
            (20, "17,035 of about 41,407 documents"),
        ],
    )
    def test_a_narrow_terminal_is_told_the_end_before_the_pace(self, room, said):
        assert fitting(self.NOW, room) == said

    def test_a_pause_says_until_when(self):
        until = datetime(2026, 11, 27, tzinfo=UTC)
        assert fitting(replace(self.NOW, waiting_until=until), 80) == "pauses until 2026-11-27 00:00 UTC"

    @pytest.mark.parametrize(("is_sure", "then"), [(True, "; goes on 2026"), (False, "looks again 2026")])
    def test_a_moment_nobody_named_is_no_promise(self, capsys, is_sure, then):
        pause = replace(self.NOW, waiting_until=datetime(2026, 11, 27, tzinfo=UTC), why="used up", is_sure=is_sure)
        Meter("acme", SystemClock()).show(pause)
        assert then in capsys.readouterr().err

    def test_calls_that_will_not_do_are_said_instead_of_the_end(self):
        assert fitting(replace(self.NOW, calls_short=300, seconds_left=None), 60).endswith("about 300 more are needed")


class TestTheCommand:
    def test_a_day_that_is_used_up_is_no_failure(self, command):
        code, said = command("--connection", "acme", "--calls", "7", "--no-wait")
        assert code == 75
        assert "acme: stopped: the 7 calls a day that --calls allows are made; what was loaded is stored" in said.err

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
        code, said = command("--all")
        assert code == 2
        assert "every connection is read from files" in said.err
