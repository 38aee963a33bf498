"""What is done before anything else: names loaded late, streams, signals, mistyped flags. No TensorFlow."""
