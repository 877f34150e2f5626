"""`data/manifest.jsonld`: what a contribution is, for anybody's catalogue.

Sources: JSON-LD 1.1 (https://www.w3.org/TR/json-ld11/), the vocabulary of https://schema.org, MARC relators (see
:mod:`liveshow.handoff.relators`), arcp for names of what lies in a package (draft-soilandreyes-arcp-03). The context stands in the file:
nothing is fetched to read it. Performers are of type Person, groups too: nothing in a setup says which is which. Consent is an
AuthorizeAction: completed for a yes, potential for what is held, failed for a no.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from liveshow.handoff.relators import BASE, relators
from liveshow.model import Consent, FeedKind
from liveshow.showfolder.bag import PAYLOAD
from liveshow.showfolder.contribution import MANIFEST, ClipRecord, ConsentRecord, Contribution, Credit, Source, TermsRecord
from liveshow.timebase import SECOND

_CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "@vocab": "https://schema.org/",
    "relator": BASE,
    "license": {"@type": "@id"},
    "actionStatus": {"@type": "@vocab"},
    "thumbnail": {"@type": "@id"},
    "startDate": {"@type": "DateTime"},
    "startTime": {"@type": "DateTime"},
    "dateCreated": {"@type": "DateTime"},
}
_STATUS = {
    Consent.YES.value: "CompletedActionStatus",
    Consent.HOLD.value: "PotentialActionStatus",
    Consent.NO.value: "FailedActionStatus",
}
_TYPES = {".mov": "video/quicktime", ".mp4": "video/mp4", ".mkv": "video/matroska", ".wav": "audio/vnd.wave"}
_Node = dict[str, Any]


def write_manifest(made: Contribution, data: Path, digests: Mapping[str, str]) -> None:
    """Write it into a package that is being built. `digests`: SHA-256 of files, by their path in the package."""
    text = json.dumps(manifest(made, digests), ensure_ascii=False, indent=1)
    (data / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")


def manifest(made: Contribution, digests: Mapping[str, str]) -> _Node:
    """The same as an object."""
    context = {**_CONTEXT, "@base": f"arcp://uuid,{made.id}/{PAYLOAD}/"}
    parts = (_media(clip, digests) for clip in made.clips)
    terms = map(_terms, made.terms)
    return {"@context": context, "@graph": [_work(made), *map(_person, made.performers), *parts, *terms, *_consents(made)]}


def _work(made: Contribution) -> _Node:
    segment = made.segment
    return {
        "@id": _urn(made.id),
        "@type": "CreativeWork",
        "identifier": made.id,
        "name": segment.title or made.show.title,
        "version": made.version,
        "dateCreated": segment.start.utc.isoformat(),
        "license": made.licence,
        "creditText": "; ".join(f"{p.name}, {p.role}" if p.role else p.name for p in made.performers),
        "recordedAt": _event(made),
        "contributor": [_role(performer) for performer in made.performers],
        **_by_relator(made),
        "associatedMedia": [{"@id": clip.file} for clip in made.clips],
        "isBasedOn": [_source(source) for source in made.sources],
        "description": "; ".join(filter(None, (segment.note, *(m.text for m in made.markers)))),
    }


def _event(made: Contribution) -> _Node:
    begins = made.segment.start.utc.isoformat()
    event = {"@type": "Event", "name": made.show.title, "identifier": made.show.id, "startDate": begins}
    return {**event, "location": {"@type": "Place", "name": made.show.venue}} if made.show.venue else event


def _role(performer: Credit) -> _Node:
    """schema.org's way to say what somebody did (https://schema.org/Role)."""
    return {"@type": "Role", "roleName": performer.role or "performer", "contributor": {"@id": _anchor(performer)}}


def _by_relator(made: Contribution) -> _Node:
    found: _Node = {}
    for performer in made.performers:
        for code in relators(performer.role):
            found.setdefault(f"relator:{code}", []).append({"@id": _anchor(performer)})
    return found


def _person(performer: Credit) -> _Node:
    """How a name is said: https://schema.org/PronounceableText."""
    node: _Node = {"@id": _anchor(performer), "@type": "Person", "name": performer.name, "identifier": performer.id}
    if performer.pronunciation:
        spoken = {"@type": "PronounceableText", "textValue": performer.name, "phoneticText": performer.pronunciation}
        node["alternateName"] = spoken
    return node | ({"description": performer.note} if performer.note else {})


def _terms(terms: TermsRecord) -> _Node:
    return {
        "@id": terms.file,
        "@type": "DigitalDocument",
        "name": "Terms that performers agreed to",
        "inLanguage": terms.language,
        "encodingFormat": "text/plain",
        "sha256": terms.digest,
    }


def _consents(made: Contribution) -> Iterator[_Node]:
    """`instrument`: the terms by which they agreed."""
    files = {terms.digest: terms.file for terms in made.terms}
    for performer in made.performers:
        consent = performer.consent
        yield {
            "@type": "AuthorizeAction",
            "agent": {"@id": _anchor(performer)},
            "object": {"@id": _urn(made.id)},
            "actionStatus": _STATUS[consent.answer],
            "description": f"{consent.answer}: {_how(consent)}",
            **({"startTime": consent.at.isoformat()} if consent.at else {}),
            **({"instrument": {"@id": files[consent.terms]}} if consent.terms in files else {}),
        }


def _how(consent: ConsentRecord) -> str:
    if consent.by == "setup":
        return "agreed beforehand"
    return "agreed on their own page" if consent.on_page else f"written down by {consent.by}"


def _media(clip: ClipRecord, digests: Mapping[str, str]) -> _Node:
    sound = clip.kind == FeedKind.MIC.value
    node: _Node = {
        "@id": clip.file,
        "@type": "AudioObject" if sound else "VideoObject",
        "name": clip.feed,
        "contentUrl": clip.file,
        "contentSize": str(clip.bytes),
        "duration": f"PT{(clip.end.show_ns - clip.start.show_ns) / SECOND:.3f}S",
        "startTime": clip.start.utc.isoformat(),
    }
    if (kind := _TYPES.get(Path(clip.file).suffix)) is not None:
        node["encodingFormat"] = kind
    if (digest := digests.get(f"{PAYLOAD}/{clip.file}")) is not None:
        node["sha256"] = digest
    if not sound:
        node |= {"width": clip.width, "height": clip.height}
    if "poster" in clip.shown_by:
        node["thumbnail"] = clip.shown_by["poster"]
    return node


def _source(source: Source) -> _Node:
    return {
        "@id": _urn(source.id),
        "@type": "CreativeWork",
        "name": source.title,
        "version": source.version,
        "license": source.licence,
        "creditText": "; ".join(source.performers),
    }


def _urn(ident: str) -> str:
    return f"urn:uuid:{ident}"


def _anchor(performer: Credit) -> str:
    """A performer is named within this package only: a name is not an identity."""
    return f"#performer-{performer.id}"
