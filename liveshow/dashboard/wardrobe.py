"""Puts a theme on the running application: on what is drawn here, and on what Textual draws by CSS."""

from __future__ import annotations

from typing import Any

import msgspec
from textual.app import App
from textual.theme import Theme as TextualTheme

from liveshow.dashboard import palette, taste
from liveshow.dashboard.themes import STAGE_THEME, THEMES, Theme, following, theme_named


class Wardrobe:
    """The themes of an application that is only being made, and the dark stage worn."""

    def __init__(self, app: App[Any]) -> None:
        self._app, self._remembers = app, False
        for one in THEMES.values():
            app.register_theme(_for_textual(one))
        self.begin_in(STAGE_THEME)

    def recall(self, name: str = "") -> None:
        """Begin in the theme named, or else the one worn last time; remember what is worn from now on. Raises UsageError."""
        self.begin_in(theme_named(name) if name else THEMES.get(taste.load().theme, STAGE_THEME))
        self._remembers = True

    def begin_in(self, theme: Theme) -> None:
        """Wear a theme from the first picture on."""
        palette.wear(theme)
        self._app.set_reactive(App.theme, theme.name)
        self._app.stylesheet.set_variables(self._app.get_css_variables())

    def change(self) -> None:
        """The next theme; everything is drawn anew."""
        theme = following(palette.worn())
        palette.wear(theme)
        self._app.theme = theme.name
        if self._remembers:
            taste.save(msgspec.structs.replace(taste.load(), theme=theme.name))


def _for_textual(theme: Theme) -> TextualTheme:
    colours = theme.colours
    return TextualTheme(
        name=theme.name,
        primary=colours[palette.CYAN],
        secondary=colours[palette.DIM],
        warning=colours[palette.AMBER],
        error=colours[palette.RED],
        success=colours[palette.GREEN],
        accent=colours[palette.AMBER],
        foreground=colours[palette.TEXT],
        background=colours[palette.GROUND],
        surface=colours[palette.RAISED],
        panel=colours[palette.LINE],
        variables={name.removeprefix("$"): colour for name, colour in colours.items()},
    )
