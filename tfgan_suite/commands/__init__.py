"""What each script does, under its name."""

from tfgan_suite.startup.backend import check_backend

check_backend()
