"""What makes a run that goes on the run that was not cut."""

from tfgan_suite.startup.backend import check_backend

check_backend()
