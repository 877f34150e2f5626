"""`liveshow drill`: a short show on the real devices, in which what can go wrong is made to go wrong, and a report to print."""
