"""One function per mutating verb; pages, API, admin, tasks and commands all call these."""

from labeling.services.feedback import give_feedback
from labeling.services.imports import import_file, import_rows, restart_lost_imports, run_import, start_import
from labeling.services.judging import cases_left_out
from labeling.services.labels import NewLabel, change_label, merge_label, remove_label, replace_labels
from labeling.services.members import remove_member, set_role
from labeling.services.predictions import record_prediction
from labeling.services.projects import create_project, open_project, try_task, update_project
from labeling.services.queue import choose, next_sample, release_stale_leases, take
from labeling.services.reviews import confirm, correct, reject, reopen, skip, undo
from labeling.services.samples import NewText, add_sample, add_samples, approve_known_answer, create_samples
from labeling.services.specs import AnswersLostError, freeze_spec
from labeling.services.tokens import revoke_tokens
from labeling.services.withdrawals import restore_sample, withdraw_sample

__all__ = [
    "AnswersLostError",
    "NewLabel",
    "NewText",
    "add_sample",
    "add_samples",
    "approve_known_answer",
    "cases_left_out",
    "change_label",
    "choose",
    "confirm",
    "correct",
    "create_project",
    "create_samples",
    "freeze_spec",
    "give_feedback",
    "import_file",
    "import_rows",
    "merge_label",
    "next_sample",
    "open_project",
    "record_prediction",
    "reject",
    "release_stale_leases",
    "remove_label",
    "remove_member",
    "reopen",
    "replace_labels",
    "restart_lost_imports",
    "restore_sample",
    "revoke_tokens",
    "run_import",
    "set_role",
    "skip",
    "start_import",
    "take",
    "try_task",
    "undo",
    "update_project",
    "withdraw_sample",
]
