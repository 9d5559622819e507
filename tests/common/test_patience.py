"""Places among those who wait: given back once, and one of them is left by whoever leaves one."""

import pytest

from common.patience import Crowd, CrowdedError, among, enter, leaving

pytestmark = pytest.mark.pure


def test_who_leaves_a_place_is_turned_away_where_others_still_get_in() -> None:
    with among(Crowd(3)):
        with leaving(1):
            held = [enter(), enter()]
            with pytest.raises(CrowdedError, match="2 requests wait"):
                enter()
        last = enter()
        with pytest.raises(CrowdedError, match="3 requests wait"):
            enter()
        for leave in (*held, last):
            leave()
        with leaving(1):
            enter()


def test_a_place_is_given_back_once() -> None:
    crowd = Crowd(1)
    leave = crowd.enter()
    leave()
    second = crowd.enter()
    leave()
    with pytest.raises(CrowdedError):
        crowd.enter()
    second()


def test_a_crowd_of_one_has_no_place_to_leave() -> None:
    crowd = Crowd(1)
    crowd.enter(leaving=1)
    with pytest.raises(CrowdedError):
        crowd.enter(leaving=1)


def test_work_outside_a_crowd_always_gets_in() -> None:
    with leaving(5):
        enter()()
