"""Verbs of the training floor."""

from training.services.bases import (
    default_base,
    list_shipped_base,
    load_builtin_profiles,
    obtain_base,
    register_base,
    register_served,
    save_base,
)
from training.services.chat import chat_of
from training.services.encoders import default_encoder, list_encoder
from training.services.locations import awaits_fetching, resolve_location
from training.services.looks import ask_look
from training.services.orders import cancel_run, keep_best, pause_run, resume_run
from training.services.rounds import judge_too, retrain
from training.services.runs import SameRunError, repeat_run, start_run
from training.services.snapshots import freeze_rows, freeze_snapshot
from training.services.triggers import check_trigger, new_golden_samples
from training.services.versions import add_version, create_baseline, publish_version, run_folder, start_baseline

__all__ = [
    "SameRunError",
    "add_version",
    "ask_look",
    "awaits_fetching",
    "cancel_run",
    "chat_of",
    "check_trigger",
    "create_baseline",
    "default_base",
    "default_encoder",
    "freeze_rows",
    "freeze_snapshot",
    "judge_too",
    "keep_best",
    "list_encoder",
    "list_shipped_base",
    "load_builtin_profiles",
    "new_golden_samples",
    "obtain_base",
    "pause_run",
    "publish_version",
    "register_base",
    "register_served",
    "repeat_run",
    "resolve_location",
    "resume_run",
    "retrain",
    "run_folder",
    "save_base",
    "start_baseline",
    "start_run",
]
