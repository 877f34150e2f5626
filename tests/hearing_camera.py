"""A camera with sound of its own, written as a worker writes it: a part of the recorder's, packet after packet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av

from liveshow.feeds.base import CameraPacket, StreamFormat
from liveshow.recorder.picture_part import PicturePart
from tests.servers.pictures import Media
from tests.synthetic_show import ramp16

CLOCK, SOUND, BLOCK = 90_000, 48_000, 960
FIRST = 5 * CLOCK
"""Device position of picture 0."""


class HearingCamera:
    """Pictures of a media file, at 30 a second, and a ramp as PCM: sample k is k modulo 2^15, and sample 0 is of the time of picture 0."""

    def __init__(self, path: Path, media: Media, template: av.VideoStream) -> None:
        formats = (
            StreamFormat("video", "h264", Fraction(1, CLOCK), lambda out: out.add_stream_from_template(template)),
            StreamFormat(
                "audio", "pcm_s16le", Fraction(1, SOUND), lambda out: out.add_stream("pcm_s16le", SOUND, layout="mono")
            ),
        )
        self.part = PicturePart(path, formats, FIRST)
        self._media = media

    def see(self, number: int) -> None:
        """The picture of this number comes."""
        picture = self._media.pictures[number % self._media.length]
        packet = av.Packet(picture.data)
        packet.pts = packet.dts = FIRST + number * CLOCK // 30
        packet.is_keyframe = picture.key
        self.part.write(CameraPacket(0, packet, 0))

    def hear(self, first: int) -> None:
        """The packet of sound that begins with this sample comes."""
        packet = av.Packet(ramp16(first, BLOCK).tobytes())
        packet.pts = packet.dts = FIRST * SOUND // CLOCK + first
        packet.duration = BLOCK
        self.part.write(CameraPacket(1, packet, 0))


@contextmanager
def hearing_camera(path: Path, media: Media) -> Iterator[HearingCamera]:
    """Its part, which is whole in the end."""
    with av.open(str(media.path), format="h264") as source:
        camera = HearingCamera(path, media, source.streams.video[0])
        yield camera
        camera.part.finish()
        camera.part.close()


def record(camera: HearingCamera, pictures: int, early_ms: int) -> None:
    """So many pictures and their sound, as it comes from a camera whose sound is so much late: that of before picture 0 comes after it."""
    first = -early_ms * SOUND // 1000
    for number in range(pictures):
        camera.see(number)
        for _ in range(first, (number + 1) * SOUND // 30 - early_ms * SOUND // 1000, BLOCK):
            camera.hear(first)
            first += BLOCK
