"""A round by real workers: a kill costs it nothing, and its candidate is chosen once, whoever comes first."""

import pytest

from evaluation.pace import benchmark_pace
from tests.encoders import make_encoder
from tests.factories import SYSTEM, make_project
from tests.heads import have_encoder, make_answers
from tests.without_torch import without_torch
from tests.workers import Worker, eventually, workers
from training.models import BaseModel, ModelVersion, RetrainMethod, RetrainPolicy, RunEvent, TrainingRound, TrainingRun
from training.services import retrain
from training.services.reaper import reap
from training.services.settling import settle_due
from training.standing import round_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start(process_env, settings, tmp_path):
    """Workers without torch; the encoders lie in the test's own folder."""
    folder = have_encoder(settings, tmp_path / "models")
    given = {"TOUCHSTONE_MODELS": str(folder.parent), "SENTENCE_ENCODER": folder.name}
    with workers(without_torch(tmp_path / "blocked", {**process_env, **given}), tmp_path) as start:
        yield start


@pytest.fixture
def round(start, settings) -> TrainingRound:
    """Two heads: on the encoder of the installation, and on one that knows none of the words that tell."""
    project = make_project("shop")
    make_answers(project, 240)
    blind = make_encoder(settings.MODELS_DIR / "blind", "nothing at all of it", name="tests/blind")
    base = BaseModel.objects.create(
        name="blind", location="blind", role="encoder", revision=_revision(blind), state="well"
    )
    RetrainPolicy.objects.create(project=project, method="head", enabled=False)
    RetrainMethod.objects.create(project=project, method="head", base=base)
    run = retrain(SYSTEM, project, trigger=TrainingRun.Trigger.MANUAL)
    assert run.round is not None
    return run.round


def _revision(folder) -> str:
    from common.encoder import read_record

    return read_record(folder).revision


def runs_of(round: TrainingRound) -> list[TrainingRun]:
    reap()
    return list(round.runs.order_by("pk"))


def test_a_killed_round_goes_on_and_has_one_candidate(start, round):
    worker: Worker = start("heads", pool="threads")
    eventually(lambda: RunEvent.objects.filter(kind="checkpoint").exists(), 60, "it never came that far")
    worker.kill_all()
    assert settle_due() == 0
    start("heads", pool="threads")
    eventually(lambda: all(run.state == "succeeded" for run in runs_of(round)), 150, "the runs never ended")
    round.refresh_from_db()
    assert (round.state, ModelVersion.objects.count()) == ("open", 0)

    start("default", pool="threads")
    eventually(lambda: TrainingRound.objects.filter(settled_at__isnull=False).exists(), 60, "it was never settled")
    knowing, blind = runs_of(round)
    round.refresh_from_db()
    assert round.candidate == knowing
    assert settle_due() == 0
    version = ModelVersion.objects.get()
    assert (version.run, version.method, len(version.adapter_digest)) == (knowing, "head", 64)
    assert round.verdict["rows"] == knowing.snapshot.validation_rows == 60
    told = round_of(blind)
    assert f"The head on a sentence encoder ({knowing.base}) is " in told.sentence
    assert "points better than the head on a sentence encoder (blind) (95 % interval" in told.sentence
    assert benchmark_pace([knowing, blind]) == {}
