"""Cameras without hardware: servers whose pictures carry a number, so that one lost, doubled or moved picture shows."""
