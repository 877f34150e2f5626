"""What clips sound and look like, in figures and in small pictures, found while the package is made.

Sound is read once, in blocks. Of pictures only some key pictures are decoded (promise 7), and the record says how many.

It is done some at once, from when a clip is written, while the next ones are copied, and takes about 0.08 s of a core for a minute of a
microphone and 0.15 s for a camera's clip of 1080p. `[handoff] measures = false` leaves it out; `liveshow measure` then measures a package
when it is asked. Turning it on or off makes no new version of what was handed off before.
"""
