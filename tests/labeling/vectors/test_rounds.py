"""Rounds of the vectors worker: who asks for them, what comes in meanwhile, and what is shown until they are whole."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from common.encoder import read_record
from labeling import tasks
from labeling.models import AlikeGroup, TextVector, VectorSet
from labeling.services.vectors import due, index, making
from labeling.services.vectors import groups as near
from labeling.services.vectors.making import make_vectors
from labeling.services.vectors.progress import progress
from tests.encoders import make_encoder
from tests.factories import make_project, make_sample
from tests.labeling.vectors.conftest import WORDS

pytestmark = pytest.mark.django_db
LONG = "where is my parcel it never came please refund"


@pytest.fixture
def texts(shop, encoder):
    return [make_sample(shop, LONG), make_sample(shop, f"{LONG} !"), make_sample(shop, "loved the quick answer")]


def test_a_text_that_comes_in_while_the_index_is_written_gets_its_vector(shop, texts, sent, monkeypatch):
    def late(turn, bring=index.bring_up_to_date):
        make_sample(shop, "cancel my subscription")
        return bring(turn)

    monkeypatch.setattr(index, "bring_up_to_date", late)
    make_vectors(shop.pk)
    monkeypatch.undo()
    state = VectorSet.objects.get()
    assert (state.state, state.done, state.total) == ("waiting", 3, 4)
    assert due.due() == [shop.pk]
    VectorSet.objects.update(state="whole")
    assert due.due() == [shop.pk], "as rows that an older release left"


@pytest.fixture
def short(monkeypatch):
    """A round that ends before all is done."""
    monkeypatch.setattr(making.Round, "is_over", property(lambda self: True))


def test_one_message_waits_for_a_project_and_it_alone_begins_a_round(shop, texts, sent, short):
    due.ask(shop.pk)
    due.ask(shop.pk)
    due._swept[0] = -due._PAUSE
    tasks.sweep_vectors()
    [(_, _, ticket)] = sent
    tasks.make_vectors(shop.pk, ticket)
    assert len(sent) == 2, "not done: it asks for the next"
    tasks.make_vectors(shop.pk, ticket)
    assert len(sent) == 2, "a message that came twice"
    assert VectorSet.objects.get().state == "waiting"


def test_a_message_that_was_lost_is_sent_again_and_counts_once(shop, texts, sent):
    due.ask(shop.pk)
    VectorSet.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    due.ask(shop.pk)
    due.ask(shop.pk)
    assert len(sent) == 2
    assert sent[0] == sent[1]


def test_a_message_with_nothing_to_do_does_nothing(shop, texts, monkeypatch):
    make_vectors(shop.pk)
    before = VectorSet.objects.get().ended_at
    make_vectors(shop.pk)
    shop.archived_at = timezone.now()
    shop.save()
    make_sample(shop, "thanks")
    make_vectors(shop.pk)
    assert VectorSet.objects.get().ended_at == before


def test_a_full_disk_is_a_sentence(shop, texts, monkeypatch, folder):
    def full(*_):
        raise RuntimeError("No space left on device")

    monkeypatch.setattr("usearch.index.Index.save", full)
    make_vectors(shop.pk)
    state = VectorSet.objects.get()
    assert state.state == "failed"
    assert "cannot be written" in state.error
    assert "No space left" in state.error
    assert not list(folder.rglob("*.usearch"))


@pytest.mark.parametrize("change", ["another encoder", "a sample less"])
def test_groups_are_shown_until_the_new_ones_are_whole(shop, texts, sent, settings, tmp_path, monkeypatch, change):
    make_vectors(shop.pk)
    [old] = near.groups(shop)
    if change == "another encoder":
        settings.ENCODER_DIR = make_encoder(tmp_path / "second", WORDS, dimension=32)
    else:
        texts[2].delete()
    with monkeypatch.context() as patch:
        patch.setattr(index, "CHUNK", 1)
        ticks = iter([False] * (3 if change == "another encoder" else 1))
        patch.setattr(making.Round, "is_over", property(lambda self: next(ticks, True)))
        make_vectors(shop.pk)
    assert VectorSet.objects.get().state == "waiting"
    assert list(near.groups(shop)) == [old]
    assert progress(shop).is_moving, "a note between rounds does not stop the page"
    make_vectors(shop.pk)
    [new] = near.groups(shop)
    assert (new.pk != old.pk, new.size) == (True, 2)
    assert AlikeGroup.objects.count() == 1


def test_whatever_decides_a_vector_is_another_encoder(shop, texts, encoder):
    make_vectors(shop.pk)
    record = read_record(encoder)
    told = json.loads((encoder / "encoder.json").read_text())
    (encoder / "encoder.json").write_text(json.dumps(told | {"prefix": "query: "}))
    assert read_record(encoder).revision == record.revision
    assert read_record(encoder).key != record.key
    assert due.due() == [shop.pk]
    (encoder / "encoder.json").write_text(json.dumps(told | {"licence": "MIT"}))
    assert read_record(encoder).key == record.key


def test_an_archived_project_whose_vectors_are_removed_begins_anew(shop, texts, settings, tmp_path):
    other = make_project("other")
    make_sample(other, "thanks")
    make_vectors(other.pk)
    make_vectors(shop.pk)
    other.archived_at = timezone.now()
    other.save()
    settings.ENCODER_DIR = make_encoder(tmp_path / "second", WORDS, dimension=32)
    make_vectors(shop.pk)
    assert set(TextVector.objects.values_list("dimension", flat=True)) == {32}
    row = VectorSet.objects.get(project=other)
    assert (row.state, row.revision, row.done) == ("waiting", "", 0)
    other.archived_at = None
    other.save()
    assert due.due() == [other.pk]


def test_the_index_of_an_archived_project_is_removed_and_made_again(shop, texts, folder):
    other = make_project("other")
    make_sample(other, "thanks")
    make_vectors(other.pk)
    make_vectors(shop.pk)
    [groups] = near.groups(shop)
    shop.archived_at = timezone.now()
    shop.save()
    VectorSet.objects.filter(project=shop).update(state="working", lease_until=timezone.now() + timedelta(minutes=1))
    due.due()
    assert (folder / str(shop.uid)).is_dir(), "a worker is at it"
    VectorSet.objects.filter(project=shop).update(state="whole", lease_until=None)
    assert due.due() == []
    assert [path.name for path in folder.iterdir()] == [str(other.uid)]
    assert (progress(shop).indexed, progress(other).indexed) == (0, 1)
    shop.archived_at = None
    shop.save()
    assert due.due() == [shop.pk]
    make_vectors(shop.pk)
    assert progress(shop).indexed == 3
    assert [group.size for group in near.groups(shop)] == [groups.size]
    assert due.due() == []
