"""What `liveshow run` and `liveshow attach` call."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from liveshow.dashboard.app import Dashboard, Outcome
from liveshow.dashboard.choice import Choice
from liveshow.dashboard.link import RecorderLine
from liveshow.recorder.address import recorder_of
from liveshow.showfolder.folder import ShowFolder


def run(show: Path, *, watch: bool = False, choice: Choice = Choice()) -> Outcome:  # noqa: B008
    """Show the dashboard of a running show until the crew leaves or the show ends; `watch`: it says nothing.

    Raises NotFound when no recorder runs on it, UsageError for a choice that there is not, LiveshowError when the recorder cannot be
    understood.
    """
    recorder_of(show)
    app = Dashboard(ShowFolder(show.absolute()), RecorderLine(partial(recorder_of, show)), watch=watch)
    return shown(app, choice)


def shown(app: Dashboard, choice: Choice = Choice()) -> Outcome:  # noqa: B008
    """Show a dashboard until it is left. Raises UsageError for a choice that there is not, LiveshowError when it had to give up."""
    choice.apply(app)
    outcome = app.run()
    if app.failure is not None:
        raise app.failure
    return outcome or Outcome.DETACHED
