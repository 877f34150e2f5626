"""During the show: supervise workers, take marks, prove the recording."""
