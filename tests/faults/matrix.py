"""The fault matrix: each fault, what becomes of each effect under it, and the page that shows both.

The tests are made from this table and hold the program to it, so the page (`make docs`) says what was seen to happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.cases import CASES, PAIRS, Case

ONCE = "once"
ONCE_UNCLEAR = "once, shown as unclear"
NOT_SENT_UNCLEAR = "not sent, shown as unclear"
STALE = "not sent, stale"
REFUSED = "not sent, refused"

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "fault-matrix.md"


@dataclass(frozen=True)
class Row:
    """A fault. `outcome` is what becomes of an effect; `but` names effects, or effect and provider, that differ.

    A row without `outcome` is not about single effects; `promise` says what holds instead.
    """

    fault: str
    outcome: str = ""
    but: Mapping[str, str] = field(default_factory=dict)
    promise: str = ""

    def expected(self, case: Case, provider: str) -> tuple[str, ...]:
        """The outcomes the table allows; several where the moment within the fault decides."""
        found = self.but.get(f"{case.name}/{provider}") or self.but.get(case.name) or self.outcome
        return tuple(found.split(" or "))


PROVIDER_MAIL_UNPROVEN = {"provider e-mail/quickbooks": NOT_SENT_UNCLEAR, "SMTP e-mail": NOT_SENT_UNCLEAR}
SMTP_UNPROVEN = {"SMTP e-mail": ONCE_UNCLEAR}
ROWS: Mapping[str, Row] = {
    "K0": Row("SIGKILL before the plan is stored", ONCE),
    "K1": Row("SIGKILL after the plan is stored, before anything is sent", ONCE),
    "K2": Row("SIGKILL after `sending` is stored, before the first byte", ONCE, PROVIDER_MAIL_UNPROVEN),
    "K3": Row("SIGKILL with half of the request sent", ONCE, PROVIDER_MAIL_UNPROVEN),
    "K4": Row(
        "SIGKILL after the provider committed, the answer unread; after each request of an effect that takes several",
        ONCE,
        {**SMTP_UNPROVEN, "provider e-mail/xero": f"{ONCE} or {NOT_SENT_UNCLEAR}"},
    ),
    "K5": Row("SIGKILL after the answer was read, before it is stored", ONCE, SMTP_UNPROVEN),
    "K6": Row("SIGKILL after the result is stored", ONCE),
    "N1": Row("no answer in time, after the provider committed", ONCE, {**SMTP_UNPROVEN}),
    "N2": Row("reset, or plain close, after the provider committed", ONCE, {**SMTP_UNPROVEN}),
    "N3": Row("connection closed as we send", ONCE, {"provider e-mail/quickbooks": NOT_SENT_UNCLEAR}),
    "N4": Row("a well-sent answer that is cut short, is HTML, is XML or is a fault", ONCE, SMTP_UNPROVEN),
    "N5": Row("nobody answers at the address", ONCE),
    "R1": Row("429 for this minute", ONCE),
    "R2": Row("429 for the day, or a mail server's like", ONCE),
    "R3": Row("429 without a time; a throttle dressed as 403 or XML; a mail server that says later", ONCE),
    "R4": Row(
        "5xx before or after the commit",
        ONCE,
        {"provider e-mail/quickbooks": f"{ONCE} or {NOT_SENT_UNCLEAR}", "SMTP e-mail": f"{ONCE} or {REFUSED}"},
    ),
    "C1": Row("a person edits the record between our look and our write (QuickBooks: 5010)", ONCE),
    "C2": Row(
        "paid between our reading and our writing",
        STALE,
        {"stop-sell off": ONCE, "reversal": ONCE},
    ),
    "C3": Row(
        "paid after our last look",
        promise="cannot be closed; the balance seen and the moment are on record, and it was more than nothing",
    ),
    "C4": Row(
        "a closed period",
        REFUSED,
        dict.fromkeys(("memo/xero", "stop-sell on", "stop-sell off", "provider e-mail", "SMTP e-mail"), ONCE),
    ),
    "A1": Row("the access token runs out in the middle of a pass", promise="one refresh, the same key, once"),
    "A2": Row("two processes meet a dead token", promise="it is refreshed once; the second takes what the first got"),
    "A3": Row(
        "a rotated refresh token is lost by a crash",
        promise="the one before is tried while the provider honours it; past that, parked, with what to run",
    ),
    "A4": Row(
        "`invalid_grant` for good",
        promise="asked at most twice, parked, exit 77 and the command that mends it; nothing is left unclear",
    ),
    "A5": Row("tokens of another company", promise="refused, exit 77; the consent we have stays"),
    "T1": Row("our clock or theirs is wrong by minutes", promise="charges and mail wait until it is right; then once"),
    "T2": Row("an hour that comes twice or never", promise="days are the company's local days: once"),
    "T3": Row(
        "a long sleep; a clock that jumps back", promise="one mail, the one that is due now; nothing is done again"
    ),
    "D1": Row("the disk is full", promise="nothing is sent, exit 75 and why; then once"),
    "D2": Row("the database is damaged, or from a newer version", promise="refused, exit 78, and left as it is"),
    "D3": Row(
        "the database is lost, or set back to a copy",
        promise="nothing is written until `syncd recover` has found in the books what was done; then nothing twice, "
        "for each effect",
    ),
    "D4": Row("power loss", promise="every commit is synced to the disk (WAL, `synchronous=FULL`)"),
    "D5": Row("another writer, a backup at work", promise="waited for, ten seconds at most; then exit 75 and why"),
    "P1": Row("a second office on the same state", promise="turned away, exit 75, with the process that is there"),
    "P2": Row(
        "two machines, one database",
        promise="one holds the connection; one that slept past its term sends nothing, for each effect",
    ),
    "P3": Row("a manual pass beside the daemon", promise="turned away, exit 75"),
    "P4": Row(
        "SIGTERM while a write is under way", promise="the answer is waited for and stored; nothing new is begun"
    ),
    "G1": Row("rules that are wrong, on reload", promise="the last good ones stay in force, and status says so"),
    "G2": Row("rules that are right and dangerous", promise="past a limit, or first used for many, the plan is held"),
    "G3": Row(
        "an upgrade with writes open, a downgrade",
        promise="what is open is finished as it was frozen; an older program refuses a newer store",
    ),
    "L1": Row(
        "nobody read for weeks; records deleted in silence", promise="everything is read again, what is gone is gone"
    ),
    "L2": Row(
        "lists cut short without a word", promise="counted against what the provider says it has; nothing is missed"
    ),
}


def pairs(row: str) -> list[tuple[Case, str]]:
    """Every effect with each provider; no row is left out for any of them."""
    assert ROWS[row].outcome
    return list(PAIRS)


def page() -> str:
    """The page, as `make docs` writes it."""
    return "\n".join([_HEAD, *_effects(), *_rest()]) + "\n"


def _effects() -> Iterator[str]:
    yield "| # | fault | " + " | ".join(case.name for case in CASES) + " |"
    yield "|---" * (len(CASES) + 2) + "|"
    for name, row in ROWS.items():
        if row.outcome:
            yield f"| {name} | {row.fault} | " + " | ".join(_cell(row, case) for case in CASES) + " |"


def _cell(row: Row, case: Case) -> str:
    """One outcome where both providers agree, else each with its provider."""
    found = {provider: " or ".join(row.expected(case, provider)) for provider in case.providers}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return "; ".join(f"{_NAMES[provider]}: {outcome}" for provider, outcome in found.items())


def _rest() -> Iterator[str]:
    yield "\n## What is not about one effect\n\n| # | fault | what holds |\n|---|---|---|"
    for name, row in ROWS.items():
        if row.promise:
            yield f"| {name} | {row.fault} | {row.promise} |"


_NAMES = {"quickbooks": "QuickBooks", "xero": "Xero"}
_HEAD = """\
<!-- Written by `make docs` from the tests' own table; edit tests/faults/matrix.py, not this page. -->

# What becomes of a write when something breaks

Every cell is a test, for QuickBooks and for Xero where both can do it: the fault happens for real (the process is
killed with SIGKILL, the socket is reset, the answer is cut), then the office runs on, and the books themselves are
asked how often the thing was done. [Why a write happens once](../why/once.md) tells how.

**once**: found in the books exactly once, and recorded so. **shown as unclear**: mail leaves no proof that could be
trusted, so it counts as sent, is never repeated by itself, and is listed for a person. **stale**: the books had moved,
nothing was sent, the next pass decides anew.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
