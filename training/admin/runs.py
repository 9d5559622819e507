"""Training runs: looked at, cancelled, repeated and started, never edited."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from labeling.admin.base import admin_link, ask_first, one_line, site_link, staff
from labeling.models import User
from labeling.problems import ProblemError
from training.admin.links import STATE_COLORS, LineageAdmin, rows_link
from training.models import RunEvent, TrainingRun
from training.querysets import version_of
from training.services import cancel_run, repeat_run, start_run


def _start_like(user: User, run: TrainingRun) -> TrainingRun:
    """A run on today's golden samples, with the profile and base of `run`."""
    return start_run(user, run.project, trigger=TrainingRun.Trigger.MANUAL, profile=run.profile, base=run.base)


@admin.register(TrainingRun)
class TrainingRunAdmin(LineageAdmin):
    list_display = (
        "__str__",
        "shown_state",
        "progress",
        "trigger",
        "base",
        "profile",
        "snapshot",
        "worker",
        "queued",
    )
    list_filter = ("state", "trigger", "project", "base", "profile")
    list_select_related = ("project", "base", "profile", "snapshot__project")
    search_fields = ("project__key", "=uid", "snapshot__digest", "worker", "error")
    date_hierarchy = "created_at"
    actions = ("cancel", "repeat", "start")

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Who may work with runs at all; the service looks at the project as well."""
        return request.user.has_perm("training.start_run")

    @display(description="State", label=STATE_COLORS, ordering="state")  # type: ignore[untyped-decorator]  # unfold's
    def shown_state(self, run: TrainingRun) -> str:
        return run.state

    @admin.display(description="Queued", ordering="created_at")
    def queued(self, run: TrainingRun) -> datetime:
        return run.created_at

    @admin.display(description="Steps")
    def progress(self, run: TrainingRun) -> str:
        return f"{run.step} of {run.total_steps}" if run.total_steps else "-"

    @admin.display(description="Lineage")
    def lineage(self, run: TrainingRun) -> SafeString:
        """From the snapshot to the version and on to its benchmarks and deployments."""
        links = [
            site_link("training:run", run.project.key, run.uid),
            admin_link(run.snapshot, f"snapshot {run.snapshot.short}"),
            rows_link(RunEvent._meta.label_lower.replace(".", "_"), "events", run__id__exact=run.pk),
        ]
        version = version_of(run)
        if version is not None:
            links += [
                admin_link(version),
                rows_link("evaluation_benchmark", "benchmarks", version__id__exact=version.pk),
                rows_link("deployment_deployment", "deployments", version__id__exact=version.pk),
            ]
        return one_line(links)

    @admin.action(description="Cancel…", permissions=["start"])
    def cancel(self, request: HttpRequest, rows: QuerySet[TrainingRun]) -> HttpResponse | None:
        """Queued runs at once, running ones at their next step."""
        return self._each(request, rows, "cancel", "Cancel these runs?", cancel_run)

    @admin.action(description="Repeat…", permissions=["start"])
    def repeat(self, request: HttpRequest, rows: QuerySet[TrainingRun]) -> HttpResponse | None:
        """Again, on the same snapshots."""
        return self._each(request, rows, "repeat", "Repeat these runs on their own snapshots?", repeat_run)

    @admin.action(description="Start anew…", permissions=["start"])
    def start(self, request: HttpRequest, rows: QuerySet[TrainingRun]) -> HttpResponse | None:
        """Like these, on the golden samples as they are now."""
        return self._each(request, rows, "start", "Start runs like these on today's golden samples?", _start_like)

    def _each(
        self,
        request: HttpRequest,
        rows: QuerySet[TrainingRun],
        action: str,
        question: str,
        verb: Callable[[User, TrainingRun], TrainingRun],
    ) -> HttpResponse | None:
        asked = ask_first(self, request, rows, action=action, question=question, yes="Yes")
        if asked is not None:
            return asked
        done = 0
        for run in rows.select_related("project", "profile", "base", "snapshot"):
            try:
                verb(staff(request), run)
            except (ProblemError, PermissionDenied) as error:
                messages.error(request, f"{run}: {error}")
            else:
                done += 1
        if done:
            messages.success(request, f"{question.removesuffix('?')}: done for {done}.")
        return None
