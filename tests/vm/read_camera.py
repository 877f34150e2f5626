"""Reads a camera with OpenCV, inside the virtual machine, and reports what came: one JSON object on stdout.

`python -m tests.vm.read_camera /dev/video0 YUYV 640 360 10 12 [FOLDER] [--inject CONTROL]`: four-character code, size,
rate, number of reads; with FOLDER the buffers are taken as they come and saved there as 0000.bin and so on; with
`--inject` the camera's control is set to 1 before the last half of the reads (`v4l2-ctl -c CONTROL=1`).

What OpenCV 5.0 does with CAP_V4L2, measured here (kernel 6.1, vivid and v4l2loopback):

- Everything can be asked for in the open call: FOURCC, FRAME_WIDTH, FRAME_HEIGHT, FPS, CONVERT_RGB. Without FOURCC it
  takes BGR3 or a YUV format even when the camera has MJPEG. What the camera lacks is replaced silently (`set` returns
  True): read FOURCC, size and FPS back. Opening does not start the camera, the first read does.
- Buffers as they come: CAP_PROP_CONVERT_RGB = 0 (in the open call or later). CAP_PROP_FORMAT = -1 is the FFmpeg
  backend's way and is refused here. A read then gives (1, n) uint8, n the bytes of this picture, for MJPEG, and
  (height, width, 2) for YUYV. CAP_PROP_FORMAT stays 0 for compressed pictures.
- It opens the device with a format of its own list first and applies what was asked for after that, so a camera that
  has only H.264 (not in the list) is not opened at all; PyAV's v4l2 input opens it (option input_format=h264).
- CAP_PROP_POS_MSEC after a read is the buffer's time on CLOCK_MONOTONIC, in ms with µs resolution. POS_FRAMES is -1:
  there is no number to count by, a dropped picture shows only as a longer step. A buffer flagged as damaged is not told.
- A missing device and one in use elsewhere look the same: isOpened() False, a warning on stderr, no exception.
- Unplugged (vivid's control `disconnect`): read() is (False, None) at once and for ever, isOpened() stays True,
  CAP_PROP_FPS reads -1; vivid's camera is back when its last user has released it. A replugged camera gets another
  number while a dead handle is still open. `inject_fatal_streaming_error` looks the same, but FPS still answers.
- Stalled (vivid's `percentage_of_dropped_buffers` = 100): read() waits for the seconds (whole ones, default 10) in the
  environment's OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT as it is at the process's first wait, then False; it goes on by itself
  when pictures come again.
- `inject_vidioc_streamon_error`: opens, but every read is False until opened again. `inject_vidioc_reqbufs_error`: the
  next open tries again by itself. `inject_vidioc_qbuf_error`, `inject_v4l2_buf_flag_error`: not to be seen.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import cv2

PROPERTIES = ("FRAME_WIDTH", "FRAME_HEIGHT", "FPS", "CONVERT_RGB", "POS_FRAMES")


def main() -> None:
    """Opens, reads, reports."""
    asked = _arguments()
    began = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    camera = cv2.VideoCapture(asked.device, cv2.CAP_V4L2, _settings(asked))
    reads = [_read(camera, asked.folder, n) for n in range(asked.count - asked.count // 2)]
    if asked.inject:
        subprocess.run(["v4l2-ctl", "-d", asked.device, "-c", f"{asked.inject}=1"], check=True)
    reads += [_read(camera, asked.folder, n) for n in range(len(reads), asked.count)]
    ended = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    properties = {name: camera.get(getattr(cv2, f"CAP_PROP_{name}")) for name in PROPERTIES}
    fourcc = int(camera.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("ascii", "replace")
    opened = {"opened": camera.isOpened(), "fourcc": fourcc, **properties}
    camera.release()
    print(json.dumps({**opened, "began": began, "ended": ended, "reads": reads, "again": _opens(asked)}))


def _settings(asked: argparse.Namespace) -> list[int]:
    settings = {cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*asked.fourcc), cv2.CAP_PROP_FPS: asked.rate}
    settings |= {cv2.CAP_PROP_FRAME_WIDTH: asked.width, cv2.CAP_PROP_FRAME_HEIGHT: asked.height}
    settings |= {cv2.CAP_PROP_CONVERT_RGB: 0} if asked.folder else {}
    return [number for pair in settings.items() for number in pair]


def _read(camera: cv2.VideoCapture, folder: Path | None, number: int) -> dict[str, Any]:
    good, picture = camera.read()
    if good and folder is not None:
        (folder / f"{number:04d}.bin").write_bytes(picture.tobytes())
    return {"good": good, "shape": list(picture.shape) if good else None, "stamp": camera.get(cv2.CAP_PROP_POS_MSEC)}


def _opens(asked: argparse.Namespace) -> bool:
    camera = cv2.VideoCapture(asked.device, cv2.CAP_V4L2, _settings(asked))
    good: bool = camera.read()[0]
    camera.release()
    return good


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("device", "fourcc"):
        parser.add_argument(name)
    for name in ("width", "height", "rate", "count"):
        parser.add_argument(name, type=int)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--inject")
    return parser.parse_args()


if __name__ == "__main__":
    main()
