"""Pages that lie over the screen below the REC light and show what goes on: the alarms, the contributions."""
