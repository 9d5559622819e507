"""REST of this floor, under `/api/v1/`."""

from django.urls import path

from deployment import api

_PROJECT = "projects/<slug:key>"
urlpatterns = [
    path(f"{_PROJECT}/predict", api.PredictView.as_view(), name="api-predict"),
    path(f"{_PROJECT}/batch_predict", api.BatchPredictView.as_view(), name="api-batch-predict"),
    path(f"{_PROJECT}/versions/<int:number>", api.VersionStateView.as_view(), name="api-version-state"),
    path(f"{_PROJECT}/deployments", api.DeploymentList.as_view(), name="api-deployments"),
    path(f"{_PROJECT}/promote", api.PromoteView.as_view(), name="api-promote"),
    path(f"{_PROJECT}/rollback", api.RollbackView.as_view(), name="api-rollback"),
    path(f"{_PROJECT}/reload", api.ReloadView.as_view(), name="api-reload"),
]
