"""What is measured, and against which real images."""

from tfgan_suite.startup.backend import check_backend

check_backend()
