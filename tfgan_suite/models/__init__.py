"""Training algorithms: `keras.Model` classes, each with a step of its own."""

from tfgan_suite.startup.backend import check_backend

check_backend()
