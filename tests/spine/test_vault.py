"""Tokens are sealed, stored before they are used, and refreshed once however many ask."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.errors import ConsentNeeded
from connectors.simulator.clock import SimulatedClock
from connectors.tokens import Tokens
from syncd.errors import ConfigError, TryAgain
from syncd.lock import held
from syncd.secrets.vault import Vault, open_key
from syncd.store.engine import Store, open_store
from syncd.store.tokens import TokenRows

NOW = datetime(2025, 3, 3, 12, 0, tzinfo=UTC)


def tokens(access: str, minutes: int) -> Tokens:
    return Tokens(access, f"refresh-of-{access}", NOW + timedelta(minutes=minutes), account="realm")


@pytest.fixture
def store(database):
    opened = open_store(database.url)
    yield opened
    opened.close()


def vault(store: Store, folder: Path, refresh=None) -> Vault:
    key = open_key(folder / "syncd.key", may_create=True)
    clock = SimulatedClock(NOW)
    return Vault("acme", TokenRows(store, "acme"), lambda: key, refresh, clock, folder / "tokens.lock")


def test_without_consent_the_command_that_mends_it_is_named(store, tmp_path):
    with pytest.raises(ConsentNeeded, match="syncd connect acme"):
        vault(store, tmp_path).access_token()


def test_what_is_stored_is_sealed(store, tmp_path):
    keeper = vault(store, tmp_path)
    keeper.store(tokens("canary-token", 60))
    assert keeper.tokens() == tokens("canary-token", 60)
    assert b"canary-token" not in b"".join(file.read_bytes() for file in tmp_path.glob("syncd.db*"))


def test_a_token_about_to_expire_is_refreshed_and_stored_before_it_is_handed_out(store, tmp_path):
    asked = []

    def refresh(old: Tokens, _now: datetime) -> Tokens:
        asked.append(old.refresh_token)
        return tokens("new", 60)

    keeper = vault(store, tmp_path, refresh)
    keeper.store(tokens("old", 0))
    assert keeper.access_token() == "new"
    assert keeper.tokens().access_token == "new"
    assert asked == ["refresh-of-old"]


def test_many_threads_that_meet_an_expired_token_refresh_it_once(store, tmp_path):
    asked = []

    def refresh(_old: Tokens, _now: datetime) -> Tokens:
        asked.append(1)
        return tokens("new", 60)

    keepers = [vault(store, tmp_path, refresh) for _ in range(2)]
    keepers[0].store(tokens("old", 0))
    threads = [threading.Thread(target=keepers[number % 2].access_token) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


def test_a_refused_token_is_replaced_unless_somebody_did_already(store, tmp_path):
    keeper = vault(store, tmp_path, lambda _old, _now: tokens("newer", 60))
    keeper.store(tokens("new", 60))
    assert keeper.replace("old") == "new"
    assert keeper.replace("new") == "newer"


def test_tokens_sealed_with_another_key_say_so(store, tmp_path):
    vault(store, tmp_path).store(tokens("old", 60))
    (tmp_path / "syncd.key").unlink()
    with pytest.raises(ConfigError, match="another key"):
        vault(store, tmp_path).tokens()


def test_a_new_key_in_front_seals_and_the_old_one_still_opens(store, tmp_path):
    vault(store, tmp_path).store(tokens("old", 60))
    old = (tmp_path / "syncd.key").read_text()
    (tmp_path / "syncd.key").unlink()
    open_key(tmp_path / "syncd.key", may_create=True)
    new = (tmp_path / "syncd.key").read_text()
    (tmp_path / "syncd.key").write_text(new + old)
    assert vault(store, tmp_path).tokens().access_token == "old"


def test_a_key_that_is_none_is_refused(tmp_path):
    (tmp_path / "syncd.key").write_text("not a key\n")
    (tmp_path / "syncd.key").chmod(0o600)
    with pytest.raises(ConfigError, match="not a key made by"):
        open_key(tmp_path / "syncd.key", may_create=False)


def test_a_key_made_for_us_is_for_us_alone(tmp_path):
    open_key(tmp_path / "syncd.key", may_create=True)
    assert (tmp_path / "syncd.key").stat().st_mode & 0o777 == 0o600


def test_a_second_holder_of_the_lock_is_told_who_has_it(tmp_path):
    with held(tmp_path / "lock"), pytest.raises(TryAgain, match="works on this state already"), held(tmp_path / "lock"):
        pass
