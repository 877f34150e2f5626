"""The proof by a process of its own: what was written is opened from disk again and again, its end is decoded, and it is said what is to
be seen and heard there (see :class:`liveshow.events.health.Look`).

The recorder compares that with what its workers heard (:mod:`liveshow.recorder.lookout`), and makes alarms of it
(:mod:`liveshow.recorder.conditions`). It knows nothing of this process but what is sent: a decoder that crashes or hangs costs the
show nothing, and the recorder's own proof, that the newest part grows (:mod:`liveshow.recorder.proof`), holds the light meanwhile.

It runs at the lowest priority, and paces itself (:mod:`liveshow.recorder.proving.turns`). A look that hangs ends it
(:mod:`liveshow.recorder.proving.patience`), and the next one knows at what it was (:mod:`liveshow.recorder.proving.last_words`).
"""
