"""What performers do, as MARC relators, where a word for it is among them.

Source: the Library of Congress, "MARC Code List for Relators" (http://id.loc.gov/vocabulary/relators).
"""

from __future__ import annotations

import re

BASE = "http://id.loc.gov/vocabulary/relators/"
PERFORMER = "prf"
_WORDS = {
    "act": "actor actress acting actors",
    "aut": "author poet writer",
    "cmp": "composer",
    "cnd": "conductor conducting",
    "dnc": "dance dancer dancing dancers",
    "hst": "host hostess hosting mc compere emcee",
    "itr": "guitar bass piano keys keyboard keyboards organ violin viola cello fiddle flute clarinet oboe saxophone sax trumpet "
    "trombone horn tuba drum drums percussion harp accordion banjo mandolin ukulele harmonica instrumentalist pianist guitarist "
    "drummer bassist violinist cellist flautist flutist",
    "mod": "moderator moderating",
    "mus": "musician band orchestra",
    "nrt": "reading reader reads narrator narration recital",
    "ppt": "puppeteer puppets",
    "sng": "singer singing sings vocals vocalist vocal voice choir soprano mezzo alto tenor baritone",
    "spk": "speaker speaking speech talk lecturer",
    "stl": "storyteller storytelling",
}
_CODE = {word: code for code, words in _WORDS.items() for word in words.split()}


def relators(role: str) -> tuple[str, ...]:
    """The codes of everything in "voice, guitar" ("sng", "itr"), in that order; ("prf",) where none is known."""
    found = (_CODE.get(word) for word in re.findall(r"\w+", role.casefold()))
    return tuple(dict.fromkeys(code for code in found if code)) or (PERFORMER,)
