"""Across shows: where contributions live and how an editor pulls them."""
