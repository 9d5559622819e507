"""Base models, snapshots, profiles, runs and the versions that come out of them."""

from training.models.bases import BaseModel
from training.models.drafts import Draft, draft_tag
from training.models.policies import RetrainMethod, RetrainPolicy, TrainingProfile, validate_profile
from training.models.rounds import TrainingRound
from training.models.runs import OPEN, UNFINISHED, RunEvent, TrainingRun, WorkerHeartbeat, on_queue
from training.models.snapshots import Snapshot
from training.models.versions import ImmutableError, ModelVersion

__all__ = [
    "OPEN",
    "UNFINISHED",
    "BaseModel",
    "Draft",
    "ImmutableError",
    "ModelVersion",
    "RetrainMethod",
    "RetrainPolicy",
    "RunEvent",
    "Snapshot",
    "TrainingProfile",
    "TrainingRound",
    "TrainingRun",
    "WorkerHeartbeat",
    "draft_tag",
    "on_queue",
    "validate_profile",
]
