"""Pages of this floor."""

from django.urls import path

from deployment.artifacts.views import catalogue, editing, files
from deployment.monitoring import views as findings
from deployment.promotion.views import deployments, moves, versions
from deployment.servers import views as servers
from deployment.serving.views import analyze, reload, traffic, why

app_name = "deployment"
urlpatterns = [
    path("servers/", servers.servers, name="servers"),
    path("servers/<slug:name>/", servers.server, name="server"),
    path("servers/<slug:name>/pulls/<uuid:uid>/cancel/", servers.cancel, name="cancel_pull"),
    path("servers/<slug:name>/use/", catalogue.use, name="use"),
    path("servers/<slug:name>/<slug:verb>/", servers.act, name="act"),
    path("projects/<slug:key>/analyze/", analyze.analyze, name="analyze"),
    path("projects/<slug:key>/deployments/", deployments.deployments, name="deployments"),
    path("projects/<slug:key>/deployments/<uuid:uid>/", deployments.deployment, name="deployment"),
    path("projects/<slug:key>/deployments/reload/", reload.reload, name="reload"),
    path("projects/<slug:key>/findings/<uuid:uid>/<slug:verb>/", findings.decide, name="decide"),
    path("projects/<slug:key>/predictions/<uuid:uid>/why/", why.why_so, name="why"),
    path("projects/<slug:key>/traffic/", traffic.traffic, name="traffic"),
    path("projects/<slug:key>/traffic/<slug:window>.json", traffic.series, name="series"),
    path("projects/<slug:key>/versions/<int:number>/", versions.version, name="version"),
    path("projects/<slug:key>/versions/<int:number>/promote/", moves.promote, name="promote"),
    path("projects/<slug:key>/versions/<int:number>/edit/", editing.edit, name="edit"),
    path("projects/<slug:key>/versions/<int:number>/rollback/", moves.rollback, name="rollback"),
    path("projects/<slug:key>/versions/<int:number>/pin/", files.pin_version, name="pin"),
    path("projects/<slug:key>/versions/<int:number>/unpin/", files.unpin_version, name="unpin"),
    path("projects/<slug:key>/versions/<int:number>/rebuild/", files.rebuild_version, name="rebuild"),
]
