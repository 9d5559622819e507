"""Who acts is a value: a person, a token, or a job of the system; nobody is none of them."""

import pytest

from common.actor import person, required, system, token

pytestmark = pytest.mark.pure


def test_a_person_and_a_token_have_a_user_and_the_system_has_none():
    assert person(7, "ana").person_id == 7
    assert token(3, "bot", 7, ("predict",)).person_id == 7
    with pytest.raises(TypeError, match="gate is a job of the system"):
        system("gate").person_id  # noqa: B018  the property is what is tried


@pytest.mark.parametrize("nobody", [None, 7, "ana"])
def test_a_forgotten_actor_is_an_error(nobody):
    with pytest.raises(TypeError, match="An actor is needed"):
        required(nobody)


def test_equal_actors_are_one_and_none_can_be_changed():
    assert person(7, "ana") == person(7, "ana") != person(8, "ana")
    with pytest.raises(AttributeError):
        person(7, "ana").name = "ben"  # type: ignore[misc]
