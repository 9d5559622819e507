"""All URLs: pages, REST under /api/v1/, admin, health."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config import health

api: list[URLPattern | URLResolver] = [
    path("", include("labeling.api_urls")),
    path("", include("training.api_urls")),
    path("", include("deployment.api_urls")),
    path("", include("evaluation.api_urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("login/", auth.LoginView.as_view(template_name="login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("api/v1/", include(api)),
    path("", include("labeling.urls")),
    path("", include("training.urls")),
    path("", include("deployment.urls")),
    path("", include("evaluation.urls")),
]
