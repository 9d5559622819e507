"""All URLs: pages, REST under /api/v1/, admin, health."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView

from config import api_docs, errors, refusals, sessions
from config.api_root import Root

api: list[URLPattern | URLResolver] = [
    path("", include("labeling.api_urls")),
    path("", include("training.api_urls")),
    path("", include("deployment.api_urls")),
    path("", include("evaluation.api_urls")),
    path("schema", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs", api_docs.docs, name="api-docs"),
]

# `/livez` and `/readyz` are answered by config.health, before any of these.
urlpatterns: list[URLPattern | URLResolver] = [
    path("logout/", sessions.AskingLogoutView.as_view(), name="logout"),
    path("session/", sessions.session, name="session"),
    path("session/back/", sessions.back, name="back"),
    path("admin/login/", refusals.admin_login),
    path("", include("labeling.account_urls")),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account")),
    path("admin/", admin.site.urls),
    path("api/v1", Root.as_view(), name="api-root"),
    path("api/v1/", include(api)),
    path("api/", errors.unknown_resource),
    path("api/<path:rest>", errors.unknown_resource),
    path("", include("labeling.urls")),
    path("", include("training.urls")),
    path("", include("deployment.urls")),
    path("", include("evaluation.urls")),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
