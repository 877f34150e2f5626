"""The performers' page: a small web server of its own beside the recorder, and what it shows to phones."""
