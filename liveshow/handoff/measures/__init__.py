"""What clips sound and look like, in figures and in small pictures, found while the package is made.

Sound is read once, in blocks. Of pictures only some key pictures are decoded (promise 7), and the record says how many.
"""
