"""Long work on values goes without the search for circles, and gives it back to everyone, whatever happened."""

from __future__ import annotations

import gc
import threading

import pytest

from syncd.uncollected import uncollected


def test_the_last_one_out_of_several_lets_the_collector_go_on():
    inside, leave = threading.Event(), threading.Event()

    def longer():
        with uncollected():
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=longer)
    with uncollected():
        other.start()
        assert inside.wait(10)
    assert not gc.isenabled()
    leave.set()
    other.join(10)
    assert gc.isenabled()


def test_work_that_fails_gives_it_back_too():
    with pytest.raises(ValueError, match="bad"), uncollected():
        raise ValueError("bad")
    assert gc.isenabled()
