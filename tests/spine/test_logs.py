"""Log lines carry ids and amounts only: whatever else is handed to them does not come out."""

from __future__ import annotations

import io
import json

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


def test_what_looks_like_a_credential_is_cut_out_of_allowed_text():
    text = logged("text", why="the provider said: Authorization: Bearer abc.def.ghi is expired")
    assert "abc.def.ghi" not in text
    assert "outbox.confirmed" in text


def test_under_the_journal_each_line_starts_with_its_priority():
    assert logged("journal", key="k").startswith("<6>outbox.confirmed key=k")
