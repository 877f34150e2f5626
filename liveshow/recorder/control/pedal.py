"""`liveshow pedal`: a MIDI pedal or pad that says marks, in a process of its own, a client of the recorder like any
dashboard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from liveshow.errors import LiveshowError
from liveshow.recorder import address
from liveshow.recorder.client import Client, whoami
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.osc_asked import Saying
from liveshow.recorder.control.osc_commands import understand
from liveshow.recorder.control.pedal_map import Binding, Presses
from liveshow.recorder.control.pedal_port import PedalPort
from liveshow.recorder.haste import Guard

LOOK_EVERY = 1.0
ASK_EVERY = 0.01  # no foot notices
Heard = tuple[Any, int]


async def pedal(show: Path, wanted: str, bound: tuple[Binding, ...], tell: Callable[[str], None]) -> None:
    """Say what the presses of a MIDI input mean, until the show has ended. `wanted`: part of the input's name, "" for the only
    one.

    Raises NotFound when no recorder runs or there is no such input, MachineError without MIDI.
    """
    find = partial(address.recorder_of, show)
    find()
    hub = Hub(lambda: _connect(find))
    heard: asyncio.Queue[Heard] = asyncio.Queue()
    pressing = Pressing(hub, bound, tell)
    await _first(_understood(hub), _listen(wanted, heard, tell), pressing.run(heard), _until_over(hub))


async def learn(wanted: str, tell: Callable[[str], None]) -> None:
    """Tell what each press is called, until cancelled. Raises as :func:`pedal`."""
    heard: asyncio.Queue[Heard] = asyncio.Queue()
    await _first(_listen(wanted, heard, tell), _name_presses(heard, tell))


async def _name_presses(heard: asyncio.Queue[Heard], tell: Callable[[str], None]) -> None:
    presses = Presses()
    while True:
        message, _ = await heard.get()
        press = presses.press(message)
        if press is not None:
            tell(f'{press} on channel {press.channel}: --on "{press}=go"')


class Pressing:
    """From what is heard to what is said, in order."""

    def __init__(self, hub: Hub, bound: tuple[Binding, ...], tell: Callable[[str], None]) -> None:
        self._hub, self._bound, self._tell = hub, bound, tell
        self._presses, self._guard = Presses(), Guard()

    async def run(self, heard: asyncio.Queue[Heard]) -> None:
        """Until cancelled."""
        while True:
            message, at = await heard.get()
            press = self._presses.press(message)
            for binding in self._bound:
                if press is not None and binding.fits(press):
                    await self._say(binding, str(press), at)

    async def _say(self, binding: Binding, press: str, at: int) -> None:
        """GO names the item that is next as far as is known here, as on a dashboard: two at once skip nothing."""
        state, what = self._hub.state, binding.message.address.removeprefix("/liveshow/")
        try:
            asked = understand(binding.message, state, self._hub.pulse, state.next_item.id if state.next_item else "")
            if asked is None or not self._guard.counts(asked.action, asked.about, at):
                return
            for deed in asked.deeds:
                if isinstance(deed, Saying):
                    ago = deed.ago + time.monotonic_ns() - at
                    numbers = await self._hub.say(deed.event, ago)
                    self._tell(f"{press}: {what} is journaled as number {', '.join(map(str, numbers))}")
        except LiveshowError as exc:
            self._tell(f"{press}: {what} was NOT taken: {exc}")


async def _listen(wanted: str, heard: asyncio.Queue[Heard], tell: Callable[[str], None]) -> None:
    """Listen to the input; when it vanishes, wait until it is back."""
    port = PedalPort(wanted)
    while True:
        tell(f"listening to {port.name}")
        try:
            await _until_gone(port, heard)
        finally:
            port.close()
        tell(f"{port.name} is gone; it is listened to again when it is back")
        port = await _opened_again(wanted or port.stem)


async def _until_gone(port: PedalPort, heard: asyncio.Queue[Heard]) -> None:
    looked = time.monotonic()
    while True:
        for message in port.pending():
            heard.put_nowait((message, time.monotonic_ns()))
        if time.monotonic() - looked >= LOOK_EVERY:
            if not port.is_there():
                return
            looked = time.monotonic()
        await asyncio.sleep(ASK_EVERY)


async def _opened_again(wanted: str) -> PedalPort:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        with suppress(LiveshowError):
            return PedalPort(wanted)


async def _connect(find: Callable[[], address.Address]) -> Client:
    return await Client.connect(find(), by=f"pedal for {whoami()}", watch=True)


async def _understood(hub: Hub) -> None:
    try:
        await hub.run()
    except msgspec.DecodeError as exc:
        todo = "run both from the same version of liveshow"
        raise LiveshowError(f"the recorder says what cannot be understood ({exc})", where="recorder", todo=todo) from exc


async def _until_over(hub: Hub) -> None:
    """Until the show has ended and its recorder is gone."""
    async with aclosing(hub.watch()) as changes:
        async for change in changes:
            if change is None and hub.state.ended:
                return


async def _first(*work: Coroutine[None, None, None]) -> None:
    """Until one of these ends."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
