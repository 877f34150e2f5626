"""The crew's terminal screen."""

from liveshow.dashboard.app import Dashboard, Outcome, run

__all__ = ["Dashboard", "Outcome", "run"]
