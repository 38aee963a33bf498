"""Layers that compute what Keras's compute, faster where training spends its time."""

from tfgan_suite.startup.backend import check_backend

check_backend()
