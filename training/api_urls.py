"""REST of this floor, under `/api/v1/`."""

from django.urls import path

from training import api, api_draft, api_policy, api_rounds

_PROJECT = "projects/<slug:key>"
urlpatterns = [
    path(f"{_PROJECT}/bases", api.Bases.as_view(), name="api-bases"),
    path(f"{_PROJECT}/draft", api_draft.DraftOfProject.as_view(), name="api-draft"),
    path(f"{_PROJECT}/policies/retrain", api_policy.RetrainPolicyView.as_view(), name="api-retrain-policy"),
    path(f"{_PROJECT}/profiles", api_policy.Profiles.as_view(), name="api-profiles"),
    path(f"{_PROJECT}/rounds", api_rounds.Rounds.as_view(), name="api-rounds"),
    path(f"{_PROJECT}/rounds/<uuid:uid>", api_rounds.RoundDetail.as_view(), name="api-round"),
    path(f"{_PROJECT}/runs", api.Runs.as_view(), name="api-runs"),
    path(f"{_PROJECT}/runs/<uuid:uid>", api.RunDetail.as_view(), name="api-run"),
    path(f"{_PROJECT}/runs/<uuid:uid>/cancel", api.CancelRun.as_view(), name="api-run-cancel"),
    path(f"{_PROJECT}/runs/<uuid:uid>/judge", api_rounds.JudgeRun.as_view(), name="api-run-judge"),
    path(f"{_PROJECT}/runs/<uuid:uid>/keep", api.KeepBest.as_view(), name="api-run-keep"),
    path(f"{_PROJECT}/runs/<uuid:uid>/pause", api.PauseRun.as_view(), name="api-run-pause"),
    path(f"{_PROJECT}/runs/<uuid:uid>/resume", api.ResumeRun.as_view(), name="api-run-resume"),
    path(f"{_PROJECT}/runs/<uuid:uid>/events", api.RunEvents.as_view(), name="api-run-events"),
    path(f"{_PROJECT}/snapshots", api.Snapshots.as_view(), name="api-snapshots"),
    path(f"{_PROJECT}/snapshots/<uuid:uid>", api.SnapshotDetail.as_view(), name="api-snapshot"),
    path(f"{_PROJECT}/snapshots/<uuid:uid>/files", api_policy.SnapshotFiles.as_view(), name="api-snapshot-files"),
    path(
        f"{_PROJECT}/snapshots/<uuid:uid>/files/<slug:split>",
        api_policy.SnapshotFile.as_view(),
        name="api-snapshot-file",
    ),
]
