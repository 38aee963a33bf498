"""Runs: their folders, what they are made of, the devices they train on, and their exports."""
