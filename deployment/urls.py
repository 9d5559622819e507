"""Pages of this floor."""

from django.urls import path

from deployment.views import analyze, deployments, keeping, moves

app_name = "deployment"
urlpatterns = [
    path("projects/<slug:key>/analyze/", analyze.analyze, name="analyze"),
    path("projects/<slug:key>/deployments/", deployments.deployments, name="deployments"),
    path("projects/<slug:key>/deployments/<uuid:uid>/", deployments.deployment, name="deployment"),
    path("projects/<slug:key>/deployments/reload/", moves.reload, name="reload"),
    path("projects/<slug:key>/versions/<int:number>/", deployments.version, name="version"),
    path("projects/<slug:key>/versions/<int:number>/promote/", moves.promote, name="promote"),
    path("projects/<slug:key>/versions/<int:number>/rollback/", moves.rollback, name="rollback"),
    path("projects/<slug:key>/versions/<int:number>/pin/", keeping.pin_version, name="pin"),
    path("projects/<slug:key>/versions/<int:number>/unpin/", keeping.unpin_version, name="unpin"),
    path("projects/<slug:key>/versions/<int:number>/rebuild/", keeping.rebuild_version, name="rebuild"),
]
