"""The tag guard listens to whole scenes through the worker's own meters: what it must point out, and what it must not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import msgspec
import pytest

from liveshow.events import FeedHealth, Go, HintDismissed, Hold, Off, On, Sayable, Tag, Undo
from liveshow.recorder.whose import whose
from liveshow.timebase import SECOND
from tests.guarded_show import MICS, SETUP, START, GuardedShow, looks_of
from tests.stage_sound import Source, applause, hum, laughter, microphones, music, speech, talk

MARA, THEO = talk("mara", 0), talk("theo", 1)


def at(mic: str, bleed: float = -18.0, room: float = -28.0) -> dict[str, float]:
    """Close to one microphone; so many dB less on the others."""
    return {m: 0.0 if m == mic else room if m == "room" else bleed for m in MICS}


def in_the_house(loud: float = -12.0) -> dict[str, float]:
    """Far from all microphones, a little nearer to some, and near the room's."""
    return dict(zip(MICS, (loud, loud + 2, loud - 2, loud + 3, loud + 8), strict=True))


def crowd(begin: float, end: float) -> list[Source]:
    """A house that laughs: three groups, each nearer to other microphones."""
    places = ((-12, -16, -13, -18, -6), (-17, -12, -16, -13, -5), (-14, -14, -19, -12, -7))
    return [Source(laughter(4, seed), [(begin, end)], dict(zip(MICS, p, strict=True))) for seed, p in enumerate(places)]


def claps(begin: float, end: float) -> Source:
    return Source(applause(), [(begin, end)], in_the_house())


def go(item: str, when: float = 0.0) -> tuple[float, Sayable]:
    return when, Go(t=0, item=item)


@dataclass(frozen=True)
class Scene:
    """What sounds, what the crew says, for how many seconds; and by name of each hint what it must propose, which must be all."""

    sources: Sequence[Source]
    marks: Sequence[tuple[float, Sayable]]
    seconds: float = 32.0
    hints: Mapping[str, Sayable] = field(default_factory=dict)

    def play(self) -> GuardedShow:
        show = GuardedShow()
        show.play(looks_of(microphones(MICS, self.seconds, self.sources)), self.marks)
        return show


def second(seconds: float) -> int:
    """Show-clock ns of a second of the scene."""
    return START + round(seconds * SECOND)


def ends(end: float) -> Tag:
    return Tag(t=0, segment="s3", end=second(end))


CALM = {
    "one reads, -15 dB elsewhere": Scene([Source(MARA, [(0, 32)], at("vox1", -15))], [go("solo")]),
    "one reads, -25 dB elsewhere": Scene([Source(MARA, [(0, 32)], at("vox1", -25))], [go("solo")]),
    "one reads, and a microphone elsewhere is turned up by 12 dB": Scene(
        [Source(MARA, [(0, 32)], {**at("vox1", -15), "vox2": -3.0})], [go("solo")]
    ),
    "one reads, and one who is not on coughs": Scene(
        [Source(MARA, [(0, 32)], at("vox1")), Source(THEO, [(14, 14.6), (18, 18.5), (24, 25)], at("vox2"))], [go("solo")]
    ),
    "a thank-you after one is off": Scene(
        [Source(MARA, [(0, 18)], at("vox1")), Source(THEO, [(0, 32)], at("vox2"))],
        [go("duet"), (15, Off(t=0, performer="mara"))],
    ),
    "a duet": Scene([Source(MARA, [(0, 32)], at("vox1", -15)), Source(THEO, [(0, 32)], at("vox2", -15))], [go("duet")]),
    "a duet in which one rests for 20 s": Scene(
        [Source(MARA, [(0, 55)], at("vox1", -15)), Source(THEO, [(0, 15), (35, 55)], at("vox2", -15))], [go("duet")], 55
    ),
    "laughter between sentences": Scene(
        [Source(MARA, [(0, 8), (13, 20), (26, 40)], at("vox1")), *crowd(8, 13), *crowd(20, 26)], [go("solo")], 40
    ),
    "laughter without end": Scene([Source(MARA, [(0, 12)], at("vox1")), *crowd(12, 40)], [go("solo")], 40),
    "applause in the middle of it": Scene([Source(MARA, [(0, 15), (25, 40)], at("vox1")), claps(15, 25)], [go("solo")], 40),
    "music from the loudspeakers": Scene(
        [
            Source(MARA, [(0, 12)], at("vox1")),
            Source(music(5), [(12, 32)], dict(zip(MICS, (-14, -9, -20, -16, -6), strict=True)), room=-10),
        ],
        [go("solo")],
    ),
    "three play": Scene(
        [
            Source(THEO, [(0, 32)], at("vox2", -15)),
            Source(music(1), [(0, 32)], at("guitar", -15)),
            Source(music(3), [(0, 32)], at("accordion", -15), gain=3),
        ],
        [go("song"), (0.1, On(t=0, performer="juniper"))],
    ),
    "a loud hum begins": Scene(
        [Source(MARA, [(0, 32)], at("vox1")), Source(hum(5, -20), [(14, 32)], {"vox2": -8}, room=-90)], [go("solo")]
    ),
    "everybody rests": Scene([Source(MARA, [(0, 8)], at("vox1")), Source(THEO, [(0, 8)], at("vox2"))], [go("duet")], 60),
    "nothing runs, and one who is not next speaks": Scene(
        [Source(MARA, [(12, 40)], at("vox1"))], [go("solo"), (11, Hold(t=0))], 40
    ),
    "nobody has begun": Scene([Source(MARA, [(0, 20)], at("vox1")), Source(THEO, [(20, 40)], at("vox2"))], [], 40),
    "a shared microphone": Scene([Source(MARA, [(0, 40)], at("room", -20, 0))], [go("open")], 40),
    "a microphone of two, one of whom is on": Scene(
        [Source(MARA, [(0, 40)], at("vox1"))], [go("open"), (0.1, On(t=0, performer="choir"))], 40
    ),
    "somebody without a microphone": Scene(
        [Source(MARA, [(0, 60)], at("vox1"))], [go("solo"), (1, On(t=0, performer="dancer"))], 60
    ),
    "they begin and end with the mark": Scene(
        [Source(MARA, [(0.5, 20)], at("vox1")), claps(20.5, 28), Source(THEO, [(29, 45)], at("vox2"))],
        [go("solo"), (20.8, Hold(t=0)), go("song", 28.6)],
        42,
    ),
    "a quiet voice beside a loud line": Scene(
        [
            Source(MARA, [(0, 55)], {m: b - 16 for m, b in at("vox1").items()}),
            Source(music(1), [(0, 55)], {"guitar": 6.0}, room=-90),
        ],
        [go("duet")],
        55,
    ),
    "one goes on with the next item, and another joins": Scene(
        [Source(THEO, [(12, 40)], at("vox2")), Source(MARA, [(24.5, 40)], at("vox1"))],
        [go("song", 11.5), go("duet", 24)],
        40,
    ),
    "somebody dances on in silence": Scene(
        [Source(MARA, [(0, 18)], at("vox1"))], [go("solo"), (1, On(t=0, performer="dancer")), (28, Hold(t=0))], 32
    ),
    "a HOLD while music goes on": Scene(
        [Source(THEO, [(0, 32)], at("vox2")), Source(music(1), [(0, 32)], at("guitar"))], [go("song"), (25, Hold(t=0))]
    ),
}
TOLD = {
    "somebody speaks who is not on": Scene(
        [Source(MARA, [(0, 32)], at("vox1", -15)), Source(THEO, [(17, 32)], at("vox2", -15))],
        [go("solo")],
        hints={"voice:theo:s3": On(t=second(17), performer="theo")},
    ),
    "somebody sings who is not on, over a loud accordion": Scene(
        [
            Source(music(1), [(0, 50)], at("accordion", -15)),
            Source(MARA, [(0, 50)], at("vox1", -15)),
            Source(THEO, [(17, 40)], at("vox2", -15)),
        ],
        [go("waltz")],
        50,
        hints={"voice:theo:s3": On(t=second(17), performer="theo")},
    ),
    "somebody who is not on is heard by the microphone beside theirs as well": Scene(
        [
            Source(music(3), [(0, 34)], at("accordion"), gain=-4),
            Source(MARA, [(14, 34)], {**at("vox1"), "vox2": -10.0}),
            Source(music(2), [(24, 28)], in_the_house(-16), room=-12),
        ],
        [go("open"), (0.1, On(t=0, performer="juniper"))],
        34,
        hints={"voice:mara:s3": On(t=second(14), performer="mara")},
    ),
    "the wrong item": Scene(
        [Source(THEO, [(2, 40)], at("vox2")), Source(music(2), [(2, 40)], at("guitar"))],
        [go("solo")],
        40,
        hints={"voice:theo:s3": On(t=second(2), performer="theo")},
    ),
    "whoever is in the next item is the likeliest": Scene(
        [Source(MARA, [(12, 40)], at("vox1")), Source(music(3), [(0, 40)], at("accordion"))],
        [(0, Go(t=0, item="song")), (0.1, On(t=0, performer="juniper"))],
        40,
        hints={"voice:mara:s3": On(t=second(12), performer="mara")},
    ),
    "one of two is not heard at all": Scene(
        [Source(MARA, [(0, 50)], at("vox1", -15))],
        [go("duet")],
        50,
        hints={"silent:theo:s3": Off(t=second(0), performer="theo")},
    ),
    "one of two stops": Scene(
        [Source(MARA, [(0, 60)], at("vox1", -15)), Source(THEO, [(0, 12)], at("vox2", -15))],
        [go("duet")],
        60,
        hints={"silent:theo:s3": Off(t=second(12), performer="theo")},
    ),
    "GO was forgotten": Scene(
        [Source(MARA, [(0, 20)], at("vox1")), claps(20, 27), Source(THEO, [(28, 50)], at("vox2"))],
        [go("solo"), (21, Hold(t=0))],
        50,
        hints={"go:song:s3": Go(t=second(28), item="song")},
    ),
    "HOLD comes late, over applause": Scene(
        [Source(MARA, [(0, 20)], at("vox1")), claps(20.2, 32)], [go("solo"), (27, Hold(t=0))], 40, hints={"out:s3": ends(20.3)}
    ),
    "HOLD comes late, and nobody clapped": Scene(
        [Source(MARA, [(0, 20)], at("vox1"))], [go("solo"), (29, Hold(t=0))], 40, hints={"out:s3": ends(20.3)}
    ),
    "HOLD comes early": Scene(
        [Source(MARA, [(0, 30)], at("vox1")), claps(30, 40)], [go("solo"), (25, Hold(t=0))], 40, hints={"out:s3": ends(30.3)}
    ),
    "GO comes late": Scene(
        [Source(MARA, [(0, 20)], at("vox1")), claps(20, 25), Source(THEO, [(27, 45)], at("vox2"))],
        [go("solo"), (20.5, Hold(t=0)), go("song", 34)],
        42,
        hints={"in:s5": Tag(t=0, segment="s5", start=second(26.7))},
    ),
    "GO comes early": Scene(
        [Source(MARA, [(0, 20)], at("vox1")), claps(20, 25), Source(THEO, [(27, 45)], at("vox2"))],
        [go("solo"), (20.5, Hold(t=0)), go("song", 22)],
        42,
        hints={"in:s5": Tag(t=0, segment="s5", start=second(26.7))},
    ),
}


@cache
def played(name: str) -> GuardedShow:
    """A scene that has been played."""
    return TOLD[name].play()


@pytest.mark.parametrize("name", CALM)
def test_nothing_is_pointed_out(name: str) -> None:
    """An ordinary scene, with all its bleed, laughter and pauses, brings no hint at any moment."""
    show = CALM[name].play()
    assert not show.seen, [(hint.what, hint.fix, begin) for hint, begin, _ in show.seen.values()]


@pytest.mark.parametrize("name", TOLD)
def test_it_is_pointed_out(name: str) -> None:
    """A scene in which something is amiss brings exactly the hint about it, whose event is right to within 0.8 s."""
    scene, show = TOLD[name], played(name)
    assert set(show.seen) == set(scene.hints)
    for name, expected in scene.hints.items():
        event = show.seen[name][0].event
        assert same_but_for_time(event, expected), event
        assert apart(event, expected) < 0.8, [(t - START) / SECOND for t in times(event)]
        assert show.seen[name][0].what
        show.say(event)  # the journal takes it


@pytest.mark.parametrize("voices", [("en-us", "de+f2"), ("fr", "en-gb+m3")])
def test_real_sentences(voices: tuple[str, str]) -> None:
    """Spoken words are taken as the simulated voice is: no hint for who is on, one for who is not."""
    mara, theo = (speech(voice) for voice in voices)
    both = Scene([Source(mara, [(0, 30)], at("vox1", -15)), Source(theo, [(17, 30)], at("vox2", -15))], [go("solo")], 30).play()
    assert set(both.seen) == {"voice:theo:s3"}
    assert both.seen["voice:theo:s3"][1] > 22


def test_whose_sound_may_bleed_into_which_microphone() -> None:
    """Two microphones of one who is on are no rivals; those of two are; with nobody on, who would be the likeliest decides."""

    def rivals(*marks: Sayable) -> set[tuple[str, str]]:
        show = GuardedShow()
        for mark in marks:
            show.say(mark)
        found = whose(show.state).rivals(MICS)
        return {(a, b) for i, a in enumerate(MICS) for j, b in enumerate(MICS) if found[i, j]}

    on_stage = rivals(Go(t=0, item="duet"))
    assert {("vox1", "vox2"), ("vox2", "vox1"), ("vox1", "guitar"), ("vox1", "accordion")} <= on_stage
    assert ("vox2", "guitar") not in on_stage
    assert ("vox1", "vox2") not in rivals(Go(t=0, item="open"), On(t=0, performer="choir"))
    nobody = rivals(Go(t=0, item="open"))
    assert ("vox1", "vox2") in nobody
    assert ("vox2", "guitar") not in nobody
    assert not {pair for pair in nobody if pair[0] == pair[1] or pair[1] == "room"}


def untagged() -> list[tuple[int, dict[str, FeedHealth]]]:
    """What is heard of somebody who is not on, for half a minute."""
    return looks_of(microphones(MICS, 30, [Source(THEO, [(8, 30)], at("vox2"))]))


def test_a_dismissed_hint_is_gone_and_does_not_come_back() -> None:
    """Dismissed a second after it came, it is gone at once, and nothing more is said of that voice in that segment."""
    show = GuardedShow()

    def dismiss(show: GuardedShow) -> None:
        if show.hints and show.now - show.since("voice:theo:s3") > SECOND:
            show.say(HintDismissed(t=0, hint=show.hints[0].hint))

    show.play(untagged(), [go("solo")], dismiss)
    begin, end = show.seen["voice:theo:s3"][1:]
    assert end - begin < 1.2
    assert len(show.seen) == 1
    assert not show.hints


def test_a_taken_hint_is_gone_and_does_not_come_back_after_an_undo() -> None:
    """Taken, the performer is on and the hint gone; undone, it stays away: somebody thought about it."""
    show = GuardedShow()

    def take_and_undo(show: GuardedShow) -> None:
        if show.hints:
            show.say(show.hints[0].event)
        elif "theo" in show.state.on_stage and show.now > second(20):
            show.say(Undo(t=0, of=0))

    show.play(untagged(), [go("solo")], take_and_undo)
    assert list(show.seen) == ["voice:theo:s3"]
    assert "theo" not in show.state.on_stage


def test_a_hint_goes_soon_after_the_voice() -> None:
    """When whoever was heard stops, the hint is gone some seconds later."""
    show = GuardedShow()
    show.play(looks_of(microphones(MICS, 40, [Source(THEO, [(10, 22)], at("vox2"))])), [go("solo")])
    assert 22 < show.seen["voice:theo:s3"][2] < 34


def test_a_segment_corrected_by_hand_is_come_on_to() -> None:
    """In a segment whose performers were corrected by hand, the hint proposes to come on, and that is what happens."""
    show = GuardedShow()
    show.play(untagged(), [go("open"), (1, Tag(t=0, segment="s3", performers=("mara",)))])
    event = show.seen["voice:theo:s3"][0].event
    assert isinstance(event, On)
    show.say(event)
    assert show.state.on_stage == ("mara", "theo")


def test_the_last_performer_is_not_put_off() -> None:
    """Taking the only one off would end the segment: that is not proposed, however silent they are."""
    show = GuardedShow()
    show.play(looks_of(microphones(MICS, 55, [Source(THEO, [(0, 55)], at("vox2"))])), [go("solo")])
    assert set(show.seen) == {"voice:theo:s3"}


def test_a_show_without_microphones_has_a_guard_that_is_silent() -> None:
    """Where there is nothing to listen to nothing is said, and nothing breaks."""
    text = (
        SETUP[: SETUP.index("[[audio]]")]
        + '[[camera]]\nid = "wide"\nsource = "simulated:"\nshared = true\n[[item]]\ntitle = "One"\n'
    )
    show = GuardedShow(text)
    show.play([(START + k * SECOND, {"wide": FeedHealth(state="recording")}) for k in range(60)], [go("one", 1)])
    assert not show.seen


def test_timecode_on_a_channel_is_no_sound() -> None:
    """A channel that carries the house's timecode, loud and without end, neither drowns a voice nor counts as one."""
    text = SETUP.replace('id = "guitar"', 'id = "tc"').replace('"guitar"', '"tc"') + '[timecode]\nltc = "tc"\n'
    show = GuardedShow(text)
    sources = [Source(THEO, [(12, 30)], at("vox2")), Source(music(2), [(0, 30)], {"guitar": 10.0}, room=-90)]
    looks = [
        (t, {"tc" if m == "guitar" else m: h for m, h in feeds.items()})
        for t, feeds in looks_of(microphones(MICS, 30, sources))
    ]
    show.play(looks, [go("solo")])
    assert list(show.seen) == ["voice:theo:s3"]
    assert "vox2" in show.seen["voice:theo:s3"][0].what


def test_a_feed_that_is_lost_is_neither_heard_nor_silent() -> None:
    """A microphone that does not record says nothing about whoever it belongs to: its last level is not heard on."""
    looks = looks_of(microphones(MICS, 60, [Source(MARA, [(0, 60)], at("vox1")), Source(THEO, [(0, 60)], at("vox2"))]))
    lost = [
        (
            t,
            {
                m: msgspec.structs.replace(h, state="lost") if m in ("vox2", "guitar") and t > second(12) else h
                for m, h in f.items()
            },
        )
        for t, f in looks
    ]
    show = GuardedShow()
    show.play(lost, [go("duet"), (11, Off(t=0, performer="theo")), (15, On(t=0, performer="theo"))])
    assert not show.seen


def test_what_it_says() -> None:
    """The words name the microphone, how long, and what would be done, in plain English."""
    said = {name: played(name).seen for name in ("the wrong item", "one of two stops", "HOLD comes late, over applause")}
    (voice, *_), (silent, *_), (out, *_) = (next(iter(seen.values())) for seen in said.values())
    assert (voice.what, voice.fix) == ("a voice on vox2 for 8 s, but Théo is not on (or The Choir)", "Théo on, since it began")
    assert (silent.what, silent.fix) == ("Théo is on, but vox2 and guitar are silent for 39 s", "Théo off, since then")
    move = out.what.removeprefix("“Solo” seems to have ended ")
    assert move in ("6.7 s earlier", "6.8 s earlier")
    assert out.fix == f"out of s3 {move}, where the applause began"


def times(event: Sayable) -> list[int]:
    """The instants that an event names."""
    return [t for t in (event.start, event.end) if t is not None] if isinstance(event, Tag) else [event.t]


def apart(event: Sayable, expected: Sayable) -> float:
    """How far the instants of two like events differ, in seconds."""
    return max(abs(a - b) / SECOND for a, b in zip(times(event), times(expected), strict=True))


def same_but_for_time(event: Sayable, expected: Sayable) -> bool:
    """Whether two events say the same of some instant."""
    names = [n for n in expected.__struct_fields__ if n not in ("t", "start", "end")]
    return type(event) is type(expected) and all(getattr(event, n) == getattr(expected, n) for n in names)
