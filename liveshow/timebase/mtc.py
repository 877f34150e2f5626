"""MIDI Time Code: from messages to timecode, without I/O.

While timecode runs, eight quarter-frame messages (F1 nd) carry one timecode between them, four to a frame, so that it takes two frames
to be told: it is that of the frame that began with the first of the eight. A full-frame message (system exclusive) tells where a machine
stands that is being wound; it does not say that anything runs.

Source: "MIDI Time Code", MIDI Manufacturers Association MMA0001 / RP004 / RP008 (in the MIDI 1.0 Detailed Specification).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PIECES = 8
FULL_FRAME = (0x7F, 0x01, 0x01)  # of real time, any device, the two sub-IDs
_DROP = 2  # of the four rates: 24, 25, 29.97 drop-frame, 30
_LIMITS = (24, 60, 60, 30)


@dataclass(frozen=True, slots=True)
class MtcFrame:
    """The frame of a timecode (";" before the frame: drop-frame) began at `at`, in the unit in which times were given."""

    timecode: str
    at: int


class MtcReader:
    """Hears messages in order. `backwards`: whether the newest quarter frames told of a machine that runs backwards."""

    def __init__(self) -> None:
        self.backwards = False
        self._values: list[int] = []
        self._began = 0
        self._before = -1

    def quarter_frame(self, piece: int, value: int, at: int) -> MtcFrame | None:
        """Piece 0 to 7 with a value 0 to 15 came at `at`: the frame that these eight are about, with the last of them. None too while
        pieces are missing, or count down as they do when it runs backwards."""
        step, self._before = (piece - self._before) % PIECES, piece
        self.backwards = step == PIECES - 1
        if piece == 0:
            self._values, self._began = [value], at
            return None
        if step != 1 or len(self._values) != piece:
            self._values = []
            return None
        self._values.append(value)
        if piece < PIECES - 1:
            return None
        low, high = self._values[0::2], self._values[1::2]
        text = _text([a | b << 4 for a, b in zip(low, high, strict=True)][::-1])
        return MtcFrame(text, self._began) if text else None


def full_frame(data: Sequence[int]) -> str | None:
    """The timecode of a full-frame message, given as what stands between F0 and F7; None when it is another message."""
    if len(data) != 8 or data[0] != FULL_FRAME[0] or tuple(data[2:4]) != FULL_FRAME[1:]:
        return None
    return _text(list(data[4:8]))


def quarter_frames(timecode: str, rate_code: int) -> tuple[int, ...]:
    """The eight data bytes that tell a timecode, at one of the rates 0 to 3 (24, 25, 29.97 drop-frame, 30)."""
    hours, minutes, seconds, frames = (int(timecode[at : at + 2]) for at in (0, 3, 6, 9))
    nibbles = [half for number in (frames, seconds, minutes, hours | rate_code << 5) for half in (number & 15, number >> 4)]
    return tuple(piece << 4 | nibble for piece, nibble in enumerate(nibbles))


def _text(numbers: list[int]) -> str | None:
    """Of hours (with the rate above them), minutes, seconds, frames; None when that is no time."""
    rate, numbers = numbers[0] >> 5 & 3, [numbers[0] & 31, *numbers[1:]]
    if any(number >= limit for number, limit in zip(numbers, _LIMITS, strict=True)):
        return None
    hours, minutes, seconds, frames = numbers
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if rate == _DROP else ':'}{frames:02}"
