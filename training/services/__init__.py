"""Verbs of the training floor."""

from training.services.bases import load_builtin_profiles, register_base, register_served, resolve_location
from training.services.runs import cancel_run, repeat_run, start_run
from training.services.snapshots import freeze_rows, freeze_snapshot
from training.services.triggers import check_trigger, new_golden_samples
from training.services.versions import add_version, create_baseline, publish_version, run_folder, start_baseline

__all__ = [
    "add_version",
    "cancel_run",
    "check_trigger",
    "create_baseline",
    "freeze_rows",
    "freeze_snapshot",
    "load_builtin_profiles",
    "new_golden_samples",
    "publish_version",
    "register_base",
    "register_served",
    "repeat_run",
    "resolve_location",
    "run_folder",
    "start_baseline",
    "start_run",
]
