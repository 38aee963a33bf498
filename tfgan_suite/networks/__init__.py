"""Generators and discriminators. They know no loss and no optimizer."""

from tfgan_suite.startup.backend import check_backend

check_backend()
