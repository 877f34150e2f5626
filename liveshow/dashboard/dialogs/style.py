"""How the dialogs look, in Textual's CSS."""

from __future__ import annotations

from liveshow.dashboard.palette import BRIGHT, GROUND, LINE, RAISED, TEXT

DIALOG_CSS = f"""
.page {{ border-title-style: bold; border-title-color: {BRIGHT}; border-subtitle-color: {TEXT}; }}
.sheet {{ height: 1fr; width: 100%; background: {RAISED}; }}
.sheet #heading {{ height: 2; padding-top: 1; text-wrap: nowrap; }}
.sheet Rows {{ height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-color: {LINE}; scrollbar-background: {RAISED}; }}
.code {{ height: 1fr; width: 100%; background: {RAISED}; }}
.field {{ height: 1; margin-top: 0; }}
.field .label {{ width: 11; }}
.field Input {{ width: 1fr; margin-top: 0; }}
.names {{ height: 2; }}
.offers {{ padding-left: 12; height: 1; }}
.offers-list {{ height: 7; padding: 0 0 0 11; }}
.wrong {{ height: auto; min-height: 1; max-height: 3; }}
.yes-no {{ height: 1; }}
.yes-no:focus {{ background: {LINE}; color: {BRIGHT}; }}
.dialog.editor {{ padding: 0 1; width: 80; }}
#history {{ height: 6; border: none; background: {RAISED}; color: {TEXT}; padding: 0; scrollbar-size-vertical: 1; }}
#history > .option-list--option-highlighted {{ background: {RAISED}; }}
#history:focus > .option-list--option-highlighted {{ background: {LINE}; color: {BRIGHT}; }}
#history:focus {{ background: {GROUND}; border: none; }}
"""
