"""What the page and the API of an export do alike: give its file."""

from django.conf import settings
from django.http import FileResponse

from common.problems import ConflictError
from labeling.formats import WRITERS
from labeling.models import Export


def file_of(export: Export) -> FileResponse:
    """The file, to be saved. Raises `ConflictError` where there is none (any more)."""
    if export.state == Export.State.REMOVED:
        raise ConflictError(f"The file of this export was removed after {settings.EXPORT_DAYS} days. Ask for it again.")
    if not export.is_whole:
        raise ConflictError(f"This export has no file: it is {export.get_state_display().lower()}.")
    writer = WRITERS[export.format]
    name = f"{export.project.key}-{export.as_of:%Y%m%d-%H%M%S}.{writer.name}.{writer.suffix}"
    try:
        content = export.file.open("rb")
    except FileNotFoundError:
        raise ConflictError("The file of this export lies on another host, or is gone. Ask for it again.") from None
    return FileResponse(content, as_attachment=True, filename=name, content_type=writer.media_type)
