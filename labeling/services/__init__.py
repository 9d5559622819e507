"""One function per mutating verb; pages, API, admin, tasks and commands all call these."""

from labeling.services.acceptance import accept_proposals, audit_proposals, reopen_accepted
from labeling.services.comments import answer_mention, comment, members_of
from labeling.services.decisions import NothingChosenError, confirm, decide, decide_known, decided_so
from labeling.services.describing import describe_sample
from labeling.services.desks import save_desk
from labeling.services.ending import archive_project, delete_project, held_by, reopen_project
from labeling.services.export_filters import Filters
from labeling.services.exports import (
    cancel_export,
    export_to,
    remove_old_exports,
    restart_lost_exports,
    right_to,
    run_export,
    start_export,
)
from labeling.services.feedback import give_feedback
from labeling.services.first_administrator import make_first_administrator, make_first_link
from labeling.services.guidelines import guideline_of, write_guideline
from labeling.services.import_look import Look, look
from labeling.services.import_queue import (
    cancel_import,
    keep_upload,
    may_start,
    queue_import,
    remove_old_drafts,
    restart_lost_imports,
    start_import,
)
from labeling.services.imports import import_file, import_rows, run_import
from labeling.services.invitations import (
    InvitationEndedError,
    accept_as,
    accept_as_new,
    invitation_of,
    invite,
    revoke_invitation,
)
from labeling.services.judging import cases_left_out
from labeling.services.labels import NewLabel, change_label, merge_label, new_labels, remove_label, replace_labels
from labeling.services.logins import Attempt, HeldBackError, forget_old_counters, logged_in, logged_out
from labeling.services.members import people_named, remove_member, set_role
from labeling.services.must_pass import lift_must_pass, mark_must_pass
from labeling.services.passwords import ask_reset, mail_links, make_link, password_changed, set_password
from labeling.services.people import create_user, save_user, set_active
from labeling.services.predictions import Answered, record_prediction, record_predictions
from labeling.services.projects import create_project, try_task, update_project
from labeling.services.queue import choose, next_sample, release_stale_leases, take
from labeling.services.rechecks import recheck
from labeling.services.reviews import reject, reopen, skip, undo
from labeling.services.rows import delete_row, save_row, set_row
from labeling.services.samples import NewText, add_sample, add_samples, create_samples
from labeling.services.second_looks import look_again, not_looked, what_a_model_says
from labeling.services.sessions import (
    end_access,
    end_session,
    end_sessions,
    expire_session,
    forget_old_sessions,
    seen,
    sessions_of,
)
from labeling.services.settings import ChangedMeanwhileError, unless_changed
from labeling.services.specs import AnswersLostError, freeze_spec
from labeling.services.tokens import (
    create_project_token,
    create_token,
    revoke_tokens,
    take_out_token,
    tokens_in,
    tokens_of,
)
from labeling.services.withdrawals import restore_sample, withdraw_sample

__all__ = [
    "Answered",
    "AnswersLostError",
    "Attempt",
    "ChangedMeanwhileError",
    "Filters",
    "HeldBackError",
    "InvitationEndedError",
    "Look",
    "NewLabel",
    "NewText",
    "NothingChosenError",
    "accept_as",
    "accept_as_new",
    "accept_proposals",
    "add_sample",
    "add_samples",
    "answer_mention",
    "archive_project",
    "ask_reset",
    "audit_proposals",
    "cancel_export",
    "cancel_import",
    "cases_left_out",
    "change_label",
    "choose",
    "comment",
    "confirm",
    "create_project",
    "create_project_token",
    "create_samples",
    "create_token",
    "create_user",
    "decide",
    "decide_known",
    "decided_so",
    "delete_project",
    "delete_row",
    "describe_sample",
    "end_access",
    "end_session",
    "end_sessions",
    "expire_session",
    "export_to",
    "forget_old_counters",
    "forget_old_sessions",
    "freeze_spec",
    "give_feedback",
    "guideline_of",
    "held_by",
    "import_file",
    "import_rows",
    "invitation_of",
    "invite",
    "keep_upload",
    "lift_must_pass",
    "logged_in",
    "logged_out",
    "look",
    "look_again",
    "mail_links",
    "make_first_administrator",
    "make_first_link",
    "make_link",
    "mark_must_pass",
    "may_start",
    "members_of",
    "merge_label",
    "new_labels",
    "next_sample",
    "not_looked",
    "password_changed",
    "people_named",
    "queue_import",
    "recheck",
    "record_prediction",
    "record_predictions",
    "reject",
    "release_stale_leases",
    "remove_label",
    "remove_member",
    "remove_old_drafts",
    "remove_old_exports",
    "reopen",
    "reopen_accepted",
    "reopen_project",
    "replace_labels",
    "restart_lost_exports",
    "restart_lost_imports",
    "restore_sample",
    "revoke_invitation",
    "revoke_tokens",
    "right_to",
    "run_export",
    "run_import",
    "save_desk",
    "save_row",
    "save_user",
    "seen",
    "sessions_of",
    "set_active",
    "set_password",
    "set_role",
    "set_row",
    "skip",
    "start_export",
    "start_import",
    "take",
    "take_out_token",
    "tokens_in",
    "tokens_of",
    "try_task",
    "undo",
    "unless_changed",
    "update_project",
    "what_a_model_says",
    "withdraw_sample",
    "write_guideline",
]
