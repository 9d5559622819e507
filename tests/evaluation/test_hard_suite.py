"""Hard cases from the rows: which they are, that both versions are asked, that they refuse, and what it costs."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from deployment.models import Deployment
from evaluation.models import Benchmark, CaseResult, Suite
from evaluation.services import advance, freeze_suite
from evaluation.services.calibrating import calibrate, newest_benchmark
from evaluation.services.judging import resume
from evaluation.services.looks import best_ever_live
from evaluation.services.suites import freeze_hard_suite
from labeling import services as labeling
from labeling.models import Hard, Sample
from tests.evaluation.worlds import (
    make_golden,
    make_live,
    make_standing,
    make_world,
    right,
    right_every,
    text_of,
    wrong,
)
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_operator, make_project, make_sample
from tests.labeling.proposing import propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(models):
    """Version 1 is live and answers every other case right, 2 all of them. Nothing is hard yet."""
    project = make_world(cases=60)
    make_live(make_standing(project, 1))
    models.answer(1, right_every(2))
    models.answer(2, right)
    return project


def sample_of(number: int) -> Sample:
    return Sample.objects.get(text=text_of(number))


def reasons_of(project):
    suite = freeze_hard_suite(project)
    return {case.text: case.reasons for case in suite.cases.all()} if suite else {}


def wrong_on(number: int):
    return lambda text: wrong(text) if text == text_of(number) else right(text)


def test_without_hard_cases_nothing_is_asked_beside(shop, models):
    report = advance(make_standing(shop, 2).pk)
    assert (report.verdict, report.hard, report.hard_reference) == ("passed", None, None)
    assert {check["name"] for check in report.checks}.isdisjoint({"hard", "must_pass"})
    assert Suite.objects.get().role == "gate"


def test_a_lost_must_pass_case_refuses_and_costs_no_question(shop, models):
    labeling.mark_must_pass(SYSTEM, sample_of(4), "it cost us a customer")
    models.answer(2, wrong_on(4))
    report = advance(make_standing(shop, 2).pk)
    assert report.verdict == "refused"
    assert "must-pass cases that shop:v1 has right are wrong: 1 of 1 (hard cases 0)" in report.sentence
    assert (report.hard.suite.size, report.hard.state, report.hard.suite.is_hard) == (1, "succeeded", True)
    assert report.hard_reference.version.number == 1
    assert models.texts_of(2).count(text_of(4)) == 1, "what was answered among the drawn cases is taken from there"
    carried = CaseResult.objects.get(benchmark=report.hard)
    assert (carried.exact, carried.answer) == (False, {"labels": ["praise"]})
    assert report.candidate.metrics["cases"] == 60, "hard cases add nothing to the figures"


def test_what_was_ever_live_is_known_by_its_drawn_cases(shop, models):
    """The newest benchmark of the live version is of hard cases, and no look of the automatic gate goes by it."""
    labeling.mark_must_pass(SYSTEM, sample_of(4), "an incident")
    report = advance(make_standing(shop, 2).pk)
    assert Benchmark.objects.filter(version__number=1).first() == report.hard_reference
    assert best_ever_live(report.staged.version) == [report.reference]


def test_what_confidence_is_worth_is_measured_on_drawn_cases_alone(shop, models):
    labeling.mark_must_pass(SYSTEM, sample_of(4), "an incident")
    models.sure = lambda text: 0.75
    report = advance(make_standing(shop, 2).pk)
    assert newest_benchmark(report.staged.version) == report.candidate
    assert CaseResult.objects.get(benchmark=report.hard).confidence == 0.75, "taken over with the answer"
    for version in (report.staged.version, report.hard_reference.version):
        assert calibrate(version).benchmark.suite.role == "gate"


def test_a_must_pass_case_that_the_reference_has_wrong_refuses_nothing(shop, models):
    labeling.mark_must_pass(SYSTEM, sample_of(5), "an incident")
    models.answer(2, wrong_on(5))
    report = advance(make_standing(shop, 2).pk)
    assert report.verdict == "passed"
    assert "none of the 0 must-pass cases" in report.sentence


def test_a_mark_taken_back_refuses_no_more(shop, models):
    labeling.mark_must_pass(SYSTEM, sample_of(4), "an incident")
    labeling.lift_must_pass(SYSTEM, sample_of(4))
    models.answer(2, wrong_on(4))
    assert advance(make_standing(shop, 2).pk).verdict == "passed"


def test_texts_that_a_person_chose_judge_here_alone_and_are_asked(shop, models):
    """Twelve texts that were typed on the Analyze page: nothing for the figures, and all of them are lost."""
    for number in range(100, 112):
        make_golden(shop, text_of(number))
    Sample.objects.filter(text__in=[text_of(number) for number in range(100, 112)]).update(way_in="analyze")
    models.answer(1, lambda text: right(text) if int(text.split()[2]) >= 100 else right_every(2)(text))
    models.answer(2, lambda text: wrong(text) if int(text.split()[2]) >= 100 else right(text))
    report = advance(make_standing(shop, 2).pk)
    assert (report.verdict, report.candidate.suite.size, report.hard.suite.size) == ("refused", 60, 12)
    assert "of the hard cases 0.000 against 1.000 of shop:v1, shown to be worse by more than 0.05" in report.sentence
    assert models.texts_of(2).count(text_of(100)) == models.texts_of(1).count(text_of(100)) == 1


def test_a_thumb_down_and_another_answer_make_a_hard_case_and_take_none_away(shop):
    whole = freeze_suite(shop)
    down, other, up = (propose(sample_of(number), source="api") for number in (1, 2, 3))
    labeling.give_feedback(SYSTEM, down, thumb=-1)
    labeling.give_feedback(SYSTEM, other, answer=["praise"])
    labeling.give_feedback(SYSTEM, up, thumb=1)
    labeling.give_feedback(SYSTEM, propose(sample_of(7), source="api"), answer=["billing"])
    assert reasons_of(shop) == {text_of(1): ["complaint"], text_of(2): ["complaint"]}
    assert freeze_suite(shop) == whole, "what people complain of moves no figure"


def test_two_people_who_disagree_make_one_and_one_who_changes_their_mind_does_not(shop):
    ana, ben = make_expert(shop, "ana"), make_expert(shop, "ben")
    two, one, agreed = (make_sample(shop, f"A text {word}", split="test") for word in ("of two", "of one", "agreed on"))
    for sample, second in ((two, ["praise"]), (agreed, ["billing"])):
        labeling.decide(acting(ana), sample, ["billing"])
        labeling.reopen(acting(ben), sample)
        labeling.decide(acting(ben), sample, second)
    labeling.decide(acting(ana), one, ["billing"])
    labeling.undo(acting(ana), shop)
    labeling.decide(acting(ana), one, ["praise"])
    assert reasons_of(shop) == {"A text of two": ["disagreed"]}


def test_what_was_rolled_back_had_wrong_is_hard(shop, models):
    models.answer(2, wrong_on(4))
    two = make_standing(shop, 2)
    advance(two.pk)
    assert reasons_of(shop) == {}
    rollback = make_live(make_standing(shop, 3))
    Deployment.objects.filter(pk=rollback.pk).update(action="rollback", previous=two.version)
    assert reasons_of(shop) == {text_of(4): ["rolled_back"]}


def test_training_texts_withdrawn_ones_and_answers_beside_a_proposal_are_none(shop):
    trained = make_sample(shop, "A text to train on", state="golden")
    labeling.give_feedback(SYSTEM, propose(trained, source="api"), thumb=-1)
    for number in (1, 2, 3):
        labeling.mark_must_pass(SYSTEM, sample_of(number), "an incident")
    labeling.withdraw_sample(SYSTEM, sample_of(1), "private")
    shop.golden_samples.filter(sample=sample_of(2)).update(given="seen")
    assert reasons_of(shop) == {text_of(3): ["must_pass"]}


def test_a_reason_more_is_another_suite_and_nothing_is_asked_again(shop, models):
    labeling.mark_must_pass(SYSTEM, sample_of(4), "an incident")
    staged = make_standing(shop, 2)
    first = advance(staged.pk)
    asked = models.asked.total()
    labeling.give_feedback(SYSTEM, propose(sample_of(4), source="api"), thumb=-1)
    second = advance(staged.pk)
    assert first.hard.suite != second.hard.suite
    assert second.hard.suite.cases.get().whys == [str(Hard.COMPLAINT.label), str(Hard.MUST_PASS.label)]
    assert models.asked.total() == asked


def test_a_hard_benchmark_that_lost_its_worker_ends_and_the_judgment_with_it(shop, models):
    Sample.objects.filter(text=text_of(6)).update(way_in="analyze")
    staged, asked = make_standing(shop, 2), 2 * 59 + 2 * 50
    models.down_after = asked
    assert advance(staged.pk) is None
    row = Benchmark.objects.get(version__number=2, suite__role="hard")
    models.down_after = None
    resume(row.pk)
    staged.refresh_from_db()
    assert (staged.verdict, models.asked.total()) == ("passed", asked + 2)


def test_the_pages_show_them_apart_and_name_what_is_lost(shop, models, client):
    client.force_login(make_operator(shop))
    url = reverse("evaluation:benchmarks", args=["shop"])
    assert "a manager marks a test text as must-pass on its page" in client.get(url).content.decode()
    for sample in (sample_of(4), sample_of(5), make_sample(shop, "A test text that waits", split="test")):
        labeling.mark_must_pass(SYSTEM, sample, "it cost us <a> customer")
    labeling.withdraw_sample(SYSTEM, sample_of(5), "private")
    models.answer(2, wrong_on(4))
    report = advance(make_standing(shop, 2).pk)
    html = client.get(url).content.decode()
    assert "<strong>1</strong> Marked as must-pass" in html
    assert html.count("it cost us &lt;a&gt; customer") == 2, "a withdrawn text is not listed"
    assert "1 more waits for an answer and counts once it is there." in html
    own = client.get(reverse("evaluation:benchmark", args=["shop", report.candidate.uid])).content.decode()
    hard_url = reverse("evaluation:benchmark", args=["shop", report.hard.uid])
    case_url = reverse("evaluation:case", args=["shop", report.hard.uid, 0])
    for part in ("Must-pass cases that shop:v2 has lost", case_url, hard_url):
        assert part in own
    hard = client.get(hard_url).content.decode()
    assert "their figures say nothing of other texts" in hard
    assert "Marked as must-pass" in client.get(case_url).content.decode()


def test_the_api_tells_hard_benchmarks_apart(shop, models):
    labeling.mark_must_pass(SYSTEM, sample_of(4), "an incident")
    report = advance(make_standing(shop, 2).pk)
    client = APIClient()
    client.force_login(make_manager(shop))
    base = "/api/v1/projects/shop"
    told = client.get(f"{base}/gate-reports/{report.uid}").json()
    assert (told["hard"], told["hard_reference"]) == (str(report.hard.uid), str(report.hard_reference.uid))
    row = client.get(f"{base}/benchmarks/{told['hard']}").json()
    assert (row["is_hard"], row["cases"]) == (True, 1)
    case = client.get(f"{base}/benchmarks/{told['hard']}/cases").json()["results"][0]
    assert case["reasons"] == ["must_pass"]
    assert client.get(f"{base}/benchmarks/{told['candidate']}").json()["is_hard"] is False


def test_another_project_has_its_own(shop):
    labeling.mark_must_pass(SYSTEM, sample_of(4), "an incident")
    assert reasons_of(make_project("other")) == {}
