"""kill -9 of the vectors worker: another goes on, and nothing is made twice."""

import random

import pytest
from celery import current_app

from labeling import splits
from labeling.models import Sample, TextVector, VectorSet
from tests.encoders import make_encoder
from tests.factories import make_project
from tests.workers import eventually

pytestmark = pytest.mark.django_db(transaction=True)
TEXTS = 8_000
# Words of random vectors: no two texts are alike.
WORDS = [f"w{number}" for number in range(400)]
PACE = {"LEASE_SECONDS": "2", "REAP_SECONDS": "1", "SWEEP_SECONDS": "2"}


@pytest.fixture
def env(process_env, tmp_path, settings):
    """The workers' own encoder, which the name of its folder chooses, and their own folder of indexes."""
    make_encoder(tmp_path / "models" / "tiny", " ".join(WORDS), limit=64)
    settings.LEASE_SECONDS = 2.0
    settings.VECTORS_DIR = tmp_path / "var" / "vectors"
    process_env |= PACE | {
        "TOUCHSTONE_MODELS": str(tmp_path / "models"),
        "SENTENCE_ENCODER": "tiny",
        "TOUCHSTONE_VAR": str(tmp_path / "var"),
    }
    return process_env


def test_another_worker_goes_on_where_one_was_killed(env, start_workers):
    shop = make_project("shop")
    chance = random.Random(7)
    texts = [" ".join([*chance.sample(WORDS, 8), str(number)]) for number in range(TEXTS)]
    fixed = {"project": shop, "group_hash": "g", "split": "train", "way_in": "import"}
    rows = (Sample(text=text, content_hash=splits.content_hash(text), **fixed) for text in texts)
    Sample.objects.bulk_create(rows)
    first = start_workers("vectors")
    current_app.send_task("labeling.sweep_vectors", queue="vectors")
    eventually(lambda: TextVector.objects.exists(), 60, "no vector was made")
    first.kill()
    made = TextVector.objects.count()
    assert 0 < made < TEXTS, "killed in the middle"
    assert VectorSet.objects.get().state == "working"
    start_workers("vectors", "urgent")

    def done():
        current_app.send_task("labeling.reap", queue="urgent")
        return VectorSet.objects.get().state == "whole"

    eventually(done, 120, "nobody went on")
    state = VectorSet.objects.get()
    assert (state.done, state.total, state.indexed) == (TEXTS, TEXTS, TEXTS)
    assert TextVector.objects.count() == TEXTS
