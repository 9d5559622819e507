"""Pages of this floor."""

from django.urls import path

from labeling.views import (
    activity,
    ending,
    exports,
    home,
    imports,
    invitations,
    labels,
    members,
    must_pass,
    new_project,
    project_tokens,
    review,
    samples,
    settings,
    task,
    vectors,
    withdrawals,
)

app_name = "labeling"
urlpatterns = [
    path("", home.home, name="home"),
    path("new-project/", new_project.new_project, name="new_project"),
    path("activity/", activity.all_activity, name="all_activity"),
    path("projects/<slug:key>/", home.project, name="project"),
    path("projects/<slug:key>/activity/", activity.activity, name="activity"),
    path("projects/<slug:key>/vectors/", vectors.vectors, name="vectors"),
    path("projects/<slug:key>/near-duplicates/", vectors.near_duplicates, name="near_duplicates"),
    path("projects/<slug:key>/review/", review.review, name="review"),
    path("projects/<slug:key>/samples/", samples.samples, name="samples"),
    path("projects/<slug:key>/samples/<uuid:uid>/", samples.sample, name="sample"),
    path("projects/<slug:key>/samples/<uuid:uid>/similar/", vectors.similar_samples, name="similar"),
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
    path("projects/<slug:key>/members/", members.members, name="members"),
    path("projects/<slug:key>/members/people/", members.people, name="people"),
    path("projects/<slug:key>/members/<uuid:uid>/remove/", members.remove, name="remove_member"),
    path("projects/<slug:key>/invitations/", invitations.invite, name="invite"),
    path("projects/<slug:key>/invitations/<uuid:uid>/revoke/", invitations.revoke, name="revoke_invitation"),
    path("projects/<slug:key>/task/", task.task, name="task"),
    path("projects/<slug:key>/settings/", settings.settings, name="settings"),
    path("projects/<slug:key>/settings/<slug:name>/", settings.settings_of, name="settings_of"),
    path("projects/<slug:key>/tokens/", project_tokens.tokens, name="tokens"),
    path("projects/<slug:key>/tokens/<uuid:uid>/take-out/", project_tokens.take_out, name="take_out_token"),
    path("projects/<slug:key>/end/", ending.end, name="end"),
    path("projects/<slug:key>/delete/", ending.delete, name="delete"),
    path("projects/<slug:key>/reopen/", ending.reopen, name="reopen"),
]
