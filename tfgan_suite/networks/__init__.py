"""Generators and discriminators. They know no loss and no optimizer."""
