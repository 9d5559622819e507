"""Somebody takes back that aliases may stay, while somebody else promotes what needs that."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import connection, transaction

from common.problems import ConflictError
from deployment.live import live_version
from deployment.promotion import promote as verbs
from deployment.promotion.plan import plan_promotion
from deployment.servers.registration import save_policy

pytestmark = pytest.mark.django_db(transaction=True)
# Longer than the move takes where nothing holds it.
SECONDS = 4.0


def test_a_move_waits_for_who_is_just_switching_it_off(dual, ada):
    plan, policy = plan_promotion(dual.head), dual.project.serving_policy

    def move():
        try:
            return verbs.promote(ada, plan)
        finally:
            connection.close()

    policy.alias_may_stay = False
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            save_policy(ada, policy, ["alias_may_stay"], [*policy.servers.all()])
            moved = pool.submit(move)
            wait([moved], timeout=SECONDS)
            assert not moved.done()
        with pytest.raises(ConflictError, match="Look again, then decide"):
            moved.result()
    assert live_version(dual.project) == dual.language
