"""A machine that sends MIDI Time Code, as a program of its own: `python -m tests.devices.mtc_sender NAME TIMECODE RATE SECONDS`.

It says where it stands (a full frame), prints when (the host's monotonic ns) the frame of that timecode begins, runs for so many
seconds, and keeps its port open until its standard input ends.
"""

import sys
import time
from fractions import Fraction

import mido

from liveshow.timebase import SECOND, parse_timecode, timecode
from liveshow.timebase.mtc import quarter_frames

CODES = {Fraction(24): 0, Fraction(25): 1, Fraction(30000, 1001): 2, Fraction(30): 3}


def main() -> None:
    name, text, rate, seconds = sys.argv[1], sys.argv[2], Fraction(sys.argv[3]), float(sys.argv[4])
    first = parse_timecode(text, rate)
    with mido.open_output(name, client_name=name) as port:
        print("open", flush=True)
        sys.stdin.readline()
        hours, minutes, second, frame = (int(text[at : at + 2]) for at in (0, 3, 6, 9))
        port.send(mido.Message("sysex", data=[0x7F, 0x7F, 0x01, 0x01, hours | CODES[rate] << 5, minutes, second, frame]))
        began = time.monotonic_ns() + SECOND // 10
        print(began, flush=True)
        for quarter in range(round(seconds * rate / 2) * 8):
            pair, piece = divmod(quarter, 8)
            data = quarter_frames(timecode(first + 2 * pair, rate), CODES[rate])[piece]
            due = began + round(quarter * SECOND / rate / 4)
            time.sleep(max(0, due - time.monotonic_ns()) / SECOND)
            port.send(mido.Message("quarter_frame", frame_type=data >> 4, frame_value=data & 15))
        sys.stdin.read()


if __name__ == "__main__":
    main()
