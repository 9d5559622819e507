"""The pages that this floor has in the navigation of a project."""

from labeling.navigation import Page

PAGES = (
    Page("accept", "Auto-accept", "evaluation:auto-accept", "Answers", 20),
    Page("benchmarks", "Benchmarks", "evaluation:benchmarks", "Models", 20),
)
