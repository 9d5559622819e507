"""What a head's figures may depend on beside the rows, as the record of a run keeps it."""

import os
import platform
from typing import Any

from training.engine.info import library_versions

LIBRARIES = ("onnxruntime", "tokenizers", "numpy", "scipy", "scikit-learn")


def environment() -> dict[str, Any]:
    """Python, platform, library versions and the processor."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": library_versions(LIBRARIES),
        "device": {"type": "cpu", "name": platform.processor() or platform.machine(), "count": os.cpu_count() or 1},
    }
