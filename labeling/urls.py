"""Pages of this floor."""

from django.urls import path

from labeling.views import (
    activity,
    comments,
    compare,
    exports,
    guideline,
    home,
    imports,
    labels,
    members,
    mine,
    must_pass,
    new_project,
    notifications,
    order,
    proposals,
    review,
    samples,
    vectors,
    webhooks,
    withdrawals,
)

app_name = "labeling"
urlpatterns = [
    path("", home.home, name="home"),
    path("new-project/", new_project.new_project, name="new_project"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/read/", notifications.read, name="read_notifications"),
    path("activity/", activity.all_activity, name="all_activity"),
    path("projects/<slug:key>/", home.project, name="project"),
    path("projects/<slug:key>/activity/", activity.activity, name="activity"),
    path("projects/<slug:key>/vectors/", vectors.vectors, name="vectors"),
    path("projects/<slug:key>/near-duplicates/", vectors.near_duplicates, name="near_duplicates"),
    path("projects/<slug:key>/review/", review.review, name="review"),
    path("projects/<slug:key>/reviews/", mine.mine, name="mine"),
    path("projects/<slug:key>/reviews/<uuid:uid>/compare/", compare.compare, name="compare"),
    path("projects/<slug:key>/mentions/", comments.mentions, name="mentions"),
    path("projects/<slug:key>/mentions/names/", comments.names, name="names"),
    path("projects/<slug:key>/mentions/<uuid:uid>/seen/", comments.seen, name="mention_seen"),
    path("projects/<slug:key>/guideline/", guideline.guideline, name="guideline"),
    path("projects/<slug:key>/guideline/proposals/", guideline.preselect, name="preselect"),
    path("projects/<slug:key>/proposals/<uuid:uid>/", proposals.proposal, name="proposal"),
    path("projects/<slug:key>/order/", order.order, name="order"),
    path("projects/<slug:key>/order/mine/", order.mine, name="my_order"),
    path("projects/<slug:key>/samples/", samples.samples, name="samples"),
    path("projects/<slug:key>/samples/<uuid:uid>/", samples.sample, name="sample"),
    path("projects/<slug:key>/samples/<uuid:uid>/similar/", vectors.similar_samples, name="similar"),
    path("projects/<slug:key>/samples/<uuid:uid>/comment/", comments.comment, name="comment"),
    path("projects/<slug:key>/samples/<uuid:uid>/review/", samples.review_this, name="review_this"),
    *(
        path(f"projects/<slug:key>/samples/<uuid:uid>/{verb}/", withdrawals.withdraw, {"verb": verb}, name=verb)
        for verb in withdrawals.VERBS
    ),
    *(
        path(f"projects/<slug:key>/samples/<uuid:uid>/{last}/", must_pass.must_pass, {"verb": verb}, name=verb)
        for verb, (last, _) in must_pass.VERBS.items()
    ),
    path("projects/<slug:key>/imports/", imports.imports, name="imports"),
    path("projects/<slug:key>/imports/<uuid:uid>/", imports.batch, name="import"),
    path("projects/<slug:key>/imports/<uuid:uid>/cancel/", imports.cancel, name="cancel_import"),
    path("projects/<slug:key>/imports/<uuid:uid>/report/", imports.report, name="import_report"),
    path("projects/<slug:key>/exports/", exports.exports, name="exports"),
    path("projects/<slug:key>/exports/<uuid:uid>/", exports.export, name="export"),
    path("projects/<slug:key>/exports/<uuid:uid>/file/", exports.file, name="export_file"),
    path("projects/<slug:key>/exports/<uuid:uid>/cancel/", exports.cancel, name="cancel_export"),
    path("projects/<slug:key>/labels/", labels.labels, name="labels"),
    path("projects/<slug:key>/labels/<uuid:uid>/", labels.change, name="change_label"),
    path("projects/<slug:key>/labels/<uuid:uid>/merge/", labels.merge, name="merge_label"),
    path("projects/<slug:key>/labels/<uuid:uid>/remove/", labels.remove, name="remove_label"),
    path("projects/<slug:key>/webhooks/", webhooks.webhooks, name="webhooks"),
    path("projects/<slug:key>/webhooks/<uuid:uid>/", webhooks.webhook, name="webhook"),
    path("projects/<slug:key>/webhooks/<uuid:uid>/rotate/", webhooks.rotate, name="rotate_webhook"),
    path("projects/<slug:key>/webhooks/<uuid:uid>/switch/", webhooks.switch, name="switch_webhook"),
    path("projects/<slug:key>/webhooks/<uuid:uid>/test/", webhooks.test, name="test_webhook"),
    path("projects/<slug:key>/webhooks/<uuid:uid>/remove/", webhooks.remove, name="remove_webhook"),
    path("projects/<slug:key>/deliveries/<uuid:uid>/again/", webhooks.send_again, name="send_webhook_again"),
    path("projects/<slug:key>/members/", members.members, name="members"),
    path("projects/<slug:key>/members/<uuid:uid>/remove/", members.remove, name="remove_member"),
]
