"""Names for files and ids, made from what people write: plain ASCII, lower case, words joined by hyphens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from hashlib import sha256

from liveshow.model import Setup

ID_LENGTH = 40
SHOW_LENGTH = 60
ID = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{ID_LENGTH - 1}}}")
# Names that Windows keeps for devices, with any ending ("Naming Files, Paths, and Namespaces", learn.microsoft.com).
WINDOWS_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
# Letters that Unicode does not take apart into a plain letter and an accent.
_FOLDED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "ng"}
)
_APOSTROPHES = str.maketrans(dict.fromkeys("'’ʼ`", ""))


def is_id(text: str) -> bool:
    """Whether a text may be the id of a feed, device, performer or item: safe as a file name on every system."""
    return ID.fullmatch(text) is not None and text not in WINDOWS_DEVICES


def slug(text: str, length: int = ID_LENGTH) -> str:
    """At most `length` (at least 16) of a-z, 0-9 and single hyphens, never empty: "Müller’s Song" becomes "mullers-song".

    Where letters of the text are lost (other scripts, or too long), six hexadecimal digits of its SHA-256 keep apart what would
    otherwise become the same.
    """
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDED))
    letters = "".join(c for c in folded.translate(_APOSTROPHES) if not unicodedata.combining(c))
    words = "-".join(re.findall(r"[a-z0-9]+", letters))
    lost = any(c.isalnum() and not c.isascii() for c in letters)
    if words and not lost and len(words) <= length and words not in WINDOWS_DEVICES:
        return words
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return "-".join(filter(None, (words[: length - 7].strip("-"), digest)))


def unique_slugs(titles: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """A slug for each title, none twice and none of `taken`: the second "Encore" becomes "encore-2"."""
    used, slugs = set(taken), []
    for title in titles:
        base, found, count = slug(title), slug(title), 1
        while found in used:
            count += 1
            ending = f"-{count}"
            found = base[: ID_LENGTH - len(ending)].rstrip("-") + ending
        used.add(found)
        slugs.append(found)
    return slugs


def show_slug(setup: Setup) -> str:
    """The show's id and the name of its folder, "<date>-<slug of the title>", at most 60 characters."""
    date = setup.show.date.isoformat()
    return f"{date}-{slug(setup.show.title, SHOW_LENGTH - len(date) - 1)}"
