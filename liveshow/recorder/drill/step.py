"""A step of a drill by its name. Whatever goes wrong with it is a FAIL of it: the worst that can happen must not cost the report."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec

import psutil

from liveshow.errors import LiveshowError
from liveshow.model import Device
from liveshow.recorder.drill.outcome import Outcome, failed

P = ParamSpec("P")
Trial = Coroutine[Any, Any, Outcome]
Run = Callable[Concatenate[str, P], Trial]
"""Causes what the step is named for, and says by that name what came of it."""


def step(words: str) -> Callable[[Run[P]], Callable[P, Trial]]:
    """Name a step as the report has it; "{}" stands for the device that it is about."""

    def named(run: Run[P]) -> Callable[P, Trial]:
        @functools.wraps(run)
        async def tried(*args: P.args, **kwargs: P.kwargs) -> Outcome:
            name = words.format(*(about.id for about in args if isinstance(about, Device)))
            try:
                return await run(name, *args, **kwargs)
            except (LiveshowError, OSError, psutil.Error) as exc:
                return failed(name, str(exc) or f"it was not done in time ({type(exc).__name__})")

        return tried

    return named
