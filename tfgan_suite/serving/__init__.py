"""Generators as SavedModels: written, found and run."""

from tfgan_suite.backend import check_backend

check_backend()
