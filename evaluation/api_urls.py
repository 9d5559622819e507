"""REST of this floor, under `/api/v1/`."""

from django.urls import path

from evaluation import api, api_confidence, api_policy, evidence

_PROJECT = "projects/<slug:key>"
_VERSION = f"{_PROJECT}/versions/<int:number>"
urlpatterns = [
    path(f"{_PROJECT}/auto-accept", api_confidence.AutoAccept.as_view(), name="api-auto-accept"),
    path(f"{_PROJECT}/auto-accept/decide", api_confidence.DecideAccepted.as_view(), name="api-decide-accepted"),
    path(f"{_PROJECT}/benchmarks", api.Benchmarks.as_view(), name="api-benchmarks"),
    path(f"{_PROJECT}/benchmarks/<uuid:uid>", api.BenchmarkDetail.as_view(), name="api-benchmark"),
    path(f"{_PROJECT}/benchmarks/<uuid:uid>/cases", api.Cases.as_view(), name="api-benchmark-cases"),
    path(f"{_PROJECT}/deployments/<uuid:uid>/evidence", evidence.EvidenceView.as_view(), name="api-evidence"),
    path(f"{_PROJECT}/policies/gate", api_policy.GatePolicyView.as_view(), name="api-gate-policy"),
    path(f"{_PROJECT}/policies/budget", api_policy.BudgetView.as_view(), name="api-budget"),
    path(f"{_PROJECT}/gains", api.Gains.as_view(), name="api-gains"),
    path(f"{_PROJECT}/gate-reports", api.GateReports.as_view(), name="api-gate-reports"),
    path(f"{_PROJECT}/gate-reports/<uuid:uid>", api.GateReportDetail.as_view(), name="api-gate-report"),
    path(f"{_VERSION}/confidence", api_confidence.VersionConfidence.as_view(), name="api-confidence"),
]
