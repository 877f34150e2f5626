"""A small film of every contribution for phones: made from its package after it was handed off, never in its way."""
