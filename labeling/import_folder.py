"""Files that lie on the server in the one folder that may be imported from (`IMPORT_FOLDER`)."""

from pathlib import Path

from django.conf import settings
from django.core.files import File

from common.problems import ProblemError, TooLargeError


def file_at(path: str) -> "File[bytes]":
    """The open file at a path below the folder; the caller closes it. Raises `ProblemError` where there is none.

    What leads out of the folder, by dots or by a link, is not there.
    """
    if not settings.IMPORT_FOLDER:
        raise ProblemError("No folder may be imported from: IMPORT_FOLDER is not set. Send the file itself.")
    folder = Path(settings.IMPORT_FOLDER).resolve()
    try:
        found = (folder / path).resolve(strict=True)
        if not found.is_relative_to(folder) or not found.is_file():
            raise FileNotFoundError(path)
        content = found.open("rb")
    except (OSError, ValueError, RuntimeError):  # no such file, a NUL, a circle of links
        raise ProblemError(f"There is no file {path[:200]!r} in the folder that may be imported from.") from None
    file = File(content, name=found.name)
    if file.size > settings.UPLOAD_MAX_BYTES:
        file.close()
        raise TooLargeError(f"The file is longer than {settings.UPLOAD_MAX_BYTES:,} bytes; split it.")
    return file
