"""The server of the performers' page: links, states, presses, media; and what the door is made of."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from liveshow.events import ConsentGiven, Credited, HandedOff, On, PageAnswer, PageNote, Tag, Undo, Withdrawn
from liveshow.review.assets import pages
from liveshow.review.connections import Room, Sparing
from liveshow.review.rates import Rates
from liveshow.review.served import Wanted
from liveshow.review.source import Source
from liveshow.review.view import PageState
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import MILLISECOND, SECOND
from tests.review_stage import Phone, Shelf, Stage, stage

MARA, CHOIR, THEO, DUET, JUNIPER = range(5)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Stage]:
    """A show for tests that leave it as it was, or add to it."""
    with stage(tmp_path_factory.mktemp("review") / "show") as made:
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stage]:
    """A show of the test's own."""
    with stage(tmp_path / "show") as made:
        yield made


def of(state: dict[str, Any], segment: str) -> dict[str, Any]:
    """A segment of a page."""
    (found,) = (s for s in state["segments"] if s["id"] == segment)
    return dict(found)


# Links -----------------------------------------------------------------------------------------------------------


def test_a_link_leads_to_ones_own_segments_and_others_are_names(shared: Stage) -> None:
    """The token is said once in a body, the page is under the link's name, which is no secret; it has this performer's segments in order,
    whoever else is in them by name, and nothing else of anybody; it is what view.py says."""
    phone = shared.phone("mara")
    assert phone.page == f"/p/{phone.link.issued.link}/"
    answer = phone.get("state")
    state = answer.json()
    assert [s["id"] for s in state["segments"]] == [shared.segment(MARA), shared.segment(DUET)]
    assert [[p["name"] for p in s["with"]] for s in state["segments"]] == [[], ["Juniper Okafor"]]
    assert state["me"]["name"] == "Mara Quill"
    assert {p["id"] for p in state["performers"]} == {"mara", "theo", "juniper", "weathervane", "yuki"}
    assert all(s["mine"] and not s["running"] for s in state["segments"])
    assert abs(state["now"] / 1000 - time.time()) < 60
    rest = {name: value for name, value in state.items() if name not in ("now", "now_ms")}
    assert msgspec.convert(rest, PageState, strict=False).me.id == "mara"


def test_the_cookie_is_for_its_page_and_one_phone_may_have_several(shared: Stage) -> None:
    """It is HttpOnly, SameSite=Strict, for its path and no longer than the link; a second link in the same browser opens another page, and
    either cookie is worth nothing on the other's."""
    mara, theo = shared.phone("mara"), shared.link("theo", hours=0.5)
    answer = mara.enter(theo)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert f"Path=/p/{theo.issued.link}/" in cookie
    assert "Secure" not in cookie  # on loopback, without TLS
    assert 1700 < int(cookie.partition("Max-Age=")[2].partition(";")[0]) <= 1800
    assert mara.get("state").json()["me"]["id"] == "mara"
    assert mara.client.get(answer.json()["page"] + "state").json()["me"]["id"] == "theo"
    assert shared.client(cookie=f"liveshow={theo.token}").get(mara.page + "state").status_code == 403


def test_a_link_that_was_revoked_or_has_expired_is_worth_nothing_at_once(shared: Stage) -> None:
    """The next request gets 403, and so does one that was waiting for news; the token enters no more; a new link works."""
    phone, other = shared.phone("mara"), shared.phone("mara")
    tag = ""
    while (answer := phone.get("state", if_none_match=tag, prefer="wait=1")).status_code == 200:  # news from before
        tag = answer.headers["etag"]
    waiting: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: waiting.append(phone.get("state", if_none_match=tag, prefer="wait=15")))
    thread.start()
    shared.revoke(phone.link)
    shared.until(lambda: phone.get("state").status_code == 403)
    shared.write(On(t=shared.recorder.time, performer="mara"))  # news for who waits
    thread.join()
    assert waiting[0].status_code == 403
    assert phone.client.post("/enter", json={"token": phone.link.token}, headers=shared.origin).status_code == 403
    assert phone.post({"kind": "note", "text": "x"}).status_code == 403
    assert other.get("state").status_code == 200
    short = shared.phone("mara", shared.link("mara", hours=0.7 / 3600))
    shared.until(lambda: short.get("state").status_code == 403)


# State -----------------------------------------------------------------------------------------------------------


def test_a_phone_is_answered_when_there_is_news_for_it_and_not_before(own: Stage) -> None:
    """304 at once without `Prefer`; with it, what only concerns others leaves it waiting; what has become playable comes at
    once."""
    mara, theo = own.phone("mara"), own.phone("theo")
    mara.terms()
    tag = mara.get("state").headers["etag"]
    assert mara.get("state", if_none_match=tag).status_code == 304
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(mara.get("state", if_none_match=tag, prefer="wait=30")))
    thread.start()
    theo.say("note", text="only for the crew")
    theo.seen(lambda state: state["said"] or None)
    assert not answers
    own.write(PageAnswer(t=own.recorder.time, of=own.recorder.events[-1].n, text="we heard"))
    theo.seen(lambda state: state["said"][0]["answer"] or None)
    assert not answers
    own.shelf.put(own.segment(MARA), "wide", b"film")
    own.run(_call(own.shelf.changed))
    thread.join(20)
    assert of(answers[0].json(), own.segment(MARA))["media"][0]["ready"]


async def _call(function: Any) -> None:
    function()


def test_a_state_is_compressed_and_says_the_time_of_its_moment(shared: Stage) -> None:
    """gzip for who takes it; two answers with one tag have each their own time."""
    phone = shared.phone("mara")
    phone.terms()
    bare = shared.client(accept_encoding="identity", cookie=f"liveshow={phone.link.token}")
    plain = bare.get(phone.page + "state")
    zipped = phone.get("state", accept_encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["etag"] == plain.headers["etag"]
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert zipped.json()["now"] > plain.json()["now"]


def test_what_became_of_a_segment(own: Stage) -> None:
    """running, false-take, held, waiting for others by name, making, handed-off with its version, refused, withdrawn: each as the journal
    has it, for who looks."""
    mara, duet = own.phone("mara"), own.segment(DUET)

    def becomes(word: str) -> dict[str, Any]:
        return mara.seen(lambda state: found if (found := of(state, duet))["became"] == word else None)

    assert [p["name"] for p in becomes("held")["waiting"]] == ["Mara Quill", "Juniper Okafor"]
    terms = mara.terms()
    assert mara.say("consent", answer="yes", terms=terms, segments=[duet])["n"]
    assert [p["name"] for p in becomes("waiting")["waiting"]] == ["Juniper Okafor"]
    now = own.recorder.time
    own.write(ConsentGiven(t=now, performer="juniper", answer="yes"))
    assert becomes("making")["waiting"] == []
    own.write(HandedOff(t=now, segment=duet, contribution="c", version=2, slug="x", digest="d", library="l"))
    assert becomes("handed-off")["version"] == 2
    own.write(ConsentGiven(t=now, performer="juniper", answer="no"))
    assert becomes("refused")["version"] == 2
    own.write(Withdrawn(t=now, segment=duet, contribution="c", why="Juniper Okafor said no"))
    assert becomes("withdrawn")["version"] == 0
    assert "said no" not in mara.get("state").text
    own.write(Tag(t=now, segment=duet, false_take=True))
    assert becomes("false-take")["media"] == []
    own.write(On(t=now, performer="mara"))
    running = mara.seen(lambda state: state["segments"][-1] if state["segments"][-1]["running"] else None)
    assert (running["became"], running["out_ms"], running["may_out"]) == ("running", None, None)


# Presses ---------------------------------------------------------------------------------------------------------


def test_every_kind_of_press_is_in_the_journal_when_it_is_answered(own: Stage) -> None:
    """As the event it stands for, from this page, under the number that is answered, with the time at which it was pressed; and the page
    lists what was said."""
    mara, first = own.phone("mara"), own.segment(MARA)
    terms, began = mara.terms(), own.state.segments[MARA].start
    presses: list[dict[str, Any]] = [
        {"kind": "credit", "name": "Mara Q.", "role": "", "pronunciation": "MAH-ra", "note": "text by her"},
        {"kind": "edges", "segment": first, "in_ms": (began + 2 * SECOND) // MILLISECOND},
        {"kind": "missing", "segment": first, "performer": "theo"},
        {"kind": "consent", "answer": "yes", "terms": terms, "segments": [first]},
        {"kind": "consent", "answer": "hold", "terms": terms},
        {"kind": "note", "text": " the flute came late ", "segment": first},
        {"kind": "not-me", "segment": first},
        {"kind": "me", "segment": first, "ago_ms": 3000},
    ]
    answers = mara.post(*presses).json()["answers"]
    said = {event.n: event for event in own.recorder.events}
    written = [msgspec.structs.replace(said[a["n"]], t=0, n=0, said=0, by="", press="") for a in answers]
    page: dict[str, Any] = {"t": 0, "page": "mara"}
    assert written == [
        Credited(**page, performer="mara", name="Mara Q.", role="", pronunciation="MAH-ra", note="text by her"),
        Tag(**page, segment=first, start=(began + 2 * SECOND) // MILLISECOND * MILLISECOND),
        Tag(**page, segment=first, plus=("theo",)),
        ConsentGiven(**page, performer="mara", answer="yes", segments=(first,), terms=terms),
        ConsentGiven(**page, performer="mara", answer="hold", terms=terms),
        PageNote(**page, performer="mara", text="the flute came late", segment=first),
        Tag(**page, segment=first, minus=("mara",)),
        Tag(**page, segment=first, plus=("mara",)),
    ]
    assert said[answers[0]["n"]].by == "Mara Quill (page)"
    late, before = said[answers[-1]["n"]].t, said[answers[-2]["n"]].t
    assert before - late > 2 * SECOND
    kinds = ["credit", "edges", "missing", "consent", "consent", "note", "not-me", "me"]
    listed = mara.seen(lambda state: state["said"] if len(state["said"]) == len(kinds) else None)
    assert [one["kind"] for one in listed] == kinds


@pytest.mark.parametrize(
    ("press", "why"),
    [
        ({"kind": "not-me", "segment": "CHOIR"}, "not-yours"),
        ({"kind": "me", "segment": "CHOIR"}, "not-yours"),
        ({"kind": "me", "segment": "s99999"}, "not-yours"),
        ({"kind": "missing", "segment": "CHOIR", "performer": "mara"}, "not-yours"),
        ({"kind": "missing", "segment": "MARA", "performer": "nobody"}, "unknown"),
        ({"kind": "note", "text": "x", "segment": "CHOIR"}, "not-yours"),
        ({"kind": "note", "text": "   "}, "text"),
        ({"kind": "note", "text": "a\x1b[2Jb"}, "text"),
        ({"kind": "note", "text": "x" * 2001}, "text"),
        ({"kind": "credit"}, "text"),
        ({"kind": "credit", "name": ""}, "text"),
        ({"kind": "credit", "name": "x" * 201}, "text"),
        ({"kind": "credit", "role": "two\nlines"}, "text"),
        ({"kind": "consent", "answer": "yes", "terms": "0" * 64}, "terms"),
        ({"kind": "consent", "answer": "yes", "terms": "TERMS", "segments": ["MARA", "CHOIR"]}, "not-yours"),
        ({"kind": "edges", "segment": "CHOIR", "in_ms": 0}, "not-yours"),
        ({"kind": "edges", "segment": "MARA", "in_ms": 0}, "edges"),
        ({"kind": "edges", "segment": "MARA", "out_ms": 2**52}, "edges"),
        ({"kind": "edges", "segment": "MARA", "in_ms": "OUT"}, "edges"),
    ],
)
def test_what_is_not_theirs_to_say_is_refused(shared: Stage, press: dict[str, Any], why: str) -> None:
    """Other people's segments as if there were none, nobody, no text, other terms, edges that cross or lie far away: nothing is written."""
    mara = shared.phone("mara")
    stands = {
        "CHOIR": shared.segment(CHOIR),
        "MARA": shared.segment(MARA),
        "TERMS": mara.terms(),
        "OUT": (shared.state.segments[MARA].end or 0) // MILLISECOND,
    }
    count = len(shared.recorder.events)

    def real(value: Any) -> Any:
        return [real(v) for v in value] if isinstance(value, list) else stands.get(value, value)

    answer = mara.say(**{name: real(value) for name, value in press.items()})
    assert (answer["why"], answer.get("n")) == (why, None)
    assert answer["what"]
    assert len(shared.recorder.events) == count


def test_a_press_counts_once_however_often_it_is_sent(own: Stage) -> None:
    """Twenty times at once over as many connections, and once more later, on this page and after the server was begun anew: one line in the
    journal, and its number each time."""
    mara, press = own.phone("mara"), {"kind": "note", "text": "once", "press": str(uuid.uuid4())}
    answers: list[int] = []

    def send() -> None:
        answers.append(mara.post(press).json()["answers"][0]["n"])

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    own.stop()
    own.begin()
    later = own.phone("mara", mara.link)
    answers.append(later.post(press).json()["answers"][0]["n"])
    assert len(answers) == 21
    assert len(set(answers)) == 1
    assert [e.n for e in own.recorder.events if isinstance(e, PageNote)] == answers[:1]


def test_not_me_hides_everything_and_can_be_taken_back(own: Stage) -> None:
    """The segment stays on the page as not mine, without media, poster or edges, and out of the others' page; "me" brings it back. When the
    crew has said since who is in it, it is gone, and cannot be taken back."""
    mara, juniper, duet = own.phone("mara"), own.phone("juniper"), own.segment(DUET)
    own.shelf.put(duet, "wide", b"film")
    own.shelf.picture(duet, b"picture")
    assert mara.say("not-me", segment=duet)["n"]
    gone = mara.seen(lambda state: found if not (found := of(state, duet))["mine"] else None)
    assert (gone["media"], gone["poster"], gone["may_in"], gone["may_out"]) == ([], "", None, None)
    assert mara.get(f"media/{duet}/wide").status_code == 404
    assert mara.get(f"poster/{duet}").status_code == 404
    assert juniper.seen(lambda state: of(state, duet)["with"] == [] or None)
    for kind in ({"kind": "missing", "performer": "theo"}, {"kind": "edges", "in_ms": 0}, {"kind": "not-me"}):
        assert mara.say(**kind, segment=duet)["why"] == "not-yours"
    assert mara.say("me", segment=duet)["n"]
    mara.seen(lambda state: of(state, duet)["mine"] or None)
    assert mara.get(f"media/{duet}/wide").status_code == 200
    number = mara.say("not-me", segment=duet)["n"]
    own.write(Undo(t=own.recorder.time, of=number))
    mara.seen(lambda state: [one["undone"] for one in state["said"]] == [False, False, True] or None)
    assert of(mara.state(), duet)["mine"]
    mara.say("not-me", segment=duet)
    own.write(Tag(t=own.recorder.time, segment=duet, performers=("juniper",)))
    mara.seen(lambda state: all(s["id"] != duet for s in state["segments"]) or None)
    assert mara.say("me", segment=duet)["why"] == "not-yours"


def test_who_was_missing_has_no_poster_until_the_crew_agrees_and_nobody_what_is_anothers(own: Stage) -> None:
    """Mara says that Theo was in the duet: it is on his page, with the shared feeds and his own, but without a poster, and he is not heard
    with its cameras until the crew says so too. Juniper's accordion is hers alone all the time."""
    mara, theo, duet = own.phone("mara"), own.phone("theo"), own.segment(DUET)
    for feed in ("wide", "close", "vox1", "vox2", "accordion", "room-left"):
        own.shelf.put(duet, feed, feed.encode())
    own.shelf.picture(duet, b"picture")
    assert {m["feed"] for m in of(mara.state(), duet)["media"]} == {"wide", "close", "vox1", "room-left"}
    assert mara.say("missing", segment=duet, performer="theo")["n"]
    seen = theo.seen(lambda state: next((s for s in state["segments"] if s["id"] == duet), None))
    assert {m["feed"] for m in seen["media"]} == {"wide", "close", "vox2", "room-left"}
    assert seen["poster"] == ""
    assert theo.get(f"media/{duet}/accordion").status_code == 404
    assert theo.get(f"media/{duet}/vox2").content == b"vox2"
    assert theo.get(f"poster/{duet}").status_code == 404
    assert {m["feed"] for m in of(mara.state(), duet)["media"]} == {"wide", "close", "vox1", "room-left"}

    def with_theo() -> Wanted | None:
        return next((w for w in own.shelf.wanted if w.segment.id == duet and "theo" in w.segment.performers), None)

    assert "vox2" not in own.until(with_theo).voices
    own.write(Tag(t=own.recorder.time, segment=duet, plus=("theo",)))
    theo.seen(lambda state: of(state, duet)["poster"] or None)
    assert theo.get(f"media/{duet}/accordion").status_code == 404
    heard = {"vox2", "accordion"}
    wanted = own.until(lambda: next((w for w in own.shelf.wanted if w.segment.id == duet and heard <= set(w.voices)), None))
    assert set(wanted.feeds) >= heard


def test_edges_move_within_a_minute_of_where_the_crew_has_them(own: Stage) -> None:
    """To both ends of what the page offers and no millisecond further, however often they were moved before; never past each other; what is
    said to be where it is stays to the nanosecond."""
    mara, first = own.phone("mara"), own.segment(MARA)
    segment = own.state.segments[MARA]
    assert segment.end is not None

    def move(**edges: int) -> str:
        answer = mara.say("edges", segment=first, **edges)
        return str(answer.get("why", "moved"))

    offered = of(mara.state(), first)
    assert offered["may_in"][0] == -(-own.state.started // MILLISECOND)  # ten seconds into the show
    assert offered["may_out"][1] == (segment.end + 60 * SECOND) // MILLISECOND
    assert move(in_ms=offered["in_ms"], out_ms=offered["out_ms"]) == "moved"
    assert own.state.segments[MARA] == replace(segment, edited_by="Mara Quill (page)")
    assert move(in_ms=offered["may_in"][0] - 1) == "edges"
    assert move(out_ms=offered["may_out"][1] + 1) == "edges"
    assert move(out_ms=offered["may_out"][1]) == "moved"
    assert move(out_ms=offered["may_out"][1] + 1) == "edges"
    assert move(in_ms=offered["out_ms"], out_ms=offered["out_ms"] + 999) == "edges"
    assert move(in_ms=offered["out_ms"], out_ms=offered["out_ms"] + 1000) == "moved"
    moved = mara.seen(lambda state: found if (found := of(state, first))["in_ms"] == offered["out_ms"] else None)
    assert moved["may_in"] == [offered["may_in"][0], offered["out_ms"]]
    assert moved["edited"]


def test_a_yes_that_comes_late_does_not_overrule_a_no(own: Stage) -> None:
    """Two phones of a choir: what was pressed on the one before the other said no, and was sent after it, is refused when it is less strict
    and about the same; a no always counts, and so does a yes that was pressed after it."""
    one, other, song = own.phone("weathervane"), own.phone("weathervane"), own.segment(CHOIR)
    terms = one.terms()

    def answer(phone: Phone, word: str, ago_ms: int = 0, *segments: str) -> str:
        said = phone.say("consent", answer=word, terms=terms, segments=list(segments), ago_ms=ago_ms)
        return str(said.get("why", "written"))

    assert answer(one, "no", 0) == "written"
    assert answer(other, "yes", 60_000) == "stale"
    assert answer(other, "hold", 60_000, song) == "stale"
    assert answer(other, "no", 60_000, song) == "written"
    assert answer(other, "yes", 0, song) == "written"
    assert own.state.consent("weathervane", song) == "yes"
    assert answer(one, "no", 120_000, song) == "written"
    assert own.state.consent("weathervane", song) == "no"


# Media -----------------------------------------------------------------------------------------------------------


def test_media_are_given_from_where_the_show_can_be_read(own: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the mirror while the first disk takes nothing, and what lies on the other one not at all: it is not ready yet, both ways."""
    mara, first = own.phone("mara"), own.segment(MARA)
    mirror = Shelf(tmp_path / "mirror")
    own.shelf.put(first, "wide", b"first")
    mirror.put(first, "wide", b"mirrored")
    monkeypatch.setattr(Source, "places", (own.folder, mirror.folder))
    films = own.shelf.files[first, "wide"], mirror.files[first, "wide"]
    for place, given in ((own.folder, (200, 202)), (mirror.folder, (202, 200)), (own.folder, (200, 202))):
        monkeypatch.setattr(Source, "place", ShowFolder(place))
        for film, status in zip(films, given, strict=True):
            own.shelf.files[first, "wide"] = film
            answer = mara.get(f"media/{first}/wide")
            assert answer.status_code == status
            assert status == 202 or answer.content == film.path.read_bytes()


def test_media_are_given_in_ranges_while_they_are_there(own: Stage) -> None:
    """202 while it is made, then whole, a range, several, 416, 304 for who has it; another version has another tag; HEAD too."""
    mara, first = own.phone("mara"), own.segment(MARA)
    waiting = mara.get(f"media/{first}/wide")
    assert (waiting.status_code, waiting.headers["retry-after"]) == (202, "1")
    data = bytes(range(256)) * 4096
    own.shelf.put(first, "wide", data, (1_000_000_000, 3_000_000_000))
    own.run(_call(own.shelf.changed))
    seen = mara.seen(lambda state: m if (m := of(state, first)["media"][0])["ready"] else None)
    assert (seen["start_ms"], seen["end_ms"], seen["kind"]) == (1000, 3000, "camera")
    whole = mara.get(seen["url"])
    assert (whole.content, whole.headers["content-type"]) == (data, "video/mp4")
    part = mara.get(seen["url"], range="bytes=1000-1999")
    assert (part.status_code, part.content) == (206, data[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(data)}"
    assert mara.get(seen["url"], range="bytes=0-0,-1").headers["content-type"].startswith("multipart/byteranges")
    assert mara.get(seen["url"], range=f"bytes={len(data)}-").status_code == 416
    assert mara.get(seen["url"], if_none_match=whole.headers["etag"]).status_code == 304
    assert "no-cache" in whole.headers["cache-control"]
    assert "private" in whole.headers["cache-control"]
    own.shelf.put(first, "wide", b"another")
    assert mara.get(seen["url"]).headers["etag"] != whole.headers["etag"]


def test_the_page_is_the_same_for_everybody_and_small(shared: Stage) -> None:
    """The shell at both addresses, byte for byte, without a cookie; every file is there, compressed, with a tag; all together less than
    100 kB."""
    bare, table = shared.client(), pages()
    shell = bare.get("/")
    assert shell.content == bare.get("/p/whatever/").content == table["index.html"].plain
    assert "set-cookie" not in shell.headers
    total = 0
    for name, asset in table.items():
        found = bare.get(f"/assets/{name}")
        assert found.content == asset.plain
        assert bare.get(f"/assets/{name}", headers={"if-none-match": found.headers["etag"]}).status_code == 304
        total += len(asset.zipped or asset.plain)
    assert total < 100_000


# What the door is made of ----------------------------------------------------------------------------------------


def test_a_bucket_fills_with_time_and_remembers_only_so_many() -> None:
    """A burst, then the rate; another one has their own; who was not there for long is forgotten first."""
    now = [0.0]
    rates = Rates(2.0, 4.0, lambda: now[0])
    assert [rates.take("a") for _ in range(5)] == [0, 0, 0, 0, 1]
    assert rates.take("b") == 0
    now[0] = 1.0
    assert [rates.take("a") for _ in range(3)] == [0, 0, 1]
    assert rates.take("a", 4) == 2
    for k in range(5000):
        rates.take(f"x{k}")
    assert len(vars(rates)["_left"]) == 4000


def test_there_is_room_for_so_many_of_one_address_of_one_link_and_of_all() -> None:
    """An IPv6 household is one; who leaves makes room; who proves to have a link makes room for another stranger at that address, so that a
    whole house behind one address gets in; a link has no end of room either."""
    room = Room(most=6, of_one=2, of_link=2)
    assert [room.enter("10.0.0.1") for _ in range(3)] == ["10.0.0.1", "10.0.0.1", None]
    assert [room.enter(f"2001:db8::{k}") is not None for k in range(3)] == [True, True, False]
    assert room.prove("10.0.0.1", "aa") == "link aa"
    assert room.prove("link aa", "aa") == "link aa"
    assert room.enter("10.0.0.1") == "10.0.0.1"
    assert room.prove("10.0.0.1", "aa") == "link aa"
    assert room.prove("10.0.0.1", "aa") == "10.0.0.1"  # she has her share
    assert room.enter("10.0.0.2") == "10.0.0.2"
    assert room.enter("10.0.0.3") is None
    room.leave("link aa")
    assert room.enter("10.0.0.3") == "10.0.0.3"
    assert room.taken == 6


def test_errors_are_said_sparingly() -> None:
    """So many lines a minute, and then again."""
    now = [0.0]
    sparing, record = Sparing(3, lambda: now[0]), logging.makeLogRecord({"msg": "x"})
    assert [sparing.filter(record) for _ in range(5)] == [True, True, True, False, False]
    now[0] = 61.0
    assert sparing.filter(record)
