"""Numbers that say what a generator makes."""
