"""This machine's time zone, by its IANA name."""

from __future__ import annotations

import warnings
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import tzlocal


def local_timezone() -> str | None:
    """The IANA name of this machine's time zone ("America/Los_Angeles"), or None when it has none that agrees with its clock.

    A machine on which no time zone is set runs in UTC.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tzlocal warns where it falls back to UTC
        try:
            name: str = tzlocal.get_localzone_name() or getattr(tzlocal.get_localzone(), "key", "")
            # TZ may hold a rule instead of a name, which only the clock obeys
            tzlocal.assert_tz_offset(ZoneInfo(name))  # type: ignore[no-untyped-call]
        except (LookupError, ValueError, OSError):
            return None
    return name if name in timezones() else None


@cache
def timezones() -> frozenset[str]:
    """Every name in the IANA time zone database. (Gathering them reads some hundred files.)"""
    return frozenset(available_timezones())
