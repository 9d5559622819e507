"""Lost imports come back."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from labeling import tasks
from labeling.models import ApiToken, ImportBatch, Sample
from labeling.services import next_sample
from tests.factories import acting, make_expert, make_project, make_sample


@pytest.mark.django_db
def test_leases_are_freed_and_lost_imports_are_sent_again_once(sent):
    project = make_project()
    make_sample(project)
    next_sample(acting(make_expert(project)), project)
    past = timezone.now() - timedelta(minutes=5)
    Sample.objects.update(lease_until=past)
    batch = ImportBatch.objects.create(project=project, name="x", file="x.csv", state="running", lease_until=past)
    tasks.sweep()
    for _ in range(3):
        tasks.reap()
    assert sent.count(("labeling.run_import", batch.pk)) == 1
    assert Sample.objects.get().lease_user is None


@pytest.mark.django_db
def test_the_command_creates_a_token(capsys):
    project = make_project("shop")
    make_expert(project, "ana")
    call_command("create_token", "--owner", "ana", "--project", "shop", "--scope", "read", "--days", "3")
    assert capsys.readouterr().out.startswith("tsk_")
    assert ApiToken.objects.get().expires_at > timezone.now()
    with pytest.raises(CommandError, match="nope"):
        call_command("create_token", "--owner", "ana", "--project", "nope", "--scope", "read")
