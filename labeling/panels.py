"""Slots on this floor's pages that higher floors fill, as they know things that labeling must not.

A higher floor registers in its `apps.py`: `panels.register("project", runs_panel)`. A panel is a function of the
request and the slot's subject that returns safe HTML, or an empty string where it has nothing to say.
Slots: `project` (a `Project`), `sample` (a `Sample`), `proposal` (a `Prediction`, beside a text to review, in place of
the similar golden samples), `version` (a `ModelVersion`, on its page of the admin), `version_page` (the same on its
page of the site), `deployment` (a `Deployment`), `order` (a `Project`, on the page of its order of review), `end` (a
`Project` that is about to be archived).
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

SLOTS = ("project", "sample", "proposal", "version", "version_page", "deployment", "order", "end")
Panel = Callable[[HttpRequest, Any], str]
_panels: dict[str, list[Panel]] = defaultdict(list)


def register(slot: str, panel: Panel) -> None:
    """Show `panel` in `slot`, after those registered before; once, however often it is registered."""
    if slot not in SLOTS:
        raise ValueError(f"Unknown slot {slot!r}; choose one of {', '.join(SLOTS)}.")
    if panel not in _panels[slot]:
        _panels[slot].append(panel)


def render(slot: str, request: HttpRequest, subject: Any) -> list[str]:
    """The HTML of each panel of `slot` that has something to say."""
    return [html for panel in _panels[slot] if (html := panel(request, subject))]
