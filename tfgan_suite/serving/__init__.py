"""Generators as SavedModels: written, found and run."""
