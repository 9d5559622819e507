"""An export that was written at once, and what its file holds."""

import json
from typing import Any

from labeling import services
from labeling.models import Export, Project
from tests.factories import SYSTEM


def exported(
    project: Project, format: str = "touchstone", filters: services.Filters | None = None, **asked: Any
) -> Export:
    """Written by this process, in the system's name."""
    export = services.start_export(SYSTEM, project, format, filters, **asked)
    services.run_export(export.pk)
    export.refresh_from_db()
    assert export.state == "succeeded", export.error
    return export


def lines(export: Export) -> list[dict[str, Any]]:
    """The rows of JSON Lines."""
    with export.file.open("rb") as content:
        return [json.loads(line) for line in content.read().decode().split("\n") if line]
