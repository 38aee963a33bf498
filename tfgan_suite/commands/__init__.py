"""What each script does, under its name."""
