"""Timelines for editing programs: `neutral` says what a timeline is, one file a format writes it, and the table
says which formats there are."""
