"""Pictures that carry their own number, encoded once and kept.

Across the top of every picture runs a row of 32 blocks, black for 0 and white for 1, most significant bit first:
24 bits of counter and 8 bits of check code (CRC-8, polynomial 0x07, as in ITU-T I.432.1, over the three counter
bytes and started at `_SEED`, so that an all black and an all white row are no counter).

A server plays one encoded clip round and round and rewrites nothing, so the counter in the picture goes from 0 to
`length - 1` and starts again. The number of a picture since the camera's start is `loop * length + counter`;
`Unroller` gives it from counter and time, however many pictures are missing in between.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, cast

import av
import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

Grey = NDArray[np.uint8]
Codec = Literal["h264", "hevc", "mjpeg"]

COUNTER_BITS = 24
BLOCKS = COUNTER_BITS + 8
_SEED = 0x5A
_DARK, _BRIGHT = 96, 160  # a block between the two is damaged, not a bit
_VERSION = 1  # of the drawing: a change makes every kept clip stale
_ENCODERS = {"h264": "libx264", "hevc": "libx265", "mjpeg": "mjpeg"}
_PLANAR = ("yuv", "nv", "gray")


@dataclass(frozen=True)
class Wanted:
    """What to encode. `gop` and `seconds` in seconds, `bitrate` in bit/s, `rate` in pictures a second, exact."""

    width: int = 320
    height: int = 180
    rate: Fraction = Fraction(30)
    gop: float = 1.0
    seconds: float = 8.0
    codec: Codec = "h264"
    b_frames: int = 0
    bitrate: int = 0  # 0: 0.07 bit a pixel, about what network cameras are set to (1080p30: 4.4 Mbit/s)

    @property
    def length(self) -> int:
        """Pictures in the clip."""
        return round(self.seconds * self.rate)

    @property
    def bits_a_second(self) -> int:
        return self.bitrate or round(0.07 * self.width * self.height * self.rate)


@dataclass(frozen=True)
class Picture:
    """One encoded picture: its bytes (Annex B, or one JPEG), whether decoding can start here, and its counter.

    Pictures stand in decoding order; only with B-frames is the counter (the order of showing) another.
    """

    data: bytes
    key: bool
    counter: int


@dataclass(frozen=True)
class Media:
    """An encoded clip, also on disk as an elementary stream that any player reads."""

    wanted: Wanted
    path: Path
    pictures: tuple[Picture, ...]

    @property
    def length(self) -> int:
        """Pictures in the clip."""
        return len(self.pictures)


def media(wanted: Wanted = Wanted()) -> Media:
    """The clip, from the cache or encoded now (1080p: half to one real time on two cores)."""
    path = _cache() / f"{_name(wanted)}.{wanted.codec}"
    if not path.exists():
        _encode(wanted, path)
    return _load(wanted, path)


def counter_of(picture: av.VideoFrame | Grey) -> int | None:
    """The counter a picture carries, or None where there is none or it is damaged. Takes any scale of the picture."""
    grey = _grey(picture) if isinstance(picture, av.VideoFrame) else picture
    width = grey.shape[1] / BLOCKS
    half = max(int(_row_height(grey.shape[0]) * 0.7), 1)
    top = half // 3
    means = np.array([grey[top:half, int((i + 0.3) * width) : int((i + 0.7) * width) + 1].mean() for i in range(BLOCKS)])
    if np.any((means > _DARK) & (means < _BRIGHT)):
        return None
    word = int("".join("1" if mean >= _BRIGHT else "0" for mean in means), 2)
    return word >> 8 if _check(word >> 8) == word & 0xFF else None


class Unroller:
    """Numbers pictures of a looped clip: of all numbers that show this counter, the one nearest to what time says.

    `length` in pictures, `rate` in pictures a second. The first picture is given its counter as number, so numbers
    count from the start of the loop in which reading began. Right as long as time is off by less than half a clip.
    """

    def __init__(self, length: int, rate: Fraction) -> None:
        self._length, self._rate = length, rate
        self._first: tuple[int, Fraction] | None = None

    def number(self, counter: int, seconds: Fraction | float) -> int:
        """The number of the picture with this counter at this time (seconds, from any fixed instant)."""
        if self._first is None:
            self._first = counter, Fraction(seconds)
        number, start = self._first
        expected = number + (Fraction(seconds) - start) * self._rate
        return counter + self._length * round((expected - counter) / self._length)


def missing(numbers: list[int]) -> list[int]:
    """The numbers absent between the first and the last."""
    return sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers)) if numbers else []


@cache
def _check(counter: int) -> int:
    code = _SEED
    for byte in counter.to_bytes(3, "big"):
        code ^= byte
        for _ in range(8):
            code = (code << 1 ^ 0x07) & 0xFF if code & 0x80 else code << 1
    return code


def _row_height(height: int) -> int:
    return max(height // 12, 8)


def _grey(frame: av.VideoFrame) -> Grey:
    if not frame.format.name.startswith(_PLANAR):
        return cast(Grey, frame.to_ndarray(format="gray"))
    plane = frame.planes[0]  # luma as it is: no conversion of the whole picture to read one row
    rows: Grey = np.frombuffer(cast(bytes, plane), np.uint8, plane.line_size * frame.height)
    return rows.reshape(frame.height, plane.line_size)[:, : frame.width]


def drawn(wanted: Wanted) -> Iterator[Grey]:
    """The pictures before encoding: a texture that wanders (so that there is something to encode) under the row."""
    random = np.random.default_rng(1)
    coarse = random.integers(60, 190, (wanted.height // 8 + 2, wanted.width // 8 + 2), np.uint8)
    texture = np.kron(coarse, np.ones((8, 8), np.uint8))[: wanted.height, : wanted.width]
    for counter in range(wanted.length):
        picture = np.roll(texture, (counter, 3 * counter), (0, 1))
        stamp(picture, counter)
        yield picture


def stamp(picture: Grey, counter: int) -> None:
    """Draw the counter into a picture at least 128 wide, in place."""
    height, width = picture.shape
    bits = np.array([int(bit) for bit in f"{counter << 8 | _check(counter):0{BLOCKS}b}"], np.uint8)
    block_of = np.arange(width) * BLOCKS // width
    picture[: _row_height(height)] = np.where(bits, 235, 16).astype(np.uint8)[block_of]


def _encode(wanted: Wanted, path: Path) -> None:
    """Build aside and rename: two processes that want the same clip both get a whole one."""
    encoder = _encoder(wanted)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        for index, grey in enumerate(drawn(wanted)):
            frame = _frame(grey, str(encoder.pix_fmt))
            frame.pts, frame.time_base = index, 1 / wanted.rate
            file.writelines(bytes(packet) for packet in encoder.encode(frame))
        file.writelines(bytes(packet) for packet in encoder.encode(None))
    Path(aside).replace(path)


def _frame(grey: Grey, pix_fmt: str) -> av.VideoFrame:
    frame = av.VideoFrame(grey.shape[1], grey.shape[0], pix_fmt)
    luma, *chroma = frame.planes
    rows = np.zeros((luma.height, luma.line_size), np.uint8)
    rows[:, : luma.width] = grey
    luma.update(rows.tobytes())
    for plane in chroma:
        plane.update(b"\x80" * plane.buffer_size)
    return frame


def _encoder(wanted: Wanted) -> av.VideoCodecContext:
    encoder = cast(av.VideoCodecContext, av.CodecContext.create(_ENCODERS[wanted.codec], "w"))
    encoder.width, encoder.height = wanted.width, wanted.height
    encoder.framerate, encoder.time_base = wanted.rate, 1 / wanted.rate
    encoder.pix_fmt = "yuvj420p" if wanted.codec == "mjpeg" else "yuv420p"
    gop = max(round(wanted.gop * wanted.rate), 1)
    kept = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={wanted.b_frames}:open-gop=0:b-adapt=0"
    kept += f":vbv-maxrate={wanted.bits_a_second // 1000}:vbv-bufsize={wanted.bits_a_second // 1000}"
    encoder.bit_rate = wanted.bits_a_second
    encoder.options = {
        "h264": {"preset": "ultrafast", "x264-params": kept},
        "hevc": {"preset": "ultrafast", "x265-params": f"{kept}:repeat-headers=1:log-level=error"},
        "mjpeg": {"flags": "+qscale", "global_quality": str(118 * 5), "huffman": "default"},
    }[wanted.codec]
    return encoder


def _load(wanted: Wanted, path: Path) -> Media:
    with av.open(str(path), format=wanted.codec, options={"framerate": str(wanted.rate)}) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    if len(packets) != wanted.length:
        raise ValueError(f"{path} holds {len(packets)} pictures, {wanted.length} were encoded: delete it and try again")
    counters = _shown_as(wanted, path) if wanted.b_frames else list(range(wanted.length))
    pictures = [Picture(bytes(p), p.is_keyframe, counter) for p, counter in zip(packets, counters, strict=True)]
    return Media(wanted, path, tuple(pictures))


def _shown_as(wanted: Wanted, path: Path) -> list[int]:
    """The counter of each picture in decoding order, as the decoder reorders them (elementary streams have no pts)."""
    with av.open(str(path), format=wanted.codec) as container:
        decoder = container.streams.video[0].codec_context
        frames: list[av.VideoFrame] = []
        for index, packet in enumerate(container.demux(video=0)):
            packet.pts = index if packet.size else None
            frames += decoder.decode(packet)
    counters = {frame.pts: shown for shown, frame in enumerate(frames)}
    return [counters[index] for index in range(wanted.length)]


def _name(wanted: Wanted) -> str:
    key = json.dumps([_VERSION, av.__version__, asdict(wanted)], default=str)
    return f"{wanted.width}x{wanted.height}-{sha256(key.encode()).hexdigest()[:12]}"


def _cache() -> Path:
    return user_cache_path("liveshow-test-media")
