"""Images and labels from where they lie, and the one pipeline that turns them into batches."""
