"""After a segment: cut, describe, package."""
