"""Generators as SavedModels: written, found and run."""

from tfgan_suite.startup.backend import check_backend

check_backend()
