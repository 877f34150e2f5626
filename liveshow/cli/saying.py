"""What verbs say that run for as long as a show does: where that goes may be gone, or hang, while they go on."""

from __future__ import annotations

import logging
from contextlib import suppress

import click


def begin_beside(*, with_show: bool) -> None:
    """From now on what goes wrong is said; `with_show`: started by the recorder, into a log that may lie on the show's disk."""
    from liveshow.recorder.patient_log import never_wait

    if with_show:
        never_wait()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s: %(message)s")


def say(text: str) -> None:
    """Print a line, if it can be."""
    with suppress(OSError):
        click.echo(text)
