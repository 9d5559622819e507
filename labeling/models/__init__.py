"""Projects, samples, predictions, reviews, golden samples, feedback; people, their roles and their log-ins."""

from labeling.models.accounts import ApiToken, Membership, Role, Scope, User
from labeling.models.base import PublicModel
from labeling.models.comments import Comment, Mention
from labeling.models.events import Event
from labeling.models.exports import Export
from labeling.models.guidelines import Guideline
from labeling.models.invitations import Invitation
from labeling.models.logins import FirstLink, LoginCounter
from labeling.models.news import Digest, LastingNews, News, NewsChoice, Notification
from labeling.models.order import Place, Ranking, ReviewOrder, Turn
from labeling.models.projects import Colour, Label, Project, TaskSpec
from labeling.models.retries import KeptResponse
from labeling.models.samples import ImportBatch, MustPass, Sample, SampleState, Split, Withdrawal
from labeling.models.vectors import AlikeGroup, AlikeText, TextVector, VectorSet
from labeling.models.webhooks import Delivery, Webhook
from labeling.models.work import Feedback, GoldenSample, ParseStatus, Prediction, Review, SecondLook
from labeling.ways import Given, Hard, Stream, WayIn

__all__ = [
    "AlikeGroup",
    "AlikeText",
    "ApiToken",
    "Colour",
    "Comment",
    "Delivery",
    "Digest",
    "Event",
    "Export",
    "Feedback",
    "FirstLink",
    "Given",
    "GoldenSample",
    "Guideline",
    "Hard",
    "ImportBatch",
    "Invitation",
    "KeptResponse",
    "Label",
    "LastingNews",
    "LoginCounter",
    "Membership",
    "Mention",
    "MustPass",
    "News",
    "NewsChoice",
    "Notification",
    "ParseStatus",
    "Place",
    "Prediction",
    "Project",
    "PublicModel",
    "Ranking",
    "Review",
    "ReviewOrder",
    "Role",
    "Sample",
    "SampleState",
    "Scope",
    "SecondLook",
    "Split",
    "Stream",
    "TaskSpec",
    "TextVector",
    "Turn",
    "User",
    "VectorSet",
    "WayIn",
    "Webhook",
    "Withdrawal",
]
