"""liveshow: live-show capture. See README for use; DESIGN's rooms are the modules of this package."""

__version__ = "0.1.0"
