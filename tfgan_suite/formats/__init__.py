"""Generators and translators in the formats of other runtimes: LiteRT, ONNX, and a page in a browser."""
