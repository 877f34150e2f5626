"""What waits for one reader. News are kept in order, up to a limit; of what replaces itself (a pulse) only the newest waits."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Behind(Exception):
    """The reader is too slow: more waited than is kept."""


class Mailbox(Generic[T]):
    """For one reader within one event loop. `most`: how much may wait, in whatever `put` is told things weigh."""

    def __init__(self, most: int) -> None:
        self._most, self._weight = most, 0
        self._news: deque[tuple[T, int]] = deque()
        self._newest: list[T] = []
        self._behind = False
        self._filled = asyncio.Event()

    def put(self, thing: T, weight: int = 1) -> bool:
        """Something that must not be missed. When too much waits, all of it is dropped, the reader is told, and this is False."""
        self._news.append((thing, weight))
        self._weight += weight
        if self._weight > self._most:
            self._behind = True
            self._news.clear()
        self._filled.set()
        return not self._behind

    def replace(self, thing: T) -> None:
        """Something that makes its predecessor worthless."""
        self._newest = [thing]
        self._filled.set()

    async def get(self) -> T:
        """What has waited longest; the newest of what replaces itself once nothing else waits. Raises Behind."""
        while True:
            if self._behind:
                raise Behind
            if self._news:
                thing, weight = self._news.popleft()
                self._weight -= weight
                return thing
            if self._newest:
                return self._newest.pop()
            self._filled.clear()
            await self._filled.wait()
