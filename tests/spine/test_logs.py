"""Log lines carry ids and amounts only: whatever else is handed to them does not come out."""

from __future__ import annotations

import io
import json
import threading
import time

import structlog

from syncd import logs


def logged(form: str, **line: object) -> str:
    stream = io.StringIO()
    logs.configure(form, stream=stream)
    structlog.get_logger("test").info("outbox.confirmed", **line)
    return stream.getvalue()


def test_a_key_that_is_not_on_the_list_never_comes_out():
    text = logged("json", key="reminders/I-1/level-2", name="Oak Ltd", email="ap@oak.example", payload={"a": 1})
    assert set(json.loads(text)) == {"event", "level", "timestamp", "key"}


def test_no_thread_writes_a_line_before_the_log_is_set_up():
    log, begun, lines = logs.Log(), threading.Event(), []

    def set_up(_structlog) -> None:
        begun.set()
        time.sleep(0.2)  # long enough for the other thread to come by
        lines.append("set up")

    log._set_up = set_up
    first = threading.Thread(target=lambda: log.info)
    first.start()
    begun.wait(5)
    assert log.info is not None
    lines.append("a line")
    first.join()
    assert lines == ["set up", "a line"]


def test_what_looks_like_a_credential_is_cut_out_of_allowed_text():
    text = logged("text", why="the provider said: Authorization: Bearer abc.def.ghi is expired")
    assert "abc.def.ghi" not in text
    assert "outbox.confirmed" in text


def test_under_the_journal_each_line_starts_with_its_priority():
    assert logged("journal", key="k").startswith("<6>outbox.confirmed key=k")
