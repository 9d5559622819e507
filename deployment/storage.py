"""Where the files of artifacts lie: reached by relative names alone, so that a copied or restored folder serves.

`STORAGES["artifacts"]` says what holds them. Today that is a folder of this host, which llama.cpp and the converter
read; a storage elsewhere needs nothing but a local copy behind `path_of`.
"""

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, storages


class ArtifactsFolder(FileSystemStorage):
    """`ARTIFACTS_DIR`, as it is set now."""

    @property
    def base_location(self) -> str:
        return str(settings.ARTIFACTS_DIR)

    @property
    def location(self) -> str:
        return str(Path(self.base_location).absolute())


def artifacts() -> Storage:
    """The storage of artifacts."""
    return storages["artifacts"]


def path_of(name: str) -> Path:
    """A file on this host. Raises `SuspiciousFileOperation` where the name leads out of the storage."""
    return Path(artifacts().path(name))


def name_of(path: Path) -> str:
    """The name of a file that was written into the storage's folder."""
    return path.absolute().relative_to(path_of("")).as_posix()


def holds(name: str, size: int | None = None) -> bool:
    """The file is there, and has that size."""
    files = artifacts()
    return files.exists(name) and size in (None, files.size(name))


def remove(name: str) -> None:
    """Delete a file; one that is not there is no error."""
    artifacts().delete(name)
