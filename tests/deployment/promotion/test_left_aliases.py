"""What an alias stays with beside a live head is watched over, mended, kept and protected like what is live."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common.problems import ConflictError, ProblemError
from deployment.artifacts.retention import keeping, retain
from deployment.live import live_deployment, live_tags, live_version
from deployment.models import Deployment, Finding, InferenceServer, StagedVersion
from deployment.monitoring.findings import adopt, open_findings, restore
from deployment.monitoring.reconcile import look_for_upgrades, prove_again, reconcile
from deployment.promotion import promote as verbs
from deployment.promotion.catch_up import catch_up
from deployment.promotion.plan import plan_promotion, plan_rollback
from deployment.servers import catalogue
from deployment.servers.drivers import driver_for
from deployment.servers.headroom import look
from deployment.servers.memory import unload_idle
from deployment.servers.registration import save_policy
from deployment.serving.reload import reload_serving
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import make_staged, serve_from
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def test_whoever_compares_knows_of_it(beside, ada, sent):
    assert reconcile() == 0
    assert not Finding.objects.exists()
    assert catch_up() == 0
    assert reload_serving(ada, beside.project)["loaded_on"] == ["local", "ollama-one"]
    assert live_tags(beside.ollama) == {beside.language.server_tag}
    InferenceServer.objects.filter(pk=beside.ollama.pk).update(version="0.1")
    sent.clear()
    assert look_for_upgrades() == 1
    assert [each[:2] for each in sent] == [("deployment.prove_again", beside.on_ollama(1).get().pk)]
    prove_again(*sent[0][1:])
    finding = Finding.objects.get()
    assert (finding.kind, finding.state, finding.version) == ("upgraded", "mended", beside.language)


def test_what_has_one_right_state_is_mended(beside):
    driver = driver_for(beside.ollama)
    driver.remove(beside.project.key)
    assert reconcile() == 1
    assert beside.alias_leads_to(1)
    driver.remove(beside.language.server_tag)
    assert reconcile() == 1
    assert beside.alias_leads_to(1)
    assert not open_findings(beside.project).exists()
    driver.unload(beside.language.server_tag)
    assert reconcile() == 1
    assert Finding.objects.filter(kind="unloaded", version=beside.language).exists()


def test_an_alias_that_somebody_moved_is_a_question_that_outlives_a_move_of_the_head(beside, second, ada):
    driver_for(beside.ollama).move(beside.project.key, beside.later.server_tag)
    assert reconcile() == 1
    finding = open_findings(beside.project).get()
    assert (finding.kind, finding.version, finding.server) == ("alias", beside.language, beside.ollama)
    promote(ada, second, reason="a better head")
    assert (catch_up(), reconcile()) == (0, 1)
    assert beside.alias_leads_to(3), "nobody asked for it back"
    target = live_deployment(beside.project).targets.get(server=beside.ollama)
    assert (target.state, target.staged.version) == ("stays", beside.language)
    assert target.error
    assert open_findings(beside.project).get() == finding
    restore(ada, finding)
    assert beside.alias_leads_to(1)
    assert (catch_up(), reconcile()) == (1, 0)


def test_what_somebody_did_there_is_adopted_everywhere(beside, ada):
    driver_for(beside.ollama).move(beside.project.key, beside.later.server_tag)
    reconcile()
    adopt(ada, open_findings(beside.project).get())
    assert live_version(beside.project) == beside.later
    assert beside.alias_leads_to(3)
    assert reconcile() == 0


def test_it_is_neither_removed_nor_unloaded_nor_deleted(beside, ada):
    policy = beside.project.serving_policy
    policy.keep_previous = policy.keep_days = policy.rollback_minutes = 0
    policy.save()
    long_ago = timezone.now() - timedelta(days=90)
    Deployment.objects.filter(version=beside.language).update(ended_at=long_ago)
    assert keeping(beside.project)[1] == "an alias stays with it"
    assert beside.language not in retain()
    assert unload_idle(beside.ollama) == []
    assert beside.language.server_tag in unload_idle(InferenceServer.objects.get(name="local"))
    tag, key = beside.language.server_tag, beside.project.key
    with pytest.raises(ConflictError, match=f"stays loaded: it is live for outside clients of {key}"):
        catalogue.unload(ada, beside.ollama, tag)
    for name in (tag, key):
        with pytest.raises(ConflictError, match="is not deleted"):
            catalogue.delete(ada, beside.ollama, name)


def test_loading_another_model_says_that_it_would_be_thrown_out(beside):
    InferenceServer.objects.filter(pk=beside.ollama.pk).update(max_loaded=1)
    beside.on_ollama(3).update(layer_digest="another")
    driver_for(beside.ollama).unload(beside.later.server_tag)
    found = look(StagedVersion.objects.filter(version=beside.later, server=beside.ollama).to_ask())
    assert f"which serves {beside.project.key}" in found.evictions[0].sentence


def test_a_server_that_is_switched_off_during_a_move_finds_what_its_alias_names(beside, second, ada):
    InferenceServer.objects.filter(pk=beside.ollama.pk).update(is_active=False)
    done = promote(ada, second, reason="a better head")
    assert done.stays == {"ollama-one": beside.language.tag}
    target = done.targets.get(server=beside.ollama)
    assert (target.staged.version, target.error) == (beside.language, "ollama-one is switched off.")
    assert beside.language.server_tag in live_tags(beside.ollama)
    assert catch_up() == 0
    InferenceServer.objects.filter(pk=beside.ollama.pk).update(is_active=True)
    assert (catch_up(), reconcile()) == (1, 0)
    assert beside.alias_leads_to(1)


def test_of_what_is_live_it_is_told_on_the_servers_of_the_policy(beside, ada):
    live = live_deployment(beside.project)
    beside.project.serving_policy.servers.remove(beside.ollama)
    assert live.stays == {}
    rollback(ada, beside.project, reason="back")
    live.refresh_from_db()
    assert live.stays == {"ollama-one": beside.language.tag}, "in history as it was"


def test_a_rollback_that_loads_it_again_says_what_that_would_throw_out(beside, ada):
    promote(ada, beside.later)
    driver, other = driver_for(beside.ollama), make_project("other")
    serve_from(other, beside.ollama)
    promote(ada, make_staged(other, 1), reason="another project")
    driver.unload(beside.language.server_tag)
    InferenceServer.objects.filter(pk=beside.ollama.pk).update(max_loaded=2)
    (eviction,) = plan_rollback(beside.project).evictions
    assert f"Loading {beside.language} on ollama-one would evict" in eviction
    assert "which serves other" in eviction


def test_it_cannot_be_switched_off_while_it_is_so(beside, ada, client):
    policy = beside.project.serving_policy
    policy.alias_may_stay = False
    servers = list(policy.servers.all())
    with pytest.raises(ProblemError, match=f"ollama-one cannot serve {beside.head}, so the alias"):
        save_policy(ada, policy, ["alias_may_stay"], servers)
    save_policy(ada, policy, ["alias_may_stay"], [server for server in servers if server != beside.ollama])
    policy.alias_may_stay = True
    policy.save()
    rollback(ada, beside.project, reason="back to one that all can serve")
    policy.alias_may_stay = False
    save_policy(ada, policy, ["alias_may_stay"], servers)
    assert plan_rollback(beside.project, beside.head).obstacles


def test_a_plan_that_was_made_before_it_was_switched_off_is_past(dual, ada):
    plan = plan_promotion(dual.head)
    dual.let_aliases_stay(False)
    with pytest.raises(ConflictError, match="Look again, then decide"):
        verbs.promote(ada, plan)
    assert not Deployment.objects.filter(version=dual.head).exists()


def test_the_admin_says_why(beside, client, django_user_model):
    client.force_login(django_user_model.objects.get(username="ada"))
    policy = beside.project.serving_policy
    url = f"/admin/deployment/servingpolicy/{policy.pk}/change/"
    form = client.get(url).context["adminform"].form
    fields = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    fields = {name: value for name, value in fields.items() if value not in (None, False)}
    fields["servers"] = [server.pk for server in policy.servers.all()]
    fields["project"] = beside.project.pk
    del fields["alias_may_stay"]
    page = client.post(url, fields).content.decode()
    assert "so the alias stays there" in page
    policy.refresh_from_db()
    assert policy.alias_may_stay
