"""Flags with their help, as tyro takes and shows them."""
