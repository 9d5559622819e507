"""Messages are signed as Standard Webhooks says, by its own test vector; retries are its schedule."""

import random

import pytest

from common.standard_webhooks import TRIES, headers, secret_of, sign, wait_after

pytestmark = pytest.mark.pure
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_vector_of_the_specification():
    assert sign(SECRET, ID, AT, BODY) == SIGNATURE
    assert headers([SECRET], ID, AT, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_while_two_secrets_are_valid_both_sign():
    other = secret_of(b"k" * 32)
    both = headers([other, SECRET], ID, AT, BODY)["webhook-signature"].split()
    assert both == [sign(other, ID, AT, BODY), SIGNATURE]


def test_waits_grow_to_days_with_some_chance_and_end():
    waits = [wait_after(tries, random.Random(7)) for tries in range(1, TRIES)]
    assert waits == sorted(waits)
    assert 5 <= waits[0] <= 6
    assert 300 <= waits[1] <= 360
    assert sum(waits) > 3 * 86_400
    assert wait_after(TRIES) is None
    assert wait_after(0) is None
