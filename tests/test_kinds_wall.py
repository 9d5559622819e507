"""A new kind of answer is a kind, a scorer and two templates: two that no code knows go through the whole house."""

import re
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from common import jsonl
from common.problems import ProblemError
from evaluation.services import baseline_results, freeze_suite, run_benchmark, start_benchmark
from labeling import prompts, services
from labeling.answers import Status, parse
from labeling.models import GoldenSample, Prediction, Project, Sample
from tests import toy_kinds
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, ollama_standin, serve_from
from tests.evaluation.worlds import Models, make_standing, models
from tests.factories import SYSTEM, make_admin, make_expert, make_manager, make_operator
from training.services import freeze_snapshot
from training.services.snapshots import folder_of

__all__ = ["models"]
pytestmark = pytest.mark.django_db

MOODS = {
    "type": "object",
    "properties": {"mood": {"enum": ["calm", "angry"]}},
    "required": ["mood"],
    "additionalProperties": False,
}
TALK = [
    {"role": "user", "content": "My parcel is late."},
    {"role": "assistant", "content": "I am sorry."},
    {"role": "user", "content": "That is no help!"},
]


@pytest.fixture(autouse=True)
def _toys(monkeypatch, settings, tmp_path):
    toy_kinds.register(monkeypatch, settings, tmp_path / "templates")


@pytest.fixture
def quotes(db) -> Project:
    return services.create_project(SYSTEM, key="q", name="Q", kind="toy_quotes", instruction="Quote what is rude.")


@pytest.fixture
def judged(db) -> Project:
    return services.create_project(
        SYSTEM, key="j", name="J", kind="toy_judgment", instruction="Judge the mood.", schema=MOODS
    )


def talk(number: int) -> list[dict[str, str]]:
    word = "".join("abcdefghij"[int(digit)] for digit in str(number))
    return [*TALK[:2], {"role": "user", "content": f"Then send the {word} again!"}]


def text_of(number: int) -> str:
    word = "".join("abcdefghij"[int(digit)] for digit in str(number))
    return f"Dear shop, you {word} fools."


def imported(project: Project, path: Any, rows: list[dict[str, Any]], **options: Any) -> Any:
    jsonl.write(path / "rows.jsonl", rows)
    return services.import_file(SYSTEM, project, path / "rows.jsonl", {"answer": "answer", "answers": "all", **options})


def html_of(response: Any) -> str:
    assert response.status_code == 200, response.content
    return " ".join(response.content.decode().split())


def review(client: Any, project: Project, **entered: Any) -> Any:
    url = reverse("labeling:review", args=[project.key])
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html_of(client.get(url))))
    form.pop("csrfmiddlewaretoken", None)
    return client.post(url, {**form, "action": "save", **entered}, follow=True)


def judge(project: Project, models: Models, said: Any) -> Any:
    """Version 1 of a project, benchmarked on its test split."""
    suite = freeze_suite(project)
    assert suite is not None
    serve_from(project, make_server("http://127.0.0.1:1"))
    models.answer(1, said)
    done = run_benchmark(start_benchmark(make_standing(project, 1), suite).pk)
    assert done.state == "succeeded", done.error
    return done


def test_a_quote_is_read_with_the_text_at_hand(quotes):
    spec = quotes.spec.to_spec()
    assert parse('{"quotes": ["you fools"]}', spec, "Hey, you fools").status == Status.STRICT
    found = parse('{"quotes": ["YOU fools"]}', spec, "Hey, you fools")
    assert (found.answer, found.status) == ({"quotes": ["you fools"]}, Status.REPAIRED)
    assert "does not hold" in parse('{"quotes": ["you fools"]}', spec, "Hey").reason
    assert parse('{"quotes": ["Hey"]}', spec, None).status == Status.FAILED


def test_a_conversation_is_asked_turn_by_turn(judged):
    spec = judged.spec.to_spec()
    asked = prompts.messages(spec, TALK)
    assert asked == [{"role": "system", "content": "Judge the mood."}, *TALK]
    assert prompts.input_of(spec, asked) == TALK
    assert parse('{"mood": "glad"}', spec, TALK).status == Status.FAILED


def test_a_schema_is_frozen_with_the_task_and_refused_where_there_is_none(judged, quotes):
    assert judged.spec.schema == MOODS
    services.update_project(SYSTEM, judged, schema={**MOODS, "title": "Mood"})
    assert judged.spec.number == 2
    with pytest.raises(ProblemError, match="takes no schema"):
        services.update_project(SYSTEM, quotes, schema=MOODS)
    with pytest.raises(ProblemError, match="needs a schema"):
        services.create_project(SYSTEM, key="x", name="X", kind="toy_judgment", instruction="Judge.")


def test_quotes_are_reviewed_on_the_page(quotes, client):
    sample, _ = services.add_sample(SYSTEM, quotes, "Dear shop, you fools.", way_in="import")
    Sample.objects.update(split="train")
    raw = '{"quotes": ["Dear"]}'
    parsed = parse(raw, quotes.spec.to_spec(), sample.text)
    services.record_prediction(
        SYSTEM, quotes, spec=quotes.spec, model_tag="q:v1", raw=raw, parsed=parsed, source="queue", sample=sample
    )
    client.force_login(make_expert(quotes))
    page = html_of(client.get(reverse("labeling:review", args=["q"])))
    assert '<textarea name="quotes" data-of="21">Dear</textarea>' in page
    refused = review(client, quotes, quotes="you FOOLS\nidiots")
    assert refused.status_code == 400
    assert "does not hold &#x27;idiots&#x27;" in refused.content.decode()
    assert "corrected, you fools" in html_of(review(client, quotes, quotes="you FOOLS"))
    assert GoldenSample.objects.get().answer == {"quotes": ["you fools"]}
    assert "<q>you fools</q>" in html_of(client.get(reverse("labeling:sample", args=["q", sample.uid])))


def test_an_empty_answer_is_asked_about_in_the_kinds_own_words(quotes, client):
    services.add_sample(SYSTEM, quotes, "Dear shop, you fools.", way_in="import")
    client.force_login(make_expert(quotes))
    refused = review(client, quotes, quotes="")
    assert "Nothing is quoted." in refused.content.decode()
    assert "labelled, no quote" in html_of(review(client, quotes, quotes="", none_ok="1"))


def test_a_conversation_comes_in_by_the_api_and_is_reviewed(judged, client):
    api = APIClient()
    api.force_authenticate(make_manager(judged))
    url = "/api/v1/projects/j/samples"
    added = api.post(url, {"input": TALK, "answer": None}, format="json")
    assert added.status_code == 201, added.content
    assert added.json()["samples"][0]["input"] == TALK
    assert api.post(url, {"text": "A text"}, format="json").status_code == 400
    assert api.post(url, {"input": TALK[:2]}, format="json").status_code == 400
    assert api.post(url, {"input": TALK}, format="json").json()["created"] == 0
    sample = Sample.objects.get()
    assert sample.text.startswith("user: My parcel is late.")
    client.force_login(make_expert(judged))
    page = html_of(client.get(reverse("labeling:review", args=["j"])))
    assert "of 3 turns" in page
    assert "That is no help!" in page
    assert "labelled, mood angry" in html_of(review(client, judged, mood="angry"))


@pytest.mark.django_db(transaction=True)
def test_a_conversation_is_predicted_and_kept(judged, tmp_path):
    (tmp_path / "standin").mkdir()
    with ollama_standin(tmp_path / "standin") as standin:
        serve_from(judged, make_server(standin.url))
        promote(make_admin(), make_staged(judged, 1))
        api = APIClient()
        api.force_authenticate(make_operator(judged))
        response = api.post("/api/v1/projects/j/predict", {"input": TALK}, format="json")
        assert response.json()["answer"]["mood"] in ("calm", "angry")
        assert api.post("/api/v1/projects/j/predict", {"text": "Hi"}, format="json").status_code == 400
        batch = api.post("/api/v1/projects/j/batch_predict", {"inputs": [talk(1)]}, format="json")
        assert [row["status"] for row in batch.json()["results"]] == ["strict"]
    prediction = Prediction.objects.get(uid=response.json()["uid"])
    assert prediction.sample is not None
    assert prediction.sample.whole_input == TALK


def test_quotes_are_taught_judged_and_held_against_a_constant(quotes, models, tmp_path, client):
    rows = [{"text": text_of(n), "answer": {"quotes": ["fools"]}} for n in range(60)]
    batch = imported(quotes, tmp_path, [*rows, {"text": "Polite.", "answer": ["fools"]}])
    assert (batch.golden, batch.bad_rows) == (60, 1)
    snapshot = freeze_snapshot(SYSTEM, quotes)
    first = next(iter(jsonl.read(folder_of(snapshot) / "train.jsonl")))
    assert first["completion"][0]["content"] == '{"quotes": ["fools"]}'
    done = judge(quotes, models, lambda text: '{"quotes": ["Dear"]}')
    assert (done.metrics["main_metric"], done.metrics["main"]) == ("quote_f1", 0.0)
    (constant,) = baseline_results(done.suite, snapshot)
    assert constant.metrics["main"] == 1.0
    client.force_login(make_operator(quotes))
    page = html_of(client.get(reverse("evaluation:benchmark", args=["q", done.uid])))
    for fact in ("Quote F1", "Best constant answer", "<q>fools</q>", "<q>Dear</q>"):
        assert fact in page
    assert "Not quoted: fools." in html_of(client.get(reverse("evaluation:case", args=["q", done.uid, 0])))


def test_conversations_are_taught_and_judged(judged, models, tmp_path, client):
    rows = [{"talk": talk(n), "answer": {"mood": "angry"}} for n in range(60)]
    batch = imported(judged, tmp_path, [*rows, {"talk": TALK[:2], "answer": None}], text="talk")
    assert (batch.golden, batch.bad_rows) == (60, 1)
    snapshot = freeze_snapshot(SYSTEM, judged)
    first = next(iter(jsonl.read(folder_of(snapshot) / "train.jsonl")))
    assert [turn["role"] for turn in first["prompt"]] == ["system", "user", "assistant", "user"]
    done = judge(judged, models, lambda turns: '{"mood": "%s"}' % ("angry" if len(turns) == 3 else "calm"))
    assert (done.metrics["main_metric"], done.metrics["main"]) == ("exact", 1.0)
    assert [row.metrics["main"] for row in baseline_results(done.suite, snapshot)] == [1.0]
    client.force_login(make_operator(judged))
    assert "<b>angry</b>" in html_of(client.get(reverse("evaluation:case", args=["j", done.uid, 0])))
