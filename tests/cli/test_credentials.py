"""Secret files: who may read them, and what is said when they cannot be used."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from syncd.secrets.credentials import UnreadableSecretError, credential_path, open_to_all, read_secret


def test_a_secret_is_the_text_without_its_closing_newline(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("two words\n")
    assert read_secret(tmp_path / "s") == "two words"


@pytest.mark.parametrize(("content", "problem"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not text")])
def test_a_secret_that_is_no_text_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(UnreadableSecretError, match=problem):
        read_secret(tmp_path / "s")


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSecretError, match="cannot be read"):
        read_secret(tmp_path)


def test_a_readable_file_behind_a_closed_folder_is_closed(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x")
    (tmp_path / "s").chmod(0o644)
    tmp_path.chmod(0o700)
    assert not open_to_all(tmp_path / "s")
    assert read_secret(tmp_path / "s") == "x"


def test_a_file_every_user_can_reach_and_read_is_refused_with_the_remedy() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        secret = Path(name) / "s"
        secret.write_text("x")
        secret.chmod(0o644)
        with pytest.raises(UnreadableSecretError, match=r"every user of this machine; run: chmod 600 /.*/s"):
            read_secret(secret)
        secret.chmod(0o640)
        assert read_secret(secret) == "x"


def test_credentials_in_a_folder_that_is_shut_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd 252 has it for the commands of a reload: files beside the configuration count then."""
    shut = tmp_path / "credentials"
    shut.mkdir()
    (shut / "syncd.key").write_text("x")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(shut))
    assert credential_path("syncd.key") is not None
    shut.chmod(0)
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)  # root may enter anywhere
    try:
        assert credential_path("syncd.key") is None
    finally:
        if mine == 0:
            os.seteuid(mine)
        shut.chmod(0o700)
