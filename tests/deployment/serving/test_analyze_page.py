"""Analyze: ask the live version, confirm or correct on the spot, without JavaScript."""

import re

import pytest

from deployment.serving.predict import predict
from labeling import services as labeling
from labeling.answers import parse
from labeling.models import GoldenSample, Prediction, Review, Sample
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged
from tests.factories import SYSTEM, make_admin, make_expert, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db
URL = "/projects/shop/analyze/"


@pytest.fixture
def live(shop):
    promote(make_admin(), make_staged(shop, 1))
    return shop


def ask(client, text="Where is my parcel?"):
    response = client.post(URL, {"action": "ask", "text": text}, follow=True)
    return response, Prediction.objects.first()


def test_the_answer_is_shown_with_its_facts(live, client):
    client.force_login(make_expert(live))
    response, prediction = ask(client)
    page = response.content.decode()
    assert response.redirect_chain == [(f"{URL}?prediction={prediction.uid}", 302)]
    for fact in ("shop:v1", "Confidence", "Latency", "strict", "What the model wrote", "Where is my parcel?"):
        assert fact in page
    checked = re.findall(r'value="(\w+)" checked', page)
    assert sorted(checked) == sorted(prediction.answer["labels"])


def test_confirming_makes_a_golden_sample(live, client):
    client.force_login(make_expert(live))
    _, prediction = ask(client)
    form = {"action": "save", "prediction": prediction.uid, "labels": prediction.answer["labels"]}
    page = client.post(URL, form, follow=True).content.decode()
    assert "Saved." in page
    assert Review.objects.get().action == "confirm"
    assert GoldenSample.objects.get().answer == prediction.answer
    again = client.post(URL, form)
    assert again.status_code == 409


def test_correcting_keeps_the_experts_answer(live, client):
    client.force_login(make_expert(live))
    _, prediction = ask(client)
    wrong = {"billing", "delivery", "praise"} - set(prediction.answer["labels"])
    client.post(URL, {"action": "save", "prediction": prediction.uid, "labels": sorted(wrong)})
    assert Review.objects.get().action == "correct"
    assert set(GoldenSample.objects.get().answer["labels"]) == wrong


def test_a_failed_parse_says_so_and_can_be_corrected(live, client):
    client.force_login(make_expert(live))
    raw = "I would say it is about billing, perhaps"
    prediction = labeling.record_prediction(
        SYSTEM,
        live,
        spec=live.spec,
        model_tag="shop:v1",
        raw=raw,
        parsed=parse(raw, live.spec.to_spec(), None),
        source="analyze",
        input="My invoice",
    )
    page = client.get(f"{URL}?prediction={prediction.uid}").content.decode()
    assert "gave no readable answer" in page
    assert raw in page
    client.post(URL, {"action": "save", "prediction": prediction.uid, "labels": ["billing"]})
    assert GoldenSample.objects.get().answer == {"labels": ["billing"]}


def test_nothing_live_is_explained(shop, client):
    client.force_login(make_expert(shop))
    assert "Nothing is live yet" in client.get(URL).content.decode()
    response = client.post(URL, {"action": "ask", "text": "Hello"})
    assert response.status_code == 409


def test_a_server_that_is_away_is_explained_and_the_text_kept(live, client, standin):
    client.force_login(make_expert(live))
    standin.die()
    response = client.post(URL, {"action": "ask", "text": "Do not lose me"})
    assert response.status_code == 503
    assert "No model server answers" in response.content.decode()
    assert "Do not lose me" in response.content.decode()


def test_an_empty_text_is_refused(live, client):
    client.force_login(make_expert(live))
    response = client.post(URL, {"action": "ask", "text": "  "})
    assert response.status_code == 400
    assert "Type a text first." in response.content.decode()


def test_an_operator_asks_but_does_not_confirm(live, client):
    client.force_login(make_operator(live))
    response, prediction = ask(client)
    page = response.content.decode()
    assert "Only experts of the project" in page
    form = {"action": "save", "prediction": prediction.uid, "labels": ["billing"]}
    assert client.post(URL, form).status_code == 403
    assert Sample.objects.get().state == "pending"


def test_a_stranger_finds_no_page(live, client):
    client.force_login(make_expert(make_project("other")))
    assert client.get(URL).status_code == 404


def test_a_prediction_of_another_project_is_not_shown(live, client):
    other = make_project("other")
    parsed = parse('{"labels": []}', other.spec.to_spec(), None)
    foreign = labeling.record_prediction(
        SYSTEM, other, spec=other.spec, model_tag="x", raw="secret", parsed=parsed, source="api", input="their text"
    )
    client.force_login(make_expert(live))
    assert "their text" not in client.get(f"{URL}?prediction={foreign.uid}").content.decode()


def save(client, prediction):
    form = {"action": "save", "prediction": prediction.uid, "labels": ["billing"]}
    return client.post(URL, form)


def test_a_test_text_gets_no_answer_here_and_the_page_says_why(live, client):
    make_sample(live, "Where is my parcel?", split="test")
    client.force_login(make_expert(live))
    response, prediction = ask(client)
    page = response.content.decode()
    assert "This is a test text, so nothing can be saved here" in page
    assert 'id="save"' not in page
    refused = save(client, prediction)
    assert refused.status_code == 400
    assert "answered on the review page, without a proposal" in refused.content.decode()
    assert not GoldenSample.objects.exists()
    assert Sample.objects.get().state == "pending"


def test_what_a_program_was_told_of_a_test_text_is_not_shown(live, client):
    prediction = predict(
        SYSTEM, live, "Where is my parcel?", sample=make_sample(live, "Where is my parcel?", split="test")
    )
    client.force_login(make_expert(live))
    assert "Where is my parcel?" not in client.get(f"{URL}?prediction={prediction.uid}").content.decode()


def test_a_new_text_never_becomes_a_test_case(live, client):
    live.train_share, live.validation_share, live.test_share = 0, 0, 100
    live.save()
    client.force_login(make_expert(live))
    _, prediction = ask(client)
    assert (prediction.sample.split, prediction.sample.way_in) == ("train", "analyze")


def test_a_withdrawn_text_says_so(live, client):
    sample = make_sample(live, "Where is my parcel?")
    labeling.withdraw_sample(SYSTEM, sample, "no")
    client.force_login(make_expert(live))
    response, prediction = ask(client)
    assert "This text is withdrawn." in response.content.decode()
    assert save(client, prediction).status_code == 409
