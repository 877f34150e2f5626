"""A camera that delivers compressed pictures, inside the virtual machine: plays a clip into a v4l2loopback device.

`python -m tests.vm.loopback_camera /dev/video9 mjpeg 640 360 10`: pictures that carry their own number
(`tests.servers.pictures`), at that size and so many a second, round and round until ended. Prints a line once the
device can be opened as a camera. A picture that nobody fetches before the driver's buffers are full is lost. On SIGUSR1 its pictures have
half that size from then on (and at the next one their own again): a camera whose menu somebody finds.

Source of the layouts: VIDIOC_S_FMT and struct v4l2_format of the Linux kernel's include/uapi/linux/videodev2.h.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import sys
import time
from dataclasses import replace
from fractions import Fraction
from itertools import count
from types import FrameType
from typing import cast

from tests.servers.pictures import Codec, Wanted, media

FOURCC = {"mjpeg": b"MJPG", "h264": b"H264"}
VIDIOC_S_FMT, VIDEO_OUTPUT, FIELD_NONE = 0xC0D05605, 2, 1
_FORMAT = struct.Struct("=I4xII4sIII180x")


def wanted(codec: str, width: int, height: int, rate: int) -> Wanted:
    """The clip such a camera plays. Make it on the host (`media`) first: encoding in emulation takes minutes."""
    return Wanted(width, height, Fraction(rate), codec=cast(Codec, codec))


def halved(clip: Wanted) -> Wanted:
    """The clip of half the size."""
    return replace(clip, width=clip.width // 2, height=clip.height // 2)


def main(device: str, clip: Wanted) -> None:
    """Plays until killed."""
    pictures, turned = media(clip).pictures, False
    output = os.open(device, os.O_WRONLY)
    largest = clip.width * clip.height * 2
    question = _FORMAT.pack(VIDEO_OUTPUT, clip.width, clip.height, FOURCC[clip.codec], FIELD_NONE, 0, largest)
    fcntl.ioctl(output, VIDIOC_S_FMT, question)

    def turn(_signal: int, _frame: FrameType | None) -> None:
        nonlocal pictures, turned
        turned = not turned
        pictures = media(halved(clip) if turned else clip).pictures

    signal.signal(signal.SIGUSR1, turn)
    start = time.monotonic()
    for number in count():
        time.sleep(max(0.0, start + float(number / clip.rate) - time.monotonic()))
        os.write(output, pictures[number % len(pictures)].data)
        if number == 0:
            print(f"{device} is a camera", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], wanted(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))
