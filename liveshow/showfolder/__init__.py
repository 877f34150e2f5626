"""What a show looks like on disk: names, journal, timing, state, packages."""
