"""The verbs: each parses, calls, prints. What they call is imported when it is called, so that a mark from the shell is quick.

Faults a user can act on end in one message and an exit code (see :mod:`liveshow.errors`); a bug says so, without a traceback.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import click

from liveshow import __version__
from liveshow.cli import (
    after,
    alarms,
    conforming,
    consents,
    drilling,
    during,
    hands,
    linking,
    marking,
    mirroring,
    ordering,
    proving,
    pulling,
    remixing,
    repairing,
    reviewing,
    serving,
    shelving,
    showing,
    timecode,
    timelines,
)
from liveshow.errors import BUG, INTERRUPTED, LiveshowError, SetupError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="liveshow")
def cli() -> None:
    """Records every camera and microphone of a show and hands each performance on.

    Begin with `liveshow run setups/demo.toml`. SHOW is a show folder, the name of one below ./shows, or nothing when just one
    show is running.
    """


for verb in (
    *during.VERBS,
    *drilling.VERBS,
    *marking.VERBS,
    *ordering.VERBS,
    *alarms.VERBS,
    *after.VERBS,
    *mirroring.VERBS,
    *pulling.VERBS,
    *shelving.VERBS,
    *showing.VERBS,
    *remixing.VERBS,
    *repairing.VERBS,
    *timelines.VERBS,
    *conforming.VERBS,
    *serving.VERBS,
    *reviewing.VERBS,
    *linking.VERBS,
    *consents.VERBS,
    *hands.VERBS,
    *timecode.VERBS,
    *proving.VERBS,
):
    cli.add_command(verb)


def main() -> None:
    """The command line."""
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as exc:
        sys.exit(exc.exit_code)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    except LiveshowError as exc:
        _tell(exc)
        sys.exit(exc.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has seen enough
        sys.exit(0)
    except Exception as exc:  # noqa: BLE001 -- the last line of defence: no traceback reaches a user
        _bug(exc)
        sys.exit(BUG)


def _tell(fault: LiveshowError) -> None:
    if isinstance(fault, SetupError):
        count = len(fault.faults)
        click.echo(f"the setup has {count} fault{'s' if count > 1 else ''}:", err=True)
    click.echo(str(fault), err=True)


def _bug(exc: Exception) -> None:
    report = Path.cwd() / "liveshow-bug.txt"
    try:
        report.write_text("".join(traceback.format_exception(exc)), encoding="utf-8")
        where = f"; the details are in {report}"
    except OSError:
        where = ""
    click.echo(f"this is a bug in liveshow ({type(exc).__name__}: {exc}){where}", err=True)
