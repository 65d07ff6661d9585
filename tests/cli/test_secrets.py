"""`syncd secrets rotate`: a new key, with every consent readable at every moment."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from connectors.tokens import Tokens
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.lock import held
from syncd.office import open_vault
from syncd.secrets.vault import Vault
from syncd.store.engine import open_store

Syncd = Callable[..., Any]

CONFIG = """
state_dir = "state"
secrets_key_file = "syncd.key"
[connections.acme]
kind = "quickbooks"
realm_id = "1"
client_id = "c"
client_secret_file = "client"
timezone = "UTC"
"""
TOKENS = Tokens("access", "refresh", datetime.now(UTC) + timedelta(hours=1), account="1")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text('[select]\ndefault = "p"\n[policies.p.overdue]\n')
    for name, text in (("client", "secret"), ("syncd.key", Fernet.generate_key().decode())):
        (tmp_path / name).write_text(f"{text}\n")
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    with_vault(tmp_path, lambda vault: [vault.store(TOKENS), vault.store(TOKENS)])
    return tmp_path


def with_vault(office: Path, use: Callable[[Vault], Any]) -> Any:
    config = load_config(office / "config.toml")
    config.state_dir.mkdir(exist_ok=True)
    store = open_store(config.database)
    try:
        return use(open_vault(config, config.connections["acme"].settings(), store, SystemClock()))
    finally:
        store.close()


def test_a_new_key_seals_every_consent_and_the_old_one_is_dropped(syncd: Syncd, office: Path) -> None:
    before = (office / "syncd.key").read_text()
    ran = syncd("secrets", "rotate")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{office}/syncd.key holds a new key; sealed anew: acme\n"
    after = (office / "syncd.key").read_text()
    assert len(after.split()) == 1
    assert after != before
    assert stat.S_IMODE((office / "syncd.key").stat().st_mode) == 0o600
    assert with_vault(office, lambda vault: vault.tokens()) == TOKENS
    row = with_vault(office, lambda vault: vault.rows.read())
    assert Fernet(after.strip()).decrypt(row.previous)
    audit = json.loads(syncd("audit", "--json").out)
    assert [(one["connection"], one["event"]) for one in audit] == [("acme", "consent.resealed")]


def test_a_rotation_that_was_cut_short_leaves_everything_readable_and_is_taken_up_again(
    syncd: Syncd, syncd_process: Any, office: Path
) -> None:
    for point in ("after_new_key", "after_resealing"):
        cut = syncd_process("secrets", "rotate", SYNCD_CONFIG=str(office / "config.toml"), SYNCD_CRASH_AT=point)
        assert cut.returncode != 0
        assert len((office / "syncd.key").read_text().split()) > 1
        assert with_vault(office, lambda vault: vault.tokens()) == TOKENS
    assert syncd("secrets", "rotate").code == 0
    assert len((office / "syncd.key").read_text().split()) == 1
    assert with_vault(office, lambda vault: vault.tokens()) == TOKENS


def test_a_consent_sealed_with_another_key_stops_it_before_anything_is_changed(syncd: Syncd, office: Path) -> None:
    (office / "syncd.key").write_text(Fernet.generate_key().decode())
    ran = syncd("secrets", "rotate")
    assert (ran.code, ran.out) == (78, "")
    assert "sealed with a key that is not in" in ran.err
    assert "syncd disconnect acme --forget" in ran.err
    assert len((office / "syncd.key").read_text().split()) == 1


def test_a_running_daemon_would_go_on_with_the_old_key_so_it_must_be_stopped(syncd: Syncd, office: Path) -> None:
    before = (office / "syncd.key").read_text()
    with held(office / "state" / "syncd.lock"):
        assert syncd("secrets", "rotate").code == 75
    assert (office / "syncd.key").read_text() == before


def test_a_key_that_is_no_key_or_not_there_is_named(syncd: Syncd, office: Path) -> None:
    (office / "syncd.key").write_text("hello\n")
    assert "is not a key made by `syncd init`" in syncd("secrets", "rotate").err
    (office / "syncd.key").unlink()
    ran = syncd("secrets", "rotate")
    assert (ran.code, ran.out) == (78, "")
    assert "does not exist" in ran.err
