"""Exported lists and their maps, spoiled: taken in or refused in a sentence, and nothing is written to a provider."""

from __future__ import annotations

import random

import pytest

from syncd.cli.root import run
from tests.cli.hostile_files import spoiled_bytes, spoiled_toml
from tests.history.test_exports import DESKTOP, ONLINE, XERO
from tests.service.conftest import trade

MAP = """
dates = "day/month/year"
decimals = ","
currency = "EUR"

[columns]
customer = "Kunde"
number = "Beleg"
issued_on = "Datum"
total = "Betrag"
paid_on = "Bezahlt am"
"""
OWN = "Kunde;Beleg;Datum;Betrag;Bezahlt am\nOak;1;31.01.2020;1.010,00;01.02.2020\nElm;2;01.02.2020;10,00;\n"


def test_spoiled_exports_and_maps_are_taken_in_or_refused(live, capsys):
    trade(live, live.add("acme", "xero"))
    assert run(["pull", "--config", str(live.config_file)]) == 0
    live.servers["acme"].seen.clear()
    codes = set()
    export, own_map = live.folder / "export.csv", live.folder / "map.toml"
    for seed in range(400):
        luck = random.Random(seed)  # noqa: S311 - the same seed, the same file
        with_map = luck.random() < 0.5
        text = OWN if with_map else luck.choice([XERO, ONLINE, DESKTOP])
        export.write_bytes(spoiled_bytes(text.encode(), luck))
        own_map.write_bytes(spoiled_toml(MAP, luck))
        command = ["backfill", "--csv", str(export), *(["--map", str(own_map)] if with_map else [])]
        more = ["--connection", "acme", "--config", str(live.config_file)]
        codes.add(run([*command, *([] if luck.random() < 0.3 else ["--dry-run"]), *more]))
    assert codes <= {0, 1, 2, 65, 75, 78}
    assert 0 in codes
    assert {request.method for request in live.servers["acme"].seen} <= {"GET"}
    assert run(["status", "--config", str(live.config_file)]) in (0, 1)
    capsys.readouterr()


@pytest.mark.parametrize("zone", ["{ a = 1 }", '["UTC"]', "7", '"Mars/Olympus"', '"../UTC"', '""'])
def test_a_time_zone_of_the_wrong_kind_is_refused(live, capsys, zone):
    company = live.add("acme", "xero", connected=False)
    live.tables[0] = live.tables[0].replace(f'timezone = "{company.timezone}"', f"timezone = {zone}")
    live.write()
    assert run(["check", "--config", str(live.config_file)]) == 78
    assert "timezone" in capsys.readouterr().out
