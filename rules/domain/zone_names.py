"""Names of time zones: which this machine knows, and what was meant by one it does not."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from rules.domain.near_miss import near_miss


@cache
def is_zone(name: str) -> bool:
    """Whether this machine knows the time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a plain name; the name of a folder of zones
        return False
    return True


def no_zone(name: str) -> ValueError:
    """What is wrong with a name that is none: the zone that was meant, else how one is written.

    A city alone is enough to tell which was meant: people write "London" or "New York".
    """
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in zones}
    city = cities.get(name.strip().casefold().replace(" ", "_"))
    hint = near_miss(city or name, zones) or "; write a name such as Europe/London"
    return ValueError(f'"{name}" is not an IANA timezone{hint}')
