"""Stands in for scikit-build-core while pip downloads the converter's source: it builds nothing and runs nothing.

pip asks the build backend of every source distribution for its metadata, even when it only downloads (PEP 517), and the
real backend wants CMake. A source distribution carries that metadata at its root already.
"""

import shutil
from pathlib import Path
from typing import Any


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: dict[str, Any] | None = None) -> str:
    """Hand over the `PKG-INFO` of the source in the working directory; the name of the folder that holds it."""
    folder = Path(metadata_directory) / "source.dist-info"
    folder.mkdir()
    shutil.copyfile("PKG-INFO", folder / "METADATA")
    return folder.name
