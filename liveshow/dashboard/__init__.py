"""The crew's terminal screen."""

from liveshow.dashboard.app import Dashboard, Outcome
from liveshow.dashboard.choice import Choice
from liveshow.dashboard.run import run

__all__ = ["Choice", "Dashboard", "Outcome", "run"]
