"""Handing out samples: never one sample to two experts."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from common.problems import ConflictError
from labeling import services
from labeling.models import Sample
from tests.factories import acting, make_expert, make_operator, make_project, make_sample


@pytest.fixture
def project(db):
    return make_project()


def test_the_lowest_rank_comes_first(project):
    make_sample(project, rank=5)
    first = make_sample(project, rank=-1)
    assert services.next_sample(acting(make_expert(project)), project) == first


def test_an_expert_keeps_their_sample_and_another_gets_the_next(project):
    ana, ben = make_expert(project, "ana"), make_expert(project, "ben")
    first, second = make_sample(project), make_sample(project)
    assert [services.next_sample(acting(ana), project), services.next_sample(acting(ben), project)] == [first, second]
    assert services.next_sample(acting(ana), project) == first
    assert services.next_sample(acting(make_expert(project)), project) is None


def test_a_lease_that_ran_out_frees_the_sample(project):
    sample = make_sample(project)
    services.next_sample(acting(make_expert(project, "ana")), project)
    Sample.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.next_sample(acting(make_expert(project, "ben")), project) == sample


def test_the_sweep_releases_stale_leases(project):
    make_sample(project)
    services.next_sample(acting(make_expert(project)), project)
    assert services.release_stale_leases() == 0
    Sample.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.release_stale_leases() == 1
    assert Sample.objects.get().lease_user is None


def test_operator_cannot_review(project):
    make_sample(project)
    with pytest.raises(PermissionDenied):
        services.next_sample(acting(make_operator(project)), project)


def test_an_expert_of_another_project_gets_nothing(project):
    make_sample(project)
    with pytest.raises(PermissionDenied):
        services.next_sample(acting(make_expert(make_project())), project)


def test_taking_a_sample_that_somebody_holds_is_refused(project):
    sample = make_sample(project)
    services.next_sample(acting(make_expert(project, "ana")), project)
    with pytest.raises(ConflictError):
        services.take(acting(make_expert(project, "ben")), sample)


@pytest.mark.django_db(transaction=True)
def test_eight_experts_at_once_never_get_the_same_sample():
    project = make_project()
    for _ in range(400):
        make_sample(project)
    experts = [make_expert(project) for _ in range(8)]
    handed: list[int] = []
    errors: list[BaseException] = []
    start = threading.Barrier(len(experts))

    def review(expert):
        try:
            start.wait()
            for _ in range(50):
                sample = services.next_sample(acting(expert), project)
                handed.append(sample.pk)
                services.decide(acting(expert), sample, ["billing"], held_until=sample.lease_until)
        except BaseException as error:  # noqa: BLE001  the main thread asserts that there was none
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=review, args=[expert]) for expert in experts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not errors
    assert len(handed) == 400
    assert max(Counter(handed).values()) == 1
