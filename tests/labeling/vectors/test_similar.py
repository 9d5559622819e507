"""Similar golden samples: by stored vectors, by rights, and never beside a blind test text."""

import pytest
from django.core.exceptions import PermissionDenied
from rest_framework.test import APIClient

from common.problems import ConflictError
from labeling import services
from labeling.models import Sample, VectorSet
from labeling.services.vectors import similar as module
from labeling.services.vectors.making import make_vectors
from labeling.services.vectors.similar import NOT_YET, similar
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(shop, client):
    user = make_expert(shop, "ana")
    client.force_login(user)
    return user


@pytest.fixture
def decided(shop, encoder, ana):
    """Three golden samples, and one that waits."""
    said = {"where is my parcel": ["delivery"], "refund the invoice": ["billing"], "great support": ["praise"]}
    for text, labels in said.items():
        services.decide(acting(ana), make_sample(shop, text), labels)
    waiting = make_sample(shop, "my parcel never came")
    make_vectors(shop.pk)
    return waiting


def texts(likes):
    return [each.golden.sample.text for each in likes.found]


@pytest.fixture(params=["one by one", "by the index", "index lost"])
def way(request, monkeypatch, folder):
    """However many golden samples there are, and whether the file is there."""
    if request.param != "one by one":
        monkeypatch.setattr(module, "FEW", 2)
    return request.param


def test_the_most_alike_come_first_with_their_answers(decided, ana, way, settings, tmp_path):
    if way == "index lost":
        settings.VECTORS_DIR = tmp_path / "elsewhere"
    likes = similar(acting(ana), decided, 2)
    if way == "index lost":
        assert likes.note == module.NO_INDEX
        assert len(likes.found) == 2, "the newest alone were looked at"
        return
    assert texts(likes)[0] == "where is my parcel"
    assert likes.found[0].answer == {"labels": ["delivery"]}
    assert 1 >= likes.found[0].likeness >= likes.found[1].likeness
    assert likes.note == ""


def test_withdrawn_retired_and_the_text_itself_are_left_out(decided, ana, shop, way):
    parcel, invoice = (Sample.objects.get(text=text) for text in ("where is my parcel", "refund the invoice"))
    services.withdraw_sample(SYSTEM, parcel, "private")
    services.reopen(acting(ana), invoice)
    assert texts(similar(acting(ana), decided)) == ["great support"]
    praise = Sample.objects.get(text="great support")
    assert similar(acting(ana), praise).note == module.NOBODY


def test_nobody_outside_the_project_sees_texts(decided, shop):
    stranger = make_manager(make_project("other"), "ben")
    with pytest.raises(PermissionDenied):
        similar(acting(stranger), decided)


def test_a_text_without_a_vector_says_so(decided, ana, shop):
    assert similar(acting(ana), make_sample(shop, "cancel my account")).note == NOT_YET


def test_a_blind_test_text_gets_none_at_any_door(decided, ana, shop, client):
    blind = make_sample(shop, "my parcel", split="test")
    make_vectors(shop.pk)
    with pytest.raises(ConflictError):
        similar(acting(ana), blind)
    page = client.get(f"/projects/shop/samples/{blind.uid}/similar/")
    assert page.status_code == 409
    assert "where is my parcel" not in page.content.decode()
    api = APIClient()
    api.force_login(ana)
    assert api.get(f"/api/v1/projects/shop/samples/{blind.uid}/similar").status_code == 409
    assert "/similar/" not in client.get(f"/projects/shop/samples/{blind.uid}/").content.decode()
    services.take(acting(ana), blind)
    card = client.get("/projects/shop/review/").content.decode()
    assert "Test text: your own answer first" in card
    assert "/similar/" not in card
    services.decide(acting(ana), Sample.objects.get(pk=blind.pk), ["billing"])
    assert "/similar/" in client.get(f"/projects/shop/samples/{blind.uid}/").content.decode()


def test_the_review_card_opens_them(decided, ana, client):
    services.take(acting(ana), decided)
    card = client.get("/projects/shop/review/").content.decode()
    url = f"/projects/shop/samples/{decided.uid}/similar/"
    assert f'hx-get="{url}" hx-trigger="toggle once"' in card
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "where is my parcel" in part
    assert "delivery" in part
    assert "<html" in client.get(url).content.decode(), "a page of its own where there is no script"


def test_the_api_gives_them(decided, ana):
    api = APIClient()
    api.force_login(ana)
    url = f"/api/v1/projects/shop/samples/{decided.uid}/similar"
    body = api.get(url, {"k": 1}).json()
    assert [each["text"] for each in body["samples"]] == ["where is my parcel"]
    assert body["samples"][0]["answer"] == {"labels": ["delivery"]}
    assert api.get(url, {"k": 0}).status_code == 400


def test_how_far_the_vectors_are_stands_on_the_page_and_in_the_api(decided, ana, shop, client):
    assert "4 of 4 texts" in client.get("/projects/shop/").content.decode()
    assert "4 of 4 texts" in client.get("/projects/shop/vectors/", headers={"HX-Request": "true"}).content.decode()
    api = APIClient()
    api.force_login(ana)
    body = api.get("/api/v1/projects/shop/vectors").json()
    assert (body["state"], body["done"], body["total"], body["indexed"], body["note"]) == ("whole", 4, 4, 4, "")


def test_a_text_in_unknown_characters_is_like_none_and_is_left_out(decided, ana, shop):
    for text in ("Где моя посылка", "Верните деньги"):
        services.decide(acting(ana), make_sample(shop, text), ["billing"])
    make_vectors(shop.pk)
    assert similar(acting(ana), Sample.objects.get(text="Где моя посылка")).note == module.UNREADABLE
    likes = similar(acting(ana), decided)
    assert len(likes.found) == 3
    assert likes.note.endswith("characters: 2.")


def test_what_was_not_looked_at_is_said(decided, ana, shop, monkeypatch):
    monkeypatch.setattr(module, "FEW", 2)
    VectorSet.objects.update(done=9, total=9)
    assert "4 of 9 texts" in similar(acting(ana), decided, 2).note
    VectorSet.objects.update(done=4, total=4)
    monkeypatch.setattr("common.nearest.MOST", 1)
    monkeypatch.setattr(module, "MOST", 1)
    likes = similar(acting(ana), decided, 3)
    assert likes.note == module.RARE
    assert len(likes.found) >= 2, "the newest were compared"
