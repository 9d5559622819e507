"""Samples that are held while their vectors are kept: experts work on, and only a deletion waits."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from labeling import services
from labeling.services.vectors import store
from tests.factories import acting, make_expert, make_sample

pytestmark = pytest.mark.django_db(transaction=True)


def _elsewhere(call):
    """What comes of a call on a connection of its own."""

    def run():
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(timeout=20)


def test_a_sample_that_is_held_is_handed_out_and_decided(shop):
    ana, sample = acting(make_expert(shop, "ana")), make_sample(shop, "one")
    with transaction.atomic():
        assert store.hold([sample.pk]) == {sample.pk}
        assert _elsewhere(lambda: services.next_sample(ana, shop)) == sample
        _elsewhere(lambda: services.decide(ana, sample, ["billing"]))
    sample.refresh_from_db()
    assert sample.state == "golden"
