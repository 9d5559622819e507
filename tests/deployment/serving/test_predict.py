"""Predictions through the live version: attributed, recorded, and clear where nobody answers."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from common.problems import ConflictError, ProblemError, UnavailableError
from config.embedded.server import free_port
from deployment.models import StagedVersion
from deployment.serving.batch import predict_many
from deployment.serving.predict import predict
from deployment.serving.proposals import propose, propose_further
from labeling.models import Prediction, Sample
from labeling.services import create_token, withdraw_sample
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import make_server, make_staged, ollama_standin, serve_from
from tests.factories import SYSTEM, acting, acting_through, make_admin, make_expert, make_project, make_sample

pytestmark = pytest.mark.django_db


def test_an_answer_is_recorded_with_its_version(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    prediction = predict(SYSTEM, shop, "Where is my parcel?")
    assert (prediction.model_tag, prediction.status, prediction.source) == ("shop:v1", "strict", "api")
    assert set(prediction.answer["labels"]) <= {"billing", "delivery", "praise"}
    assert 0 < prediction.confidence <= 1
    assert prediction.latency_ms > 0
    assert prediction.sample == Sample.objects.get(text="Where is my parcel?")


def test_the_service_itself_asks_for_the_right(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    token, _ = create_token(SYSTEM, make_expert(shop), "bot", [shop], ["read"])
    for actor in (acting(make_expert(make_project("other"))), acting_through(token)):
        for ask in (lambda who: predict(who, shop, "Hello"), lambda who: predict_many(who, shop, ["Hello"])):
            with pytest.raises(PermissionDenied, match="may not predict in project shop"):
                ask(actor)
    assert not Prediction.objects.exists()
    assert predict(acting(make_expert(shop)), shop, "Hello").status == "strict"


def test_texts_are_not_kept_where_the_project_says_so(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    shop.keep_api_texts = False
    assert predict(SYSTEM, shop, "A secret").sample is None


def test_nothing_live_is_a_conflict(shop):
    make_staged(shop, 1)
    with pytest.raises(ConflictError, match="Nothing is live in shop yet"):
        predict(SYSTEM, shop, "Hello")


def test_a_server_that_is_away_is_unavailable(shop, standin):
    promote(acting(make_admin()), make_staged(shop, 1))
    standin.die()
    with pytest.raises(UnavailableError, match="No model server answers for shop"):
        predict(SYSTEM, shop, "Hello")
    assert not Prediction.objects.exists()


def test_one_error_of_the_server_is_asked_over(shop, standin):
    promote(acting(make_admin()), make_staged(shop, 1))
    standin.fail("/api/chat", times=1)
    assert predict(SYSTEM, shop, "Hello").status == "strict"


def test_a_second_server_takes_over(shop, standin, tmp_path):
    (tmp_path / "two").mkdir()
    with ollama_standin(tmp_path / "two") as second:
        serve_from(shop, *shop.serving_policy.servers.all(), make_server(second.url, name="second"))
        promote(acting(make_admin()), make_staged(shop, 1))
        standin.die()
        assert predict(SYSTEM, shop, "Hello").status == "strict"


def test_a_text_that_does_not_fit_is_refused(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    with pytest.raises(
        ProblemError, match=r"too long for shop:v1\. The prompt has \d+ tokens, and .* holds \d+\. Shorten"
    ) as refused:
        predict(SYSTEM, shop, "word " * 3000)
    assert refused.value.problem_status == 400
    with pytest.raises(ProblemError, match="empty"):
        predict(SYSTEM, shop, "  ")


@pytest.mark.django_db(transaction=True)
def test_many_texts_keep_their_order(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    texts = [f"Text {number}" for number in range(12)] + ["word " * 3000]
    found = predict_many(SYSTEM, shop, texts)
    assert [each.sample.text for each in found[:-1]] == texts[:-1]
    assert isinstance(found[-1], ProblemError)


@pytest.mark.django_db(transaction=True)
def test_the_next_samples_are_proposed_once(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    for number in range(4):
        make_sample(shop, f"Message {number}", rank=number)
    assert propose(shop, ahead=3) == 3
    assert propose(shop, ahead=3) == 0
    assert Prediction.objects.filter(source="queue", sample__isnull=False).count() == 3


@pytest.mark.django_db(transaction=True)
def test_proposals_need_no_cache(shop, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}"}}
    promote(acting(make_admin()), make_staged(shop, 1))
    make_sample(shop)
    assert propose(shop) == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_proposed_for_test_texts_and_withdrawn_ones(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    make_sample(shop, "A test text", rank=0, split="test")
    withdraw_sample(SYSTEM, make_sample(shop, "A withdrawn text", rank=1), "no")
    asked = make_sample(shop, "A text to propose", rank=2)
    assert propose(shop, ahead=1) == 1
    assert Prediction.objects.get().sample == asked


@pytest.mark.django_db(transaction=True)
def test_who_decides_by_its_answers_asks_about_training_texts_beyond_the_head(shop, standin):
    promote(acting(make_admin()), make_staged(shop, 1))
    for number, split in enumerate(["train", "validation", "test", "train", "train"]):
        make_sample(shop, f"Message {number}", rank=number, split=split)
    assert propose(shop, ahead=1) == 1
    assert propose_further(shop, 1) == 1
    assert propose_further(shop, 10) == 1
    assert propose_further(shop, 10) == 0
    asked = Prediction.objects.values_list("sample__text", flat=True)
    assert sorted(asked) == ["Message 0", "Message 3", "Message 4"]
    make_sample(shop, "Another message")
    standin.die()
    assert propose_further(shop, 10) == 0


@pytest.mark.django_db(transaction=True)
def test_many_reviews_at_once_propose_nothing_twice(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    for number in range(12):
        make_sample(shop, f"Message {number}", rank=number)

    def ask(_):
        try:
            return propose(shop)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, range(6))) == 12
    assert Prediction.objects.count() == 12


@pytest.mark.django_db(transaction=True)
def test_a_text_that_the_model_cannot_take_is_not_asked_again(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    make_sample(shop, "word " * 3000)
    assert propose(shop) == 0
    assert propose(shop) == 0
    refused = Prediction.objects.get()
    assert (refused.status, refused.answer) == ("failed", None)
    assert "the model's context holds" in refused.reason


@pytest.mark.django_db(transaction=True)
def test_no_proposals_where_the_server_is_away(shop, standin):
    promote(acting(make_admin()), make_staged(shop, 1))
    make_sample(shop, "Hello")
    standin.die()
    assert propose(shop) == 0


@pytest.mark.django_db(transaction=True)
def test_four_clients_lose_nothing_while_versions_move(shop):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    user = make_admin()
    promote(acting(user), v1)
    stop, tags, failures = threading.Event(), [], []

    def client(name):
        turn = 0
        while not stop.is_set():
            turn += 1
            try:
                tags.append(predict(SYSTEM, shop, f"{name} asks {turn}").model_tag)
            except ProblemError as error:
                failures.append(str(error))
        connection.close()

    clients = [threading.Thread(target=client, args=(f"Client {number}",)) for number in range(4)]
    for thread in clients:
        thread.start()
    try:
        for _ in range(5):
            promote(acting(user), v2)
            seen = len(tags)
            while len(tags) < seen + 8:
                stop.wait(0.01)
            rollback(acting(user), shop, to=v1, reason="back")
    finally:
        stop.set()
        for thread in clients:
            thread.join()
    assert failures == []
    assert set(tags) == {"shop:v1", "shop:v2"}
    assert Prediction.objects.count() == len(tags)


def test_an_inactive_server_is_not_asked(shop):
    promote(acting(make_admin()), make_staged(shop, 1))
    shop.serving_policy.servers.update(is_active=False)
    with pytest.raises(UnavailableError, match="no active server has it"):
        predict(SYSTEM, shop, "Hello")
    assert StagedVersion.objects.get().state == "staged"
