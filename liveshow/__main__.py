"""`python -m liveshow`."""

from liveshow.cli import main

main()
