"""What all lines of the journal have in common."""

from __future__ import annotations

from typing import Literal

import msgspec

FORMAT = 3
Answer = Literal["yes", "hold", "no"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """One journal line. t: when it happened; said: when it was written down; by: who says so."""

    t: int
    n: int = 0
    said: int = 0
    by: str = ""
