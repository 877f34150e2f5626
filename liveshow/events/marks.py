"""Marks: what the crew said at one instant; and the running order, changed as the show goes on."""

from __future__ import annotations

from liveshow.events.base import Event


class Go(Event, frozen=True, kw_only=True, tag="go"):
    """Ends what runs and opens a segment of `item` (the next one when the crew named none)."""

    item: str


class Hold(Event, frozen=True, kw_only=True, tag="hold"):
    """Ends what runs; opens nothing."""


class On(Event, frozen=True, kw_only=True, tag="on"):
    """A performer came on."""

    performer: str


class Off(Event, frozen=True, kw_only=True, tag="off"):
    """A performer went off."""

    performer: str


class Highlight(Event, frozen=True, kw_only=True, tag="highlight"):
    """This moment is worth finding again."""


class FalseTake(Event, frozen=True, kw_only=True, tag="false-take"):
    """The running segment, or else the last one, is not to be handed off; its item comes again."""


class Note(Event, frozen=True, kw_only=True, tag="note"):
    """Words about this moment."""

    text: str


class Undo(Event, frozen=True, kw_only=True, tag="undo"):
    """The mark, change of the running order or correction of journal number `of` was never meant."""

    of: int


Mark = Go | Hold | On | Off | Highlight | FalseTake | Note | Undo
MARKS = (Go, Hold, On, Off, Highlight, FalseTake, Note, Undo)


class ItemAdded(Event, frozen=True, kw_only=True, tag="item-added"):
    """An item nobody planned, before the item `before` ("": at the end). Said with an `item` of "" it is given an id by its title."""

    item: str
    title: str
    performers: tuple[str, ...] = ()
    minutes: float | None = None
    before: str = ""


class ItemMoved(Event, frozen=True, kw_only=True, tag="item-moved"):
    """An item comes before the item `before` ("": at the end)."""

    item: str
    before: str = ""


class ItemSkipped(Event, frozen=True, kw_only=True, tag="item-skipped"):
    """An item is passed over by GO; or, with `skipped` false, is not any more."""

    item: str
    skipped: bool = True


class PerformerAdded(Event, frozen=True, kw_only=True, tag="performer-added"):
    """A walk-on: somebody the setup does not have. Said with a `performer` of "" they are given an id by their name."""

    performer: str
    name: str
    role: str = ""
    feeds: tuple[str, ...] = ()


OrderChange = ItemAdded | ItemMoved | ItemSkipped | PerformerAdded
