"""Other hands on a show: HTTP, WebSocket and OSC, in a process of their own that is a client of the recorder like any dashboard."""
