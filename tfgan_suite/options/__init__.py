"""What may be chosen of a part of a model, an option in one place: name, type, range, help. Standard library only."""
