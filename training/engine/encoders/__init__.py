"""Sentence encoders made ready: fetched, exported to ONNX, proven, and written down. Imports torch where it exports."""
