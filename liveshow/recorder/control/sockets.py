"""The WebSockets: `/api/events` tells what happens; `/api/wire` carries what dashboards and recorder say to each other, line for line.

Who reads too slowly is let go: what waits for one reader is limited, and so is the time that one message may take. Who has the token
no longer (it was made anew) is let go within a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from liveshow.errors import USAGE
from liveshow.events import EndShow, FromClient, Journaled, Login, Pulse, Refused, Say, Welcome, encode
from liveshow.recorder.address import Address
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.mailbox import Behind, Mailbox
from liveshow.recorder.control.reading import show_now
from liveshow.recorder.control.table import Away
from liveshow.recorder.control.tokens import Keyring
from liveshow.recorder.transport import LocalTransport

SEND_LIMIT, LOGIN_LIMIT, CLOSE_LIMIT = 20.0, 10.0, 1.0  # seconds
CHECK_EVERY = 1.0
MOST_WAITING = 16 * 1024 * 1024  # bytes of news for one reader
SLOWEST, FASTEST, USUAL = 0.1, 15.0, 2.0  # pulses a second
# Close codes of RFC 6455, 7.4, and ours, which are the status codes of HTTP plus 4000.
GOING_AWAY, TOO_SLOW, NO_SENSE, REVOKED = 1001, 1013, 1008, 4401
_DECODER: msgspec.json.Decoder[FromClient] = msgspec.json.Decoder(FromClient)


async def tell_events(socket: WebSocket, hub: Hub, keyring: Keyring) -> None:
    """The state on connecting and after every change, every journal event, and health so many times a second as `rate` says."""
    try:
        rate = min(FASTEST, max(SLOWEST, float(socket.query_params.get("rate", USUAL))))
    except ValueError:
        rate = USUAL
    await socket.accept()
    box: Mailbox[bytes] = Mailbox(MOST_WAITING)
    work = (_collect_events(hub, box, 1 / rate), _hand_on(socket, box), _ignore(socket), _while_allowed(socket, keyring))
    await _converse(socket, *work)


async def carry_wire(socket: WebSocket, found: Address, keyring: Keyring, *, read_only: bool) -> None:
    """One dashboard's connection to the recorder; `read_only`: nothing that it says gets there."""
    await socket.accept()
    try:
        async with asyncio.timeout(LOGIN_LIMIT):
            login = _DECODER.decode(await socket.receive_text())
    except (TimeoutError, WebSocketDisconnect, KeyError, msgspec.DecodeError):
        login = None
    if not isinstance(login, Login):
        await _close(socket, NO_SENSE, "say login first")
        return
    try:
        transport = await LocalTransport.open(found.host, found.port)
    except OSError:
        await _close(socket, GOING_AWAY, "the recorder is away")
        return
    try:
        await transport.send(encode(msgspec.structs.replace(login, token=found.token, serves="")))
        box: Mailbox[bytes] = Mailbox(MOST_WAITING)
        say = _say_nothing if read_only else transport.send
        work = (_collect(transport, box), _hand_on(socket, box), _pass_up(socket, box, say), _while_allowed(socket, keyring))
        await _converse(socket, *work)
    finally:
        await transport.close()


async def _converse(socket: WebSocket, *work: Coroutine[None, None, int]) -> None:
    """Until one of these ends; it says with what code to close."""
    tasks = [asyncio.create_task(each) for each in work]
    code = GOING_AWAY
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        code = next(iter(done)).result()
    except (Behind, TimeoutError):
        code = TOO_SLOW
    except (WebSocketDisconnect, OSError):
        pass  # one of the two ends is gone
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _close(socket, code)


async def _close(socket: WebSocket, code: int, why: str = "") -> None:
    with suppress(RuntimeError, TimeoutError, WebSocketDisconnect):  # closed already, or nobody reads
        async with asyncio.timeout(CLOSE_LIMIT):
            await socket.close(code, why)


def _line(message: msgspec.Struct) -> bytes:
    return msgspec.json.encode(message)


def _put(box: Mailbox[bytes], line: bytes, weight: int | None = None) -> None:
    """Raises Behind, though the reader may be stuck with an earlier line."""
    if not box.put(line, len(line) if weight is None else weight):
        raise Behind


async def _hand_on(socket: WebSocket, box: Mailbox[bytes]) -> int:
    while True:
        line = await box.get()
        async with asyncio.timeout(SEND_LIMIT):  # not wait_for, which in Python 3.11 may swallow that we are cancelled
            await socket.send_text(line.rstrip(b"\n").decode())


async def _while_allowed(socket: WebSocket, keyring: Keyring) -> int:
    while keyring.access(socket.scope["token"]) == socket.scope["access"]:
        await asyncio.sleep(CHECK_EVERY)
    return REVOKED


# Events ----------------------------------------------------------------------------------------------------------


async def _collect_events(hub: Hub, box: Mailbox[bytes], every: float) -> int:
    """What a socket is to be told; of health only the newest."""
    if not hub.connected:
        _put(box, _line(Away()))
    due = 0.0
    async with aclosing(hub.watch()) as changes:
        async for change in changes:
            now = asyncio.get_running_loop().time()
            if not isinstance(change, Pulse):
                for line in _lines(hub, change):
                    _put(box, line)
            elif now >= due:
                box.replace(_line(change))
                due = now + every
    return GOING_AWAY


def _lines(hub: Hub, change: Welcome | Journaled | None) -> list[bytes]:
    if change is None:
        return [_line(Away())]
    events = change.events if isinstance(change, Journaled) else ()
    return [*map(_line, events), _line(show_now(hub))]


async def _ignore(socket: WebSocket) -> int:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    return GOING_AWAY


# Wire ------------------------------------------------------------------------------------------------------------


async def _collect(transport: LocalTransport, box: Mailbox[bytes]) -> int:
    """What the recorder says; of pulses that wait only the newest."""
    first = True
    while line := await transport.receive():
        if line.startswith(b'{"kind":"pulse"'):
            box.replace(line)
        else:
            _put(box, line, 0 if first else None)  # the welcome is as long as the evening was
            first = False
    return GOING_AWAY


async def _pass_up(socket: WebSocket, box: Mailbox[bytes], say: Callable[[bytes], Coroutine[None, None, None]]) -> int:
    """What the dashboard says, as far as it makes sense."""
    while True:
        try:
            request = _DECODER.decode(await socket.receive_text())
        except (KeyError, msgspec.DecodeError):
            return NO_SENSE
        if isinstance(request, Say | EndShow) and say is _say_nothing:
            todo = "ask for the full token: `liveshow token SHOW`"
            box.put(
                encode(Refused(re=request.id, what="this screen may only look", where="token", todo=todo, exit_code=USAGE)), 0
            )
        elif not isinstance(request, Login):
            await say(encode(request))


async def _say_nothing(line: bytes) -> None:
    del line
