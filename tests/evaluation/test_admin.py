"""Evidence is read-only in the admin, the gate's policy is edited, and the lineage is linked."""

import pytest
from django.urls import reverse

from evaluation.models import Benchmark, CaseResult, GatePolicy, GateReport, Suite, SuiteCase
from evaluation.services import advance, baseline_results, freeze_suite
from labeling.models import Split
from tests.evaluation.worlds import make_golden, make_standing, make_world, right_every, text_of, wrong
from tests.factories import SYSTEM, make_admin
from training.services import freeze_snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(models, client):
    project = make_world(cases=40)
    make_golden(project, text_of(200), split=Split.TRAIN)
    make_standing(project, 0)
    models.answer(0, wrong)
    models.answer(1, right_every(2))
    advance(make_standing(project, 1).pk)
    baseline_results(freeze_suite(project), freeze_snapshot(SYSTEM, project))
    client.force_login(make_admin())
    return project


def test_every_list_and_row_opens_without_a_query_per_row(shop, client, django_assert_max_num_queries):
    for name in ("suite", "suitecase", "benchmark", "caseresult", "baselineresult", "gatepolicy", "gatereport"):
        with django_assert_max_num_queries(16):
            assert client.get(reverse(f"admin:evaluation_{name}_changelist") + "?q=shop").status_code == 200
    for model in (Suite, SuiteCase, Benchmark, CaseResult, GatePolicy, GateReport):
        row = model.objects.first()
        url = reverse(f"admin:evaluation_{model._meta.model_name}_change", args=[row.pk])
        assert client.get(url).status_code == 200


def test_evidence_cannot_be_changed(shop, client):
    row = GateReport.objects.get()
    assert (
        client.post(reverse("admin:evaluation_gatereport_change", args=[row.pk]), {"verdict": "passed"}).status_code
        == 403
    )
    assert client.post(reverse("admin:evaluation_gatereport_delete", args=[row.pk])).status_code == 403
    assert client.get(reverse("admin:evaluation_benchmark_add")).status_code == 403


def test_the_policy_is_edited(shop, client):
    policy = GatePolicy.objects.get()
    form = {
        "minimum": "0.5", "margin": "0.02", "psr_tolerance": "0", "min_cases": "50", "free_cases": "20",
        "confidence": "0.9", "error_budget": "0.02", "budget_rounds": "10",
        "hard_margin": "0.1",
    }  # fmt: skip
    response = client.post(reverse("admin:evaluation_gatepolicy_change", args=[policy.pk]), form)
    assert response.status_code == 302, response.context["adminform"].form.errors
    policy.refresh_from_db()
    assert (policy.minimum, policy.min_cases, policy.budget_rounds, policy.project) == (0.5, 50, 10, shop)
    assert policy.hard_margin == 0.1


def test_what_may_refuse_beside_the_difference_is_chosen_there(shop, client):
    policy = GatePolicy.objects.get()
    url = reverse("admin:evaluation_gatepolicy_change", args=[policy.pk])
    form = {name: value for name, value in policy.options.items() if value is not None and value is not False}
    refused = client.post(url, form | {"latency_ratio": "0"})
    assert "This should be greater than or equal to 0.01" in refused.content.decode()
    assert client.post(url, form | {"latency_ratio": "2.5", "neighbours_refuse": "on"}).status_code == 302
    policy.refresh_from_db()
    assert (policy.latency_ratio, policy.neighbours_refuse) == (2.5, True)
    assert client.post(url, form | {"latency_ratio": ""}).status_code == 302
    policy.refresh_from_db()
    assert (policy.latency_ratio, policy.neighbours_refuse) == (None, False)


def test_a_benchmark_links_its_lineage(shop, client):
    row = Benchmark.objects.get(version__number=1, decoding="served")
    page = client.get(reverse("admin:evaluation_benchmark_change", args=[row.pk])).content.decode()
    for url in (
        reverse("admin:training_modelversion_change", args=[row.version_id]),
        reverse("admin:deployment_stagedversion_change", args=[row.staged_id]),
        f"{reverse('admin:evaluation_caseresult_changelist')}?benchmark__id__exact={row.pk}",
        reverse("evaluation:benchmark", args=["shop", row.uid]),
    ):
        assert url in page
