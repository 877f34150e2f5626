"""How the dashboard's places lie, in Textual's CSS."""

from __future__ import annotations

from liveshow.dashboard.palette import AMBER, BRIGHT, GROUND, LINE, RAISED, TEXT

CSS = f"""
Screen {{ background: {GROUND}; color: {TEXT}; layout: vertical; }}
#top {{ height: 3; }}
#now {{ height: 3; }}
#middle {{ height: 1fr; }}
#feeds {{ width: 11fr; margin-right: 1; }}
#right {{ width: 9fr; }}
#order {{ height: 1fr; }}
#segments {{ height: 1fr; }}
#single {{ height: 1fr; display: none; }}
.single #single {{ display: block; }}
.single #middle, .single #now {{ display: none; }}
#hint {{ height: 1; }}
#said {{ height: 1; }}
#alarms {{ height: 1; }}
#keys {{ height: 2; }}
.roomy #now {{ margin-bottom: 1; }}
.roomy #order {{ margin-bottom: 1; }}
ModalScreen {{ background: #00000000; align: center middle; }}
NoteDialog {{ align: center bottom; }}
.dialog {{ width: 72; max-width: 100%; height: auto; max-height: 100%; background: {RAISED}; border: round {AMBER}; padding: 1 2; }}
.page {{ width: 96; padding: 0 1; overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-color: {LINE}; }}
.low {{ width: 100%; padding: 0 1; }}
Input {{ background: {LINE}; color: {BRIGHT}; border: none; height: 1; padding: 0 1; margin-top: 1; }}
Input:focus {{ border: none; }}
"""
