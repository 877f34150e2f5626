"""How things stand at one moment: what workers, prover and recorder say of feeds, disks, alarms and hints; it goes over the wire."""

from __future__ import annotations

from typing import Literal

import msgspec

from liveshow.events.corrections import Tag
from liveshow.events.marks import Go, Off, On


class MirrorHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The mirror of one feed, as its worker sees it. `why`: why it is not written, "" while it is; `behind`: seconds of recording that it
    lacks, and `lacks`: bytes; `first`: why nothing is written on the first disk, so that the mirror alone has it ("" while it is)."""

    why: str = ""
    behind: float = 0.0
    lacks: int = 0
    first: str = ""


class FeedHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One feed at this moment, as its worker sees it.

    `rate`: pictures or samples a second over the last seconds; `rms` and `peak`: dBFS since the last message (mics);
    `picture`: show-clock ns of the newest picture (cameras); `position`: the end of what was written, show-clock ns; `gaps`
    and `lost` (ns) since the worker began; `bytes`: written by this worker; `what`: codec, size, rate; `file`: the part being
    written, relative to the show folder; `flatness`: of the sound's spectrum since the last message, 0 (a tone) to 1 (white noise);
    `timecode`: the newest that was read from it ("" for none); `sync`: seconds that it takes to bring what was written to the disk itself;
    `mirror`: how it is written a second time, None when it is not.
    """

    state: str = "opening"
    why: str = ""
    rate: float = 0.0
    rms: float | None = None
    peak: float | None = None
    clipped: int = 0
    picture: int = 0
    position: int = 0
    gaps: int = 0
    lost: int = 0
    bytes: int = 0
    what: str = ""
    file: str = ""
    flatness: float | None = None
    timecode: str = ""
    sync: float = 0.0
    mirror: MirrorHealth | None = None


FeedProof = Literal["proven", "unproven", "off"]


class Look(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader of its own found at the end of a recording on disk, when it had decoded it. `at`: show-clock ns when it looked;
    `since` and `until`: those of the first and the newest sample or picture; `why`: what is wrong with it as a recording ("": nothing).

    Its clock: `ppm`, by which it is off, positive when it is fast, as `measured` over so many seconds, in which it may have run otherwise
    by `unsure` ms; `drift`, the ms it has run away from the show clock since it was first looked at; `jump`, the ms by which it departs
    from how it ran before: all of the last half minute when late (above 0), the newest when early. None while unknown.

    Sound: `level` (RMS) and `peak` in dBFS, `spread` of the level over tenths of a second in dB, `flatness` of its spectrum from 0 (a
    tone) to 1 (white noise), `hum`: the level of the mains frequency and its harmonics in dBFS, when it was last quiet enough to tell
    (None: there is none), `dropouts`: stretches of digital silence inside of sound, within the last half minute.
    Pictures: `brightness` and `contrast` (standard deviation) of the grey values from 0 to 1, `dark`: the share of them below a
    tenth of white, `rate`: pictures a second by the usual step of its own clock from one to the next, `announced`: as many as the
    stream says that there are, once it was seen to have them (None before), `change`: their mean difference to the picture before,
    `still`: show-clock ns since when nothing has changed (0: it does), `sharpness`: fine detail as a share of broad (see
    :mod:`liveshow.recorder.proving.figures`). As shares of what is usual of this camera when there is light (None while unknown):
    `plain`, the contrast, and `focus`, the sharpness; `view`: the correlation with what it usually sees.
    """

    at: int
    since: int = 0
    until: int = 0
    why: str = ""
    ppm: float | None = None
    measured: float = 0.0
    unsure: float = 0.0
    drift: float | None = None
    jump: float | None = None
    level: float | None = None
    peak: float | None = None
    spread: float | None = None
    flatness: float | None = None
    hum: float | None = None
    dropouts: int = 0
    brightness: float | None = None
    contrast: float | None = None
    dark: float | None = None
    rate: float | None = None
    announced: float | None = None
    change: float | None = None
    still: int = 0
    sharpness: float | None = None
    plain: float | None = None
    focus: float | None = None
    view: float | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read back from disk of a feed: `at`, the show-clock ns of the last time that the recorder itself saw the recording
    grow; `light`: whether REC may be shown ("proven": grew within the last seconds); `look`: what the prover saw of it, None while it did
    not."""

    light: FeedProof = "unproven"
    at: int = 0
    why: str = ""
    look: Look | None = None


class AlarmNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alarm that stands, named as in the journal, in the newest words; `acknowledged`: by whom, "" while nobody has."""

    alarm: str
    rank: int
    about: str
    what: str
    todo: str = ""
    since: int = 0
    acknowledged: str = ""


class Hint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The tag guard points something out: `what` in words; `fix` in words ("tag Mara in s12"), and the `event` to say for it: its
    `t` is when that was, 0 for now. `hint` names it ("voice:mara:s12"), for good: once dismissed it is not made again."""

    hint: str
    what: str
    fix: str
    event: On | Off | Tag | Go
    since: int = 0


class MirrorNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The mirror of a show. `folder`: where; `why`: why it, or something of it, is not written ("": all is); `behind`: seconds of
    recording that it lacks; `lacks`: bytes; `first_lacks`: bytes that the mirror alone has; `first`: why nothing is written on the
    first disk ("" while it is); `same_disk`: it lies on the first disk, and saves nothing when that dies; `proofs`: of its recordings,
    read back from it; `free` and `seconds_left`: as for the first."""

    folder: str
    why: str = ""
    behind: float = 0.0
    lacks: int = 0
    first_lacks: int = 0
    first: str = ""
    same_disk: bool = False
    proofs: dict[str, Proof] = {}
    free: int = 0
    seconds_left: float | None = None
