"""What the performers' page knows of a show when no recorder runs: its journal, whatever becomes of that."""

from __future__ import annotations

import asyncio
from pathlib import Path

from liveshow.review.source import Source
from tests.synthetic_show import SyntheticShow

LIMIT = 30.0  # seconds


async def _until(true: asyncio.Event) -> None:
    await asyncio.wait_for(true.wait(), LIMIT)


async def test_a_journal_without_a_line_says_nothing(tmp_path: Path) -> None:
    """While the journal is empty (its disk was swapped) what is known stays, and what is written afterwards is known again."""
    show = SyntheticShow.begun(tmp_path)
    show.segment(5, 16)
    news = asyncio.Event()
    source = Source(show.folder, "", news.set)
    running = asyncio.create_task(source.run())
    try:
        await _until(news)
        known = source.state.segments
        assert [s.title for s in known] == ["The Tiny Book"]
        kept = show.folder.journal_file.read_bytes()
        show.folder.journal_file.write_bytes(b"")
        await source._read()
        assert source.state.segments == known
        show.folder.journal_file.write_bytes(kept)
        news.clear()
        show.segment(20, 30)
        await _until(news)
        assert [s.title for s in source.state.segments] == ["The Tiny Book"] * 2
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
