"""Projects, samples, predictions, reviews, golden samples, feedback; people and their roles."""

from labeling.models.accounts import ApiToken, Membership, Role, Scope, User
from labeling.models.base import PublicModel
from labeling.models.projects import Kind, Label, Project, TaskSpec
from labeling.models.samples import ImportBatch, Sample, SampleState, Split, Withdrawal
from labeling.models.work import Feedback, GoldenSample, ParseStatus, Prediction, Review
from labeling.ways import Given, WayIn

__all__ = [
    "ApiToken",
    "Feedback",
    "Given",
    "GoldenSample",
    "ImportBatch",
    "Kind",
    "Label",
    "Membership",
    "ParseStatus",
    "Prediction",
    "Project",
    "PublicModel",
    "Review",
    "Role",
    "Sample",
    "SampleState",
    "Scope",
    "Split",
    "TaskSpec",
    "User",
    "WayIn",
    "Withdrawal",
]
