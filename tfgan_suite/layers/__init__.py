"""Layers that compute what Keras's compute, faster where training spends its time."""
