"""One short show as a list of what the crew does, for whoever drives it: by keys, by OSC. However it is driven, the journal must
fold to what :func:`told` says.

A step is a word and what it takes, all text:

    go [ITEM]                 hold                      highlight       false-take      undo
    on PERFORMER              off PERFORMER             note TEXT
    ago SECONDS               the next mark was so long ago (a multiple of five)
    walk-on NAME ID           somebody unknown, who gets that id and is put on: PerformerAdded, then On
    item/add TITLE ID PERFORMERS MINUTES BEFORE         (performers' ids, one space between; ID is what the title gives)
    item/move ITEM BEFORE     item/skip ITEM yes|no
    tag NUMBER FIELD VALUE    of the segment with that number in time order, from 0: title, note, performers, false-take yes|no
    wait SECONDS              of the show clock, at the least: so that a late mark falls where it is meant to

The recorder runs at SPEED (`record --speed`), so that waiting takes little.
"""

from __future__ import annotations

from liveshow.showfolder.state import ShowState

SPEED = 10
Step = tuple[str, ...]
SETUP = """
[show]
title = "One Show"
date = 2026-11-22
timezone = "America/Los_Angeles"

[recording]
part_minutes = {part_minutes}

[handoff]
library = "{library}"

[[audio]]
id = "stagebox"
source = "simulated:?signal=counter"
sample_rate = 48000
  [[audio.mic]]
  id = "vox1"
  channel = 1
  [[audio.mic]]
  id = "vox2"
  channel = 2
  [[audio.mic]]
  id = "room"
  channel = 3
  shared = true

[[performer]]
id = "mara"
name = "Mara Quill"
feeds = ["vox1"]

[[performer]]
id = "theo"
name = "Théo Bramble"
feeds = ["vox2"]

[[performer]]
id = "juniper"
name = "Juniper Okafor"

[[item]]
id = "tiny"
title = "The Tiny Book"
performers = ["mara"]
minutes = 1

[[item]]
id = "rain"
title = "Rain, Mostly"
performers = ["theo"]
minutes = 2

[[item]]
id = "letter"
title = "Letter to a Lighthouse"
performers = ["mara", "theo"]

[[item]]
id = "waltz"
title = "Waltz for a Lost Umbrella"
performers = ["juniper"]
minutes = 1.5

[[item]]
id = "ferry"
title = "The Night Ferry"
"""
STEPS: tuple[Step, ...] = (
    ("go",),
    ("highlight",),
    ("note", "laughter"),
    ("on", "theo"),
    ("wait", "8"),
    ("ago", "5"),
    ("hold",),
    ("item/move", "waltz", "rain"),
    ("item/skip", "rain", "yes"),
    ("go",),
    ("walk-on", "Ola Nord", "ola-nord"),
    ("wait", "2"),
    ("false-take",),
    ("wait", "8"),
    ("go",),
    ("item/add", "Encore", "encore", "theo", "2", "ferry"),
    ("wait", "8"),
    ("go", "encore"),
    ("highlight",),
    ("undo",),
    ("off", "theo"),
    ("wait", "2"),
    ("on", "mara"),
    ("wait", "2"),
    ("off", "mara"),
    ("go", "letter"),
    ("wait", "12"),
    ("ago", "10"),
    ("highlight",),
    ("hold",),
    ("wait", "8"),
    ("go",),
    ("wait", "8"),
    ("undo",),
    ("go", "ferry"),
    ("on", "juniper"),
    ("item/skip", "rain", "no"),
    ("wait", "8"),
    ("undo",),
    ("hold",),
    ("tag", "0", "title", "Tiny, aloud"),
    ("tag", "0", "performers", "mara juniper"),
    ("tag", "0", "note", "trailer"),
    ("tag", "5", "false-take", "yes"),
)


def told(state: ShowState) -> dict[str, object]:
    """What must be the same however the show was driven: no time, no number."""
    setup = state.setup
    assert setup is not None
    return {
        "segments": [
            (s.item, s.title, s.performers, s.take, s.false_take, s.note, [(m.kind, m.text) for m in s.markers])
            for s in state.segments
        ],
        "markers": [(m.kind, m.text) for m in state.markers],
        "order": [(i.id, i.title, i.performers, i.minutes, i.skipped, i.added) for i in setup.items],
        "performers": [(p.id, p.name, p.role, p.feeds) for p in setup.performers],
        "on stage": state.on_stage,
        "next": state.next_item.id if state.next_item else "",
    }


TINY, WALTZ, LETTER = "The Tiny Book", "Waltz for a Lost Umbrella", "Letter to a Lighthouse"
TOLD: dict[str, object] = {
    "segments": [
        (
            "tiny",
            "Tiny, aloud",
            ("mara", "juniper"),
            1,
            False,
            "trailer",
            [("highlight", ""), ("note", "laughter")],
        ),
        ("tiny", TINY, ("theo",), 1, False, "", []),
        ("waltz", WALTZ, ("juniper",), 1, True, "", []),
        ("waltz", WALTZ, ("ola-nord",), 1, False, "", []),
        ("waltz", WALTZ, ("juniper",), 2, False, "", []),
        ("encore", "Encore", ("theo",), 1, True, "", []),
        (None, "Mara Quill", ("mara",), 1, False, "", []),
        ("letter", LETTER, ("mara", "theo"), 1, False, "", [("highlight", "")]),
        ("ferry", "The Night Ferry", ("juniper",), 1, False, "", []),
    ],
    "markers": [("highlight", ""), ("note", "laughter"), ("highlight", "")],
    "order": [
        ("tiny", TINY, ("mara",), 1.0, False, False),
        ("waltz", WALTZ, ("juniper",), 1.5, False, False),
        ("rain", "Rain, Mostly", ("theo",), 2.0, True, False),
        ("letter", LETTER, ("mara", "theo"), None, False, False),
        ("encore", "Encore", ("theo",), 2.0, False, True),
        ("ferry", "The Night Ferry", (), None, False, False),
    ],
    "performers": [
        ("mara", "Mara Quill", "", ("vox1",)),
        ("theo", "Théo Bramble", "", ("vox2",)),
        ("juniper", "Juniper Okafor", "", ()),
        ("ola-nord", "Ola Nord", "", ()),
    ],
    "on stage": (),
    "next": "",
}
"""What the steps make, followed by hand."""
