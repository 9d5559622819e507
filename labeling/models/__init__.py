"""Projects, samples, predictions, reviews, golden samples, feedback; people, their roles and their log-ins."""

from labeling.models.accounts import ApiToken, Membership, Role, Scope, User
from labeling.models.base import PublicModel
from labeling.models.events import Event
from labeling.models.exports import Export
from labeling.models.invitations import Invitation
from labeling.models.logins import FirstLink, LoginCounter
from labeling.models.projects import Colour, Label, Project, TaskSpec
from labeling.models.retries import KeptResponse
from labeling.models.samples import ImportBatch, MustPass, Sample, SampleState, Split, Withdrawal
from labeling.models.vectors import AlikeGroup, AlikeText, TextVector, VectorSet
from labeling.models.work import Feedback, GoldenSample, ParseStatus, Prediction, Review
from labeling.ways import Given, Hard, WayIn

__all__ = [
    "AlikeGroup",
    "AlikeText",
    "ApiToken",
    "Colour",
    "Event",
    "Export",
    "Feedback",
    "FirstLink",
    "Given",
    "GoldenSample",
    "Hard",
    "ImportBatch",
    "Invitation",
    "KeptResponse",
    "Label",
    "LoginCounter",
    "Membership",
    "MustPass",
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
    "TextVector",
    "User",
    "VectorSet",
    "WayIn",
    "Withdrawal",
]
