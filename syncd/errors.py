"""Errors that reach a person, each with the exit code of the contract. A traceback reaching a user is a bug."""

from __future__ import annotations


class SyncdError(Exception):
    """Something a person must know: shown as lines on standard error, then `exit_code`."""

    exit_code = 1


class Usage(SyncdError):
    """The command's words are off."""

    exit_code = 2


class DataRefused(SyncdError):
    """Input data does not hold together; nothing of it was taken."""

    exit_code = 65

    def __init__(self, problems: list[str] | tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class TryAgain(SyncdError):
    """Locked or throttled: the same command may work later."""

    exit_code = 75


class DiskFull(TryAgain):
    """There is no room left: what was under way is as if it had not begun, and goes on once there is."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The disk is full ({what}): nothing more can be written down, so nothing is sent.")


class NeverRead(TryAgain):
    """Nothing was ever pulled from the connection, so there is nothing to look at or decide on."""

    def __init__(self, connection: str) -> None:
        super().__init__(f"{connection} was never read; run: syncd pull --connection {connection}")


class ConsentMissing(SyncdError):
    """`syncd connect` must be run first."""

    exit_code = 77


class ConfigError(SyncdError):
    """Configuration or rules refused. Every problem of every file, as `FILE: [table.path] key: problem`."""

    exit_code = 78

    def __init__(self, problems: list[str] | tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
