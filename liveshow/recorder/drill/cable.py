"""The crew pulls a cable and puts it back. Only what that very cable did counts: an alarm that did not stand before, and lights that really
went out before they came back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from liveshow.model import Device
from liveshow.recorder.drill.outcome import Outcome, failed, passed, skipped
from liveshow.recorder.drill.replaced import ALARM, NO_DEVICE, harm, missing
from liveshow.recorder.drill.show import DrillShow
from liveshow.recorder.drill.since import Since, alarms_of
from liveshow.recorder.drill.step import step

LIGHTS = 60.0  # seconds
Ask = Callable[[str], Awaitable[bool]]
"""Asks the crew to do something; whether they did."""


@step("the cable of {} is pulled")
async def cable_pulled(name: str, show: DrillShow, device: Device, ask: Ask) -> Outcome:
    """The crew pulls a cable and puts it back."""
    if device.source.startswith(NO_DEVICE):
        return skipped(name, f"{device.source.partition(':')[0]}: has no cable")
    if await show.until(lambda: not show.dark() and not alarms_of(show, device), LIGHTS) is None:
        before = show.why_dark() or alarms_of(show, device)[0].what
        return failed(name, f"nobody was asked to: what it does could not be told from what is wrong already: {before}")
    pids, since = show.pids(), Since.now(show)
    if not await ask(f"Pull the cable of {device.id} ({_place(device)}), and say so at that moment."):
        return skipped(name, "nobody pulled it")
    told = await show.until(lambda: since.alarms(device) and not _lit(show, device), ALARM)
    fault = _unnoticed(show, device, since) if told is None else ""
    if not await ask(f"Put the cable of {device.id} back, and say when that is done."):
        return failed(name, "nobody put it back")
    if told is None:
        await show.until(lambda: not show.dark(), LIGHTS)
        return failed(name, fault)
    back = await show.until(lambda: since.proven(device) and not show.dark(), LIGHTS)
    if back is None:
        dark = show.why_dark() or "no further part was read back"
        return failed(name, f"an alarm after {told:.1f} s, but not back within {LIGHTS:.0f} s: {dark}")
    seen = f"an alarm after {told:.1f} s; proven again {back:.1f} s after it was put back"
    if harmed := harm(show, device, since, pids):
        return failed(name, f"{seen}; but {harmed}")
    return passed(name, f"{seen}; {missing(device, since)[0]:.1f} s are missing, as the journal says")


def _lit(show: DrillShow, device: Device) -> list[str]:
    """Its feeds that are proven at this moment."""
    dark = show.dark()
    return [f.id for f in device.feeds if f.id not in dark]


def _unnoticed(show: DrillShow, device: Device, since: Since) -> str:
    """What did not come in time."""
    lit = _lit(show, device)
    if not since.alarms(device):
        went = f"{', '.join(lit)} stayed proven: was it this cable?" if lit else "though its lights went out"
        return f"no alarm within {ALARM:.0f} s; {went}"
    return f"an alarm, but the light of {', '.join(lit)} did not go out within {ALARM:.0f} s"


def _place(device: Device) -> str:
    """Where it is, without a password."""
    scheme, _, rest = device.source.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else device.source
