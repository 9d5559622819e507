"""How a text came in is stored once, and decides whether it may open the test split; chance decides the order."""

import pytest
from django.db import IntegrityError, transaction

from labeling import services
from labeling.models import Sample, Split
from labeling.splits import content_hash
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample
from tests.labeling.proposing import predict, texts_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", train_share=40, validation_share=10, test_share=50)


def test_each_way_in_is_recorded(project, tmp_path):
    file = tmp_path / "mails.jsonl"
    file.write_text('{"text": "From a file"}\n')
    services.import_file(SYSTEM, project, file, {"text": "text"})
    services.create_samples(acting(make_manager(project)), project, [services.NewText("Posted")], may_approve=False)
    predict(project, "Asked by a program")
    predict(project, "Recorded of another model", source="outside")
    predict(project, "Asked by a person", source="analyze")
    ways = dict(Sample.objects.values_list("text", "way_in"))
    assert ways == {
        "From a file": "import",
        "Posted": "api",
        "Asked by a program": "predict",
        "Recorded of another model": "predict",
        "Asked by a person": "analyze",
    }


def test_the_first_way_in_stays(project):
    predict(project, "A text", source="analyze")
    services.create_samples(acting(make_manager(project)), project, [services.NewText("a  TEXT")], may_approve=False)
    assert Sample.objects.get().way_in == "analyze"


def test_an_unknown_way_in_is_refused_by_the_database(project):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_sample(project, way_in="owl")


@pytest.mark.parametrize("source", ["api", "analyze"])
def test_only_what_chance_drew_opens_a_group_of_the_test_split(project, source):
    for text in texts_of("test", project, 20):
        predict(project, text, source=source)
    assert set(Sample.objects.values_list("split", flat=True)) == {Split.TEST if source == "api" else Split.TRAIN}


def test_an_analyzed_text_shares_the_split_of_its_group(project):
    (text,) = texts_of("test", project, 1)
    services.add_sample(SYSTEM, project, text, way_in="import")
    near = predict(project, f"{text}!!! 7", source="analyze").sample
    assert (near.split, near.way_in) == ("test", "analyze")
    services.decide(acting(make_expert(project)), near, ["billing"])
    assert not project.golden_samples.judging().exists()
    assert not project.golden_samples.trainable().exists()
    assert services.cases_left_out(project) == {"the text was typed on the Analyze page: a person chose it": 1}


def test_chance_orders_the_queue_whatever_the_way_in(project):
    for number, text in enumerate(texts_of("test", project, 40)):
        if number % 2:
            predict(project, text)
        else:
            services.add_sample(SYSTEM, project, text, way_in="import")
    ranked = [sample.content_hash for sample in Sample.objects.pending()]
    assert ranked == sorted(ranked) == sorted(content_hash(text) for text in texts_of("test", project, 40))
