"""Rounds on pages, in the API and in the admin: what they tell in each state, and who may choose another run."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_admin, make_expert, make_operator
from tests.training.test_api import API, client_of
from tests.training.test_pages import body, url
from tests.training.test_rounds import end, listed, started  # noqa: F401  (a fixture)
from training.models import ModelVersion, RetrainMethod, TrainingRound, TrainingRun
from training.services.settling import settle
from training.standing import round_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(shop, client):
    user = make_operator(shop, "olga")
    client.force_login(user)
    return user


def test_the_page_of_runs_lists_the_methods_and_starts_a_round(client, olga, shop, listed):  # noqa: F811
    page = body(client, url("runs", shop))
    assert "a round of 2 methods: Language model (some-base), Language model (small-base)" in page
    answer = client.post(url("start-round", shop))
    round = TrainingRound.objects.get()
    runs = list(round.runs.order_by("pk"))
    assert answer.url == url("run", shop, runs[0].uid)
    assert {run.requested_by for run in runs} == {olga}
    page = body(client, answer.url)
    assert "The candidate is chosen once all of these have ended" in page
    assert "small-base" in page
    assert f"round {round.short}" in body(client, url("runs", shop))
    again = client.post(url("start-round", shop), follow=True).content.decode()
    assert "is queued on this very snapshot" in again
    client.post(url("start-round", shop), {"again": "on"})
    assert TrainingRun.objects.count() == 4


def test_without_further_methods_no_round_is_offered(client, olga, shop, listed):  # noqa: F811
    RetrainMethod.objects.all().delete()
    assert "round of" not in body(client, url("runs", shop))


def test_a_settled_round_tells_its_sentence_and_the_other_run_may_be_judged(client, olga, shop, listed):  # noqa: F811
    round, (one, two) = started(shop)
    end(one, right=50)
    end(two, right=20)
    settle(round.pk)
    page = body(client, url("run", shop, two.uid))
    assert "is 50 points better than the language model (small-base) (95 % interval" in page
    assert "another run is the candidate" in page
    assert "0.333" in page
    assert url("judge", shop, two.uid) in page
    assert "beside the candidate" in body(client, url("runs", shop))
    assert "The gate alone does not promote it" in body(client, url("judge", shop, two.uid))
    assert client.post(url("judge", shop, two.uid)).url == url("run", shop, two.uid)
    assert ModelVersion.objects.get(run=two).made_by is None
    page = client.post(url("judge", shop, two.uid), follow=True).content.decode()
    assert "has a version already" in page
    client.force_login(make_expert(shop, "eva"))
    assert "0.333" in body(client, url("run", shop, two.uid))
    assert client.post(url("judge", shop, one.uid)).status_code == 403


def test_a_round_without_a_success_says_so(client, olga, shop, listed):  # noqa: F811
    round, runs = started(shop)
    for run in runs:
        end(run, state="failed")
    settle(round.pk)
    assert "No run of this round succeeded" in body(client, url("run", shop, runs[0].uid))


def test_the_api_starts_lists_and_tells_rounds(shop, listed):  # noqa: F811
    api = client_of(make_operator(shop, "olga"), shop, "operate", "read")
    first = api.post(f"{API}/rounds", {}, format="json")
    assert first.status_code == 201
    uid = first.json()["round"]
    found = api.get(f"{API}/rounds/{uid}").json()
    assert (found["state"], found["trigger"], found["sentence"], found["rows"]) == ("open", "api", "", None)
    assert [row["base"] for row in found["runs"]] == ["some-base", "small-base"]
    assert api.post(f"{API}/rounds", {}, format="json").status_code == 409
    one, two = TrainingRun.objects.order_by("pk")
    assert api.post(f"{API}/runs/{two.uid}/judge").status_code == 409
    end(one, right=50)
    end(two, right=20)
    settle(one.round_id)
    found = api.get(f"{API}/rounds/{uid}").json()
    assert (found["state"], found["rows"]) == ("settled", 60)
    assert "50 points better" in found["sentence"]
    told = {row["run"]: row for row in found["runs"]}[str(two.uid)]
    assert (told["is_candidate"], told["version"], told["answer_ms"]) == (False, None, None)
    assert told["figure"] == pytest.approx(1 / 3)
    assert told["behind"][0] == pytest.approx(0.5)
    assert api.get(f"{API}/rounds").json()["results"] == [found]
    assert api.post(f"{API}/runs/{two.uid}/judge").json()["version"] == 2


def test_the_admin_shows_rounds_and_edits_the_list(client, shop, listed):  # noqa: F811
    client.force_login(make_admin("root"))
    round, _ = started(shop)
    with CaptureQueriesContext(connection) as queries:
        page = body(client, reverse("admin:training_traininground_changelist"))
    assert not [each for each in queries if '"result"' in each["sql"]], "it is as long as the validation rows are many"
    assert round.short in page
    address = reverse("admin:training_retrainmethod_add")
    fields = {"project": shop.pk, "method": "lm_head", "base": listed.base_id, "profile": listed.profile_id}
    answer = client.post(address, {**fields, "method": "head"})
    assert answer.status_code == 200
    assert "is made of a sentence encoder" in answer.content.decode()
    assert client.post(address, fields).status_code == 302
    assert set(RetrainMethod.objects.values_list("method", flat=True)) == {"sft", "lm_head"}


def test_long_columns_of_candidates_are_not_read(shop, listed):  # noqa: F811
    round, (one, two) = started(shop)
    end(one, right=50)
    end(two, right=10)
    settle(round.pk)
    with CaptureQueriesContext(connection) as queries:
        assert round_rows(shop).get().candidate_id == one.pk
    assert not [each for each in queries if '"result"' in each["sql"]]
