"""OSC packets: bytes from anywhere to messages, and messages to bytes.

Sources: "The Open Sound Control 1.0 Specification" (M. Wright, 2002) and "Features and Future of Open Sound Control version 1.1
for NIME" (Freed and Schmeder, 2009). python-osc reads and builds the messages. Bundles are taken apart here: its reading never
ends on an element of negative size, and nests as deep as it is told.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder

from liveshow.timebase import SECOND

Value = str | int | float | None
DEEPEST = 8
_BUNDLE = b"#bundle\0"
_AT_ONCE = 1
_UNIX_EPOCH = 2_208_988_800  # seconds from 1900, where NTP's clock begins, to 1970 (RFC 5905)
_SAME_AS = bytes.maketrans(b"SI", b"sT")  # a symbol is text; OSC 1.1's impulse, like true, is a press without data
_TAKEN = frozenset(b"ifhdsTFN")


class Unreadable(ValueError):
    """Bytes that are no OSC, or use of it what nobody here takes."""


@dataclass(frozen=True, slots=True)
class Message:
    """`address` and what came with it; `due`: when it is to be carried out, UTC ns, None at once."""

    address: str
    values: tuple[Value, ...] = ()
    due: int | None = None


def read_packet(packet: bytes) -> tuple[Message, ...]:
    """The messages of one datagram, in its order. Raises Unreadable, and then none of them counts."""
    return tuple(_elements(packet, None, 0))


def written(address: str, *values: str | int | float) -> bytes:
    """One message as a datagram: text goes as s, integers as i, other numbers as f. Raises UnicodeEncodeError, struct.error."""
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return bytes(builder.build().dgram)


def _elements(data: bytes, due: int | None, depth: int) -> Iterator[Message]:
    if data.startswith(b"/"):
        yield _message(data, due)
        return
    if not data.startswith(_BUNDLE) or len(data) < 16 or depth > DEEPEST:
        raise Unreadable("neither a message nor a bundle of them")
    due = _due(*struct.unpack_from(">Q", data, 8))
    at = 16
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        element = data[at + 4 : at + 4 + size]
        if size == 0 or size % 4 or len(element) < size:
            raise Unreadable("a bundle whose element has an impossible size")
        yield from _elements(element, due, depth + 1)
        at += 4 + size


def _due(timetag: int) -> int | None:
    if timetag == _AT_ONCE:
        return None
    seconds, fraction = divmod(timetag, 1 << 32)
    return (seconds - _UNIX_EPOCH) * SECOND + (fraction * SECOND >> 32)


def _message(data: bytes, due: int | None) -> Message:
    try:
        message = OscMessage(_with_plain_types(data))
    except (ParseError, UnicodeDecodeError) as exc:
        raise Unreadable(f"a message that is cut off, or not in UTF-8 ({exc})") from exc
    values = (int(v) if isinstance(v, bool) else v for v in message.params)  # true and false are a button's 1 and 0
    return Message(message.address, tuple(values), due)


def _with_plain_types(data: bytes) -> bytes:
    """The message with only types of :data:`_TAKEN` in it: the library guesses at what it does not know. Raises Unreadable."""
    start = (data.find(b"\0") // 4 + 1) * 4
    if start >= len(data):
        return data
    end = data.find(b"\0", start)
    types = data[start:end].translate(_SAME_AS)
    odd = next((chr(t) for t in types[1:] if t not in _TAKEN), None)
    if end < 0 or not types.startswith(b",") or odd:
        raise Unreadable(f"an argument of type {odd!r}: text and numbers are taken" if odd else "arguments without their types")
    return data[:start] + types + data[end:]
