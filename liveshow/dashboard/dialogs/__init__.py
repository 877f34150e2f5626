"""What opens over the screen, one module for each: leaving, a note, the help."""

from liveshow.dashboard.dialogs.note import NoteDialog
from liveshow.dashboard.dialogs.page import Page, help_page
from liveshow.dashboard.dialogs.quitting import END_WORD, Leave, QuitDialog

__all__ = ["END_WORD", "Leave", "NoteDialog", "Page", "QuitDialog", "help_page"]
