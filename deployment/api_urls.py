"""REST of this floor, under `/api/v1/`."""

from django.urls import path

from deployment.artifacts import api as artifacts
from deployment.monitoring import api as monitoring
from deployment.promotion import api as promotion
from deployment.servers import api as servers
from deployment.servers import api_policy
from deployment.serving import api as serving
from deployment.serving import api_health

_PROJECT = "projects/<slug:key>"
_SERVER = "servers/<slug:name>"
urlpatterns = [
    path("health", api_health.Health.as_view(), name="api-health"),
    path("servers", servers.Servers.as_view(), name="api-servers"),
    path(f"{_SERVER}/use", artifacts.UseModel.as_view(), name="api-use-model"),
    path(f"{_SERVER}/pulls", servers.Pulls.as_view(), name="api-pulls"),
    path(f"{_SERVER}/pulls/<uuid:uid>/cancel", servers.CancelPull.as_view(), name="api-pull-cancel"),
    path(f"{_SERVER}/models/load", servers.LoadModel.as_view(), name="api-model-load"),
    path(f"{_SERVER}/models/unload", servers.UnloadModel.as_view(), name="api-model-unload"),
    path(f"{_SERVER}/models/delete", servers.DeleteModel.as_view(), name="api-model-delete"),
    path(f"{_PROJECT}/predict", serving.PredictView.as_view(), name="api-predict"),
    path(f"{_PROJECT}/batch_predict", serving.BatchPredictView.as_view(), name="api-batch-predict"),
    path(f"{_PROJECT}/predictions/<uuid:uid>/why", serving.WhyView.as_view(), name="api-why"),
    path(f"{_PROJECT}/versions", artifacts.Versions.as_view(), name="api-versions"),
    path(f"{_PROJECT}/versions/<int:number>", artifacts.VersionStateView.as_view(), name="api-version-state"),
    path(f"{_PROJECT}/versions/<int:number>/edit", artifacts.EditView.as_view(), name="api-version-edit"),
    path(f"{_PROJECT}/versions/<int:number>/plan", promotion.PlanView.as_view(), name="api-version-plan"),
    path(f"{_PROJECT}/deployments", promotion.DeploymentList.as_view(), name="api-deployments"),
    path(f"{_PROJECT}/deployments/<uuid:uid>", promotion.DeploymentDetail.as_view(), name="api-deployment"),
    path(f"{_PROJECT}/live", promotion.Live.as_view(), name="api-live"),
    path(f"{_PROJECT}/policies/serving", api_policy.ServingPolicyView.as_view(), name="api-serving-policy"),
    path(f"{_PROJECT}/watch", monitoring.WatchView.as_view(), name="api-watch"),
    path(f"{_PROJECT}/promote", promotion.PromoteView.as_view(), name="api-promote"),
    path(f"{_PROJECT}/rollback", promotion.RollbackView.as_view(), name="api-rollback"),
    path(f"{_PROJECT}/reload", serving.ReloadView.as_view(), name="api-reload"),
]
