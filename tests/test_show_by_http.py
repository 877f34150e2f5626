"""A whole simulated show, driven by nothing but HTTP requests, ends as it must however it is driven (see :mod:`tests.one_show`)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from liveshow.recorder import address
from liveshow.recorder.control.tokens import tokens_of
from tests.one_show import SETUP, SPEED, STEPS, TOLD, Step, told
from tests.running_show import RunningShow, running_show, wait_for

CONTROL = '\n[control]\nhttp = "127.0.0.1:0"\n'


class Buttons:
    """Somebody who has nothing but HTTP: what they say is answered with 200, and what they need to know they read."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._ago = 0.0

    def read(self, what: str) -> Any:
        """What is to be read there."""
        return self._client.get(f"/api/{what}").raise_for_status().json()

    def press(self, path: str, **fields: object) -> None:
        """Say something; a "GO" or an undo is not said twice within the second in which it counts once."""
        ago, self._ago = self._ago, 0.0
        while (answer := self._client.post(f"/api/{path}", json={**fields, "ago": ago})).status_code == httpx.codes.CONFLICT:
            time.sleep(1)
        assert answer.status_code == 200, answer.text

    def take(self, step: Step) -> None:
        """One step of the show."""
        match step:
            case ("wait", seconds):
                time.sleep(int(seconds) / SPEED)
            case ("ago", seconds):
                self._ago = float(seconds)
            case ("go", item):
                self.press("go", item=item)
            case ("note", text):
                self.press("note", text=text)
            case ("on" | "off" as what, who):
                self.press(f"performers/{who}/{what}")
            case ("walk-on", name, ident):
                self.press("performers", name=name)
                self.press(f"performers/{ident}/on")
            case ("item/add", title, _, performers, minutes, before):
                self.press("order", title=title, performers=performers.split(), minutes=float(minutes), before=before)
            case ("item/move", item, before):
                self.press(f"order/{item}/move", before=before)
            case ("item/skip", item, yes):
                self.press(f"order/{item}/skip", skipped=yes == "yes")
            case ("tag", number, field, value):
                of: dict[str, object] = {"performers": value.split(), "false-take": value == "yes"}
                self.press(
                    f"segments/{self.read('segments')[int(number)]['id']}", **{field.replace("-", "_"): of.get(field, value)}
                )
            case (what,):
                self.press(what)


def server_of(show: RunningShow) -> str:
    """Where the recorder has the show served."""
    return f"http://127.0.0.1:{wait_for('a server', lambda: address.look_up(show.folder.path, address.CONTROL)).port}"


def test_a_show_by_http(tmp_path: Path) -> None:
    """GO, HOLD, performers, walk-ons, late marks, undo, the running order and corrections, each said by HTTP and answered once on disk."""
    with running_show(tmp_path, SETUP + CONTROL, 30, "--speed", str(SPEED)) as show:
        base = server_of(show)
        headers = {"Authorization": f"Bearer {tokens_of(show.folder.path).full}"}
        with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=30) as client:
            wait_for("the show", lambda: client.get("/api/show").status_code == 200)
            buttons = Buttons(client)
            for step in STEPS:
                buttons.take(step)
        show.end()
        served = address.look_up(show.folder.path, address.CONTROL)
        wait_for("the end of the server", lambda: served is None or not served.alive())
        assert told(show.folder.state()) == TOLD
