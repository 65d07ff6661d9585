"""What the configuration accepts, what it refuses, and in which words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from rules.domain.money import Money
from syncd.config import Config, load_config
from syncd.errors import ConfigError

ACME = """
[connections.acme]
kind = "quickbooks"
realm_id = "123"
client_id = "id"
client_secret_file = "acme.secret"
timezone = "America/New_York"
"""


def load(folder: Path, text: str) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    return load_config(path)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(folder, text)
    return [line.removeprefix(f"{folder}/config.toml: ") for line in refused.value.problems]


def test_an_empty_file_has_every_default(tmp_path: Path) -> None:
    config = load(tmp_path, "")
    assert config.state_dir == Path("/var/lib/syncd")
    assert config.database == "sqlite:////var/lib/syncd/syncd.db"
    assert config.rules_dir == tmp_path / "rules.d"
    assert (config.poll_interval_s, config.mode) == (300, "review")
    assert config.limits.max_actions_per_cycle == 50
    assert config.limits.max_charges_per_cycle == Decimal("2000.00")
    assert config.limits.max_vanished_share == Decimal("0.2")
    assert config.limits.max_pull_age_s == 3600
    assert (config.serve.host, config.serve.port) == ("127.0.0.1", 8600)
    assert (config.email, config.connections) == (None, {})


def test_relative_paths_are_beside_the_file_and_the_database_is_in_the_state_folder(tmp_path: Path) -> None:
    config = load(tmp_path, 'state_dir = "state"\nrules_dir = "r"\nsecrets_key_file = "k"\ntemplates_dir = "t"')
    assert config.database == f"sqlite:///{tmp_path}/state/syncd.db"
    assert config.rules_dir == tmp_path / "r"
    assert config.secrets_key_file == tmp_path / "k"
    assert config.templates_dir == tmp_path / "t"


def test_a_connection_gives_its_settings_with_the_secret_read(tmp_path: Path) -> None:
    (tmp_path / "acme.secret").write_text("s3cret\n")
    (tmp_path / "acme.secret").chmod(0o600)
    settings = load(tmp_path, ACME).connections["acme"].settings()
    assert (settings.name, settings.kind, settings.account) == ("acme", "quickbooks", "123")
    assert settings.client_secret == "s3cret"
    assert settings.extra == {"finance_charge_item": "Finance charge"}
    assert "s3cret" not in repr(settings)


def test_a_file_connection_has_its_folder_beside_the_configuration(tmp_path: Path) -> None:
    settings = load(tmp_path, '[connections.books]\nkind = "file"\npath = "exports/"').connections["books"].settings()
    assert settings.extra == {"path": str(tmp_path / "exports")}
    assert settings.timezone == "UTC"


def test_a_missing_secret_names_file_table_and_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, ACME).connections["acme"].settings()
    assert str(refused.value) == (
        f"{tmp_path}/config.toml: [connections.acme] client_secret_file: {tmp_path}/acme.secret does not exist"
    )


def test_a_secret_without_a_file_or_credential_says_both_ways(tmp_path: Path) -> None:
    config = load(tmp_path, ACME.replace('client_secret_file = "acme.secret"', ""))
    with pytest.raises(ConfigError, match=r"no systemd credential acme\.client_secret; name the file"):
        config.connections["acme"].settings()


def test_a_systemd_credential_of_that_name_comes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed_in = tmp_path / "credentials"
    handed_in.mkdir()
    (handed_in / "acme.secret").write_text("from systemd")
    (handed_in / "syncd.key").write_text("key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed_in))
    config = load(tmp_path, 'secrets_key_file = "elsewhere"' + ACME)
    assert config.connections["acme"].settings().client_secret == "from systemd"
    assert config.secrets_key_file == handed_in / "syncd.key"


def test_the_file_is_found_by_option_then_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.toml").write_text('mode = "auto"')
    (tmp_path / "b.toml").write_text("")
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "a.toml"))
    assert load_config(None).mode == "auto"
    assert load_config(tmp_path / "b.toml").mode == "review"


def test_an_absent_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; `syncd init` writes one"):
        load_config(tmp_path / "none.toml")


def test_every_problem_of_the_file_is_listed_at_once_with_its_place(tmp_path: Path) -> None:
    text = """
mode = "revew"
pol_interval = "5m"
[limits]
max_charges_per_cycle = 2000
max_vanished_share = 0.2
max_actions = 3
[connections.acme]
kind = "quickbooks"
relm_id = "1"
client_id = "x"
timezone = "America/New_Yrok"
api_url = "http://example.com"
[connections.kiwi]
kind = "zero"
[connections.bare]
[email]
security = "none"
host = "smtp.example"
"""
    assert problems(tmp_path, text) == [
        '[limits] max_vanished_share: write it as a decimal string, "0.2", not as a bare number',
        'mode: "revew" is not one of review, auto; did you mean "review"?',
        '[limits] max_charges_per_cycle: write money as a string, "2000.00" or "2000.00 USD"',
        '[limits] max_actions: unknown key; did you mean "max_actions_per_cycle"?',
        '[connections.acme] timezone: "America/New_Yrok" is not an IANA timezone; did you mean "America/New_York"?',
        "[connections.acme] api_url: plain http is accepted for loopback addresses only; use https",
        '[connections.acme] relm_id: unknown key; did you mean "realm_id"?',
        '[connections.kiwi] kind: "zero" is not one of quickbooks, xero, file; did you mean "xero"?',
        "[connections.kiwi] client_id: is missing and has no default",
        "[connections.kiwi] timezone: is missing and has no default",
        "[connections.bare] kind: is missing; write one of quickbooks, xero, file",
        '[email] security: "none" is accepted for loopback addresses only, and "smtp.example" is not one',
        "[email] from: is missing and has no default",
        'pol_interval: unknown key; did you mean "poll_interval"?',
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("poll_interval = 300", 'a duration needs its unit, such as "300s" or "5m"'),
        ('poll_interval = "soon"', '"soon" is not a duration; write "30s", "5m", "1h" or "2d"'),
        ('poll_interval = "0s"', '"0s" is not a duration; write "30s", "5m", "1h" or "2d"'),
        ("poll_interval = 2.5", '"2.5" is not a duration; write "30s", "5m", "1h" or "2d"'),
        ("limits.max_charges_per_cycle = 2.5", 'write it as a decimal string, "2.5", not as a bare number'),
        ("limits.max_actions_per_cycle = 2.0", "must be a whole number without quotes"),
        ("connections.a = 'acme'", 'write a table, such as { key = value }, not "acme"'),
        ("poll_interval_s = 3", 'unknown key; did you mean "poll_interval"?'),
        ('database = "postgresql://db/x"', 'write it with its driver: "postgresql+psycopg://db/x"'),
        ('database = "mysql://x"', '"mysql://x" is neither "sqlite:///FILE" nor "postgresql+psycopg://…"'),
        ("state_dir = 3", "write it in quotes, not 3"),
        ("connections = 3", "write a table, such as { key = value }, not 3"),
        ("serve = { listen = 'x' }", '"x" is not "host:port" such as "127.0.0.1:8600"'),
        ("limits = { max_vanished_share = '20' }", '"20" is not a share between "0" and "1" ("0.2" is one in five)'),
        (
            "limits = { max_vanished_share = '20%' }",
            '"20%" is not a decimal number; write digits and a point only, such as 0.2',
        ),
        (
            "limits = { max_vanished_share = 20 }",
            'write a share as a decimal string between "0" and "1" such as "0.2", not 20',
        ),
        ("limits = { max_charges_per_cycle = '1.999 USD' }", '"1.999 USD" has more decimals than USD has'),
        ("limits = { max_charges_per_cycle = '-1' }", '"-1" is less than nothing'),
        ("limits = { max_actions_per_cycle = -1 }", "must be at least 0"),
        ("limits = { max_actions_per_cycle = true }", "must be a whole number without quotes"),
        (
            "connections.'a b' = { kind = 'file', path = 'x' }",
            "a connection's name has letters, digits, point, hyphen and underscore only",
        ),
        ("connections.a = { kind = 'file', path = '' }", "is empty; write something in the quotes"),
        ("email = { host = 'localhost', from = 'a@b.example', port = 99999 }", "must be at most 65535"),
    ],
)
def test_each_refusal_shows_the_right_spelling(tmp_path: Path, line: str, problem: str) -> None:
    assert [text.partition(": ")[2] for text in problems(tmp_path, line)] == [problem]


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("http://localhost:1/", "http://localhost:1"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("https://proxy.example:444", "https://proxy.example:444"),
    ],
)
def test_provider_addresses_are_scheme_host_and_port(tmp_path: Path, url: str, accepted: str) -> None:
    (tmp_path / "acme.secret").write_text("x")
    assert load(tmp_path, f'{ACME}api_url = "{url}"').connections["acme"].settings().api_url == accepted


@pytest.mark.parametrize("url", ["ftp://x", "https://x/path", "https://u:p@x", "127.0.0.1:80", "http://10.0.0.1", ""])
def test_other_provider_addresses_are_refused(tmp_path: Path, url: str) -> None:
    assert len(problems(tmp_path, f'{ACME}api_url = "{url}"')) == 1


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert problems(tmp_path, "mode = \n") == ["not valid TOML: Invalid value (at line 1, column 8)"]


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="byte 0 is not UTF-8"):
        load_config(tmp_path / "config.toml")


def test_money_limits_may_carry_a_currency(tmp_path: Path) -> None:
    limits = load(tmp_path, '[limits]\nmax_charges_per_cycle = "10.00 EUR"').limits
    assert limits.max_charges_per_cycle == Money(Decimal("10.00"), "EUR")


def test_an_email_table_reads_its_password_only_with_a_login(tmp_path: Path) -> None:
    text = '[email]\nhost = "127.0.0.1"\nsecurity = "none"\nfrom = "Accounts <ar@example>"\n'
    config = load(tmp_path, text)
    assert config.email is not None
    assert config.email.password() is None
    config = load(tmp_path, f'{text}username = "ar"\npassword_file = "pw"')
    assert config.email is not None
    with pytest.raises(ConfigError, match=r"\[email\] password_file: .*pw does not exist"):
        config.email.password()


def test_a_wrong_kind_hides_nothing_else_that_is_wrong_with_its_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, '[connections.acme]\nkind = "quickbook"\nclientid = "x"\ntimezone = "Mars"')
    assert [problem.partition(": ")[2] for problem in refused.value.problems] == [
        '[connections.acme] kind: "quickbook" is not one of quickbooks, xero, file; did you mean "quickbooks"?',
        "[connections.acme] client_id: is missing and has no default",
        '[connections.acme] timezone: "Mars" is not an IANA timezone; write a name such as Europe/London',
        '[connections.acme] clientid: unknown key; did you mean "client_id"?',
    ]


def test_a_table_without_a_kind_is_read_as_what_its_keys_say(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, '[connections.kiwi]\ntenant_id = 5\nday_limit = "many"')
    assert [problem.partition(": ")[2] for problem in refused.value.problems] == [
        "[connections.kiwi] kind: is missing; write one of quickbooks, xero, file",
        "[connections.kiwi] tenant_id: write it in quotes, not 5",
        "[connections.kiwi] day_limit: must be a whole number without quotes",
    ]


def test_a_company_may_be_polled_less_often_than_the_others(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        'poll_interval = "5m"\n'
        '[connections.acme]\nkind = "quickbooks"\nclient_id = "x"\ntimezone = "UTC"\npoll_interval = "30m"\n'
        '[connections.books]\nkind = "file"\npath = "exports"',
    )
    assert {name: each.poll_interval_s for name, each in config.connections.items()} == {"acme": 1800, "books": 300}
