"""What writes to disk while a model trains, or stops it."""
