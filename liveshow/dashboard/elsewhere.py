"""The dashboard of a show on another machine: the same dashboard, on another line, with pictures that are fetched."""

from __future__ import annotations

import asyncio
from functools import partial

from liveshow.dashboard.app import Dashboard, Outcome
from liveshow.dashboard.choice import Choice
from liveshow.dashboard.fetching import FetchedPreviews
from liveshow.dashboard.link import ClientLine
from liveshow.dashboard.run import shown
from liveshow.errors import UsageError
from liveshow.recorder.remote import Server, connect_to
from liveshow.setupfile.hostport import host_and_port


def server_at(place: str, token: str) -> Server:
    """A server as it is named on the command line. Raises UsageError."""
    try:
        return Server(*host_and_port(place, any_port=False), token.strip())
    except UsageError as exc:
        raise UsageError(exc.what, where="SHOW", todo="write HOST:PORT as `liveshow serve` prints it over there") from exc


def run_elsewhere(place: str, token: str, *, watch: bool, choice: Choice = Choice()) -> Outcome:  # noqa: B008
    """Show the dashboard of a show that is served at `place` until the crew leaves or the show ends; `watch`: it says nothing.

    Raises NotFound when nobody answers, LiveshowError when we are not let in or the recorder cannot be understood.
    """
    server = server_at(place, token)
    asyncio.run(_tried(server))
    with FetchedPreviews(server) as previews:
        line = ClientLine(partial(connect_to, server, read_only=watch))
        return shown(Dashboard(previews, line, watch=watch), choice)


async def _tried(server: Server) -> None:
    """What is wrong is told before the screen opens."""
    client = await connect_to(server, read_only=True, previews=False)
    await client.close()
