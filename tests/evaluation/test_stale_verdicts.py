"""A pass speaks of what it was held against: what went live meanwhile is not put away by it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from common.problems import ConflictError, ProblemError
from deployment.artifacts.verdicts import record_verdict
from deployment.live import live_version
from deployment.models import Deployment, ServingPolicy, StagedVersion
from deployment.promotion import steps
from deployment.promotion.plan import plan_promotion
from evaluation.models import GatePolicy
from evaluation.services import advance, judging, policy_of, reports
from tests.deployment.moves import confirm, promote, rollback
from tests.deployment.standins import Standin, make_server, make_version, ollama_standin, serve_from, stage_version
from tests.evaluation.worlds import make_golden, right, right_every, text_of, wrong
from tests.factories import make_operator, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def standin(tmp_path):
    with ollama_standin(tmp_path) as running:
        yield running


@pytest.fixture
def shop(models, standin: Standin):
    """Version 1 is live and always wrong; 2 is right on half of the cases, 3 on all. The gate promotes by itself."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url), auto_promote=True)
    for number in range(40):
        make_golden(project, text_of(number))
    for number, teller in ((1, wrong), (2, right_every(2)), (3, right)):
        models.answer(number, teller)
        stage_version(make_version(project, number), verdict="")
    promote(None, version(project, 1), reason="the first")
    return project


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def version(project, number):
    return project.versions.get(number=number)


def staged(project, number) -> StagedVersion:
    return StagedVersion.objects.get(version__project=project, version__number=number)


def judge_three_while_two_goes_live(shop, monkeypatch):
    """The figures of version 3 beside version 1 are there; before they are written down, a person promotes 2."""
    write = judging.write_report

    def meanwhile(*args, **more):
        monkeypatch.setattr(judging, "write_report", write)
        promote(make_operator(shop, "olga"), version(shop, 2), reason="the fair begins")
        return write(*args, **more)

    monkeypatch.setattr(judging, "write_report", meanwhile)
    return advance(staged(shop, 3).pk)


def test_what_went_live_during_the_judgment_stays(shop, monkeypatch, sent):
    report = judge_three_while_two_goes_live(shop, monkeypatch)
    assert (report.verdict, report.held_against.number) == ("passed", 1)
    assert live_version(shop).number == 2
    row = staged(shop, 3)
    assert (row.held_against, row.gate_report) == (version(shop, 1), report.uid)
    assert sent == [("evaluation.advance", row.pk)]


def test_a_policy_that_changes_during_the_judgment_is_not_the_one_that_is_written_down(shop, monkeypatch):
    anchored = judging.judged_by_look
    before = policy_of(shop).minimum

    def meanwhile(*args):
        GatePolicy.objects.filter(project=shop).update(minimum=0.999)
        return anchored(*args)

    monkeypatch.setattr(judging, "judged_by_look", meanwhile)
    report = advance(staged(shop, 3).pk)
    assert (report.verdict, report.policy["minimum"]) == ("passed", before)


def test_judged_again_it_beats_the_new_one_and_goes_live(shop, monkeypatch, sent):
    judge_three_while_two_goes_live(shop, monkeypatch)
    report = advance(sent[0][1])
    assert (report.verdict, report.held_against.number, report.reference.version.number) == ("passed", 2, 2)
    live = Deployment.objects.get(state="live")
    assert (live.version.number, live.automatic, live.evidence["held against"]) == (3, True, "shop:v2")
    assert len(sent) == 1


def test_judged_again_it_may_lose_and_the_new_one_stays(shop, models, monkeypatch, sent):
    models.answer(2, right)
    models.answer(3, right_every(2))
    judge_three_while_two_goes_live(shop, monkeypatch)
    assert advance(sent[0][1]).verdict == "refused"
    assert live_version(shop).number == 2
    assert len(sent) == 1


def test_the_retry_of_a_failed_promotion_asks_what_is_live(shop, standin, sent):
    standin.fail("/api/copy")
    assert advance(staged(shop, 3).pk).verdict == "passed"
    failed = Deployment.objects.get(version__number=3)
    assert (failed.state, failed.automatic) == ("failed", True)
    promote(make_operator(shop), version(shop, 2), reason="the fair begins")
    Deployment.objects.filter(pk=failed.pk).update(created_at=timezone.now() - timedelta(minutes=10))
    assert reports.retry_promotions() == 0
    assert live_version(shop).number == 2
    assert sent == [("evaluation.advance", staged(shop, 3).pk)]
    advance(sent[0][1])
    assert live_version(shop).number == 3


@pytest.mark.parametrize("against", [None, 2])
def test_the_switch_itself_looks_at_the_verdict(shop, monkeypatch, against):
    ServingPolicy.objects.update(auto_promote=False)
    advance(staged(shop, 3).pk)
    step = steps.TABLE["warmed"]

    def judged_meanwhile(attempt):
        reference = version(shop, against) if against else None
        record_verdict(staged(shop, 3), verdict="passed", sentence="", report={}, held_against=reference)
        return step.do(attempt)

    monkeypatch.setitem(steps.TABLE, "warmed", steps.Step(step.after, judged_meanwhile))
    with pytest.raises(ConflictError, match="the verdict on shop:v3 on standin is no longer one against shop:v1"):
        promote(None, version(shop, 3), automatic=True)
    assert live_version(shop).number == 1


def test_the_switch_replaces_only_what_it_was_decided_upon(shop, monkeypatch):
    step = steps.TABLE["warmed"]

    def others_moved(attempt):
        live = Deployment.objects.filter(state="live")
        live.update(version=version(shop, 2))
        return step.do(attempt)

    monkeypatch.setitem(steps.TABLE, "warmed", steps.Step(step.after, others_moved))
    with pytest.raises(ConflictError, match="shop:v1 was live when this was decided"):
        promote(make_operator(shop), version(shop, 3), reason="now")
    assert live_version(shop).number == 2


def test_a_rollback_makes_the_pass_against_the_old_one_hold_again(shop, monkeypatch, sent):
    judge_three_while_two_goes_live(shop, monkeypatch)
    assert (
        "Passed against shop:v1, which is no longer live: shop:v2 is live now" in plan_promotion(version(shop, 3)).stale
    )
    rollback(make_operator(shop), shop, reason="the fair is over")
    assert plan_promotion(version(shop, 3)).stale == ""
    advance(staged(shop, 3).pk)
    assert live_version(shop).number == 3


def test_the_gate_does_not_promote_over_a_refusal_on_another_server(shop, tmp_path, sent):
    (tmp_path / "two").mkdir()
    with ollama_standin(tmp_path / "two") as second:
        serve_from(shop, *shop.serving_policy.servers.all(), make_server(second.url, name="second"))
        for number in (1, 3):
            stage_version(version(shop, number), verdict="")
        there = StagedVersion.objects.get(version__number=3, server__name="second")
        record_verdict(there, verdict="refused", sentence="", report={}, held_against=version(shop, 1))
        here = StagedVersion.objects.get(version__number=3, server__name="standin")
        assert advance(here.pk).verdict == "passed"
        assert live_version(shop).number == 1


def test_a_person_needs_a_reason_and_is_told_why(shop, monkeypatch, sent):
    judge_three_while_two_goes_live(shop, monkeypatch)
    olaf = make_operator(shop, "olaf")
    with pytest.raises(ProblemError, match=r"Passed against shop:v1, which is no longer live: .* give a reason"):
        promote(olaf, version(shop, 3))
    client = client_of(olaf)
    url = "/projects/shop/versions/3/promote/"
    shown = client.get(url)
    assert b"passed, stale" in shown.content
    assert b"The pass is stale, so a reason is needed." in shown.content
    assert confirm(client, url).status_code == 400
    assert promote(olaf, version(shop, 3), reason="I looked at both").state == "live"


def test_pages_and_api_call_a_stale_pass_stale(shop, monkeypatch, sent):
    judge_three_while_two_goes_live(shop, monkeypatch)
    client = client_of(make_operator(shop, "olaf"))
    said = b"Passed against shop:v1, which is no longer live: shop:v2 is live now. Judge it again."
    for page in ("deployments/", "versions/3/", "benchmarks/"):
        content = client.get(f"/projects/shop/{page}").content
        assert said in content, page
        assert f"/projects/shop/judge/{staged(shop, 3).uid}/".encode() in content, page
    (row,) = client.get("/api/v1/projects/shop/versions/3").json()["staged"]
    assert (row["verdict"], row["held_against"], row["verdict_stale"]) == ("passed", 1, True)
    assert row["stale_because"] == said.decode()
    report = client.get("/api/v1/projects/shop/gate-reports").json()["results"][0]
    assert (report["held_against"], report["uid"]) == (1, row["gate_report"])


def test_the_first_version_holds_against_the_baseline_whether_it_is_live_or_nothing(models, standin, sent):
    project = make_project("post")
    serve_from(project, make_server(standin.url))
    for number in range(40):
        make_golden(project, text_of(number))
    models.answer(0, wrong)
    for number in (0, 1):
        stage_version(make_version(project, number), verdict="")
        advance(staged(project, number).pk)
    assert staged(project, 1).held_against.number == 0
    assert plan_promotion(version(project, 1)).stale == ""
    promote(None, version(project, 0), reason="the baseline")
    assert plan_promotion(version(project, 1)).stale == ""
    assert promote(None, version(project, 1), automatic=True).state == "live"
