"""A day at the desk by commands alone: check, pull, plan, approve, cycle, and the reports, over a folder of books."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.lock import held
from tests.clocks import TODAY

Syncd = Callable[..., Any]

CONFIG = """
state_dir = "state"
[connections.acme]
kind = "file"
path = "books"
timezone = "UTC"
"""
RULES = """
[select]
default = "p"
[policies.p.overdue]
[policies.p.credit_hold]
hold = { any = { days_past_due = 30 } }
[policies.p.finance_charges]
kind = "interest"
annual_pct = "18"
requires_terms = false
"""


def book(late_days: int = 40) -> dict[str, Any]:
    due_on = TODAY - timedelta(days=late_days)
    return {
        "as_of": TODAY.isoformat(),
        "company": {"name": "Acme", "currency": "USD"},
        "customers": [{"ref": "C-1", "name": "Oak Ltd"}],
        "invoices": [
            {
                "ref": "I-1",
                "number": "1001",
                "customer": "C-1",
                "issued_on": (due_on - timedelta(days=30)).isoformat(),
                "due_on": due_on.isoformat(),
                "total": "1000.00 USD",
            }
        ],
    }


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "book.json").write_text(json.dumps(book()))
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path


def written_back(office: Path) -> list[dict[str, Any]]:
    outbox = office / "books" / "outbox.jsonl"
    return [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []


def test_check_says_that_all_is_well_one_line_each(syncd: Syncd, office: Path) -> None:
    ran = syncd("check")
    assert (ran.code, ran.err) == (0, "")
    assert {line[:2] for line in ran.out.splitlines()} == {"ok"}


def test_check_lists_problems_of_all_kinds_at_once(syncd: Syncd, office: Path) -> None:
    (office / "rules.d" / "10.toml").write_text("[policies.p.overdu]")
    (office / "books" / "book.json").unlink()
    ran = syncd("check", "--json")
    assert ran.code == 78
    problems = {one["subject"]: one["finding"] for one in json.loads(ran.out) if not one["ok"]}
    assert "overdue" in problems["rules"]
    assert "no book file" in problems["acme"]


def test_check_of_a_configuration_that_is_wrong_names_the_place(syncd: Syncd, office: Path) -> None:
    (office / "config.toml").write_text('mode = "atuo"')
    ran = syncd("check")
    assert ran.code == 78
    refused = f'{office}/config.toml: mode: "atuo" is not one of review, auto; did you mean "auto"?'
    assert ran.out == f"problem configuration: {refused}\n"


def test_a_refused_configuration_is_told_together_with_refused_rules(syncd: Syncd, office: Path) -> None:
    (office / "config.toml").write_text('mode = "atuo"')
    (office / "rules.d" / "10.toml").write_text("[policies.p.overdu]")
    (office / "rules.d" / "20.toml").write_text("[")
    for command in ("check", "cycle", "status"):
        ran = syncd(command)
        assert ran.code == 78
        said = ran.out + ran.err
        assert all(word in said for word in ('"atuo" is not one of', '"overdue"', "20.toml: not valid TOML"))
    assert not (office / "state").exists()


def test_rules_that_are_no_text_and_a_database_cut_short_are_told_with_what_to_do(syncd: Syncd, office: Path) -> None:
    syncd("pull")
    (office / "rules.d" / "20.toml").write_bytes(b"\xff\xfe")
    assert syncd("plan").err.endswith("20.toml: byte 0 is not UTF-8; save the file as UTF-8\n")
    database = office / "state" / "syncd.db"
    database.write_bytes(database.read_bytes()[:5000])
    ran = syncd("status")
    assert (ran.code, ran.err.endswith("damaged. Restore a copy made by `syncd backup`.\n")) == (78, True), ran.err


def test_check_names_the_level_whose_text_nobody_has(syncd: Syncd, office: Path) -> None:
    level = '[policies.p.reminders]\nlevels = [{ at_days = 1, template = "freindly" }]\n'
    (office / "rules.d" / "20.toml").write_text(level.replace("policies.p", "policies.q"))
    ran = syncd("check")
    assert ran.code == 78
    assert (
        '[policies.q.reminders] levels[1].template: there is no text called "freindly"; did you mean "friendly"?'
        in ran.out
    )


def test_plan_shows_the_silences_a_person_could_mend(syncd: Syncd, office: Path) -> None:
    level = '[policies.q]\nextends = "p"\n[policies.q.reminders]\nlevels = [{ at_days = 1, template = "friendly" }]\n'
    (office / "rules.d" / "20.toml").write_text(level + '[select]\ncustomers."C-1" = "q"\n')
    ran = syncd("plan")
    assert "Not done, and yours to mend" in ran.out
    assert "No e-mail address for Oak Ltd." in ran.out


def test_a_state_folder_that_is_a_file_is_named(syncd: Syncd, office: Path) -> None:
    (office / "state").write_text("")
    ran = syncd("cycle")
    assert (ran.code, ran.err) == (78, f"{office}/config.toml: state_dir: {office}/state is not a folder\n")


def test_pull_reads_and_decides_nothing(syncd: Syncd, office: Path) -> None:
    ran = syncd("pull", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)[0]["changed"] == 2
    assert json.loads(syncd("audit", "--json").out) == []


def test_plan_shows_what_would_be_done_and_changes_nothing(syncd: Syncd, office: Path) -> None:
    ran = syncd("plan", "--json")
    assert ran.code == 1
    plan = json.loads(ran.out)
    waiting = {one["kind"]: one for one in plan["decisions"] if one["status"] == "held"}
    assert set(waiting) == {"finance_charge", "credit_state"}
    assert waiting["finance_charge"]["held_by"] == "review"
    assert json.loads(syncd("audit", "--json").out) == []
    assert written_back(office) == []
    assert syncd("plan", "--json").out == ran.out


def test_the_plan_for_people_has_names_amounts_and_reasons(syncd: Syncd, office: Path) -> None:
    out = syncd("plan").out
    line = next(line for line in out.splitlines() if "finance charge" in line)
    assert line.split()[:5] == ["new", "waits", "for", "approval", "finance"]
    assert "Oak Ltd" in line
    assert "1001" in line
    assert "18 % a year on 1,000.00 for 40 days" in line
    assert "2 wait for approval" in out


def test_what_plan_showed_can_be_approved_and_goes_out_once(syncd: Syncd, office: Path) -> None:
    syncd("plan")
    approved = syncd("approve", "--as", "dana")
    assert approved.code == 0
    assert written_back(office) == []
    first = syncd("cycle", "--json")
    again = syncd("cycle", "--json")
    assert (first.code, json.loads(first.out)[0]["sent"]) == (0, 2)
    assert (again.code, json.loads(again.out)[0]["sent"]) == (0, 0)
    assert len(written_back(office)) == 2
    approvals = [one for one in json.loads(syncd("audit", "--json").out) if one["event"] == "action.approved"]
    assert {one["who"] for one in approvals} == {"dana"}


def test_the_journal_reads_in_names_numbers_and_reasons_and_has_its_keys_on_request(syncd: Syncd, office: Path) -> None:
    syncd("cycle")
    syncd("approve", "--as", "dana")
    syncd("cycle")
    lines = [line.split("Oak Ltd", 1)[1].strip() for line in syncd("audit").out.splitlines()[1:]]
    reason = "18 % a year on 1,000.00 for 40 days"
    assert any(
        line.startswith(f"waits for approval: finance charge of 19.73 USD, invoice 1001: {reason}") for line in lines
    )
    assert "approved by dana: finance charge of 19.73 USD, invoice 1001" in lines
    assert "approved by dana: credit state good to hold" in lines
    assert "billed: finance charge of 19.73 USD, invoice 1001" in lines
    assert "stop-sell flag raised in the books" in lines
    assert not [line for line in lines if "finance_charges/" in line or "verb" in line or line.startswith("sent")]
    kept = syncd("audit", "--keys").out
    assert "operation.sent" in kept
    assert "finance_charges/I-1/" in kept
    for_programs = json.loads(syncd("audit", "--json").out)
    assert "approved by dana: credit state good to hold" in [one["said"] for one in for_programs]


def test_a_cycle_in_review_mode_holds_its_plan_and_says_so(syncd: Syncd, office: Path) -> None:
    ran = syncd("cycle")
    assert ran.code == 1
    assert "acme: 2 held" in ran.out
    assert written_back(office) == []
    status = syncd("status", "--json")
    assert (status.code, json.loads(status.out)[0]["waiting"]) == (1, 2)


def test_a_refused_action_never_comes_back(syncd: Syncd, office: Path) -> None:
    syncd("cycle")
    refused = syncd("reject", "credit_hold/C-1/hold/1", "--why", "agreed by phone", "--json")
    assert (refused.code, json.loads(refused.out)[0]["outcome"]) == (0, "refused; this occurrence will not come back")
    plan = json.loads(syncd("plan", "--json").out)
    assert [one["status"] for one in plan["decisions"] if one["kind"] == "credit_state"] in ([], ["refused"])


def test_a_word_that_names_nothing_is_a_usage_error(syncd: Syncd, office: Path) -> None:
    ran = syncd("approve", "77")
    assert (ran.code, ran.out) == (2, "")
    assert 'nothing that waits is called "77"' in ran.err


def test_a_brake_holds_everything_until_it_is_released(syncd: Syncd, office: Path) -> None:
    (office / "config.toml").write_text(f'mode = "auto"\n{CONFIG}\n[limits]\nmax_charges_per_cycle = "1.00"\n')
    braked = syncd("cycle")
    assert braked.code == 1
    assert "BRAKE: charges of 19.73 USD in one cycle" in braked.out
    assert syncd("approve", "credit_hold/C-1/hold/1").code == 1, "the brake holds it still"
    assert written_back(office) == []
    assert "BRAKE" in syncd("status").out
    released = syncd("release")
    assert (released.code, released.err) == (0, "brake cleared: acme\n")
    assert syncd("cycle").code == 0
    assert len(written_back(office)) == 2
    assert syncd("release").err == "no brake was on\n"


def test_explain_tells_facts_rules_and_what_comes_next(syncd: Syncd, office: Path) -> None:
    (office / "books" / "book.json").write_text(json.dumps(book(late_days=10)))
    syncd("pull")
    ran = syncd("explain", "1001")
    assert ran.code == 0
    assert ran.out.startswith(f"acme, {TODAY}: Oak Ltd, invoice 1001\n")
    coming = ran.out.partition("What comes next")[2]
    assert f"{TODAY + timedelta(days=20)}  credit state good to hold" in coming
    for name in ("C-1", "Oak Ltd"):
        assert json.loads(syncd("explain", name, "--json").out)[0]["customer"] == "C-1"


def test_explain_shows_what_every_figure_of_a_payer_is_taken_of(syncd: Syncd, office: Path) -> None:
    paid = book(late_days=40)
    paid_on = (TODAY - timedelta(days=30)).isoformat()
    part = {"invoice": "I-1", "amount": "1000.00 USD"}
    payment = {"ref": "P-1", "customer": "C-1", "received_on": paid_on, "amount": "1000.00 USD", "applied": [part]}
    (office / "books" / "book.json").write_text(json.dumps({**paid, "payments": [payment]}))
    syncd("pull")
    out = " ".join(syncd("explain", "Oak Ltd").out.split())
    assert "Pays first time: 1 invoice paid; 1 of them late (100.0 %); paid 10.0 days late on average by amount." in out
    assert "1,000.00 USD after 40 days 10" in out
    (position,) = json.loads(syncd("explain", "Oak Ltd", "--json").out)[0]["positions"]
    assert position["manners"]["days_late"] == "10.0"
    (row,) = position["manners"]["invoices"]
    due_on = (TODAY - timedelta(days=40)).isoformat()
    assert (row["invoice"], row["total"]) == ("I-1", "1000.00 USD")
    assert (row["due_on"], row["settled_on"], row["days_late"]) == (due_on, paid_on, 10)


def test_the_policy_of_a_customer_is_found_in_the_books_we_hold(syncd: Syncd, office: Path) -> None:
    syncd("pull")
    assert syncd("rules", "show", "C-1").out.startswith("# policy p\n")
    assert 'no connection has a customer "C-9"' in syncd("rules", "show", "C-9").err


def test_explain_of_nobody_names_where_it_looked(syncd: Syncd, office: Path) -> None:
    syncd("pull")
    ran = syncd("explain", "4711")
    assert (ran.code, ran.out) == (2, "")
    assert 'no customer or invoice is called "4711" in what was read from acme' in ran.err


def test_aging_adds_up(syncd: Syncd, office: Path) -> None:
    syncd("pull")
    aged = json.loads(syncd("aging", "--json").out)[0]
    assert aged["totals"]["USD"] == {
        "current": "0.00", "1-30": "0.00", "31-60": "1000.00", "61-90": "0.00", "90+": "0.00",
        "open": "1000.00", "unapplied": "0.00",
    }  # fmt: skip
    total = syncd("aging").out.splitlines()[-1]
    assert " ".join(total.split()) == "total 0.00 0.00 1,000.00 0.00 0.00 1,000.00 0.00"


def test_aging_of_a_book_file_needs_no_configuration(syncd: Syncd, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps(book()))
    ran = syncd("aging", "--book", tmp_path / "b.json", "--json")
    assert json.loads(ran.out)[0]["totals"]["USD"]["31-60"] == "1000.00"


def test_a_report_before_the_first_pull_says_what_to_do(syncd: Syncd, office: Path) -> None:
    ran = syncd("aging")
    assert (ran.code, ran.err) == (75, "acme was never read; run: syncd pull --connection acme\n")


def test_what_export_writes_import_takes_back_and_assess_reads(syncd: Syncd, office: Path, tmp_path: Path) -> None:
    syncd("pull")
    assert syncd("export", tmp_path / "out.json").code == 0
    exported = json.loads((tmp_path / "out.json").read_text())
    assert exported["invoices"][0]["balance"] == "1000.00 USD"
    assert syncd("assess", "--book", tmp_path / "out.json", "--json").code == 0
    checked = syncd("import", tmp_path / "out.json", "--check")
    ran = syncd("export", tmp_path / "out.csv")
    assert ran.err == f"{tmp_path}/out.csv: 1 invoice\n", "a sheet of invoices holds nothing else"
    assert checked.out == f"{tmp_path}/out.json: 1 customer, 1 invoice, as of {TODAY}; holds together\n"


def test_import_into_a_folder_becomes_its_newest_book(syncd: Syncd, office: Path, tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text(json.dumps(book(late_days=5)))
    (office / "books" / "book.json").rename(office / "books" / "book-2000-01-01.json")
    assert syncd("import", tmp_path / "new.json").code == 0
    syncd("pull")
    aged = json.loads(syncd("aging", "--json").out)[0]
    assert aged["totals"]["USD"]["1-30"] == "1000.00"


def test_import_refuses_a_name_order_that_would_hide_the_book(syncd: Syncd, office: Path, tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text(json.dumps(book()))
    (office / "books" / "book.json").rename(office / "books" / "z.json")
    ran = syncd("import", tmp_path / "new.json")
    assert ran.code == 2
    assert "would stay z.json" in ran.err


def test_a_book_that_is_wrong_is_not_taken_in(syncd: Syncd, office: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(json.dumps(book() | {"customers": []}))
    ran = syncd("import", tmp_path / "bad.json")
    assert (ran.code, ran.out) == (65, "")


def test_only_one_process_makes_passes(syncd: Syncd, office: Path) -> None:
    with held(office / "state" / "syncd.lock"):
        ran = syncd("cycle")
        plan = syncd("plan")
    assert ran.code == 75
    assert "works on this state already" in ran.err
    assert "the daemon runs" in plan.err


def test_a_connection_that_is_not_there_is_named(syncd: Syncd, office: Path) -> None:
    ran = syncd("plan", "--connection", "acmee")
    assert (ran.code, ran.out) == (2, "")
    assert 'no connection "acmee"; did you mean "acme"?' in ran.err


def test_a_configuration_without_connections_says_what_to_do(syncd: Syncd, office: Path) -> None:
    (office / "config.toml").write_text('state_dir = "state"')
    ran = syncd("status")
    assert (ran.code, ran.out) == (78, "")  # not 2: the service would be started again and again
    assert "has no [connections.NAME] yet" in ran.err


def test_a_book_that_cannot_be_read_leaves_with_69_and_the_others_go_on(syncd: Syncd, office: Path) -> None:
    (office / "books" / "book.json").write_text("{")
    alone = syncd("pull")
    assert alone.code == 69
    (office / "more").mkdir()
    (office / "more" / "book.json").write_text(json.dumps(book()))
    more = '[connections.more]\nkind = "file"\npath = "more"\n'
    (office / "config.toml").write_text(CONFIG + more)
    both = syncd("pull", "--json")
    assert both.code == 1
    assert [one["changed"] for one in json.loads(both.out)] == [None, 2]


def test_status_says_that_and_why_the_last_pass_failed_until_one_succeeds(syncd: Syncd, office: Path) -> None:
    (office / "books" / "book.json").write_text("{")
    syncd("cycle")
    ran = syncd("status")
    assert ran.code == 1
    assert "acme: the last pass failed: book.json: line 1" in ran.out
    (office / "books" / "book.json").write_text(json.dumps(book()))
    syncd("cycle")
    assert "failed" not in syncd("status").out


def test_the_database_is_for_its_owner_alone(syncd: Syncd, office: Path) -> None:
    syncd("pull")
    assert (office / "state" / "syncd.db").stat().st_mode & 0o077 == 0


def test_reasons_that_are_said_of_many_are_said_once(syncd: Syncd, office: Path) -> None:
    one = book()
    [invoice] = one["invoices"]
    paid = [invoice | {"ref": f"P-{n}", "number": f"20{n}", "balance": "0.00 USD", "status": "paid"} for n in range(5)]
    payment = {"customer": "C-1", "received_on": one["as_of"], "amount": "5000.00 USD", "ref": "P-1"}
    applied = [{"invoice": row["ref"], "amount": "1000.00 USD"} for row in paid]
    one |= {"invoices": [invoice, *paid], "payments": [payment | {"applied": applied}]}
    (office / "one.json").write_text(json.dumps(one))
    out = syncd("assess", "--book", office / "one.json", "--rules", office / "rules.d").out
    [line] = [line for line in out.splitlines() if "fully paid" in line]
    assert line.startswith("invoice 200, invoice 201 and 3 more")


def test_an_approved_reminder_says_in_which_hours_it_goes_out(syncd: Syncd, office: Path) -> None:
    hours = 'from = "23:58", to = "23:59"'
    levels = 'levels = [{ at_days = 5, template = "friendly" }]'
    email = '[email]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\nfrom = "ar@acme.example"\n'
    (office / "config.toml").write_text(CONFIG + email)
    window = f"send_window = {{ {hours} }}"
    (office / "rules.d" / "10.toml").write_text(f"{RULES}[policies.p.reminders]\n{levels}\n{window}\n")
    one = book()
    one["customers"][0]["email"] = "ap@oak.example"
    (office / "books" / "book.json").write_text(json.dumps(one))
    syncd("cycle")
    syncd("approve")
    syncd("cycle")
    [row] = [row for row in json.loads(syncd("plan", "--json").out)["decisions"] if row["kind"] == "reminder"]
    assert (row["status"], row["status_reason"].split()[:3]) == ("planned", ["goes", "out", "between"])
    assert "(goes out between" in syncd("plan").out


def test_status_for_programs_has_instants_and_plain_names(syncd: Syncd, office: Path) -> None:
    syncd("pull")
    [row] = json.loads(syncd("status", "--json").out)
    assert datetime.fromisoformat(row["pulled"]).tzinfo is not None
    assert all(" " not in name for name in row)


def test_a_lost_store_writes_nothing_until_it_is_recovered_and_then_nothing_twice(syncd: Syncd, office: Path) -> None:
    config = office / "config.toml"
    config.write_text(f'mode = "auto"\n{CONFIG}\n[limits]\nfirst_plan = "go"\n')
    assert syncd("cycle").code == 0
    before = written_back(office)
    for file in (office / "state").glob("syncd.db*"):
        file.unlink()
    lost = syncd("cycle")
    assert lost.code == 1
    told = "the database is not the one that sent 2 requests from here; "
    told += "nothing is written until a person runs: syncd recover"
    assert f"{told}\n" in lost.out
    for command in ("status", "check", "plan"):
        assert f"{told}\n" in syncd(command).out, command
    assert syncd("release").err == f"acme: {told}; releasing does not help\nno brake was on\n"
    recovered = syncd("recover", "--json")
    assert recovered.code == 1
    assert sum(json.loads(recovered.out)[0]["found"].values()) == len(before)
    syncd("release")
    syncd("cycle")
    assert written_back(office) == before


def test_what_no_word_of_a_person_lets_go_asks_for_none_and_says_its_reason_once(syncd: Syncd, office: Path) -> None:
    told = book() | {"customers": [{"ref": "C-1", "name": "Oak Ltd", "email": "ap@oak.example"}]}
    elm = {"ref": "C-2", "name": "Elm Inc", "email": "ap@elm.example"}
    told["customers"].append(elm)
    told["invoices"].append({**told["invoices"][0], "ref": "I-2", "number": "1002", "customer": "C-2"})
    (office / "books" / "book.json").write_text(json.dumps(told))
    level = "levels = [{ at_days = 1, template = 'friendly' }]"
    (office / "rules.d" / "10.toml").write_text(f"[policies.p.overdue]\n[policies.p.reminders]\n{level}\n")
    why = "2 cannot go out: no [email] in the configuration, so no message of our own can go out"
    for command in ("cycle", "status"):
        out = syncd(command).out
        assert f"acme: {why}\n" in out
        assert "approve" not in out
    plan = syncd("plan").out
    assert plan.count("no [email]") == 1
    assert f"\n{why}\n" in plan
    held = json.loads(syncd("status", "--json").out)[0]["unable"]
    assert held == {why.partition(": ")[2]: 2}
    assert syncd("approve").code == 1, "nothing goes out"
    assert syncd("reject", "P1").code == 0, "nothing is left to do"


def test_an_export_that_cannot_be_written_is_the_words_fault(syncd: Syncd, office: Path) -> None:
    syncd("pull")
    for name in ("nowhere/out.json", "nowhere/out.csv"):
        ran = syncd("export", office / name)
        assert (ran.code, ran.err) == (2, f"{office / name}: cannot be written: No such file or directory\n")
