"""What is minimised: losses, and the objective that chooses among them."""

from tfgan_suite.startup.backend import check_backend

check_backend()
