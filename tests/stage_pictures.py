"""Stages as a phone's camera sends them, rendered: moving pictures with the texture of real surfaces, light, a camera's noise, in H.264.

The spectrum of photographs falls as 1/f (Field, "Relations between the statistics of natural images and the response properties of
cortical cells", JOSA A 4(12), 1987): so does that of the backdrop; edges, a person who moves, hair and cloth are drawn onto it. Noise
has a part that is always there and one that grows with the light, as of a sensor, and comes after the lens: a picture that is out of
focus has it too.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from tests.servers.pictures import Media, Picture, Wanted

Plane = NDArray[np.float32]
Size = tuple[int, int]
VERSION = 3  # of the drawing: a change makes every kept film stale
SIZE = (1080, 1920)  # in which all is drawn, and in whose pixels a shot is told
MARGIN = 1.5  # times the picture: what pans and zooms move over
RATE, SECONDS, GOP = 30, 4, 1.0
WARM_UP = 8  # groups of pictures
BITS = 6_000_000  # a second, as phones are set to for 1080p30
TEXTURES = (12.0, 26.0, 4.0)  # of a backdrop: painted flats, foliage, a black curtain
READ_NOISE, SHOT_NOISE = 1.6, 0.22  # grey levels; of the square root of the level


@dataclass(frozen=True)
class Shot:
    """How a camera looks at the stage. `light`: 1 as usual, 0 none; `spot`: only a circle of it is lit; `zoom`: times nearer, and `more`
    so after each second; `pan`: pixels a second; `shake`: pixels; `blur`: sigma in pixels, of a lens out of focus; `veil`: share of the
    light that comes from a flat `cover` of that grey; `noise`: times the usual; `rate`: pictures a second; `still`: nothing moves, not
    even noise; `stage`: which."""

    light: float = 1.0
    spot: bool = False
    zoom: float = 1.0
    more: float = 0.0
    pan: float = 0.0
    shake: float = 0.0
    blur: float = 0.0
    veil: float = 0.0
    cover: float = 40.0
    noise: float = 1.0
    rate: int = RATE
    still: bool = False
    stage: int = 0


SHOTS: dict[str, Shot] = {
    "bright": Shot(),
    "dim": Shot(light=0.3, noise=1.5),
    "spot": Shot(light=0.9, spot=True),
    "hand-held": Shot(shake=14),
    "pan": Shot(pan=90),
    "zoom": Shot(more=0.06),
    "close": Shot(zoom=2.2),
    "blackout": Shot(light=0.0),
    "frozen": Shot(still=True),
    "black": Shot(light=0.0, noise=1.2),
    "covered": Shot(veil=1.0),
    "defocused": Shot(blur=14),
    "fifteen": Shot(rate=15),
}


@cache
def stage(number: int) -> Plane:
    """A stage in even light, grey values from 0 to 235, larger than a picture."""
    random = np.random.default_rng(number)
    height, width = (round(side * MARGIN) for side in SIZE)
    drawn = 70 + TEXTURES[number % len(TEXTURES)] * natural(random, height, width)
    for _ in range(12):  # folds of a curtain, flats, boards
        left = int(random.integers(0, width - 80))
        drawn[: int(height * 0.62), left : left + int(random.integers(6, 80))] += float(random.normal(0, 22))
    drawn[int(height * 0.62) :] = drawn[int(height * 0.62) :] * 0.7 + 30  # the floor
    for k in range(26):  # boards of it
        drawn[int(height * 0.62) + k * 24 : int(height * 0.62) + k * 24 + 2] -= 18
    for _ in range(9):  # stands and cables
        at = int(random.integers(60, width - 60))
        drawn[int(height * 0.3) : int(height * 0.8), at : at + 5] = float(random.choice([20, 190]))
    return np.asarray(np.clip(drawn, 4, 235), np.float32)


@cache
def person(number: int) -> tuple[Plane, Plane]:
    """Somebody, and where they hide what is behind: a head with hair, shoulders in cloth."""
    random = np.random.default_rng(100 + number)
    height, width = 620, 300
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    head = ((x - 150) / 62) ** 2 + ((y - 95) / 82) ** 2 < 1
    body = ((x - 150) / 145) ** 2 + ((y - 430) / 260) ** 2 < 1
    looks = np.full((height, width), 110, np.float32) + 22 * natural(random, height, width)
    looks[head] = 168 + 9 * natural(random, height, width)[head]
    hair = head & (y < 70)
    looks[hair] = 45 + 25 * np.sin(x[hair] * 1.3 + 6 * np.sin(y[hair] / 17))
    for dx in (-22, 22):
        looks[86:94, 150 + dx - 9 : 150 + dx + 9] = 30
    looks[132:138, 128:172] = 60
    mask = np.asarray(cv2.GaussianBlur((head | body).astype(np.float32), (0, 0), 1.0), np.float32)
    return np.asarray(np.clip(looks, 0, 235), np.float32), mask


def pictures(shot: Shot, size: Size = SIZE) -> Iterator[NDArray[np.uint8]]:
    """Grey pictures of one clip, as limited-range planes."""
    first = picture(shot, 0, size)
    for number in range(round(SECONDS * shot.rate)):
        yield first if shot.still else picture(shot, number / shot.rate, size)


def picture(shot: Shot, second: float, size: Size = SIZE, seed: int = 0) -> NDArray[np.uint8]:
    """The picture at a second of a shot."""
    random = np.random.default_rng([seed, round(second * 1000)])
    seen = _through_lens(shot, 0.0 if shot.still else second, random if not shot.still else np.random.default_rng(seed))
    if shot.blur:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), shot.blur), np.float32)
    if size != SIZE:
        seen = np.asarray(cv2.resize(seen, size[::-1], interpolation=cv2.INTER_AREA), np.float32)
    if shot.veil:
        shade = np.linspace(0, 14, size[1], dtype=np.float32)[None, :]
        seen = np.asarray(seen * (1 - shot.veil) + (shot.cover + shade) * shot.veil, np.float32)
    quiet = np.float32(0.0 if shot.still else shot.noise)
    grain = _grain(int(random.integers(0, 1 << 20)), size)
    seen = np.asarray(seen + quiet * grain * (READ_NOISE + SHOT_NOISE * np.sqrt(np.maximum(seen, 0))), np.float32)
    return np.asarray(np.clip(16 + seen * (219 / 255), 16, 235), np.uint8)


def _through_lens(shot: Shot, second: float, random: np.random.Generator) -> Plane:
    """What falls onto the sensor of a lens in focus."""
    whole = stage(shot.stage).copy()
    looks, mask = person(shot.stage)
    top = round(whole.shape[0] * 0.42 + 6 * np.sin(second * 2.1))
    left = round(whole.shape[1] * 0.42 + 90 * np.sin(second * 0.9) + 14 * np.sin(second * 5.3))
    behind = whole[top : top + looks.shape[0], left : left + looks.shape[1]]
    behind += mask * (looks - behind)
    if shot.spot:
        whole *= _spotlight(whole.shape, (left + 150, top + 260))
    else:
        whole *= np.float32(shot.light)
    near = shot.zoom * (1 + shot.more * second)
    dx = shot.pan * (second - SECONDS / 2) + shot.shake * float(np.sin(second * 7.1) + 0.4 * random.standard_normal())
    dy = shot.shake * float(np.cos(second * 5.7) + 0.4 * random.standard_normal())
    shift = ((np.array(whole.shape[::-1]) - np.array(SIZE[::-1]) / near) / 2 + (dx, dy)).astype(np.float32)
    matrix = np.array([[1 / near, 0, shift[0]], [0, 1 / near, shift[1]]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(whole, matrix, SIZE[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT), np.float32)


def _spotlight(shape: tuple[int, ...], at: tuple[int, int]) -> Plane:
    y, x = np.ogrid[0 : shape[0], 0 : shape[1]]
    away = np.hypot(x - at[0], (y - at[1]) * 0.8)
    return np.asarray(0.015 + 0.9 / (1 + np.exp((away - 330) / 30)), np.float32)


@cache
def _grains() -> tuple[Plane, ...]:
    random = np.random.default_rng(7)
    return tuple(random.standard_normal((SIZE[0] + 64, SIZE[1] + 64), np.float32) for _ in range(4))


def _grain(draw: int, size: Size) -> Plane:
    grain, dy, dx = _grains()[draw % 4], draw // 4 % 64, draw // 256 % 64
    return grain[dy : dy + size[0], dx : dx + size[1]]


def natural(random: np.random.Generator, height: int, width: int) -> Plane:
    """A texture with a spectrum that falls as 1/f, of standard deviation 1."""
    f = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    spectrum = np.fft.rfft2(random.standard_normal((height, width))) / np.maximum(f, 1 / max(height, width))
    spectrum[0, 0] = 0
    made = np.fft.irfft2(spectrum, (height, width))
    return np.asarray(made / made.std(), np.float32)


def film(name: str, size: Size = SIZE) -> Media:
    """A shot as a clip that goes round and round, from the cache or encoded now."""
    shot = SHOTS[name]
    wanted = Wanted(
        size[1], size[0], Fraction(shot.rate), GOP, SECONDS, bitrate=BITS * size[0] * size[1] // (SIZE[0] * SIZE[1])
    )
    key = sha256(repr((VERSION, av.__version__, shot, wanted)).encode()).hexdigest()[:12]
    path = user_cache_path("liveshow-test-media") / f"stage-{key}.h264"
    if not path.exists():
        _encode(shot, wanted, path)
    return _load(wanted, path)


def _encode(shot: Shot, wanted: Wanted, path: Path) -> None:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = wanted.width, wanted.height, "yuv420p"
    encoder.framerate, encoder.time_base, encoder.bit_rate = Fraction(RATE), Fraction(1, RATE), wanted.bitrate
    gop, kbits = round(GOP * wanted.rate), wanted.bitrate // 1000
    kept = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0:vbv-maxrate={kbits}:vbv-bufsize={kbits}"
    encoder.options = {"preset": "superfast", "profile": "baseline", "tune": "zerolatency", "x264-params": kept}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        seen = list(pictures(shot, (wanted.height, wanted.width)))
        before = WARM_UP * gop if shot.still else gop  # until its encoder is used to it, as a camera's is that runs for hours
        for number, grey in enumerate([*(seen[k % gop] for k in range(before)), *seen]):
            frame = _frame(grey)
            frame.pts, frame.time_base = number, encoder.time_base
            file.writelines(bytes(packet) for packet in encoder.encode(frame) if number >= before)
        file.writelines(bytes(packet) for packet in encoder.encode(None))
    Path(aside).replace(path)


def _frame(grey: NDArray[np.uint8]) -> av.VideoFrame:
    frame = av.VideoFrame(grey.shape[1], grey.shape[0], "yuv420p")
    for plane, data in zip(frame.planes, (grey, None, None), strict=True):
        rows = np.full((plane.height, plane.line_size), 128, np.uint8)
        if data is not None:
            rows[:, : plane.width] = data
        plane.update(rows.tobytes())
    return frame


def _load(wanted: Wanted, path: Path) -> Media:
    with av.open(str(path), format="h264", options={"framerate": str(wanted.rate)}) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    return Media(wanted, path, tuple(Picture(bytes(p), p.is_keyframe, k) for k, p in enumerate(packets)))
