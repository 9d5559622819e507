"""REST of this floor, under `/api/v1/`."""

from django.urls import path

from training import api

_PROJECT = "projects/<slug:key>"
urlpatterns = [
    path(f"{_PROJECT}/runs", api.Runs.as_view(), name="api-runs"),
    path(f"{_PROJECT}/runs/<uuid:uid>", api.RunDetail.as_view(), name="api-run"),
    path(f"{_PROJECT}/runs/<uuid:uid>/cancel", api.CancelRun.as_view(), name="api-run-cancel"),
    path(f"{_PROJECT}/runs/<uuid:uid>/events", api.RunEvents.as_view(), name="api-run-events"),
    path(f"{_PROJECT}/snapshots", api.Snapshots.as_view(), name="api-snapshots"),
    path(f"{_PROJECT}/snapshots/<uuid:uid>", api.SnapshotDetail.as_view(), name="api-snapshot"),
    path(f"{_PROJECT}/versions", api.Versions.as_view(), name="api-versions"),
]
