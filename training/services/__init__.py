"""Verbs of the training floor."""

from training.services.bases import (
    awaits_fetching,
    default_base,
    list_shipped_base,
    load_builtin_profiles,
    obtain_base,
    register_base,
    register_served,
    resolve_location,
)
from training.services.runs import cancel_run, repeat_run, start_run
from training.services.snapshots import freeze_rows, freeze_snapshot
from training.services.triggers import check_trigger, new_golden_samples
from training.services.versions import add_version, create_baseline, publish_version, run_folder, start_baseline

__all__ = [
    "add_version",
    "awaits_fetching",
    "cancel_run",
    "check_trigger",
    "create_baseline",
    "default_base",
    "freeze_rows",
    "freeze_snapshot",
    "list_shipped_base",
    "load_builtin_profiles",
    "new_golden_samples",
    "obtain_base",
    "publish_version",
    "register_base",
    "register_served",
    "repeat_run",
    "resolve_location",
    "run_folder",
    "start_baseline",
    "start_run",
]
