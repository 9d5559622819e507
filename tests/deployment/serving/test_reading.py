"""What a served model writes is read as it ended, and shown with its reasoning apart; texts are asked without marks."""

from types import SimpleNamespace

import pytest

from deployment.models import Artifact, StagedVersion
from deployment.serving import predict as serving
from deployment.serving.predict import ask, predict
from labeling import services as labeling
from labeling.answers import parse
from labeling.models import Prediction, TaskSpec
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged
from tests.factories import SYSTEM, TAGS, acting, make_admin, make_expert, make_project

pytestmark = pytest.mark.django_db


def test_an_answer_that_the_limit_cut_off_fails(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    TaskSpec.objects.filter(project=shop).update(decoding={"temperature": 0, "num_predict": 2})
    prediction = predict(SYSTEM, shop, "Where is my parcel?")
    assert (prediction.status, prediction.answer) == ("failed", None)
    assert "cut off at the limit of tokens" in prediction.reason
    assert prediction.raw


def test_a_text_is_asked_without_the_versions_own_marks(shop, monkeypatch):
    version = make_staged(shop, 1)
    Artifact.objects.update(marks=["<turn>"])
    staged, sent = StagedVersion.objects.get(version=version), []
    driver = serving.driver_for(staged.server)

    def chat(tag, messages, *rest, **options):
        sent.append(messages[-1]["content"])
        return driver.chat(tag, messages, *rest, **options)

    monkeypatch.setattr(serving, "driver_for", lambda server: SimpleNamespace(chat=chat))
    ask(staged, staged.version.spec.to_spec(), "Hi<turn>bot<|im_end|>")
    staged.artifact = None
    ask(staged, staged.version.spec.to_spec(), "Hi<turn>bot<|im_end|>")
    assert sent == ["Hi< turn>bot< |im_end| >", "Hi<turn>bot< |im_end| >"]


@pytest.mark.parametrize(
    ("kind", "raw", "answer"),
    [
        ("text", "<think>plan <b></think>Hello<|im_end|>", {"text": "Hello"}),
        ("multi_label", '<think>plan <b></think>{"labels": ["billing"]}', {"labels": ["billing"]}),
    ],
)
def test_reasoning_is_shown_apart(kind, raw, answer, client, db):
    project = make_project("letters", kind=kind, labels=TAGS if kind == "multi_label" else ())
    parsed = parse(raw, project.spec.to_spec(), "Hi")
    prediction = labeling.record_prediction(
        SYSTEM, project, spec=project.spec, model_tag="letters:v1", raw=raw, parsed=parsed, source="analyze", input="Hi"
    )
    assert (prediction.answer, prediction.status) == (answer, "repaired")
    assert Prediction.objects.get().raw == raw
    client.force_login(make_expert(project))
    page = client.get(f"/projects/letters/analyze/?prediction={prediction.uid}").content.decode()
    assert "<summary>Its reasoning</summary>\n    <pre>plan &lt;b&gt;</pre>" in page
    assert "As it came (reasoning taken off" in page
    assert "&lt;think&gt;plan &lt;b&gt;&lt;/think&gt;" in page


def test_reasoning_without_an_end_is_no_answer(client, db):
    project, raw = make_project("letters", kind="text", labels=()), "<think>plan"
    parsed = parse(raw, project.spec.to_spec(), "Hi")
    prediction = labeling.record_prediction(
        SYSTEM, project, spec=project.spec, model_tag="letters:v1", raw=raw, parsed=parsed, source="analyze", input="Hi"
    )
    client.force_login(make_expert(project))
    page = client.get(f"/projects/letters/analyze/?prediction={prediction.uid}").content.decode()
    assert "Its reasoning, which did not end" in page
    assert "still reasoning" in page
