"""The HTTP API: what can be read and said, refused in the recorder's own words."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
from jsonschema import Draft202012Validator

from liveshow.events import AlarmNow, AlarmRaised, Credited, Go, Hint, Note, On, PageAnswer, PageNote, SessionEnded, Tag, Undo
from liveshow.recorder.control.saying import KINDS, SHORTS
from liveshow.recorder.control.serving import Served, serve
from liveshow.recorder.control.table import READS
from tests.control_stage import served_show, until
from tests.fake_recorder import START, FakeRecorder, healthy, picture, setup_text

FIRST = "the-tiny-book-of-tiny-stories"


def schema_of(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The schema of a read's answer, with what it refers to."""
    answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return {**answer, "components": document["components"]}


async def test_all_that_can_be_read_is_as_the_spec_says(tmp_path: Path) -> None:
    """With a show in full swing, every JSON that the server gives fits the schema that the server itself gives for it."""
    async with served_show(tmp_path / "show") as stage, stage.client("watch") as client:
        recorder = stage.recorder
        recorder.write(Go(t=START, item=FIRST), Note(t=START + 1, text="the bell"), On(t=START + 2, performer="theo"))
        recorder.write(
            Go(t=START + 10, item="rain-mostly"), AlarmRaised(t=START, alarm="vox1:lost", rank=1, about="vox1", what="gone")
        )
        recorder.write(Credited(t=START + 12, performer="mara", name="Mara Q.", page="mara"))
        pulse = healthy(recorder.setup, START + 20, gone=["balcony"])
        alarm = AlarmNow(alarm="vox1:lost", rank=1, about="vox1", what="gone")
        hint = Hint(hint="voice:vox1:s3", what="vox1 is heard", fix="tag Mara in s3", event=Tag(t=0, segment="s3"))
        recorder.pulse(_with(pulse, alarms=(alarm,), hints=(hint,)))
        document = (await client.get("/api/spec.json")).json()
        while not (await client.get("/api/hints")).json():
            pass
        for reading in READS:
            if not isinstance(reading.answer, str):
                found = (await client.get(reading.path)).json()
                assert found, reading.path
                Draft202012Validator(schema_of(document, reading.path)).validate(found)


def _with(pulse: Any, **more: object) -> Any:
    import msgspec

    return msgspec.structs.replace(pulse, **more)


async def test_the_show_says_what_is_on_and_next(tmp_path: Path) -> None:
    """After GO: the item that is on, who is on, what comes next, what undo would take back, and how long it has taken."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        (number,) = (await client.post("/api/go")).json()["events"]
        stage.recorder.pulse(healthy(stage.recorder.setup, START + 30_000_000_000))
        await until(lambda: stage.recorder.time > START)
        found: dict[str, Any] = {}
        while not found.get("order") or found["order"][0]["took_seconds"] != 30.0:
            found = (await client.get("/api/show")).json()
        assert (found["on_item"], found["next_item"], found["on_stage"]) == (FIRST, "rain-mostly", ["mara"])
        assert (found["undoes"], found["undoes_number"], found["running"]) == ("go", number, [f"s{number}"])
        assert [item["standing"] for item in found["order"][:3]] == ["on", "next", "to come"]
        assert [p["id"] for p in found["performers"] if p["on"]] == ["mara"]
        assert found["recording"] is True


EXAMPLES: dict[str, dict[str, object]] = {
    "/api/note": {"text": "the bell"},
    "/api/performers/{performer}/credit": {"name": "Mara Q.", "note": "for Ida"},
    "/api/pages/{of}/answer": {"text": "thank you"},
    "/api/performers": {"name": "Ida Walks", "role": "spoons"},
    "/api/performers/{performer}/consent": {"answer": "no"},
    "/api/order": {"title": "Encore", "performers": ["mara"], "minutes": 2},
    "/api/order/{item}/move": {"before": FIRST},
    "/api/segments/{segment}": {"title": "Better", "note": "loud", "performers": ["theo"]},
}
NAMED = {
    "performer": "mara",
    "item": "moth-song",
    "segment": "s3",
    "alarm": "disk:/srv/shows",
    "hint": "voice:vox1:s3",
    "of": 5,
}


async def test_a_short_form_says_its_event(tmp_path: Path) -> None:
    """Each short form is journaled as its event, with what stood in the path and in the body, as long ago as said, by whom, from where."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        begin(stage.recorder)
        for short in SHORTS:
            said = {**EXAMPLES.get(short.path, {}), "ago": 2.5, "by": "red button"}
            answer = await client.post(short.path.format(**NAMED), json=said)
            assert answer.status_code == 200, answer.text
            request, journaled = stage.recorder.said[-1], stage.recorder.events[-1]
            assert isinstance(request.event, short.event), short.path
            assert request.ago == 2_500_000_000
            assert answer.json() == {"events": [journaled.n]}
            assert journaled.by == "red button (127.0.0.1)"
            fields = {**EXAMPLES.get(short.path, {}), **{name: NAMED[name] for name in short.in_path}}
            assert {name: _plain(getattr(journaled, name)) for name in fields} == fields


def begin(recorder: FakeRecorder) -> None:
    """A segment (s3) runs since ten seconds, an alarm stands, and mara wrote a note (5)."""
    alarm = AlarmRaised(t=START, alarm="disk:/srv/shows", rank=3, about="disk", what="full")
    recorder.write(Go(t=START, item=FIRST), alarm, PageNote(t=START, performer="mara", text="hello", segment="s3", page="mara"))
    recorder.time = START + 10_000_000_000


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


MARKS: dict[str, dict[str, object]] = {
    "go": {"item": "rain-mostly"},
    "hold": {},
    "on": {"performer": "theo"},
    "off": {"performer": "mara"},
    "highlight": {},
    "false-take": {},
    "note": {"text": "so"},
    "undo": {"of": 6},
    "item-added": {"title": "Encore"},
    "item-moved": {"item": "moth-song", "before": FIRST},
    "item-skipped": {"item": "moth-song"},
    "performer-added": {"name": "Ida"},
    "alarm-acknowledged": {"alarm": "disk:/srv/shows"},
    "hint-dismissed": {"hint": "x:y"},
    "timecode-tied": {"feed": "", "timecode": "19:42:07:12", "rate": "25"},
    "timecode-lost": {"feed": ""},
    "tag": {"segment": "s3", "title": "So"},
    "consent": {"performer": "mara", "answer": "yes"},
    "terms-stated": {"digest": sha256(b"You may use it.").hexdigest(), "language": "en", "text": "You may use it."},
    "credited": {"performer": "mara", "name": "Mara Quill-Ortiz", "pronunciation": "MAH-ra"},
    "page-note": {"performer": "mara", "text": "so", "page": "mara", "press": "p1"},
    "page-answer": {"of": 26, "text": "so"},  # the page-note
    "link-issued": {"performer": "mara", "link": "abc", "digest": "1" * 64, "expires": 2_000_000_000_000_000_000},
    "link-revoked": {"link": "abc"},
    "handed-off": {"segment": "s3", "contribution": "c", "version": 1, "slug": "s", "digest": "d", "library": "l"},
    "handoff-failed": {"segment": "s3", "why": "so"},
    "withdrawn": {"segment": "s3", "contribution": "c", "why": "so"},
}


async def test_everything_that_a_client_may_say_can_be_said(tmp_path: Path) -> None:
    """Every Sayable is taken as JSON at /api/marks, and is in the journal as it was said."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        begin(stage.recorder)
        for kind, event in KINDS.items():
            answer = await client.post("/api/marks", json={"kind": kind, **MARKS[kind]})
            assert answer.status_code == 200, answer.text
            journaled = stage.recorder.events[-1]
            assert isinstance(journaled, event), kind
            assert {name: getattr(journaled, name) for name in MARKS[kind]} == MARKS[kind]
            assert journaled.by == "http 127.0.0.1"


async def test_what_was_said_on_pages_is_read_answered_and_undone(tmp_path: Path) -> None:
    """What a performer said has the number by which it is answered and taken back; a credit says what it was before."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        begin(stage.recorder)
        stage.recorder.write(Credited(t=START, performer="mara", name="Mara Q.", page="mara"))
        assert (await client.post("/api/pages/5/answer", json={"text": "thanks", "by": "max"})).status_code == 200
        assert (await client.post("/api/undo", json={"of": 6})).status_code == 200
        credit, note = (await client.get("/api/pages")).json()
        assert (credit["n"], credit["undone"][:4]) == (6, "http")
        assert credit["changes"] == [{"what": "name", "was": "Mara Quill", "now": "Mara Q."}]
        assert (note["text"], note["segments"], note["answer"], note["answered_by"]) == (
            "hello",
            ["s3"],
            "thanks",
            "max (127.0.0.1)",
        )
        assert isinstance(stage.recorder.events[-2], PageAnswer)
        for of in ("x", "5.0", "-1", "９", "9" * 20, "99"):
            answer = await client.post(f"/api/pages/{of}/answer", json={"text": "so"})
            assert answer.status_code in (400, 404), of


NONSENSE: list[tuple[str, bytes, int, str]] = [
    ("/api/marks", b"{", 400, "not JSON"),
    ("/api/marks", b"[1]", 400, "no JSON object"),
    ("/api/marks", b"\xff", 400, "not JSON"),
    ("/api/marks", b"[" * 60_000, 400, "JSON"),
    ("/api/marks", b"", 400, "nothing of that kind"),
    ("/api/marks", b'{"kind":"show-opened"}', 400, "nothing of that kind"),
    ("/api/marks", b'{"kind":["go"]}', 400, "nothing of that kind"),
    ("/api/marks", b'{"kind":"note"}', 400, "text"),
    ("/api/marks", b'{"kind":"note","text":5}', 400, "Expected `str`"),
    ("/api/marks", b'{"kind":"go","itm":"x"}', 400, "itm"),
    ("/api/go", b'{"kind":"hold"}', 400, "in the path"),
    ("/api/go", b'{"item":"nope"}', 404, "no item 'nope'"),
    ("/api/go", b'{"item":"moth-song","ago":-1}', 400, "not a length of time"),
    ("/api/go", b'{"item":"moth-song","ago":1e300}', 400, "not a length of time"),
    ("/api/go", b'{"item":"moth-song","ago":"5s"}', 400, "Expected `float`"),
    ("/api/go", b'{"item":"moth-song","ago":3600}', 400, "before the show began"),
    ("/api/go", b'{"item":"moth-song","t":99999999999999}', 400, "future"),
    ("/api/go", b'{"by":"a\\u0007b"}', 400, "cannot stand"),
    ("/api/go", b'{"by":"' + b"x" * 81 + b'"}', 400, "1 to 80"),
    ("/api/note", b'{"text":" "}', 400, "1 to 2000"),
    ("/api/note", b'{"text":"' + b"x" * 70_000 + b'"}', 413, "longer than"),
    ("/api/undo", b"", 400, "no mark to undo"),
    ("/api/performers/nobody/on", b"", 404, "no performer 'nobody'"),
    ("/api/segments/s99", b'{"title":"x"}', 404, "no segment"),
    ("/api/alarms/vox1:lost/acknowledge", b"", 404, "no alarm"),
    ("/api/nothing", b"", 404, "nothing at this address"),
    ("/api/show", b"", 405, "not understood"),
]


async def test_nonsense_is_refused_in_words(tmp_path: Path) -> None:
    """What makes no sense is answered with what, where and what to do, and nothing of it is journaled."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        before = len(stage.recorder.events)
        for path, body, status, says in NONSENSE:
            answer = await client.post(path, content=body)
            assert answer.status_code == status, f"{path} {body[:40]!r}: {answer.text}"
            fault = answer.json()
            assert set(fault) == {"what", "where", "todo"}
            assert says in fault["what"], f"{path} {body[:40]!r}: {answer.text}"
            assert len(stage.recorder.events) == before


async def test_a_button_that_bounces_counts_once(tmp_path: Path) -> None:
    """GO twice in haste, from wherever, is one GO, and so is undo; GO to an item that is named counts each time."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        for kind in ("go", "undo"):
            first = await client.post(f"/api/{kind}")
            again = await client.post("/api/marks", json={"kind": kind})
            assert (first.status_code, again.status_code, again.json()["where"]) == (200, 409, kind)
        for item in (FIRST, "rain-mostly"):
            assert (await client.post("/api/go", json={"item": item})).status_code == 200
        assert [type(request.event) for request in stage.recorder.said] == [Go, Undo, Go, Go]


async def test_a_hint_is_taken_by_one_button(tmp_path: Path) -> None:
    """The most urgent hint, or the one that is named, is said as its event; twice in haste counts once; none is none."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        begin(stage.recorder)
        assert (await client.post("/api/hints/take")).json()["what"] == "nothing is suggested now"
        hints = tuple(
            Hint(hint=f"voice:{who}:s3", what="heard", fix="on", event=On(t=0, performer=who)) for who in ("theo", "juniper")
        )
        stage.recorder.pulse(_with(healthy(stage.recorder.setup, START + 11_000_000_000), hints=hints))
        while not (await client.get("/api/hints")).json():
            pass
        assert (await client.post("/api/hints/take", json={"performer": "mara"})).status_code == 400
        assert (await client.post("/api/hints/voice:nobody:s3/take")).status_code == 404
        assert (await client.post("/api/hints/take", json={"by": "deck"})).status_code == 200
        assert (await client.post("/api/hints/take")).status_code == 409
        assert (await client.post("/api/hints/voice:juniper:s3/take")).status_code == 200
        assert stage.recorder.state.on_stage == ("mara", "theo", "juniper")


async def test_while_the_recorder_is_away_nothing_is_taken_and_nothing_pretended(tmp_path: Path) -> None:
    """503 to whoever asks or says, until the next recorder is there; then all is as before, with the same server and token."""
    recorder = FakeRecorder(tmp_path / "show")
    async with served_show(tmp_path / "show", recorder=recorder) as stage, stage.client() as client:
        await recorder.close()
        while (await client.get("/api/show")).status_code != 503:
            pass
        said = await client.post("/api/go")
        assert (said.status_code, said.json()["what"]) == (503, "the recorder is away")
        async with FakeAgain(tmp_path / "show", recorder) as again:
            while (await client.get("/api/show")).status_code != 200:
                pass
            assert (await client.post("/api/go")).status_code == 200
            assert [type(request.event) for request in again.said] == [Go]


class FakeAgain:
    """The next recorder of a show, as a context."""

    def __init__(self, folder: Path, before: FakeRecorder) -> None:
        self._recorder = FakeRecorder(folder, events=before.events)

    async def __aenter__(self) -> FakeRecorder:
        await self._recorder.open()
        return self._recorder

    async def __aexit__(self, *_: object) -> None:
        await self._recorder.close()


async def test_a_camera_s_newest_picture_is_served(tmp_path: Path) -> None:
    """As PNG and PPM, the same pixels; not twice to whoever has it; none of a microphone; and the recorder is asked to make them only
    once somebody looks."""
    async with served_show(tmp_path / "show") as stage, stage.client("watch") as client:
        assert not stage.recorder.watched
        assert (await client.get("/api/feeds/wide/preview.png")).json()["what"] == "there is no picture yet"
        await until(lambda: stage.recorder.watched)
        ppm = picture(64, 36, 0.5)
        stage.recorder.folder.preview("wide").write_bytes(ppm)
        whole = await client.get("/api/feeds/wide/preview.ppm")
        assert (whole.content, whole.headers["content-type"]) == (ppm, "image/x-portable-pixmap")
        again = await client.get("/api/feeds/wide/preview.ppm", headers={"If-None-Match": whole.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        (tmp_path / "wide.png").write_bytes((await client.get("/api/feeds/wide/preview.png")).content)
        with av.open(str(tmp_path / "wide.png")) as png:
            pixels = next(png.decode(video=0)).to_ndarray(format="rgb24")
        assert np.array_equal(pixels, np.frombuffer(ppm, np.uint8, offset=ppm.index(b"255\n") + 4).reshape(36, 64, 3))
        assert (await client.get("/api/feeds/vox1/preview.png")).status_code == 404
        assert (await client.get("/api/feeds/..%2fsetup/preview.png")).status_code == 404


async def test_what_became_of_each_segment(tmp_path: Path) -> None:
    """Contributions that wait for a yes, were refused, are false takes, or have their turn to come, each with why."""
    text = FakeRecorder(tmp_path / "other").text.replace('consent = "granted"', 'consent = "ask"')
    async with served_show(tmp_path / "show", text=text) as stage, stage.client() as client:
        for item in (FIRST, "rain-mostly", "letter-to-a-lighthouse", "waltz-for-a-lost-umbrella"):
            stage.recorder.time += 1_000_000_000
            await client.post("/api/go", json={"item": item})
        stage.recorder.time += 1_000_000_000
        await client.post("/api/false-take")
        await client.post("/api/hold")
        await client.post("/api/performers/mara/consent", json={"answer": "yes"})
        await client.post("/api/performers/theo/consent", json={"answer": "no"})
        found = {c["title"]: (c["standing"], c["why"]) for c in (await client.get("/api/contributions")).json()}
        assert found == {
            "The Tiny Book of Tiny Stories": ("waits", ""),
            "Rain, Mostly": ("waits", "not yet asked: weathervane"),
            "Letter to a Lighthouse": ("refused", "no: theo"),
            "Waltz for a Lost Umbrella": ("false take", ""),
        }


async def test_serving_ends_with_the_show(tmp_path: Path) -> None:
    """Not when the show is ended, while its recorder still hands off; but when that is gone."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        stage.recorder.write(SessionEnded(t=START, how="stopped"))
        while not (await client.get("/api/show")).json()["ended"]:
            pass
        assert not stage.serving.done()
        await stage.recorder.close()
        assert await stage.serving == "the show is ended"


async def test_serving_as_set_up_ends_when_the_setup_says_otherwise(tmp_path: Path) -> None:
    """A recorder that comes with another [control] is not served by the old one: its own is started. With the same, it goes on."""
    setup = setup_text() + '\n[control]\nhttp = "127.0.0.1:0"\n'
    recorder = FakeRecorder(tmp_path / "show", setup)
    await recorder.open()
    told: list[Served] = []
    serving = asyncio.create_task(serve(tmp_path / "show", recorder.setup.control, told.append, as_set_up=True))
    await until(lambda: told)
    await recorder.close()
    again = FakeRecorder(tmp_path / "show", setup, events=recorder.events)
    await again.open()
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {told[0].tokens.full}"}, trust_env=False) as client:
        while (await client.get(f"http://{told[0].places[0]}/api/show")).status_code != 200:
            pass
    assert not serving.done()
    await again.close()
    other = FakeRecorder(tmp_path / "show", setup.replace(":0", ":1"), events=recorder.events)
    await other.open()
    assert await serving == "the setup has another [control] now"
    await other.close()
