"""The weights' forms in a GGUF: what the converter writes by itself, and what an installed quantizer adds."""

CONVERTED = ("q8_0", "f16", "bf16", "f32")
QUANTIZED = ("q6_k", "q5_k_m", "q5_k_s", "q4_k_m", "q4_k_s", "q3_k_m", "q2_k", "iq4_xs")
CHOICES = (*CONVERTED, *QUANTIZED)

# File size by the size of 16-bit weights, a little above what is seen: scales and embeddings come on top.
_RATIO = {"f32": 2.0, "f16": 1.0, "bf16": 1.0, "q8_0": 0.56}


def problem_with(quantization: str) -> str:
    """Why this is no quantization of ours, as a sentence; empty where it is one."""
    if quantization in CHOICES:
        return ""
    return f"{quantization!r} is no quantization that can be served; choose one of {', '.join(CHOICES)}."


def bytes_needed(quantization: str, sixteen_bit: int) -> int:
    """Disk space to write this form from that many bytes of 16-bit weights, with what lies there meanwhile."""
    if quantization in QUANTIZED:
        return int(sixteen_bit * 1.5)  # the 16-bit GGUF that the quantizer reads, and at most half of it again
    return int(sixteen_bit * _RATIO[quantization])
