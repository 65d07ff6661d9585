"""Ctrl-C, from the first moment on: known even where the exception was lost, since what is half loaded may swallow it.

Loaded before all else, so it loads nothing heavy itself.
"""

from __future__ import annotations

import signal

TYPE_CHECKING = False  # as typing has it, which is slow to load
if TYPE_CHECKING:
    from collections.abc import Callable

_pressed: list[int] = []  # the signals that came


def listen() -> None:
    """Raise KeyboardInterrupt as ever, and remember it. Where Ctrl-C is ignored (`nohup … &`) it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _press)


def pressed() -> bool:
    """Whether it came since `listen`."""
    return bool(_pressed)


def hand_over(stop: Callable[[int], None]) -> None:
    """SIGTERM and SIGINT call `stop` from now on; so does a Ctrl-C that was lost while the program loaded."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda sent, _frame: stop(sent))
    for lost in _pressed:
        stop(lost)


def wait() -> None:
    """Until SIGTERM or SIGINT comes."""
    from queue import SimpleQueue  # noqa: PLC0415 - loaded before all else, this module loads little

    came: SimpleQueue[int] = SimpleQueue()  # a signal may put into it in the midst of anything; an Event would lock
    hand_over(came.put)
    came.get()


def _press(number: int, _frame: object) -> None:
    _pressed.append(number)
    raise KeyboardInterrupt
