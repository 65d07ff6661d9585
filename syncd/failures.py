"""Which errors a person may meet, and the exit code of each, for commands, passes and checks alike.

65 input refused, 69 the provider is out of reach, 75 the same may work later, 77 a consent is needed, 78 configuration
or rules refused; 1 for whatever else a person must look at, and so for what may have been done or not: 69 and 75 would
have a script do it again. Parts are loaded when an error comes.
"""

from __future__ import annotations

import errno
from pathlib import Path

from syncd.errors import SyncdError, TryAgain, Usage

NEEDS_PERSON = 1
DISK = 75


def expected_errors() -> tuple[type[Exception], ...]:
    """The errors that are told to the user in their own words; every other is a bug."""
    from connectors.errors import ConnectorError  # noqa: PLC0415 - commands that meet no error do not wait for it
    from rules.policy import PolicyRefused  # noqa: PLC0415 - same

    return SyncdError, ConnectorError, PolicyRefused


def exit_code_of(error: Exception) -> int:
    """The exit code of an expected error."""
    if isinstance(error, SyncdError):
        return error.exit_code
    return next((code for kind, code in _codes() if isinstance(error, kind)), NEEDS_PERSON)


def in_words(error: Exception) -> str:
    """What an expected error says to whoever gave the command."""
    from connectors.errors import OutcomeUnknown  # noqa: PLC0415 - as above

    unclear = "; it may have been done all the same: look before you do it again"
    return f"{error}{unclear if isinstance(error, OutcomeUnknown) else ''}"


def machine_trouble(error: OSError) -> int | None:
    """The exit code where this machine is the trouble: 78 what may not be written, 75 what is full; None: our bug."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
        return DISK
    if error.filename is not None and error.errno in (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOENT,
        errno.ENOTDIR,
    ):
        return 78
    return None


def unwritable(path: Path, error: OSError) -> SyncdError:
    """A file that a command was told to write and cannot: no room may come again, another place must be named."""
    kind = TryAgain if machine_trouble(error) == DISK else Usage
    return kind(f"{path}: cannot be written: {error.strerror or error}")


def _codes() -> tuple[tuple[type[Exception], int], ...]:
    from connectors import errors  # noqa: PLC0415 - as above
    from rules.policy import PolicyRefused  # noqa: PLC0415 - as above

    return (
        (errors.BookRefused, 65),
        (errors.MalformedRecordError, 65),
        (errors.OutcomeUnknown, NEEDS_PERSON),
        (errors.Unprovable, NEEDS_PERSON),
        (errors.Unavailable, 69),
        (errors.Throttled, 75),
        (errors.Conflict, 75),
        (errors.ConsentNeeded, 77),
        (errors.WrongCompany, 77),
        (PolicyRefused, 78),
    )
