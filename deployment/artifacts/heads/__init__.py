"""An encoder and its head as one ONNX file, and the proof that it answers as the fitted head did. Without torch."""
