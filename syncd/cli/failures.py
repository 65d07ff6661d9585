"""Which errors a user may meet, and the exit code of each (contract, section 2). Imported parts load when one comes."""

from __future__ import annotations

from syncd.errors import SyncdError


def expected_errors() -> tuple[type[Exception], ...]:
    """The errors that are told to the user in their own words; every other is a bug."""
    from connectors.errors import ConnectorError  # noqa: PLC0415 - a command that succeeds need not load it

    return SyncdError, ConnectorError


def exit_code_of(error: Exception) -> int:
    """The contract's exit code of an expected error."""
    from connectors import errors  # noqa: PLC0415 - see above

    match error:
        case SyncdError():
            return error.exit_code
        case errors.Unavailable():
            return 69
        case errors.Throttled() | errors.Conflict():
            return 75
        case errors.ConsentNeeded() | errors.WrongCompany():
            return 77
        case errors.MalformedRecordError():
            return 65
        case _:
            return 1
