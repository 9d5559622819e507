"""What the higher floors tell: sentences about rows that are there, and runs that no worker takes."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from deployment.models import Finding
from labeling import news
from labeling.models import Event
from labeling.services import events
from labeling.services.news import lasting
from tests.deployment.standins import make_version
from tests.factories import SYSTEM, make_project
from tests.training.helpers import gpu_worker_lives, make_run
from training.models import TrainingRun, WorkerHeartbeat

pytestmark = pytest.mark.django_db


def said(verb: str, subject, **after: str) -> news.Told:
    with transaction.atomic():
        return news.told(events.record(SYSTEM, verb, subject, after=after))


def test_versions_and_banners_are_named(sent):
    version = make_version(make_project("shop"), 4)
    assert said("version.promoted", version) == news.Told("Promoted: version 4 is live.", "/projects/shop/versions/4/")
    assert said("version.rolled_back", version).sentence == "Rolled back: version 4 is live again."
    assert said("version.judged", version, verdict="refused").sentence.startswith("The gate judged version 4: ")
    found = Finding.objects.create(project=version.project, version=version, kind="alias", sentence="Elsewhere.")
    assert said("finding.opened", found).sentence == "A banner: The alias leads elsewhere."


def test_a_worker_is_missed_where_a_run_waits_for_it_and_comes_back_once(sent):
    run = make_run(make_project("shop"))
    queue = f"worker:{run.way.queue}"
    lasting.look_for_lasting()
    TrainingRun.objects.update(created_at=timezone.now() - timedelta(minutes=3))
    for _ in range(2):
        lasting.look_for_lasting()
    gpu_worker_lives()
    WorkerHeartbeat.objects.update(queue=queue.removeprefix("worker:"))
    for _ in range(2):
        lasting.look_for_lasting()
    told = Event.objects.filter(verb__startswith="worker.").order_by("id")
    assert [(each.verb, each.after) for each in told] == [
        (verb, {"queue": run.way.queue}) for verb in ("worker.gone", "worker.back")
    ]
    assert run.way.queue in news.told(told[0]).sentence
