"""`syncd init` writes what a first day needs, once."""

from __future__ import annotations

from pathlib import Path

from syncd.config import load_config


def test_init_writes_three_files_that_load_and_a_key_only_its_owner_reads(syncd, tmp_path: Path) -> None:
    ran = syncd("init", tmp_path / "new")
    assert (ran.code, ran.out) == (0, "")
    config = load_config(tmp_path / "new" / "config.toml")
    assert config.state_dir == tmp_path / "new" / "state"
    assert [path.name for path in config.rules_dir.iterdir()] == ["10-rules.toml"]
    assert config.secrets_key_file is not None
    assert config.secrets_key_file.stat().st_mode & 0o777 == 0o600


def test_nothing_in_the_rules_that_init_writes_is_doubtful(syncd, tmp_path: Path) -> None:
    syncd("init", tmp_path)
    ran = syncd("rules", "check", "--config", tmp_path / "config.toml")
    assert (ran.code, "doubtful" in ran.out + ran.err) == (0, False)


def test_init_never_overwrites(syncd, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("# mine")
    (tmp_path / "syncd.key").write_text("mine")
    ran = syncd("init", tmp_path)
    assert ran.code == 0
    assert f"kept     {tmp_path}/config.toml" in ran.err
    assert (tmp_path / "config.toml").read_text() == "# mine"
    assert (tmp_path / "syncd.key").read_text() == "mine"
    assert (tmp_path / "rules.d" / "10-rules.toml").exists()


def test_init_adds_no_rules_to_those_that_are_there(syncd, tmp_path: Path) -> None:
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10-standard.toml").write_text("# mine")
    ran = syncd("init", tmp_path)
    assert f"kept     {tmp_path}/rules.d (it has rules already)" in ran.err
    assert [path.name for path in (tmp_path / "rules.d").iterdir()] == ["10-standard.toml"]


def test_a_folder_that_cannot_be_made_is_named(syncd, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = syncd("init", tmp_path / "file" / "below")
    assert ran.code == 2
    assert ran.err == f"{tmp_path}/file/below/config.toml: cannot be written: Not a directory\n"


def test_check_tells_a_newcomer_that_no_connection_is_there_yet(syncd, tmp_path: Path) -> None:
    syncd("init", tmp_path)
    ran = syncd("check", "--config", tmp_path / "config.toml")
    assert ran.code == 78
    problems = [line for line in ran.out.splitlines() if line.startswith("problem")]
    (problem,) = problems
    assert f"fill in a [connections.NAME] in {tmp_path}/config.toml, then: syncd check" in problem


def test_the_policy_that_init_writes_is_not_called_like_one_that_ships(syncd, tmp_path: Path) -> None:
    syncd("init", tmp_path)
    mine = syncd("rules", "check", tmp_path / "rules.d").out
    assert "policy house: " in mine
    assert "policy standard" not in mine


def test_rules_that_choose_no_policy_for_somebody_are_doubtful(syncd, tmp_path: Path) -> None:
    rules = tmp_path / "r.toml"
    rules.write_text("")
    assert "doubtful: no policy is written and none is chosen" in syncd("rules", "check", rules).out
    rules.write_text("[policies.a.overdue]\n[policies.b.overdue]\n")
    assert "no default: whoever's connection names none has no policy" in syncd("rules", "check", rules).out
    rules.write_text("[policies.a.overdue]\n")
    assert "doubtful" not in syncd("rules", "check", rules).out


def test_assess_without_rules_or_configuration_says_how_to_name_them(syncd, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "none.toml"))
    (tmp_path / "book.json").write_text('{"as_of": "2025-03-31"}')
    ran = syncd("assess", "--book", tmp_path / "book.json")
    assert (ran.code, "--rules names rules" in ran.err) == (78, True)


def test_a_scenario_that_expects_nothing_is_refused_by_name(syncd, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[[scenario]]\nname = "idle"\nas_of = 2025-03-31\n')
    ran = syncd("rules", "test", tmp_path / "s.toml")
    assert ran.code == 1
    assert "s.toml: idle\n  no expect: " in ran.out
