"""Vectors of samples: made once for each text and encoder, going on after a loss, and gone with the text."""

import numpy as np
import pytest
from django.db import transaction

from common.encoder import open_encoder
from labeling.models import AlikeGroup, Event, Sample, TextVector, VectorSet
from labeling.services.vectors import due, index, making, progress, store
from labeling.services.vectors.making import make_vectors
from tests.encoders import make_encoder
from tests.factories import make_project, make_sample
from tests.labeling.vectors.conftest import WORDS

pytestmark = pytest.mark.django_db
TEXTS = ["where is my parcel", "please refund the invoice", "great support, thanks", "the tent pole is broken"]


@pytest.fixture
def samples(shop, encoder):
    return [make_sample(shop, text) for text in TEXTS]


def vectors_of(project):
    ids, rows = store.vectors_of(Sample.objects.filter(project=project), project.vectors.revision)
    return dict(zip(ids, rows, strict=True))


def test_every_sample_gets_the_encoders_vector_in_16_bits(shop, samples, encoder, sent):
    told = Event.objects.count()
    make_vectors(shop.pk)
    opened = open_encoder(encoder)
    kept = vectors_of(shop)
    for sample, row in zip(samples, opened.encode(TEXTS).vectors, strict=True):
        assert np.abs(kept[sample.pk] - row).max() < 1e-3
    row = TextVector.objects.first()
    assert (row.dimension, len(row.vector), row.revision) == (64, 128, opened.record.key)
    state = VectorSet.objects.get()
    assert (state.state, state.done, state.total, state.indexed, state.error) == ("whole", 4, 4, 4, "")
    assert Event.objects.count() == told, "a vector is in no event"
    assert sent == [], "a whole project asks for no further round"


def test_the_database_and_python_find_a_text_by_the_same_digest(shop):
    for text in ["plain", "back\\slash \\x41 \\", "Größe 寸法 👍🏽", "two\nlines'\"", "%s %(a)s"]:
        sample = Sample.objects.get(pk=make_sample(shop, text).pk)
        assert bytes(sample.text_digest) == store.digest_of(text)


def test_a_text_of_two_projects_has_one_vector_and_goes_with_the_last_sample(shop, samples):
    other = make_project("other")
    make_sample(other, TEXTS[0])
    make_vectors(shop.pk)
    make_vectors(other.pk)
    assert TextVector.objects.count() == 4
    samples[0].delete()
    assert TextVector.objects.filter(digest=store.digest_of(TEXTS[0])).exists(), "the other project has this text"
    other.specs.all().delete()
    other.delete()
    assert not TextVector.objects.filter(digest=store.digest_of(TEXTS[0])).exists()
    Sample.objects.all().delete()
    assert not TextVector.objects.exists()


def test_a_vector_comes_too_late_for_a_text_that_is_gone(shop, samples, encoder):
    gone = samples[0]
    rows = [(each.pk, store.digest_of(each.text)) for each in samples]
    encoded = open_encoder(encoder).encode(TEXTS)
    gone.delete()
    with transaction.atomic():
        store.keep(rows, encoded, "r")
        store.keep(rows, encoded, "r")
    assert TextVector.objects.count() == 3


def test_what_could_not_be_read_is_counted(shop, encoder):
    make_sample(shop, "where is my parcel " * 10)
    make_sample(shop, "Где моя посылка")
    make_vectors(shop.pk)
    state = VectorSet.objects.get()
    assert (state.cut, state.unknown) == (1, 1)
    make_sample(shop, "thanks")
    make_vectors(shop.pk)
    state.refresh_from_db()
    assert (state.done, state.cut, state.unknown) == (3, 1, 1)


def test_a_round_that_is_too_short_asks_for_the_next(shop, samples, sent):
    make_vectors(shop.pk, seconds=-1)
    assert VectorSet.objects.get().state == "waiting"
    assert sent == [("labeling.make_vectors", shop.pk, str(VectorSet.objects.get().ticket))]


def test_two_workers_do_not_work_on_one_project(shop, samples, settings):
    VectorSet.objects.create(project=shop)
    from common import leases

    token = leases.claim(VectorSet, shop.vectors.pk, waiting=["waiting"], working="working")
    make_vectors(shop.pk)
    assert not TextVector.objects.exists()
    leases.finish(VectorSet, shop.vectors.pk, token, state="waiting")
    make_vectors(shop.pk)
    assert TextVector.objects.count() == 4


def test_the_sweep_finds_what_has_no_vector(shop, samples):
    assert due.due() == [shop.pk]
    make_vectors(shop.pk)
    assert due.due() == []
    make_sample(shop, "cancel my subscription")
    assert due.due() == [shop.pk]
    make_vectors(shop.pk)
    samples[0].delete()
    assert due.due() == [shop.pk], "the index holds what is gone"
    make_vectors(shop.pk)
    assert due.due() == []
    assert samples[0].pk not in index.Nearest.load(*_index(shop)).keys
    make_project("empty")
    assert due.due() == [], "a project without samples has nothing to do"


def _index(project):
    revision = VectorSet.objects.get(project=project).revision
    return index.folder_of(project, revision), revision


@pytest.mark.parametrize("harm", ["lost", "shortened", "changed", "record"])
def test_a_lost_or_damaged_index_is_made_anew(shop, samples, harm):
    make_vectors(shop.pk)
    folder, revision = _index(shop)
    [file] = folder.glob("*.usearch")
    raw = file.read_bytes()
    if harm == "lost":
        file.unlink()
    elif harm == "record":
        (folder / "index.json").write_text("{")
    else:
        file.write_bytes(raw[:-1] if harm == "shortened" else raw[:-9] + b"x" * 9)
    if harm == "changed":
        make_sample(shop, "thanks")  # what nobody reads before is found when it is added to
    assert due.due() == [shop.pk]
    make_vectors(shop.pk)
    assert len(index.Nearest.load(folder, revision)) == Sample.objects.count()
    assert len(list(folder.glob("*.usearch"))) == 1


def test_without_an_encoder_the_row_says_what_to_do(shop, no_encoder):
    make_sample(shop)
    assert due.due() == []
    told = progress.progress(shop)
    assert "make encoder" in told.note
    assert not told.is_moving
    make_vectors(shop.pk)
    assert VectorSet.objects.get().state == "waiting"


def test_another_encoder_makes_all_anew_and_the_old_go_when_the_new_are_whole(
    shop, samples, settings, tmp_path, monkeypatch
):
    make_vectors(shop.pk)
    old = VectorSet.objects.get().revision
    settings.ENCODER_DIR = make_encoder(tmp_path / "second", WORDS, dimension=32)
    assert due.due() == [shop.pk]
    monkeypatch.setattr(making, "BATCH", 2)
    monkeypatch.setattr(making.Round, "is_over", property(lambda self: TextVector.objects.count() >= 6))
    make_vectors(shop.pk)
    state = VectorSet.objects.get()
    assert (state.revision, state.done, state.state) == (old, 2, "waiting"), "the old ones are used meanwhile"
    assert state.making not in ("", old)
    assert TextVector.objects.filter(revision=old).count() == 4
    monkeypatch.undo()
    settings.VECTORS_DIR = tmp_path / "vectors"
    settings.ENCODER_DIR = tmp_path / "second"
    make_vectors(shop.pk)
    state.refresh_from_db()
    assert (state.making, state.state, state.done) == ("", "whole", 4)
    assert set(TextVector.objects.values_list("revision", "dimension")) == {(state.revision, 32)}
    assert [path.name for path in (tmp_path / "vectors" / str(shop.uid)).iterdir()] == [state.revision[:16]]


def test_the_files_of_a_project_go_with_it(shop, samples, folder):
    make_vectors(shop.pk)
    assert folder.joinpath(str(shop.uid)).is_dir()
    shop.specs.all().delete()
    shop.delete()
    due.due()
    assert not folder.joinpath(str(shop.uid)).exists()
    assert not AlikeGroup.objects.exists()


def test_who_loses_every_worker_is_left_alone_for_an_hour(shop, samples):
    make_vectors(shop.pk)
    from django.utils import timezone

    ago = timezone.now() - timezone.timedelta(hours=2)
    VectorSet.objects.update(state="working", lease_until=ago, attempts=2)
    assert due.lost() == [shop.pk]
    VectorSet.objects.update(attempts=due.MAX_ATTEMPTS)
    assert due.lost() == []
    assert "lost 5 times" in progress.progress(shop).note
    assert due.due() == []
    VectorSet.objects.update(ended_at=ago)
    assert due.due() == [shop.pk]
