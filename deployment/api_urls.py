"""REST of this floor, under `/api/v1/`."""

from django.urls import path

from deployment import api, api_servers

_PROJECT = "projects/<slug:key>"
_SERVER = "servers/<slug:name>"
urlpatterns = [
    path("servers/", api_servers.Servers.as_view(), name="api-servers"),
    path(f"{_SERVER}/use", api_servers.UseModel.as_view(), name="api-use-model"),
    path(f"{_SERVER}/pulls", api_servers.Pulls.as_view(), name="api-pulls"),
    path(f"{_SERVER}/pulls/<uuid:uid>/cancel", api_servers.CancelPull.as_view(), name="api-pull-cancel"),
    *(
        path(f"{_SERVER}/models/{verb}", api_servers.ServerModels.as_view(), {"verb": verb}, name=f"api-model-{verb}")
        for verb in api_servers.ServerModels.verbs
    ),
    path(f"{_PROJECT}/predict", api.PredictView.as_view(), name="api-predict"),
    path(f"{_PROJECT}/batch_predict", api.BatchPredictView.as_view(), name="api-batch-predict"),
    path(f"{_PROJECT}/versions/<int:number>", api.VersionStateView.as_view(), name="api-version-state"),
    path(f"{_PROJECT}/versions/<int:number>/edit", api.EditView.as_view(), name="api-version-edit"),
    path(f"{_PROJECT}/deployments", api.DeploymentList.as_view(), name="api-deployments"),
    path(f"{_PROJECT}/promote", api.PromoteView.as_view(), name="api-promote"),
    path(f"{_PROJECT}/rollback", api.RollbackView.as_view(), name="api-rollback"),
    path(f"{_PROJECT}/reload", api.ReloadView.as_view(), name="api-reload"),
]
