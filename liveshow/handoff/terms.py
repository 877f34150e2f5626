"""The terms that performers were shown when they agreed: they go with the media, word for word.

`data/TERMS-<8 hex>.txt` holds the words as they were shown, in UTF-8 and nothing else, so that its SHA-256 in the bag's manifest is the
digest by which a consent names them.
"""

from __future__ import annotations

from pathlib import Path

from liveshow.handoff.release import deciding_answer
from liveshow.model import Segment
from liveshow.showfolder.contribution import Contribution, TermsRecord
from liveshow.showfolder.state import ShowState


def shown_to(state: ShowState, performer: str, segment: Segment) -> str:
    """The digest of the terms that a performer agreed to, "" when they were asked in another way."""
    answer = deciding_answer(state, performer, segment.id)
    return answer.terms if answer else ""


def terms_of(state: ShowState, segment: Segment) -> tuple[TermsRecord, ...]:
    """Those that anybody in it agreed to, in the order of performers."""
    digests = dict.fromkeys(shown_to(state, performer, segment) for performer in segment.performers)
    stated = (state.terms[digest] for digest in digests if digest in state.terms)
    return tuple(TermsRecord(digest=t.digest, language=t.language, file=f"TERMS-{t.digest[:8]}.txt") for t in stated)


def write_terms(made: Contribution, state: ShowState, data: Path) -> None:
    """Write them into a package that is being built."""
    for terms in made.terms:
        (data / terms.file).write_bytes(state.terms[terms.digest].text.encode())
