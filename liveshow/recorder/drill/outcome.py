"""What came of each step of a drill, and the report of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


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


def report(heading: Heading, outcomes: Sequence[Outcome]) -> str:
    """The report, to be printed: plain text, at most 80 columns but for what must not be cut."""
    return "\n".join(_lines(heading, outcomes)) + "\n"


def _lines(heading: Heading, outcomes: Sequence[Outcome]) -> Iterator[str]:
    failures = sum(o.verdict is Verdict.FAIL for o in outcomes)
    untried = sum(o.verdict is Verdict.SKIPPED for o in outcomes)
    yield f"DRILL  {heading.title}"
    yield f"{heading.when}   {heading.setup}   on {heading.machine}   liveshow {heading.version}"
    yield "=" * 80
    for outcome in outcomes:
        yield f"[{'x' if outcome.verdict is Verdict.PASS else ' '}] {outcome.verdict:<9}  {outcome.step}"
        yield from _folded(outcome.seen, 15, 80)
    yield "=" * 80
    verdict = f"FAIL: {failures} of {len(outcomes)} steps failed" if failures else "PASS"
    yield verdict + (f", {untried} not tried" if untried else "")
    yield ""
    yield "Seen by: ____________________________   Date: ______________"


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
