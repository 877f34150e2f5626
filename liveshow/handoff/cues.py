"""Markers in a WAV: a `cue ` chunk with their places, and labels for them in a `LIST` of type `adtl`.

Source: IBM and Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991, "Cue-Points Chunk" and
"Associated Data Chunk". Both speak 32 bits and no known character set: texts are ASCII here, and stand in full in iXML.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_LARGEST = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Cue:
    """`text` stands at a sample of the file, counted from its first."""

    position: int
    text: str


def cue_chunks(cues: Iterable[Cue]) -> bytes:
    """Both chunks, of even length; nothing when there is no cue that 32 bits can place."""
    numbered = list(enumerate((cue for cue in cues if 0 <= cue.position <= _LARGEST), 1))
    if not numbered:
        return b""
    points = [struct.pack("<II4sIII", n, cue.position, b"data", 0, 0, cue.position) for n, cue in numbered]
    labels = [chunk(b"labl", struct.pack("<I", n) + plain(cue.text) + b"\0") for n, cue in numbered]
    return chunk(b"cue ", struct.pack("<I", len(points)) + b"".join(points)) + chunk(b"LIST", b"adtl" + b"".join(labels))


def chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk. What is odd gets a NUL that counts: there are readers that do not step over one that does not."""
    padded = body + b"\0" * (len(body) % 2)
    return struct.pack("<4sI", name, len(padded)) + padded


def plain(text: str) -> bytes:
    """As near as ASCII comes: accents are dropped, other scripts become question marks, and what controls becomes a space."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c.isprintable() else " " for c in bare).encode("ascii", "replace")
