"""Pages of this floor."""

from django.urls import path

from training.views import run, runs, snapshots

_RUN = "projects/<slug:key>/runs/<uuid:uid>"
_SNAPSHOTS = "projects/<slug:key>/snapshots"

app_name = "training"
urlpatterns = [
    path("projects/<slug:key>/runs/", runs.runs, name="runs"),
    path("projects/<slug:key>/runs/baseline/", runs.baseline, name="baseline"),
    path("projects/<slug:key>/runs/round/", runs.start_round, name="start-round"),
    path("projects/<slug:key>/runs/start/", runs.start, name="start"),
    path(f"{_RUN}/", run.run, name="run"),
    path(f"{_RUN}/curve.json", run.curve, name="curve"),
    path(f"{_RUN}/cancel/", run.cancel, name="cancel"),
    path(f"{_RUN}/judge/", run.judge, name="judge"),
    path(f"{_RUN}/keep/", run.keep, name="keep"),
    path(f"{_RUN}/pause/", run.pause, name="pause"),
    path(f"{_RUN}/resume/", run.resume, name="resume"),
    path(f"{_RUN}/repeat/", run.repeat, name="repeat"),
    path(f"{_SNAPSHOTS}/", snapshots.snapshots, name="snapshots"),
    path(f"{_SNAPSHOTS}/<uuid:uid>/", snapshots.snapshot, name="snapshot"),
    path(f"{_SNAPSHOTS}/<uuid:uid>/<slug:split>.jsonl", snapshots.download, name="download"),
]
