"""What contributions are asked for: the same options for searching and for pulling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from liveshow.cli.args import Span, shortened
from liveshow.errors import UsageError
from liveshow.model import Consent
from liveshow.timebase import SECOND

if TYPE_CHECKING:
    from liveshow.library.search import Query

Command = TypeVar("Command", bound=Callable[..., Any])
_OPTIONS = (
    click.option(
        "--text", help="Only contributions with all these words in titles, names, roles, notes; lett* is a beginning."
    ),
    click.option("--performer", help="Only those with this performer (id or name)."),
    click.option("--show", help="Only those of this show (its id: the name of its folder)."),
    click.option("--item", help="Only those of this item of the running order (its id)."),
    click.option("--tag", help="Only those with #TAG in a note."),
    click.option(
        "--since", help="Only those that begin then or later: 2026-11-22 or 2026-11-22T21:00 (UTC unless it says otherwise)."
    ),
    click.option("--until", help="Only those that begin before."),
    click.option("--shortest", type=Span(), help="Only those at least so long: 90s, 3m."),
    click.option("--longest", type=Span(), help="Only those at most so long."),
    click.option(
        "--quietest", type=float, metavar="LUFS", help="Only those whose loudest microphone is at least so loud: -30."
    ),
    click.option("--loudest", type=float, metavar="LUFS", help="Only those whose loudest microphone is at most so loud: -16."),
    click.option("--camera/--no-camera", default=None, help="Only those with pictures, or with none."),
    click.option(
        "--consent", type=click.Choice([c.value for c in Consent]), help="Only those with this answer (the strictest)."
    ),
    click.option("--superseded", is_flag=True, help="Older versions of corrected ones too."),
)


def filters(command: Command) -> Command:
    """Give a command these options; :func:`query_of` makes a query of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def query_of(
    *,
    since: str | None,
    until: str | None,
    shortest: int | None,
    longest: int | None,
    consent: str | None,
    text: str | None,
    **more: Any,
) -> Query:
    """The query that the options ask for. Raises UsageError for what is no date."""
    from liveshow.library.search import Query

    return Query(
        since=_date(since, "--since"),
        until=_date(until, "--until"),
        shortest=None if shortest is None else shortest / SECOND,
        longest=None if longest is None else longest / SECOND,
        consent=None if consent is None else Consent(consent),
        text=text or "",
        **more,
    )


def _date(text: str | None, where: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UsageError(f"{shortened(text)} is not a date", where=where, todo="write 2026-11-22 or 2026-11-22T21:00") from exc
    return found if found.tzinfo else found.replace(tzinfo=UTC)
