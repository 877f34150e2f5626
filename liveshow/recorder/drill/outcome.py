"""What came of each step of a drill, and the report of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

WIDTH = 80  # columns


class Verdict(StrEnum):
    """A word for the report; SKIPPED: it was not tried, which is no pass."""

    PASS = "pass"
    FAIL = "FAIL"
    SKIPPED = "not tried"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one step: what was caused, how it went, and in words what was seen."""

    step: str
    verdict: Verdict
    seen: str

    def __str__(self) -> str:
        return f"{self.verdict:<9}  {self.step}: {self.seen}"


def passed(step: str, seen: str) -> Outcome:
    """It went as it should."""
    return Outcome(step, Verdict.PASS, seen)


def failed(step: str, seen: str) -> Outcome:
    """It did not."""
    return Outcome(step, Verdict.FAIL, seen)


def skipped(step: str, why: str) -> Outcome:
    """It was not tried."""
    return Outcome(step, Verdict.SKIPPED, why)


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a report."""

    setup: str
    title: str
    machine: str
    when: str
    version: str


def report(heading: Heading, outcomes: Sequence[Outcome], *, complete: bool = True) -> str:
    """The report, to be printed: plain text, at most 80 columns but for what must not be cut. `complete`: every step came to its turn; a
    drill that was broken off has passed in nothing but what stands there."""
    return "\n".join(_lines(heading, outcomes, complete)) + "\n"


def _lines(heading: Heading, outcomes: Sequence[Outcome], complete: bool) -> Iterator[str]:
    yield from _folded(f"DRILL: {heading.title}", 0, WIDTH)
    yield from _folded(f"{heading.when}, {heading.setup} on {heading.machine}, liveshow {heading.version}", 0, WIDTH)
    yield "=" * WIDTH
    for outcome in outcomes:
        yield f"[{'x' if outcome.verdict is Verdict.PASS else ' '}] {outcome.verdict:<9}  {outcome.step}"
        yield from _folded(outcome.seen, 15, WIDTH)
    yield "=" * WIDTH
    yield _verdict(outcomes, complete)
    yield ""
    yield "Seen by: ____________________________   Date: ______________"


def _verdict(outcomes: Sequence[Outcome], complete: bool) -> str:
    failures = sum(o.verdict is Verdict.FAIL for o in outcomes)
    untried = sum(o.verdict is Verdict.SKIPPED for o in outcomes)
    words = [f"FAIL: {failures} of {len(outcomes)} steps failed"] if failures else ["PASS"] if complete else []
    if not complete:
        words.append(f"NOT COMPLETE: broken off after {len(outcomes)} steps")
    if untried:
        words.append(f"{untried} not tried")
    return ", ".join(words)


def _folded(text: str, indent: int, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and indent + len(line) + 1 + len(word) > width:
            yield " " * indent + line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield " " * indent + line
