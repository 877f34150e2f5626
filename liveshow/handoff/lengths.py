"""How much a media file holds, counted by a reader that had no part in writing it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import soundfile

from liveshow.handoff.pictures import own_sound
from liveshow.showfolder.contribution import OwnSound


def samples_in(file: Path) -> int:
    """Samples (a channel) in a sound file: as libsndfile says; what it cannot read (AAC) is decoded by FFmpeg.

    Raises av.FFmpegError or IndexError for what is no sound.
    """
    try:
        return int(soundfile.info(file).frames)
    except soundfile.LibsndfileError:
        with av.open(str(file)) as container:
            return sum(frame.samples for frame in container.decode(container.streams.audio[0]))


def pictures_in(file: Path) -> Iterator[tuple[Fraction, bool]]:
    """Time in seconds and whether it is a key picture, of every picture in the order of the file; none is decoded.

    Raises av.FFmpegError or IndexError for what has no pictures.
    """
    with av.open(str(file)) as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.pts is not None:
                yield packet.pts * (packet.time_base or Fraction(0)), packet.is_keyframe


def sound_beside(file: Path) -> OwnSound | None:
    """The sound in a file of pictures, None when there is none that has a packet. Raises av.FFmpegError."""
    with av.open(str(file)) as container:
        if not container.streams.audio or not any(packet.size for packet in container.demux(container.streams.audio[0])):
            return None
        return own_sound(container)
