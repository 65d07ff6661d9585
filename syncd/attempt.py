"""A pass that may fail: it becomes a sentence, an exit code, and a provider left alone as long as it must be."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from connectors.errors import ConnectorError, ConsentNeeded, Throttled, WrongCompany
from syncd.cycle import run_pass
from syncd.errors import ConfigError, TryAgain
from syncd.failures import exit_code_of
from syncd.ledger import Ledger
from syncd.logs import log
from syncd.pass_report import Ground, PassReport


def attempt_pass(ledger: Ledger, ground: Ground) -> PassReport:
    """A pass whose failure is a sentence and an exit code, and which parks a connection that must be left alone."""
    with log.about(ledger.name):
        return _attempt(ledger, ground)


def _attempt(ledger: Ledger, ground: Ground) -> PassReport:
    started, report = ledger.clock.monotonic(), PassReport(ledger.name)
    try:
        run_pass(ledger, ground, report)
    except (ConnectorError, ConfigError, TryAgain) as error:
        said = in_words(ledger.name, error)
        report.failure, report.exit_code = said, exit_code_of(error)
        with suppress(TryAgain):  # what cannot be written down now is met again with the next pass
            _park(ledger, error, said)
        taken_s = round(ledger.clock.monotonic() - started, 3)
        log.warning("pass.failed", error=type(error).__name__, why=said, duration_s=taken_s)
    else:
        if ledger.connections.standing().parked_why is not None:
            ledger.connections.unpark()
        log.info("pass.finished", **report.line(), duration_s=round(ledger.clock.monotonic() - started, 3))
    return report


def left_alone(ledger: Ledger) -> PassReport | None:
    """The report of a pass not made, because the provider must not be asked now; None where it may be."""
    standing = ledger.connections.standing()
    if not standing.is_parked(ledger.clock.now()):
        return None
    until = standing.parked_until
    code = 77 if until is None else 75
    when = "until a person acts" if until is None else f"until {until:%Y-%m-%d %H:%M} UTC"
    said = f"parked {when}: {standing.parked_why}; --anyway asks all the same"
    waiting = ledger.intents.waiting()
    return PassReport(
        ledger.name,
        held=waiting.held,
        unclear=waiting.unclear,
        brake=standing.brake_why,
        failure=said,
        exit_code=code,
    )


def in_words(name: str, error: Exception) -> str:
    """What went wrong with a connection; where only a person can mend it, with the whole command that does."""
    command = f"syncd connect {name}"
    said = str(error).replace("`syncd connect`", f"`{command}`")
    needs_command = isinstance(error, ConsentNeeded | WrongCompany) and command not in said
    return f"{said}; mend it with `{command}`" if needs_command else said


def _park(ledger: Ledger, error: Exception, said: str) -> None:
    """Leave the provider alone as long as it has to be; where it has not to be, only note why the pass failed."""
    if isinstance(error, ConsentNeeded | WrongCompany):
        ledger.connections.park(said, None)
    elif isinstance(error, ConnectorError):
        rest_s = error.retry_after_s if isinstance(error, Throttled) else 0
        ledger.connections.park(said, ledger.clock.now() + timedelta(seconds=rest_s))
