"""The pages that this floor has in the navigation of a project."""

from labeling.access import Right
from labeling.navigation import Page

PAGES = (
    Page("analyze", "Analyze", "deployment:analyze", "Answers", 10, Right.PREDICT),
    Page("deployments", "Deployments", "deployment:deployments", "Models", 30),
    Page("traffic", "Traffic", "deployment:traffic", "Models", 40),
)
