"""What a package can be found by, as words of a full-text index.

Everything that is asked for by equality (performer, show, item, tag, consent …) is one made-up word in the index, and so is the step
of a scale on which its length or loudness lies. A search is then one intersection of word lists, which the index walks from the newest
on, whatever is combined; what is asked for by range is looked at exactly afterwards. What nearly every package would have (that it is the
newest version, that it may be exported) has no word, but its opposite: a list of a million to walk through costs more than all others.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from liveshow.model import Consent, FeedKind
from liveshow.showfolder.contribution import Contribution

LENGTH_STEP = 1.1  # each step of length is 10 % longer
LONGEST = 7 * 24 * 3600.0
QUIETEST, LOUDEST = -70, 20  # LUFS: nothing is measured below the one, and no sound reaches the other
_STRICTEST = (Consent.NO, Consent.HOLD, Consent.YES)
_TAG = re.compile(r"(?<!\w)#(\w[\w-]*)")
# Scripts that are written without spaces: each character is a word of its own, and a word a phrase.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)


@lru_cache(maxsize=1 << 14, typed=True)  # the same shows, people and steps come again and again
def facet(kind: str, value: object) -> str:
    """The word that stands for a value of a kind; the same for "Théo" and "THÉO"."""
    said = unicodedata.normalize("NFKC", f"{kind}:{value}").casefold()
    return "x" + hashlib.blake2s(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def words_of(text: str) -> list[str]:
    """The words of a text as the index splits it: letters and digits; scripts without spaces by characters."""
    spaced = _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFKC", text))
    return re.findall(r"[^\W_]+", spaced)


def length_step(seconds: float) -> int:
    """On which step of the scale a length lies (0: up to a second)."""
    return max(0, math.ceil(math.log(max(1.0, min(seconds, LONGEST)), LENGTH_STEP)))


def loudness_step(lufs: float) -> int:
    """On which step of 1 LU a loudness lies."""
    return math.floor(min(max(lufs, QUIETEST), LOUDEST))


def steps_of(seconds: float, lufs: float | None) -> Iterator[tuple[str, int]]:
    """Where a package lies on each scale."""
    yield ("length", length_step(seconds))
    if lufs is not None:
        yield ("loudness", loudness_step(lufs))


def facets_of(about: Contribution) -> str:
    """All made-up words of a package."""
    return " ".join(dict.fromkeys(facet(kind, value) for kind, value in _said_of(about)))


def _said_of(about: Contribution) -> Iterator[tuple[str, object]]:
    yield ("a", "package")
    yield from (("performer", name) for p in about.performers for name in (p.id, p.name))
    yield ("show", about.show.id)
    yield from (("item", item) for item in (about.segment.item,) if item is not None)
    yield from (("tag", tag) for tag in tags_of(about))
    yield ("consent", consent_of(about).value)
    yield from (("has", kind) for kind in sorted({clip.kind for clip in about.clips}))
    yield from steps_of(seconds_of(about), loudness_of(about))


def text_of(about: Contribution) -> str:
    """All that can be searched for by its words: titles, people and what they do, notes."""
    people = (word for p in about.performers for word in (p.name, p.role))
    said = (
        about.segment.title,
        about.show.title,
        about.show.venue,
        *people,
        about.segment.note,
        *(m.text for m in about.markers),
    )
    return " ".join(words_of(" ".join(said)))


def tags_of(about: Contribution) -> list[str]:
    """Words with a # before them in the notes of a segment."""
    notes: Iterable[str] = (about.segment.note, *(m.text for m in about.markers))
    return list(dict.fromkeys(tag.casefold() for note in notes for tag in _TAG.findall(note)))


def consent_of(about: Contribution) -> Consent:
    """The strictest answer of everyone in it."""
    answers = {p.consent.answer for p in about.performers}
    return next((c for c in _STRICTEST if c.value in answers), Consent.HOLD)


def seconds_of(about: Contribution) -> float:
    """From in to out."""
    return (about.segment.end.show_ns - about.segment.start.show_ns) / 1e9


def loudness_of(about: Contribution) -> float | None:
    """That of its loudest microphone, or camera when there is no microphone, LUFS; None when none was measured, or nothing was heard."""
    heard = [(c.own_sound is None, c.sound.loudness) for c in about.clips if c.sound and c.sound.loudness is not None]
    return max(heard)[1] if heard else None


def has_camera(about: Contribution) -> bool:
    """Whether there are pictures in it."""
    return any(clip.kind == FeedKind.CAMERA.value for clip in about.clips)
