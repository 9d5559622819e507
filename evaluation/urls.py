"""Pages of this floor."""

from django.urls import path

from evaluation import evidence, views, views_confidence

_BENCHMARKS = "projects/<slug:key>/benchmarks"

app_name = "evaluation"
urlpatterns = [
    path(f"{_BENCHMARKS}/", views.benchmarks, name="benchmarks"),
    path(f"{_BENCHMARKS}/<uuid:uid>/", views.benchmark, name="benchmark"),
    path(f"{_BENCHMARKS}/<uuid:uid>/cases/<int:position>/", views.case, name="case"),
    path("projects/<slug:key>/auto-accept/", views_confidence.auto_accept, name="auto-accept"),
    path("projects/<slug:key>/auto-accept/decide/", views_confidence.decide, name="decide-accepted"),
    path("projects/<slug:key>/deployments/<uuid:uid>/evidence.jsonl", evidence.evidence, name="evidence"),
    path("projects/<slug:key>/judge/<uuid:uid>/", views.judge_again, name="judge-again"),
]
