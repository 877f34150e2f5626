"""Start the programs behind the devices, wait until they are ready, and end them again."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
"""Where a program of ours must look for the package `tests`."""

DEADLINE = 20.0
"""Seconds that a program has to get ready; generous, for the machine may be busy with other tests."""


AHEAD = ["nice", "-n", "-10"]
"""Before a command: ahead of what is tested on a busy machine, as hardware would be, where the system lets us."""


def need(program: str, package: str) -> str:
    """The path of a program; FileNotFoundError naming the Debian package that brings it."""
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(f"{program} is not installed: apt-get install {package}")
    return found


@contextmanager
def running(
    argv: list[str], env: dict[str, str], log: Path, stdin: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """A program with `env` over our own environment, its output in `log`, ended on the way out."""
    process = start(argv, env, log, stdin)
    try:
        yield process
    finally:
        stop(process)


def start(argv: list[str], env: dict[str, str], log: Path, stdin: int | IO[bytes] = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Start a program with `env` over our own environment; what it prints is added to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen([*AHEAD, *argv], env=os.environ | env, stdin=stdin, stdout=output, stderr=output)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program, gently and then not; nothing when it has ended already."""
    process.terminate()
    _wait_or_kill(process)


def hang_up(process: subprocess.Popen[bytes]) -> None:
    """Close the stdin of a program that ends by itself then, and wait for its end."""
    assert process.stdin
    process.stdin.close()
    _wait_or_kill(process)


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], bool], what: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a condition of a running program; TimeoutError with its log when it does not come or the program ends."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come (exit code {process.poll()}):\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def says(log: Path, line: str) -> Callable[[], bool]:
    """Whether a log holds a line yet."""
    return lambda: line in log.read_text(errors="replace")
