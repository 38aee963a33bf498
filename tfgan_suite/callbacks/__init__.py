"""What writes to disk while a model trains, or stops it."""

from tfgan_suite.startup.backend import check_backend

check_backend()
