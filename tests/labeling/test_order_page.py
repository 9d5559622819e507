"""The page and the API of the order of review: what they tell, who may change what, and what is refused."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from labeling.models import GoldenSample, Place, Ranking, ReviewOrder, Turn
from labeling.services import decide, decide_known, next_sample
from labeling.services.order.blind import look_whether_blind_is_wanted
from labeling.services.order.places import ranking_of, store_places
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample

pytestmark = pytest.mark.django_db
SHARES = {"teach": 50, "random": 30, "blind": 20, "order": "novelty", "seed": 3}


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def url(project):
    return reverse("labeling:order", args=[project.key])


def page_of(client, user, url) -> str:
    client.force_login(user)
    return client.get(url).content.decode()


def test_an_expert_reads_it_and_changes_their_own_order_alone(project, client, url):
    ana = make_expert(project, "ana")
    page = page_of(client, ana, url)
    assert "Not ranked yet" in page
    assert "For everybody" not in page
    assert "Use it for my reviews" in page
    assert client.post(url, SHARES).status_code == 403
    client.post(reverse("labeling:my_order", args=[project.key]), {"order": "newest"})
    assert Turn.objects.get(user=ana).order == "newest"
    assert '<option value="newest" selected>' in client.get(url).content.decode()
    client.post(reverse("labeling:my_order", args=[project.key]), {"order": "doubtful"})
    assert Turn.objects.get(user=ana).order == "newest"


def test_a_manager_sets_the_shares_and_wrong_ones_are_said_beside_what_was_typed(project, client, url):
    client.force_login(make_manager(project))
    answer = client.post(url, SHARES | {"teach": 60})
    assert answer.status_code == 400
    assert "these add up to 110" in answer.content.decode()
    assert 'value="60"' in answer.content.decode()
    assert not ReviewOrder.objects.exists()
    for wrong in ({"teach": "-5"}, {"teach": "x"}, {"order": "doubtful"}, {"seed": "-1"}, {"blind": ""}):
        assert client.post(url, SHARES | wrong).status_code == 400
    assert client.post(url, SHARES).status_code == 302
    row = ReviewOrder.objects.get()
    assert (row.teach, row.random, row.blind, row.order, row.seed) == (50, 30, 20, "novelty", 3)
    assert "50 %" in client.get(url).content.decode()


def test_what_another_manager_set_meanwhile_is_told_and_may_be_saved_over(project, client, url):
    client.force_login(make_manager(project))
    opened = client.get(url).context["form"].initial | {"seed": 9}
    client.post(url, SHARES)
    late = client.post(url, opened)
    assert (late.status_code, "changed this since you opened it" in late.text) == (409, True)
    assert ReviewOrder.objects.get().seed == 3
    assert client.post(url, opened | {"premise": late.context["form"]["premise"].value()}).status_code == 302
    assert ReviewOrder.objects.get().seed == 9


def test_it_tells_what_each_stream_gave_and_which_answers_are_doubtful(project, client, url):
    ana = make_expert(project, "ana")
    texts = [make_sample(project, f"some text {number}", rank=number + 1) for number in range(4)]
    ranking_of(project)
    store_places(project, {"teach": [(sample.pk, 0.1) for sample in texts]}, looked_at=4)
    for _ in range(3):
        decide(acting(ana), next_sample(acting(ana), project), ["billing"])
    store_places(project, {"doubtful": [(texts[0].pk, 0.9)]}, lists=["doubtful"])
    page = page_of(client, ana, url)
    assert "4 training texts that waited" in page
    assert "some text 0" in page
    assert "doubt 0.90" in page
    assert GoldenSample.objects.filter(sample__stream="teach").count() >= 1


def test_a_test_text_is_never_listed(project, client, url):
    sample = make_sample(project, "hidden until then", split="test")
    decide_known(SYSTEM, sample, {"labels": ["billing"]})
    ranking_of(project)
    store_places(project, {"doubtful": [(sample.pk, 0.9)]}, lists=["doubtful"])
    assert not Place.objects.exists()
    assert "hidden until then" not in page_of(client, make_expert(project), url)


def test_the_api_tells_and_changes_the_same(project):
    client = APIClient()
    client.force_authenticate(make_manager(project))
    url = reverse("api-order", args=[project.key])
    told = client.get(url).json()
    assert told["shares"] == told["now"] == {"teach": 60, "random": 20, "blind": 20}
    assert (told["order"], told["ranking"]) == ("teach", None)
    assert "come by chance" in told["note"]
    changed = client.patch(url, {"teach": 40, "random": 40}, format="json")
    assert (changed.status_code, changed.json()["shares"]["random"]) == (200, 40)
    refused = client.patch(url, {"teach": 90}, format="json")
    assert refused.status_code == 400
    assert "add up to 100" in refused.json()["detail"]
    assert client.patch(url, {"tech": 90}, format="json").status_code == 400
    assert "Choose one of" in client.patch(url, {"order": "doubtful"}, format="json").json()["detail"]
    assert client.get(reverse("api-doubtful", args=[project.key]) + "?k=5").json() == []


def test_test_texts_are_wanted_until_the_gate_has_enough(project, client, url):
    ranking_of(project)
    look_whether_blind_is_wanted()
    assert Ranking.objects.get().wants_blind
    for _ in range(130):
        decide_known(SYSTEM, make_sample(project, split="test"), {"labels": ["billing"]})
    look_whether_blind_is_wanted()
    assert not Ranking.objects.get().wants_blind
    page = page_of(client, make_expert(project), url)
    assert "the gate has enough for now" in page
    assert "80 %" in page


def test_where_heads_know_nothing_no_order_by_them_is_offered(client):
    spans = make_project("names", "spans")
    client.force_login(make_manager(spans, "mia"))
    url = reverse("labeling:order", args=["names"])
    page = client.get(url).content.decode()
    assert "Unlike all golden samples" in page
    assert "Least sure" not in page
    assert "Doubtful golden answers" not in page
    assert client.post(url, SHARES | {"order": "confidence"}).status_code == 400
    assert client.post(url, SHARES).status_code == 302
