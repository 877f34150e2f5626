"""What clips sound and look like, in figures and in small pictures, found while the package is made.

Sound is read once, in blocks. Of pictures only some key pictures are decoded (promise 7), and the record says how many.

It is done on all cores while the clips are hashed, and takes about 0.3 s of a core for two minutes of a microphone and 0.2 s for a
camera's clip of 1080p: with many microphones on two cores that is more than copying and hashing takes. `[handoff] measures = false`
leaves it out; `liveshow measure` then measures a package when it is asked. Turning it on or off makes no new version of what was handed
off before.
"""
