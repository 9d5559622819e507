"""kill -9 of the vectors worker: another goes on, and nothing is made twice."""

import pytest
from celery import current_app

from common.actor import system
from labeling.models import Sample, TextVector, VectorSet
from labeling.services.samples import NewText, add_samples
from labeling.ways import WayIn
from tests.encoders import make_encoder
from tests.factories import make_project
from tests.workers import eventually

pytestmark = pytest.mark.django_db(transaction=True)
TEXTS = 20_000
PACE = {"LEASE_SECONDS": "2", "REAP_SECONDS": "1", "SWEEP_SECONDS": "2"}


@pytest.fixture
def env(process_env, tmp_path, settings):
    """The workers' own encoder, which the name of its folder chooses, and their own folder of indexes."""
    make_encoder(tmp_path / "models" / "tiny", "where is parcel number and why", limit=64, dimension=384)
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
    for start in range(0, TEXTS, 2_000):
        rows = [NewText(f"where is parcel number {'and why ' * (start // 2_000)} {start + n}") for n in range(2_000)]
        add_samples(shop, rows, way_in=WayIn.IMPORT)
    assert Sample.objects.count() == TEXTS
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
