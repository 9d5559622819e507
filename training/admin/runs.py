"""Training runs: looked at, cancelled, repeated and started, never edited."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from common.actor import Actor
from common.admin import admin_link, list_link, one_line, site_link, state_display
from common.problems import ProblemError
from labeling.access import Right
from labeling.admin.base import ask_first
from labeling.admin.recorded import staff
from training.admin.links import LineageAdmin
from training.models import RunEvent, TrainingRun
from training.queries import version_of
from training.services import cancel_run, judge_too, keep_best, pause_run, repeat_run, resume_run, start_run


def _start_like(actor: Actor, run: TrainingRun) -> TrainingRun:
    """A run on today's golden samples, with the profile and base of `run`."""
    return start_run(actor, run.project, trigger=TrainingRun.Trigger.MANUAL, profile=run.profile, base=run.base)


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
    list_filter = ("state", "ending", "trigger", "project", "base", "profile")
    list_select_related = ("project", "base", "profile", "snapshot__project")
    search_fields = ("project__key", "=uid", "snapshot__digest", "worker", "error")
    date_hierarchy = "created_at"
    actions = ("pause", "resume", "keep", "cancel", "repeat", "start", "judge")

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Who may work with runs, and does so in a project; the service looks at the run's own."""
        return request.user.has_perm("training.start_run") and self.may(request, Right.OPERATE)

    @state_display()
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
            list_link(RunEvent._meta.label_lower.replace(".", "_"), "events", run__id__exact=run.pk),
        ]
        version = version_of(run)
        if version is not None:
            links += [
                admin_link(version),
                list_link("evaluation_benchmark", "benchmarks", version__id__exact=version.pk),
                list_link("deployment_deployment", "deployments", version__id__exact=version.pk),
            ]
        return one_line(links)

    @admin.action(description="Pause…", permissions=["start"])
    def pause(self, request: HttpRequest, rows: QuerySet[TrainingRun]) -> HttpResponse | None:
        """With a checkpoint, at their next step."""
        return self._each(request, rows, "pause", "Pause these runs?", pause_run)

    @admin.action(description="Resume…", permissions=["start"])
    def resume(self, request: HttpRequest, rows: QuerySet[TrainingRun]) -> HttpResponse | None:
        """From their last checkpoints."""
        return self._each(request, rows, "resume", "Have these runs go on?", resume_run)

    @admin.action(description="Stop and keep the best…", permissions=["start"])
    def keep(self, request: HttpRequest, rows: QuerySet[TrainingRun]) -> HttpResponse | None:
        """Each makes a version of the best that it has."""
        return self._each(request, rows, "keep", "Stop these runs and keep the best of each?", keep_best)

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

    @admin.action(description="Judge, too…", permissions=["start"])
    def judge(self, request: HttpRequest, rows: QuerySet[TrainingRun]) -> HttpResponse | None:
        """Those that are not the candidates of their rounds."""
        return self._each(request, rows, "judge", "Have these runs judged, though others are candidates?", judge_too)

    def _each(
        self,
        request: HttpRequest,
        rows: QuerySet[TrainingRun],
        action: str,
        question: str,
        verb: Callable[[Actor, TrainingRun], object],
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
