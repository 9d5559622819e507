"""REST endpoints of this floor, under /api/v1/."""

from django.urls import path

from labeling import api, api_events, api_exports, api_imports, api_labels, api_order, api_vectors

urlpatterns = [
    path("projects", api.ProjectList.as_view(), name="api-projects"),
    path("projects/<slug:key>", api.ProjectDetail.as_view(), name="api-project"),
    path("projects/<slug:key>/labels", api_labels.Labels.as_view(), name="api-labels"),
    path("projects/<slug:key>/labels/<uuid:uid>", api_labels.LabelDetail.as_view(), name="api-label"),
    path("projects/<slug:key>/labels/<uuid:uid>/merge", api_labels.LabelMerge.as_view(), name="api-label-merge"),
    path("projects/<slug:key>/order", api_order.OrderOfProject.as_view(), name="api-order"),
    path("projects/<slug:key>/order/doubtful", api_order.Doubtful.as_view(), name="api-doubtful"),
    path("projects/<slug:key>/samples", api.Samples.as_view(), name="api-samples"),
    path("projects/<slug:key>/samples/<uuid:uid>", api.SampleDetail.as_view(), name="api-sample"),
    path("projects/<slug:key>/samples/<uuid:uid>/similar", api_vectors.SimilarSamples.as_view(), name="api-similar"),
    path("projects/<slug:key>/vectors", api_vectors.Vectors.as_view(), name="api-vectors"),
    path("projects/<slug:key>/near-duplicates", api_vectors.NearDuplicates.as_view(), name="api-near-duplicates"),
    path("projects/<slug:key>/samples/<uuid:uid>/withdraw", api.WithdrawSample.as_view(), name="api-sample-withdraw"),
    path("projects/<slug:key>/samples/<uuid:uid>/restore", api.RestoreSample.as_view(), name="api-sample-restore"),
    path("projects/<slug:key>/samples/<uuid:uid>/must-pass", api.MustPassSample.as_view(), name="api-sample-must-pass"),
    path("projects/<slug:key>/samples/<uuid:uid>/may-fail", api.MayFailSample.as_view(), name="api-sample-may-fail"),
    path("projects/<slug:key>/predictions/<uuid:uid>", api.PredictionDetail.as_view(), name="api-prediction"),
    path("projects/<slug:key>/exports", api_exports.Exports.as_view(), name="api-exports"),
    path("projects/<slug:key>/exports/<uuid:uid>", api_exports.ExportDetail.as_view(), name="api-export"),
    path("projects/<slug:key>/exports/<uuid:uid>/cancel", api_exports.CancelExport.as_view(), name="api-export-cancel"),
    path("projects/<slug:key>/exports/<uuid:uid>/file", api_exports.ExportFile.as_view(), name="api-export-file"),
    path("projects/<slug:key>/imports", api_imports.Imports.as_view(), name="api-imports"),
    path("projects/<slug:key>/imports/<uuid:uid>", api_imports.ImportDetail.as_view(), name="api-import"),
    path("projects/<slug:key>/imports/<uuid:uid>/cancel", api_imports.CancelImport.as_view(), name="api-import-cancel"),
    path("projects/<slug:key>/imports/<uuid:uid>/report", api_imports.ImportReport.as_view(), name="api-import-report"),
    path("events", api_events.AllEvents.as_view(), name="api-all-events"),
    path("projects/<slug:key>/events", api_events.ProjectEvents.as_view(), name="api-events"),
    path("projects/<slug:key>/feedback", api.FeedbackList.as_view(), name="api-feedback"),
]
