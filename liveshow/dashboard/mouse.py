"""What a click or a turn of the wheel means; the application does what the key for it does."""

from __future__ import annotations

from textual.message import Message

from liveshow.dashboard.keys import Action


class FeedClicked(Message):
    """A feed is to be seen full-screen."""

    def __init__(self, feed: str) -> None:
        super().__init__()
        self.feed = feed


class Turned(Message):
    """The wheel was turned over the feeds: further (1) or back (-1)."""

    def __init__(self, by: int) -> None:
        super().__init__()
        self.by = by


class RowClicked(Message):
    """A row of the running order (`action` ORDER) or of the segments (SEGMENTS) was clicked; `row` is the id of what stands there."""

    def __init__(self, action: Action, row: str) -> None:
        super().__init__()
        self.action, self.row = action, row


class Scrolled(Message):
    """The wheel was turned over a list (`action`: ORDER or SEGMENTS), by so many rows."""

    def __init__(self, action: Action, by: int) -> None:
        super().__init__()
        self.action, self.by = action, by


class KeyClicked(Message):
    """What a key does was clicked; `subject`: a performer's id."""

    def __init__(self, action: Action, subject: str = "") -> None:
        super().__init__()
        self.action, self.subject = action, subject
