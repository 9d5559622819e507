"""The draft by a real worker: a kill leaves the one before, and the sweep brings the next."""

import pytest

from labeling.models import Prediction
from tests.factories import SYSTEM, make_project, make_sample
from tests.heads import have_encoder, make_answers
from tests.without_torch import without_torch
from tests.workers import eventually, workers
from training.models import Draft, RetrainPolicy
from training.services import list_encoder
from training.services.draft_proposals import propose_due
from training.services.drafts import check_all_drafts

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_fitted_killed_found_again_and_proposes(process_env, settings, tmp_path, monkeypatch):
    monkeypatch.setattr("common.queue._REMIND_SECONDS", 0.0)
    folder = have_encoder(settings, tmp_path / "models")
    given = {"TOUCHSTONE_MODELS": str(folder.parent), "SENTENCE_ENCODER": folder.name}
    project = make_project("shop")
    RetrainPolicy.objects.create(project=project, method="head", enabled=False, draft_proposes=True)
    list_encoder(SYSTEM)
    make_answers(project, 40)
    sample = make_sample(project, "where is my parcel", split="train")
    with workers(without_torch(tmp_path / "blocked", {**process_env, **given}), tmp_path) as start:
        worker = start("heads", pool="threads")

        def fitted(number: int) -> bool:
            check_all_drafts()
            return Draft.objects.filter(project=project, number__gte=number).exists()

        eventually(lambda: fitted(1), 60, "it was never fitted")
        proposed = Prediction.objects.filter(sample=sample, model_tag="shop:draft")
        eventually(lambda: propose_due() or proposed.exists(), 60, "it never proposed")
        assert proposed.latest("pk").answer == {"labels": ["delivery"]}
        worker.kill_all()
        make_answers(project, 12, seed=2)
        assert Draft.objects.get().golden == 40
        start("heads", pool="threads")
        eventually(lambda: fitted(2), 60, "it was never fitted again")
        assert Draft.objects.get().golden == 52
        eventually(lambda: propose_due() or proposed.count() > 1, 60, "the newest one never proposed")
