"""The pages: what they show, narrow and poll."""

import pytest
from django.urls import reverse

from deployment.models import StagedVersion
from evaluation.models import BaselineResult, Benchmark, CaseResult, GatePolicy
from evaluation.services import advance, freeze_suite, start_benchmark
from labeling.services import reopen
from tests.encoders import make_encoder
from tests.evaluation.worlds import make_golden, make_live, make_standing, make_world, right_every, text_of, wrong
from tests.factories import acting, make_expert, make_operator
from training.models import Snapshot

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def judged(models, client) -> Benchmark:
    """Version 1 is right on every other case, fails on one; version 0 is always wrong. An operator looks."""
    project = make_world(cases=40)
    bare, staged = make_standing(project, 0), make_standing(project, 1)
    models.answer(0, wrong)
    models.answer(1, lambda text: "Pardon?" if "number 7 " in text else right_every(2)(text))
    GatePolicy.objects.create(project=project, minimum=0.9)
    advance(bare.pk)
    advance(staged.pk)
    client.force_login(make_operator(project))
    return Benchmark.objects.get(version__number=1, decoding="served")


def url_of(row: Benchmark) -> str:
    return reverse("evaluation:benchmark", args=["shop", row.uid])


def shown(response) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_an_empty_project_says_what_to_do(client, db):
    project = make_world(cases=0)
    client.force_login(make_expert(project))
    assert "No benchmarks yet" in shown(client.get(reverse("evaluation:benchmarks", args=["shop"])))


def test_the_list_shows_verdicts_and_figures(judged, client):
    page = shown(client.get(reverse("evaluation:benchmarks", args=["shop"])))
    for fact in (
        "shop:v1",
        "refused",
        "parsing success",
        "Micro-F1",
        ">0.506<",
        "served",
        "free",
        "these 40 cases show",
        url_of(judged),
    ):
        assert fact in page
    assert "hx-trigger" not in page


def test_the_list_polls_while_a_verdict_is_due(judged, client):
    make_standing(judged.version.project, 2)
    page = shown(client.get(reverse("evaluation:benchmarks", args=["shop"])))
    assert "shop:v2 stands on server-shop and waits for its verdict" in page
    assert 'hx-trigger="every 2s"' in page
    fragment = shown(client.get(reverse("evaluation:benchmarks", args=["shop"]), **HTMX))
    assert fragment.startswith('<div id="benchmarks"')


def test_a_benchmark_shows_figures_gate_and_what_stands_beside_it(judged, client):
    snapshot = Snapshot.objects.create(
        project=judged.version.project, spec=judged.version.spec, digest="d", folder="f",
        train_rows=1, validation_rows=1, test_rows=1,
    )  # fmt: skip
    metrics = {"f1_micro": 0.321, "main_metric": "f1_micro", "main": 0.321}
    BaselineResult.objects.create(suite=judged.suite, snapshot=snapshot, name="constant", metrics=metrics)
    page = shown(client.get(url_of(judged)))
    for fact in (
        "PSR", "FCR", "Micro-F1 (judged)", "95th percentile", "The gate:", "not met", "success 0.975 is not shown",
        "The smallest gain that 40 cases show",
        "Best constant answer", "0.321", "Label by label", "billing", "Judge again", "reference",
    ):  # fmt: skip
        assert fact in page, fact
    assert "0.871 to 0.996" in page


def test_cases_are_narrowed_searched_and_held_against_the_reference(judged, client):
    def rows(query: str) -> int:
        response = client.get(url_of(judged) + query)
        assert response.status_code == 200
        return response.context["page"].paginator.count

    assert [rows(f"?show={name}") for name in ("all", "wrong", "failed", "repaired", "differs")] == [40, 20, 1, 0, 21]
    assert rows("?show=nonsense") == 40
    assert rows("?q=number+7+") == 1
    assert rows("?q=pardon") == 1
    assert rows("?show=wrong&q=number+8+") == 0
    assert client.get(url_of(judged) + "?show=failed&q=%00").status_code == 200
    counts = {name: count for name, _, count in client.get(url_of(judged)).context["filters"]}
    assert counts == {"all": 40, "wrong": 20, "failed": 1, "repaired": 0, "differs": 21}
    page = shown(client.get(url_of(judged) + "?show=failed"))
    assert "Pardon?" in page
    assert "no answer" in page


def test_long_lists_have_pages(judged, client):
    first, second = (client.get(url_of(judged) + f"?show=all&page={n}") for n in (1, 2))
    assert len(first.context["page"].object_list) == 25
    assert len(second.context["page"].object_list) == 15
    assert "?show=all&amp;page=2#cases" in first.content.decode()


def test_the_page_costs_the_same_for_any_number_of_cases(judged, client, django_assert_max_num_queries):
    with django_assert_max_num_queries(22):
        client.get(url_of(judged))


def test_one_case_in_full(judged, client):
    position = CaseResult.objects.get(benchmark=judged, status="failed").case.position
    page = shown(client.get(reverse("evaluation:case", args=["shop", judged.uid, position])))
    for fact in ("Pardon?", "Tag the message.", "shop:v0 (reference)", "system", "The sample and its history"):
        assert fact in page
    assert client.get(reverse("evaluation:case", args=["shop", judged.uid, 999])).status_code == 404


def test_a_running_benchmark_polls_its_progress_and_then_brings_the_whole_page(judged, client):
    for number in range(40, 45):
        make_golden(judged.version.project, text_of(number))
    running = start_benchmark(judged.staged, freeze_suite(judged.version.project))
    Benchmark.objects.filter(pk=running.pk).update(state="running", done=11)
    assert "11 of 45 cases" in shown(client.get(url_of(running)))
    fragment = client.get(url_of(running), **HTMX)
    assert shown(fragment).startswith('<section id="progress"')
    assert "HX-Retarget" not in fragment
    Benchmark.objects.filter(pk=running.pk).update(state="succeeded")
    ended = client.get(url_of(running), **HTMX)
    assert (ended["HX-Retarget"], ended["HX-Reselect"], ended["HX-Reswap"]) == ("#main", "#main", "morph")
    assert "hx-trigger" not in shown(ended)


def test_a_failed_benchmark_says_why_and_offers_another_run(judged, client):
    Benchmark.objects.filter(pk=judged.pk).update(state="failed", error="the server is away")
    page = shown(client.get(url_of(judged)))
    assert "nothing was judged by it: the server is away" in page
    assert "Run again" in page


def test_the_page_says_when_something_else_is_live_now(judged, client):
    assert "this report holds" not in shown(client.get(url_of(judged)))
    make_live(make_standing(judged.version.project, 2))
    assert "shop:v2 is live now, and this report holds shop:v1 against shop:v0" in shown(client.get(url_of(judged)))


def test_judging_again_goes_back_where_one_was_and_nowhere_else(judged, client):
    url = reverse("evaluation:judge-again", args=["shop", judged.staged.uid])
    assert client.post(url, {"back": url_of(judged)}).url == url_of(judged)
    assert client.post(url, {"back": "https://elsewhere.example/"}).url == reverse(
        "evaluation:benchmarks", args=["shop"]
    )
    StagedVersion.objects.update(state="removed")
    assert "only a staged version can be judged" in shown(client.post(url, follow=True))


def test_an_expert_sees_everything_but_the_buttons(judged, client):
    client.force_login(make_expert(judged.version.project))
    page = shown(client.get(url_of(judged)))
    assert "The gate:" in page
    assert "Judge again" not in page


def test_a_sample_shows_what_versions_answered(judged, client):
    sample = CaseResult.objects.filter(benchmark=judged, exact=True).first().case.sample
    page = shown(client.get(reverse("labeling:sample", args=["shop", sample.uid])))
    assert "In benchmarks" in page
    assert "shop:v1" in page


def test_a_benchmark_of_another_project_is_not_found_here(judged, client):
    other = make_world("other", cases=1)
    client.force_login(make_operator(other))
    assert client.get(reverse("evaluation:benchmark", args=["other", judged.uid])).status_code == 404


def test_what_is_left_out_of_suites_is_counted_with_its_reason(judged, client):
    project = judged.version.project
    url = reverse("evaluation:benchmarks", args=["shop"])
    assert "<strong>40</strong> of the project's test answers may judge a version" in shown(client.get(url))
    assert "None is left out." in shown(client.get(url))
    project.golden_samples.filter(pk=project.golden_samples.first().pk).update(given="seen")
    page = shown(client.get(url))
    assert "<strong>39</strong> of the project" in page
    assert "<strong>1</strong> the answer was given beside a model's proposal" in page.replace("&#x27;", "'")


def test_results_of_a_test_sample_are_hidden_while_it_is_answered_anew(judged, client):
    sample = judged.suite.cases.first().sample
    url = reverse("labeling:sample", args=["shop", sample.uid])
    assert "In benchmarks" in shown(client.get(url))
    reopen(acting(make_expert(sample.project)), sample)
    assert "In benchmarks" not in shown(client.get(url))


def test_the_reasoning_of_a_case_stands_apart(judged, client):
    case = CaseResult.objects.filter(benchmark=judged).first()
    CaseResult.objects.filter(pk=case.pk).update(raw='<think>hm</think>{"labels": []}<|im_end|>')
    page = shown(client.get(reverse("evaluation:case", args=["shop", judged.uid, case.case.position])))
    assert "<summary>Its reasoning</summary> <pre>hm</pre>" in page
    assert "As it came (reasoning taken off, end mark taken off before reading)" in page
    assert "Its reasoning" in shown(client.get(reverse("evaluation:benchmark", args=["shop", judged.uid])))


def beside(judged: Benchmark, name: str, main: float, **more) -> None:
    snapshot, _ = Snapshot.objects.get_or_create(
        project=judged.version.project, spec=judged.version.spec, digest="d",
        defaults={"folder": "f", "train_rows": 1, "validation_rows": 1, "test_rows": 1},
    )  # fmt: skip
    figures = {
        "cases": 40,
        "f1_micro": main,
        "main_metric": "f1_micro",
        "main": main,
        "main_interval": [0.1, main + 0.1],
    }
    BaselineResult.objects.create(suite=judged.suite, snapshot=snapshot, name=name, metrics={**figures, **more})


def test_a_version_below_a_simple_method_says_so_in_its_first_line(judged, client):
    beside(judged, "constant", 0.2)
    assert "is below a simple method" not in shown(client.get(url_of(judged)))
    beside(judged, "head", 0.672)
    page = shown(client.get(url_of(judged)))
    said = "shop:v1 is below a simple method: micro-F1 0.506 (0.3"
    assert said in page
    assert "“Sentence encoder with logistic regression” has 0.672 (0.100 to 0.772); the intervals overlap." in page
    assert page.index(said) < page.index("as spec 1 asks them") < page.index("Micro-F1 (judged)")
    whole = client.get(f"/api/v1/projects/shop/benchmarks/{judged.uid}").json()
    assert whole["below"].startswith(said)
    assert [row["name"] for row in whole["neighbours"]] == ["head", "constant"]
    assert whole["neighbours"][0]["main_interval"] == [0.1, 0.772]


def test_methods_on_other_cases_say_nothing_of_a_version(judged, client):
    beside(judged, "head", 0.9, cases=10)
    assert "is below a simple method" not in shown(client.get(url_of(judged)))


def test_the_page_says_how_to_get_an_encoder_or_what_it_could_not_read(judged, client, settings, tmp_path):
    assert "There is no sentence encoder in" in (page := shown(client.get(url_of(judged))))
    assert "Fetch it with `make encoder`." in page
    settings.ENCODER_DIR = make_encoder(tmp_path / "encoder", "a b")
    assert "Judge again to see what it gives." in shown(client.get(url_of(judged)))
    (settings.ENCODER_DIR / "model.onnx").write_bytes(b"")
    assert "model.onnx of the sentence encoder in" in shown(client.get(url_of(judged)))
    told = {"name": "all-MiniLM-L6-v2", "languages": "English", "limit": 256, "texts": 90, "cut": 3, "unknown": 2}
    beside(judged, "head", 0.4, encoder={**told, "untaught": ["praise"]})
    page = shown(client.get(url_of(judged)))
    for fact in (
        "all-MiniLM-L6-v2: English alone, 256 tokens of a text; 3 of 90 texts were longer and cut.",
        "2 are mostly in characters that it does not know.",
        "No golden sample has praise",
    ):
        assert fact in page, fact
