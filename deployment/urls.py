"""Pages of this floor."""

from django.urls import path

from deployment.views import analyze, deployments, findings, keeping, moves, servers, traffic

app_name = "deployment"
urlpatterns = [
    path("servers/", servers.servers, name="servers"),
    path("servers/<slug:name>/", servers.server, name="server"),
    path("servers/<slug:name>/pulls/<uuid:uid>/cancel/", servers.cancel, name="cancel_pull"),
    path("servers/<slug:name>/use/", servers.use, name="use"),
    path("servers/<slug:name>/<slug:verb>/", servers.act, name="act"),
    path("projects/<slug:key>/analyze/", analyze.analyze, name="analyze"),
    path("projects/<slug:key>/deployments/", deployments.deployments, name="deployments"),
    path("projects/<slug:key>/deployments/<uuid:uid>/", deployments.deployment, name="deployment"),
    path("projects/<slug:key>/deployments/reload/", moves.reload, name="reload"),
    path("projects/<slug:key>/findings/<uuid:uid>/<slug:verb>/", findings.decide, name="decide"),
    path("projects/<slug:key>/traffic/", traffic.traffic, name="traffic"),
    path("projects/<slug:key>/traffic/<slug:window>.json", traffic.series, name="series"),
    path("projects/<slug:key>/versions/<int:number>/", deployments.version, name="version"),
    path("projects/<slug:key>/versions/<int:number>/promote/", moves.promote, name="promote"),
    path("projects/<slug:key>/versions/<int:number>/edit/", moves.edit, name="edit"),
    path("projects/<slug:key>/versions/<int:number>/rollback/", moves.rollback, name="rollback"),
    path("projects/<slug:key>/versions/<int:number>/pin/", keeping.pin_version, name="pin"),
    path("projects/<slug:key>/versions/<int:number>/unpin/", keeping.unpin_version, name="unpin"),
    path("projects/<slug:key>/versions/<int:number>/rebuild/", keeping.rebuild_version, name="rebuild"),
]
