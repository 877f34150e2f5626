"""This machine's time zone, by its IANA name."""

from __future__ import annotations

import warnings
from zoneinfo import available_timezones

import tzlocal


def local_timezone() -> str | None:
    """The IANA name of this machine's time zone ("America/Los_Angeles"), or None when it names one that IANA does not have.

    A machine that says nothing at all runs in UTC.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tzlocal warns where it falls back to UTC
        try:
            name = tzlocal.get_localzone_name()
        except (LookupError, ValueError, OSError):
            return None
    return name if name in available_timezones() else None
