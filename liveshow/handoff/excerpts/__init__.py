"""Excerpts: what phones play of a segment, one file for each camera and microphone, with ten seconds of context on both sides.

They are made from the recordings while these grow. Pictures go through *strips*: some seconds of a recording's pictures, small, from key
picture to key picture, made once and joined into whatever excerpt needs them, so that a moved edge costs no decoding. A strip is
first made of key pictures alone and later of all pictures. All of it lies in `cache/excerpts/` and can be deleted at any time.
"""
