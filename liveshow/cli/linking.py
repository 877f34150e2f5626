"""Verbs for performers' pages: links, which lead there, and consents, what was answered."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from liveshow.cli.args import the_show
from liveshow.errors import LiveshowError, MachineError, NotFound, UsageError
from liveshow.events import LinkRevoked

if TYPE_CHECKING:
    from liveshow.model import Performer
    from liveshow.recorder.links import Link
    from liveshow.showfolder.folder import ShowFolder
    from liveshow.showfolder.state import ShowState

EVERYBODY = "all"


@click.command()
@click.argument("show")
@click.argument("performers", nargs=-1)
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page to print: a card for each performer, with a code.",
)
@click.option("--print", "as_text", is_flag=True, help="Print the links. Whoever reads them can open the page.")
@click.option("--words", default="", help="What stands on a card: what the code is for.")
@click.option("--revoke", metavar="PERFORMER|all", help="Links that were issued lead nowhere from now on.")
@click.option("--list", "listing", is_flag=True, help="Who has links, and until when.")
def links(
    show: str, performers: tuple[str, ...], sheet: Path | None, as_text: bool, words: str, revoke: str | None, listing: bool
) -> None:
    """Issue private links to the pages of the PERFORMERS of a SHOW (none named: of all), to be printed or sent.

    A link is told only now: who needs it again is issued another one, and the older ones stay good until they expire or are revoked.
    """
    folder = the_show(show)
    if revoke is not None:
        click.echo(_revoked(folder, revoke))
    if listing:
        click.echo("\n".join(_listed(folder.state())) or "nobody has a link")
    if sheet is not None or as_text:
        _issue(folder, performers, sheet, as_text, words)
    elif revoke is None and not listing:
        todo = "say --sheet FILE.html for cards to print, --print, --list or --revoke"
        raise UsageError("nothing is asked for", where="links", todo=todo)


def _issue(folder: ShowFolder, performers: Sequence[str], sheet: Path | None, as_text: bool, words: str) -> None:
    from liveshow.cli.sheet import WORDS
    from liveshow.recorder.links import base_of, make_link, wall_now

    state = folder.state()
    people = _people(state, performers)
    settings = state.setup.review
    base = base_of(folder.path, settings, _told(folder))
    made = [make_link(person.id, settings.hours, wall_now()) for person in people]
    if sheet is not None:
        with _beside(sheet, _page(state, people, made, base, words or WORDS)):
            _say(folder, made)
        click.echo(
            f"{sheet}: {len(made)} {'card' if len(made) == 1 else 'cards'}, good until {_until(state, made[0].issued.expires)}"
        )
    else:
        _say(folder, made)
    for person, link in zip(people, made, strict=True) if as_text else ():
        click.echo(f"{person.name}\t{link.url(base)}")


def _people(state: ShowState, performers: Sequence[str]) -> list[Performer]:
    from liveshow.recorder.known import known_performer

    for performer in performers:
        known_performer(state.setup, performer)
    found = [p for p in state.setup.performers if not performers or p.id in performers]
    if not found:
        raise NotFound(
            "there are no performers in this show", where="links", todo="name them in the setup, or put a walk-on on"
        )
    return found


def _told(folder: ShowFolder) -> str:
    """Where the page is served, as the recorder was told; "" when none runs."""
    from liveshow.cli.status import snapshot

    pulse = snapshot(folder).pulse
    return pulse.page if pulse else ""


def _say(folder: ShowFolder, made: Sequence[Link]) -> None:
    """All of them, or none: who was issued one and is not told it would have it for nothing."""
    from liveshow.recorder.speak import speak

    done: list[Link] = []
    try:
        for link in made:
            speak(folder, link.issued)
            done.append(link)
    except LiveshowError:
        for link in done:
            with contextlib.suppress(LiveshowError):  # the fault that is told is the first; these expire by themselves
                speak(folder, LinkRevoked(t=0, link=link.issued.link))
        raise


@contextlib.contextmanager
def _beside(path: Path, text: str) -> Iterator[None]:
    """A file that only this user may read, there once what is done meanwhile has succeeded."""
    from liveshow.showfolder.private import keep_secret

    aside = path.with_name(f".{path.name}.aside")
    try:
        keep_secret(aside, text.encode())
        try:
            yield
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as exc:
        todo = "name a file in a folder that can be written"
        raise MachineError(f"the sheet cannot be written: {exc.strerror}", where=str(path), todo=todo) from exc


def _page(state: ShowState, people: Sequence[Performer], made: Sequence[Link], base: str, words: str) -> str:
    from liveshow.cli.sheet import Card, sheet

    show = state.setup.show
    cards = [
        Card(person.name, link.url(base), _until(state, link.issued.expires)) for person, link in zip(people, made, strict=True)
    ]
    return sheet(show.title, show.date.isoformat(), cards, words)


def _until(state: ShowState, expires: int) -> str:
    """In the show's time zone: "23 November 2026, 19:30"."""
    when = datetime.fromtimestamp(expires // 10**9, UTC).astimezone(ZoneInfo(state.setup.show.timezone))
    return f"{when.day} {when:%B %Y, %H:%M}"


def _revoked(folder: ShowFolder, whose: str) -> str:
    from liveshow.recorder.known import known_performer
    from liveshow.recorder.speak import speak

    state = folder.state()
    found = [issued for issued in state.links.values() if whose in (EVERYBODY, issued.performer)]
    if whose != EVERYBODY and not found:
        known_performer(state.setup, whose)
    for issued in found:
        speak(folder, LinkRevoked(t=0, link=issued.link))
    return f"revoked {len(found)} {'link' if len(found) == 1 else 'links'} of {'everybody' if whose == EVERYBODY else whose}"


def _listed(state: ShowState) -> Iterator[str]:
    from liveshow.recorder.links import is_good, wall_now

    now = wall_now()
    for issued in state.links.values():
        until = _until(state, issued.expires)
        standing = f"until {until}" if is_good(issued.link, state.links, now) else f"expired {until}"
        yield f"{issued.performer:<16} {issued.link:<10} {standing}, issued by {issued.by or 'somebody'}"


VERBS = (links,)
