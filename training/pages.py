"""The pages that this floor has in the navigation of a project."""

from labeling.navigation import Page

PAGES = (
    Page("runs", "Runs", "training:runs", "Models", 0),
    Page("snapshots", "Snapshots", "training:snapshots", "Models", 10),
)
