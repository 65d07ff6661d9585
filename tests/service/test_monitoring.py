"""The shipped alerts and dashboard ask only for figures that are really there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from syncd.console.gauges import exposition

MONITORING = Path(__file__).resolve().parents[2] / "systemd" / "monitoring"


def test_alerts_dashboard_and_page_name_exactly_the_metrics_there_are(site):
    site.add("acme", "quickbooks")
    with site.opened() as office:
        there = set(re.findall(r"^# HELP (syncd_\w+)", exposition(office).decode(), re.MULTILINE))
    alerts = [rule["expr"] for group in _alerts()["groups"] for rule in group["rules"]]
    panels = [target["expr"] for panel in _dashboard()["panels"] for target in panel["targets"]]
    asked = {name for text in (*alerts, *panels) for name in re.findall(r"syncd_\w+", text)}
    assert asked <= there
    assert set(re.findall(r"`(syncd_\w+)`", (MONITORING / "README.md").read_text())) == there


def test_every_alert_says_what_is_wrong():
    for group in _alerts()["groups"]:
        assert [rule["alert"] for rule in group["rules"] if not rule["annotations"]["summary"]] == []


def _alerts():
    return yaml.safe_load((MONITORING / "alerts.yml").read_text())


def _dashboard():
    return json.loads((MONITORING / "dashboard.json").read_text())
