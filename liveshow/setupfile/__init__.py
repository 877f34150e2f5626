"""The setup file: TOML to model. Checked whole; every fault is reported at once, with file, line and key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import ValidationError

from liveshow.errors import SetupError, SetupFault
from liveshow.model import Setup
from liveshow.setupfile.build import build
from liveshow.setupfile.checks import CheckFormat, CheckHandoff, CheckSource, cross_faults
from liveshow.setupfile.faults import value_faults
from liveshow.setupfile.keys import SetupKeys
from liveshow.setupfile.lines import Places
from liveshow.setupfile.read import read_text, read_toml
from liveshow.setupfile.slugs import show_slug, slug
from liveshow.setupfile.zone import local_timezone

__all__ = ["CheckFormat", "CheckHandoff", "CheckSource", "load", "parse", "read_text", "show_slug", "slug"]


def load(
    path: Path,
    today: date | None = None,
    *,
    check_source: CheckSource | None = None,
    check_format: CheckFormat | None = None,
    check_handoff: CheckHandoff | None = None,
) -> Setup:
    """The setup in a file. `today` (default: this machine's) is its date when it names none. Raises SetupError."""
    day = today or date.today()
    return parse(
        read_text(path), str(path), day, check_source=check_source, check_format=check_format, check_handoff=check_handoff
    )


def parse(
    text: str,
    file: str,
    today: date,
    *,
    timezone: str | None = None,
    check_source: CheckSource | None = None,
    check_format: CheckFormat | None = None,
    check_handoff: CheckHandoff | None = None,
) -> Setup:
    """The setup in a text; `file` is what faults call it.

    `today` and `timezone` (default: this machine's) stand in where the text names none. `check_source` judges sources, whose
    kinds this room does not know, `check_format` formats of timelines, whose writers it does not, and `check_handoff` what a hand-off
    is asked for on this machine.
    Raises SetupError with every fault, in the order of lines.
    """
    data, places = read_toml(text, file)
    keys, faults = _validated(data, places)
    faults += cross_faults(data, places, check_source, check_format, check_handoff)
    zone = timezone or local_timezone()
    if keys and not keys.show.timezone and not zone:
        todo = 'write it in the setup: timezone = "America/Los_Angeles"'
        faults.append(places.fault(("show", "timezone"), "is missing, and this machine's time zone is not known", todo))
    if keys is None or faults:
        raise SetupError(sorted(faults, key=lambda fault: fault.line or 0))
    return build(keys, today, zone or "")


def _validated(data: dict[str, object], places: Places) -> tuple[SetupKeys | None, list[SetupFault]]:
    try:
        return SetupKeys.model_validate(data), []
    except ValidationError as error:
        return None, value_faults(error, places)
