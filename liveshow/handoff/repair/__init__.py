"""Mending what was recorded: files and timings that were cut short or damaged, from what is left of them."""
