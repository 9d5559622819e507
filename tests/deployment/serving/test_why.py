"""Beside a head's answers: the golden samples that are most like the text, looked for when somebody asks."""

from shutil import rmtree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.problems import ConflictError
from deployment.panels import why_panel
from deployment.serving.why import NOT_KEPT, made_by_head, why
from labeling.answers import ParsedAnswer, Status
from labeling.services import record_prediction
from labeling.services.vectors.making import make_vectors
from tests.deployment.standins import make_version
from tests.encoders import make_encoder
from tests.factories import SYSTEM, acting, make_expert, make_project, make_sample
from tests.heads import NAME, have_encoder, make_answers, make_head
from tests.training.heads.folders import VOCABULARY

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings, tmp_path):
    settings.VECTORS_DIR = tmp_path / "vectors"
    have_encoder(settings, tmp_path / "models")
    project = make_project("shop")
    make_answers(project, 24)
    return project


@pytest.fixture
def head(shop):
    return make_head(shop)


@pytest.fixture
def ana(shop, client):
    user = make_expert(shop, "ana")
    client.force_login(user)
    return user


def proposed(version, text="where is my refund", source="queue", **fields):
    """What a version proposed for a text."""
    sample = make_sample(version.project, text, **fields)
    make_vectors(version.project.pk)
    parsed = ParsedAnswer({"labels": ["billing"]}, Status.STRICT)
    asked = {"spec": version.spec, "model_tag": version.tag, "raw": "{}", "parsed": parsed, "sample": sample}
    return record_prediction(SYSTEM, version.project, **asked, source=source)


def test_the_page_of_an_expert_shows_it_when_it_is_opened(head, ana, client):
    prediction = proposed(head)
    address = f"/projects/shop/predictions/{prediction.uid}/why/"
    page = client.get("/projects/shop/review/").content.decode()
    assert f'hx-get="{address}" hx-trigger="toggle once"' in page
    assert "Similar golden samples" not in page
    part = client.get(address, headers={"HX-Request": "true"})
    assert part["X-Page-Part"] == "yes"
    told = part.content.decode()
    assert f"shop:v{head.number} is a head on the sentence encoder {head.base.name}" in told
    assert told.count("<li>") == 5
    whole = client.get(address).content.decode()
    assert f"Why shop:v{head.number} answered so" in whole
    shown = client.get(f"/projects/shop/analyze/?prediction={prediction.uid}").content.decode()
    assert address in shown


def test_the_api_gives_it(head, ana, client):
    prediction = proposed(head)
    found = client.get(f"/api/v1/projects/shop/predictions/{prediction.uid}/why?k=2").json()
    assert (found["version"], found["encoder"], found["note"]) == (head.number, head.base.name, "")
    assert len(found["samples"]) == 2
    assert found["samples"][0]["likeness"] >= found["samples"][1]["likeness"]


def test_what_another_method_answered_has_none(shop, ana, client):
    prediction = proposed(make_version(shop, 1))
    page = client.get("/projects/shop/review/").content.decode()
    assert "Similar golden samples" in page
    assert "/why/" not in page
    answer = client.get(f"/api/v1/projects/shop/predictions/{prediction.uid}/why")
    assert (answer.status_code, "is no head" in answer.json()["detail"]) == (409, True)
    assert "is no head" in client.get(f"/projects/shop/predictions/{prediction.uid}/why/").content.decode()


@pytest.mark.parametrize("tag", ["shop", "shop:v99", "other:v1", "gpt: something", "shop:v1234567890", "shop:v²"])
def test_a_name_that_no_version_has_is_no_head(head, tag):
    prediction = proposed(head)
    prediction.model_tag = tag
    assert made_by_head(prediction) is None
    assert why_panel(None, prediction) == ""


def test_it_costs_the_page_one_query(head, ana):
    prediction = proposed(head)
    with CaptureQueriesContext(connection) as captured:
        assert why_panel(None, prediction)
    assert len(captured) == 1


def test_a_blind_test_text_has_none(head, ana, client):
    prediction = proposed(head, split="test")
    with pytest.raises(ConflictError, match="test text"):
        why(acting(ana), prediction)
    page = client.get(f"/projects/shop/predictions/{prediction.uid}/why/")
    assert page.status_code == 409
    assert "billing" not in page.content.decode()


def test_a_text_that_was_not_kept_is_said(head, ana):
    parsed = ParsedAnswer({"labels": []}, Status.STRICT)
    asked = {"spec": head.spec, "model_tag": head.tag, "raw": "{}", "parsed": parsed, "source": "outside"}
    unkept = record_prediction(SYSTEM, head.project, **asked)
    unkept.sample = None
    with pytest.raises(ConflictError, match=NOT_KEPT):
        why(acting(ana), unkept)


def replaced_encoder(settings, name=NAME):
    """Another encoder in the folder of the one before."""
    rmtree(settings.ENCODER_DIR)
    make_encoder(settings.ENCODER_DIR, f"{VOCABULARY} further", name=name)


def untold(head):
    """As a fit of an earlier release left it."""
    del head.run.metrics["head"]["encoder"]["key"]
    head.run.save()


@pytest.mark.parametrize("is_old", [False, True], ids=["today's fit", "a fit of an earlier release"])
@pytest.mark.parametrize(
    ("name", "said"), [(NAME, f"those of another revision of {NAME} by now"), ("another/one", "those of another/one")]
)
def test_vectors_of_an_encoder_that_was_exchanged_say_nothing_of_a_head(
    head, ana, client, settings, name, said, is_old
):
    if is_old:
        untold(head)
    prediction = proposed(head)
    assert len(why(acting(ana), prediction).likes.found) == 5
    replaced_encoder(settings, name)
    assert len(why(acting(ana), prediction).likes.found) == 5, "the vectors before are kept until the new ones are made"
    make_vectors(head.project.pk)
    found = client.get(f"/api/v1/projects/shop/predictions/{prediction.uid}/why").json()
    assert found["samples"] == []
    assert f"was made of {NAME} of revision {head.base.revision[:12]}" in found["note"]
    assert said in found["note"]
    page = client.get(f"/projects/shop/predictions/{prediction.uid}/why/").content.decode()
    assert said in page
    assert "<li>" not in page.split("<main", 1)[1].split("</main>", 1)[0]
    blind = proposed(head, "is my parcel here", split="test")
    with pytest.raises(ConflictError, match="test text"):
        why(acting(ana), blind)


def test_a_fine_tuned_encoder_is_another_though_it_keeps_its_name(head, ana, settings):
    prediction = proposed(head)
    assert why(acting(ana), prediction).note == ""
    began = dict(head.run.metrics["head"]["encoder"])
    head.run.metrics["head"]["encoder"] |= {"revision": "f" * 64, "key": "e" * 64}
    head.run.metrics["head"]["began_with"] = began
    head.run.save()
    found = why(acting(ana), prediction)
    assert f"itself reads texts by {NAME} of revision {'f' * 12}, fine-tuned" in found.note
    assert len(found.likes.found) == 5
    replaced_encoder(settings)
    make_vectors(head.project.pk)
    assert f"those of another revision of {NAME}" in why(acting(ana), prediction).likes.note


def test_a_fine_tuned_encoder_of_an_earlier_release_is_compared_by_its_base(head, ana):
    prediction = proposed(head)
    head.run.metrics["head"]["encoder"]["revision"] = "f" * 64
    untold(head)
    found = why(acting(ana), prediction)
    assert (len(found.likes.found), "fine-tuned" in found.note) == (5, True)
