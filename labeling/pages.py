"""The pages that this floor has in the navigation of a project."""

from labeling.access import Right
from labeling.navigation import Page

PAGES = (
    Page("project", "Overview", "labeling:project", "", 0),
    Page("review", "Review", "labeling:review", "Answers", 0, Right.REVIEW),
    Page("guideline", "Guideline", "labeling:guideline", "Answers", 8),
    Page("mine", "My reviews", "labeling:mine", "Answers", 2, Right.REVIEW),
    Page("order", "Order", "labeling:order", "Answers", 5),
    Page("samples", "Samples", "labeling:samples", "Texts", 0),
    Page("imports", "Import", "labeling:imports", "Texts", 10, Right.IMPORT),
    Page("exports", "Export", "labeling:exports", "Texts", 20, Right.OPERATE),
    Page("near-duplicates", "Near-duplicates", "labeling:near_duplicates", "Texts", 30),
    Page("task", "Task", "labeling:task", "Set-up", 0, Right.MANAGE),
    Page("labels", "Labels", "labeling:labels", "Set-up", 10, Right.MANAGE),
    Page("settings", "Settings", "labeling:settings", "Set-up", 20, Right.OPERATE),
    Page("members", "Members", "labeling:members", "Set-up", 30, Right.MANAGE),
    Page("tokens", "Tokens", "labeling:tokens", "Set-up", 40, Right.MANAGE),
    Page("webhooks", "Webhooks", "labeling:webhooks", "Set-up", 45, Right.MANAGE),
    Page("end", "Archive, delete", "labeling:end", "Set-up", 50, Right.MANAGE),
    Page("activity", "Activity", "labeling:activity", "", 10),
)
